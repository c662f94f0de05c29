//! Compiles `proto/` without `protoc`, and lists the files of `rules/` so that they are built in.

use std::{env, error::Error, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto/push.proto");
    let schema = protox::compile(["proto/push.proto"], ["proto"])?;
    prost_build::Config::new().skip_debug(["."]).compile_fds(schema)?;
    rules()
}

/// Writes `rules.rs`: `[("rules/http.yaml", include_str!("…/rules/http.yaml")), …]`, in order of their names.
fn rules() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=rules");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("rules");
    let mut files = fs::read_dir(&folder)?.map(|file| Ok(file?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let mut list = String::from("[");
    for path in &files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        writeln!(list, "({:?}, include_str!({:?})),", format!("rules/{name}"), path)?;
    }
    list.push(']');
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("rules.rs"), list)?)
}
