//! Programs that end with the test, however it ends.
//!
//! A small shell stands between: it stops the program when our end of its standard input closes, which the kernel does
//! for us even where a test run is killed. A static that is never dropped is no leak that way.

use std::{
    fs::{self, File},
    hash::{BuildHasher, Hasher, RandomState},
    iter,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Runs `$@` until standard input ends, then asks it to stop (SIGTERM), waits, and removes the directory `$SCRATCH`.
const GUARD: &str = r#"
exec 3<&0
"$@" 3<&- &
program=$!
(read -r _ <&3; kill "$program") 2>/dev/null &
wait "$program"
[ -z "$SCRATCH" ] || rm -rf "$SCRATCH"
"#;

/// A running program.
pub(super) struct Guarded {
    shell: Child,
    log: PathBuf,
}

impl Guarded {
    /// Starts a program; both its streams go to the file `log`. `scratch` is removed when it has ended.
    pub(super) fn start(program: &Path, arguments: &[&str], log: &Path, scratch: Option<&Path>) -> Self {
        let output = File::options().create(true).append(true).open(log).expect("the log can be opened");
        let shell = Command::new("/bin/sh")
            .args(["-c", GUARD, "guard"])
            .arg(program)
            .args(arguments)
            .env("SCRATCH", scratch.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stderr(output.try_clone().expect("the log can be shared"))
            .stdout(output)
            .spawn()
            .expect("/bin/sh starts");
        Self { shell, log: log.into() }
    }

    /// Whether it has ended by itself.
    pub(super) fn ended(&mut self) -> bool {
        self.shell.try_wait().expect("the guard can be asked").is_some()
    }

    /// What it has written so far.
    pub(super) fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

/// Stops it and waits for its end.
impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Ports that nobody listened on a moment ago. The kernel gives them to nobody who asks for any port (Linux'
/// `ip_local_port_range` begins at 32768), as all others here do until something listens on them.
pub(super) fn free_ports<const N: usize>() -> [u16; N] {
    let random = || 12_000 + (RandomState::new().build_hasher().finish() % 20_000) as u16;
    let free = || iter::repeat_with(|| TcpListener::bind(("127.0.0.1", random()))).take(1000).find_map(Result::ok);
    let listeners = [(); N].map(|()| free().expect("a port is free"));
    listeners.each_ref().map(|listener| listener.local_addr().expect("it is bound").port())
}

/// Asks again and again until `condition` gives something; panics with the last thing it said after `patience`.
pub(super) fn wait_for<T>(what: &str, patience: Duration, mut condition: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + patience;
    loop {
        match condition() {
            Ok(value) => return value,
            Err(seen) => assert!(Instant::now() < end, "waited {patience:?} for {what}, last seen: {seen}"),
        }
        thread::sleep(Duration::from_millis(50));
    }
}
