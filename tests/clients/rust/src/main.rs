//! Sends lines through tracing-loki: `sender URL TENANT LINES`. What may follow is for senders that know more than one form.

use std::{env, error::Error, fs, io};

use serde_json::Value;
use tokio::{spawn, task::spawn_blocking};
use tracing_loki::url::Url;
use tracing_subscriber::prelude::*;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let [url, tenant, file] =
        env::args().skip(1).take(3).collect::<Vec<_>>().try_into().map_err(|_| "URL TENANT LINES")?;
    let mut senders = Vec::new();
    // One JSON object a line: {"line": TEXT, "place": LABEL VALUE, "metadata": {NAME: TEXT}}.
    let lines = fs::read_to_string(file)?.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    // Its labels are those of a whole subscriber.
    for lines in lines.chunk_by(|one, next| one["place"] == next["place"]) {
        let place = lines[0]["place"].as_str().unwrap_or_default();
        let (layer, controller, task) = tracing_loki::builder()
            .label("app", "sender")?
            .label("place", place)?
            .http_header("X-Scope-OrgID", &tenant)?
            .build_controller_url(Url::parse(&url)?)?;
        senders.push((controller, spawn(task)));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for line in lines {
                tracing::info!("{}", line["line"].as_str().unwrap_or_default());
            }
        });
    }
    // The sender stays, as a service would, until its standard input ends.
    spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    for (controller, task) in senders {
        controller.shutdown().await;
        task.await?;
    }
    Ok(())
}
