//! A service that writes its log while a test goes on.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Writes numbered lines to a file, some hundred a second, until it is stopped.
pub(super) struct Writer {
    written: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Line `n` is `line(n)`.
    pub(super) fn start(file: &Path, line: impl Fn(usize) -> String + Send + 'static) -> Self {
        let mut file = File::create(file).expect("the directory is writable");
        let written = Arc::new(AtomicUsize::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let (counter, stopped) = (Arc::clone(&written), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                let number = counter.load(Ordering::Relaxed);
                file.write_all(format!("{}\n", line(number)).as_bytes()).expect("the disk has room");
                counter.store(number + 1, Ordering::Release);
                // The pace of the service; nothing waits for it.
                thread::sleep(Duration::from_millis(3));
            }
        });
        Self { written, stop, thread: Some(thread) }
    }

    /// How many lines are in the file: the number of the next.
    pub(super) fn written(&self) -> usize {
        self.written.load(Ordering::Acquire)
    }

    /// Writes no more; how many lines there are.
    pub(super) fn stop(mut self) -> usize {
        self.end();
        self.written()
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}
