//! Every client before a Loki that says no once: what the client is told, and whether its lines arrive.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{
    sync::Semaphore,
    task::{JoinSet, LocalSet, spawn_blocking},
    time::sleep,
};

use super::{
    ANSWERS, CLIENTS, Client,
    Told::{self, Again, Cured, Dropped, Lost},
    client::{Lines, Programs, Running},
};
use crate::{
    captures::decoded,
    support::{FakeLoki, Script, Sigyn, eventually},
};

/// How long a client may take to come again before its input ends; then it has a last chance.
const PATIENCE: Duration = Duration::from_secs(5);

/// Most of the time all of them wait, but Java takes a second to start.
const AT_ONCE: usize = 24;

#[tokio::test]
async fn what_each_client_does_with_each_answer_is_what_the_table_says() {
    let Some(programs) = Programs::find() else { return };
    let programs = Arc::new(programs);
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let (here, mut cells) = (LocalSet::new(), JoinSet::new());
    for client in CLIENTS {
        for (answer, wanted) in ANSWERS.into_iter().zip(client.after) {
            let (programs, turns) = (Arc::clone(&programs), Arc::clone(&turns));
            let cell = async move {
                let _turn = turns.acquire_owned().await.unwrap();
                (client.name, answer, wanted, after(client, &programs, answer).await)
            };
            cells.spawn_local_on(cell, &here);
        }
    }
    let mut wrong = here.run_until(cells.join_all()).await;
    wrong.retain(|(_, _, wanted, seen)| wanted != seen);
    wrong.sort_by_key(|(name, answer, ..)| (*name, *answer));
    assert!(wrong.is_empty(), "client, answer, wanted, seen:\n{wrong:#?}");
}

/// loki4j waits for five seconds and then sends again what Loki may have taken; winston-loki too.
#[tokio::test]
async fn with_a_shorter_deadline_loki4j_is_answered_before_it_gives_up() {
    let Some(programs) = Programs::find() else { return };
    let programs = Arc::new(programs);
    let client = CLIENTS.iter().find(|client| client.name == "loki4j, JSON").unwrap();
    let loki = FakeLoki::follows(once(Script::Hold)).await;
    let sigyn = Sigyn::start(&loki.url(), "deadline: 4s").await;
    let (running, _directory) = start(client, &programs, &sigyn).await;

    loki.gets(1).await;
    eventually("loki4j is answered", async || sigyn.metric("sigyn_pushes_total", "503").await > 0.0).await;
    assert_eq!(loki.got().len(), 1, "it has come again by itself");
    spawn_blocking(|| running.finish()).await.unwrap();
    assert_eq!(loki.got().len(), 2, "it comes again when it is told to");
}

/// Has a client push to a Loki that answers so to its first push and takes all others.
async fn after(client: &'static Client, programs: &Arc<Programs>, answer: u16) -> Told {
    let refusal = if answer == 0 { Script::Close } else { Script::Answer(answer, "no\n".into()) };
    let loki = FakeLoki::follows(once(refusal)).await;
    let sigyn = Sigyn::before(&loki).await;
    let (running, _directory) = start(client, programs, &sigyn).await;

    let first = first_line(&loki.gets(1).await[0].body);
    let arrived = || loki.got()[1..].iter().any(|got| lines(&got.body).contains(&first));
    let patience = Instant::now() + PATIENCE;
    while !arrived() && Instant::now() < patience {
        sleep(Duration::from_millis(20)).await;
    }
    spawn_blocking(|| running.finish()).await.unwrap();

    let told =
        sigyn.metric("sigyn_refused_lines_total", "").await + sigyn.metric("sigyn_returned_lines_total", "").await;
    match (told > 0.0, arrived()) {
        (true, true) => Again,
        (true, false) => Lost,
        (false, true) => Cured,
        (false, false) => Dropped,
    }
}

/// This for the first push, and all later ones are taken.
fn once(script: Script) -> Script {
    Script::First(Box::new(script), Box::new(Script::Answer(204, String::new())))
}

/// A client with a few lines to send to `sigyn`, and the directory that it needs as long as it runs.
async fn start(client: &'static Client, programs: &Arc<Programs>, sigyn: &Sigyn) -> (Running, TempDir) {
    let (url, programs) = (format!("http://{}", sigyn.push), Arc::clone(programs));
    let start = move || {
        let directory = TempDir::new().unwrap();
        let lines = Lines::few(directory.path());
        (client.start(&programs, directory.path(), &url, "answers", &lines), directory)
    };
    spawn_blocking(start).await.unwrap()
}

fn first_line(body: &[u8]) -> Vec<u8> {
    lines(body).swap_remove(0)
}

fn lines(body: &[u8]) -> Vec<Vec<u8>> {
    let streams = decoded(body).streams.into_iter();
    streams.flat_map(|stream| stream.entries).map(|entry| entry.line).collect()
}
