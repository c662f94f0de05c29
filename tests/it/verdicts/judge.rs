//! What Loki would do with what is forwarded: a small Loki that knows the table.
//!
//! It reads a push for itself and refuses what Loki refuses in any configuration. What depends on Loki's limits, it answers as
//! Loki did when the table was recorded.

use prost::Message;
use sigyn::proto::PushRequest;

use super::{
    compare::{equal, holds},
    row::{Limits, Row},
    stored::{MESSAGE_LIMIT, Refusal, Stream, levels_aside, stored},
};
use crate::support::fake_loki::Got;

/// The row that a push belongs to: its number travels as the id of its trace.
pub(super) fn number_of(got: &Got) -> usize {
    trace(got, 1) - 1
}

/// Not a push that comes before.
fn is_last(row: &Row, got: &Got) -> bool {
    trace(got, 2) > row.before.len()
}

fn trace(got: &Got, part: usize) -> usize {
    usize::from_str_radix(got.headers["traceparent"].to_str().unwrap().split('-').nth(part).unwrap(), 16).unwrap()
}

pub(super) fn decoded(got: &Got) -> PushRequest {
    let flat = snap::raw::Decoder::new().decompress_vec(&got.body).expect("what is forwarded is a snappy block");
    PushRequest::decode(&*flat).expect("what is forwarded is a push")
}

/// What Loki would answer to a forwarded push. Its limits are its own: where it kept to them, it does so again.
pub(super) fn judge(rows: &[Row], got: &Got) -> (u16, String) {
    let row = &rows[number_of(got)];
    let push = decoded(got);
    let (status, text) = match stored([&push], row) {
        _ if row.limits == Limits::Tenants && !got.headers.contains_key("x-scope-orgid") => (401, "no org id\n"),
        _ if !is_last(row, got) => (204, ""),
        _ if push.streams.is_empty() => (422, "error at least one valid stream is required for ingestion\n"),
        Err(Refusal::Labels) => (400, "couldn't parse labels\n"),
        _ if is_of_limits(row) && still_holds(row, got, &push) => (row.status(), &*row.text),
        Err(Refusal::MetadataName) => (500, "label name is empty\n"),
        Ok(_) => (204, ""),
    };
    (status, text.to_owned())
}

/// Whether Loki answered as it did because of its limits.
fn is_of_limits(row: &Row) -> bool {
    row.loki_says(&[
        "stream '{",
        "entry for stream",
        "entry with timestamp",
        "max entry size",
        "errors like",
        "maximum active stream",
        "missing required labels",
        "no schema config",
        "received message larger",
    ]) && !row.loki_says(&["has duplicate label name"])
        || row.text.starts_with("ingestion ")
}

/// Whether the reason for which Loki refused the row is still there in what was forwarded.
fn still_holds(row: &Row, got: &Got, push: &PushRequest) -> bool {
    const POLICY: &str = "x-loki-ingestion-policy";
    if row.is_large() {
        let entries: usize = push.streams.iter().map(|stream| stream.entries.len()).sum();
        // With the level that Loki adds to each entry, and the hash to each stream.
        return push.encoded_len() + 32 * entries + 10 * push.streams.len() > MESSAGE_LIMIT;
    }
    row.header(POLICY).is_empty() || got.headers.contains_key(POLICY)
}

/// Whether Loki said nothing of what it made of the push, and only it can know: a tenant's limits, or an error of one stream
/// that the success of a later one hides.
fn is_silent(row: &Row) -> bool {
    row.name.ends_with("_masked")
        || row.name.contains("_masked_")
        || ["blocked200", "incdup", "truncate"].contains(&row.header("x-scope-orgid"))
}

/// What Loki keeps of what was forwarded. Of the row's verdict all must have been forwarded, and nothing else but what
/// Loki's limits refuse; the level that Loki detects by default is not looked at.
pub(super) fn kept(row: &Row, status: u16, forwarded: Vec<Stream>) -> Vec<Stream> {
    let (verdict, given) = (levels_aside(row, &row.stored), levels_aside(row, &forwarded));
    let is_kept = if is_silent(row) {
        stored(&row.pushes(), row).is_ok_and(|sent| equal(&sent, &given))
    } else if is_of_limits(row) && status != 204 {
        holds(&given, &verdict)
    } else {
        equal(&verdict, &given)
    };
    if is_kept { row.stored.clone() } else { forwarded }
}
