//! Compiles `proto/` without `protoc`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto/push.proto");
    let schema = protox::compile(["proto/push.proto"], ["proto"])?;
    prost_build::Config::new().skip_debug(["."]).compile_fds(schema)?;
    Ok(())
}
