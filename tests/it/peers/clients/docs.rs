//! The table of the documentation is the one that the tests hold the clients to.

use std::{fs, path::Path};

use super::{
    Alone::{All, AllButNasty, Nothing},
    CLIENTS, Client,
    Told::{Again, Cured, Dropped, Lost},
};

#[test]
fn the_table_of_clients_in_the_docs_is_this_one() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
    let text = fs::read_to_string(docs).unwrap();
    let (_, table) = text.split_once("\n| client | ").expect("the table of clients");
    let shown: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    let wanted: Vec<String> = CLIENTS.iter().map(row).collect();
    assert!(shown == wanted, "the table should be\n{}", wanted.join("\n"));
}

fn row(client: &Client) -> String {
    let alone = match client.alone {
        All => "all | all",
        AllButNasty => "all but the bad label's | all but the bad label's",
        Nothing => "**nothing** | all but the bad label's",
    };
    let metadata = if client.metadata { "yes" } else { "no" };
    let after = client.after.map(|told| match told {
        Again => "again",
        Lost => "**lost**",
        Cured => "cured",
        Dropped => "dropped",
    });
    format!("| {} | {metadata} | {alone} | {} |", client.name, after.join(" | "))
}
