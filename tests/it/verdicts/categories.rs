//! Where Sigyn differs from Loki on purpose: a closed list.
//!
//! A category tells its rows by what they are: their headers and bodies, what Loki said, what Sigyn answered. A row that
//! differs and is in none fails the test, and so does a row in one that does not differ: the list can only shrink.

use std::collections::BTreeSet;

use prost::Message;
use sigyn::proto::PushRequest;

use super::{
    compare::{Outcome, equal},
    row::{Limits, Row, Transfer},
    stored::{MESSAGE_LIMIT, Stream, is_valid, levels_aside, name_service, normalised, stored},
};

/// A difference that is meant.
pub(crate) struct Category {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
    /// How many rows of the table it covers.
    pub(crate) rows: usize,
    /// Whether a row is one of them.
    pub(crate) covers: fn(&Row, &Outcome) -> bool,
}

/// All of them.
pub(crate) const CATEGORIES: &[Category] = &[
    Category {
        name: "a bad label set costs its stream",
        reason: "Loki refuses the whole request or answers 400 for it, and a shipper that repeats a 400 sends it for ever; \
                 Sigyn drops and counts the stream, and the rest is stored",
        rows: 74,
        covers: |row, outcome| {
            row.loki_says(&["couldn't parse labels: ", "has duplicate label name: ", "error at least one label pair"])
                && stores_what_is_good(row, outcome)
        },
    },
    Category {
        name: "an impossible time costs its entry",
        reason: "Loki refuses the whole request for a timestamp outside of the years 1 to 9999 or with a bad fraction; Sigyn \
                 drops and counts the entry",
        rows: 6,
        covers: |row, outcome| row.loki_says(&["timestamp: &types.Timestamp"]) && stores_what_is_good(row, outcome),
    },
    Category {
        name: "a metadata name of underscores is replaced",
        reason: "Loki answers 500 to a name that is empty or becomes underscores only, and shippers send it again for ever; \
                 Sigyn names it `key_` and its place in the entry",
        rows: 17,
        covers: |row, outcome| {
            row.status() == 500
                && row.loki_says(&["normalization for label name", "label name is empty"])
                && outcome.status == 204
                && (row.is_json() && !outcome.stored.is_empty() || equal(&with_names(row), &outcome.stored))
        },
    },
    Category {
        name: "what two readers read differently is refused",
        reason: "bytes that Loki reads and other decoders of snappy and protobuf do not, or read as something else, could carry \
                 a secret past one of them: 400",
        rows: 14,
        covers: |row, outcome| {
            (row.status(), outcome.status) == (204, 400) && !row.is_json() && is_read_differently(row)
        },
    },
    Category {
        name: "labels that begin with two underscores are removed",
        reason: "some of them switch Loki's checks off, and none is a sender's to choose",
        rows: 25,
        covers: |row, outcome| {
            let mut without = row.stored.clone();
            for stream in &mut without {
                stream.labels.retain(|(name, _)| !name.starts_with(b"__"));
                if row.limits == Limits::Default {
                    name_service(&mut stream.labels);
                }
            }
            let is_twice = |pair: &[(Vec<u8>, Vec<u8>)]| pair[0].0 == pair[1].0;
            without.retain(|stream| !stream.labels.is_empty() && !stream.labels.windows(2).any(is_twice));
            let is_internal = |stream: &Stream| stream.labels.iter().any(|(name, _)| name.starts_with(b"__"));
            let (without, given) = (levels_aside(row, &without), levels_aside(row, &outcome.stored));
            // What is left may be over limits that Loki did not look at before.
            row.stored.iter().any(is_internal) && (equal(&without, &given) || outcome.status == 400)
        },
    },
    Category {
        name: "the ingestion policy is not the sender's to choose",
        reason: "`X-Loki-Ingestion-Policy` and `X-Loki-Backfill-Shard` are not passed on",
        rows: 1,
        covers: |row, outcome| {
            !row.header("x-loki-ingestion-policy").is_empty() && (row.status(), outcome.status) == (260, 204)
        },
    },
    Category {
        name: "a tenant must be valid",
        reason: "a Loki without tenants ignores `X-Scope-OrgID` whatever it holds; Sigyn passes on none that Loki with tenants \
                 would refuse",
        rows: 4,
        covers: |row, outcome| {
            row.limits != Limits::Tenants
                && !row.header("x-scope-orgid").is_empty()
                && (row.status(), outcome.status) == (204, 400)
        },
    },
    Category {
        name: "a time before Loki's first schema is final",
        reason: "Loki answers 500 to it, and shippers send it again for ever: 400",
        rows: 21,
        covers: |row, outcome| {
            row.loki_says(&["no schema config found"])
                && (row.status(), outcome.status) == (500, 400)
                && equal(&row.stored, &outcome.stored)
        },
    },
    Category {
        name: "a body that breaks off may come again",
        reason: "a connection that broke is no fault of the lines, and shippers drop them on a 400: 503",
        rows: 1,
        covers: |row, outcome| row.transfer == Transfer::Short && outcome.status == 503,
    },
    Category {
        name: "what is too large is refused as such",
        reason: "Loki answers 400, sometimes after it has reserved the memory that a body claims, and cuts JSON at its limit, which \
                 may be behind the last entry; Sigyn refuses all of it before, with 413",
        rows: 12,
        covers: |row, outcome| outcome.status == 413 && (row.status() == 400 || row.status() == 204 && row.is_json()),
    },
    Category {
        name: "what Loki loses without a word is stored",
        reason: "entries under a key that comes again or in another case, in the shape of the other path, in a second document: \
                 Loki answers 204 and forgets them",
        rows: 11,
        covers: |row, outcome| {
            let is_lost = row.status() == 204 || row.loki_says(&["error at least one label pair"]);
            row.is_json() && is_lost && outcome.status == 204 && amount(&outcome.stored) > amount(&row.stored)
        },
    },
    Category {
        name: "a key of JSON is the name of one label",
        reason: "Loki puts keys into label text as they are, so that one can make several labels or end the set; Sigyn drops and \
                 counts a stream with such a key",
        rows: 3,
        covers: |row, outcome| {
            let body = row.json();
            let streams = body["streams"].as_array().into_iter().flatten();
            let mut keys = streams.filter_map(|stream| stream["stream"].as_object()).flat_map(|labels| labels.keys());
            (row.status(), outcome.status) == (204, 204)
                && outcome.stored.is_empty()
                && keys.any(|key| key.contains(['=', '}', '#']))
        },
    },
    Category {
        name: "JSON that nothing is read from is not refused",
        reason: "Loki refuses the whole request for `null` in place of a stream, and for a `format` that is no string, which it \
                 then ignores",
        rows: 2,
        covers: |row, outcome| {
            let body = row.json();
            let is_ignored = body["format"].is_number() || body["streams"][0].is_null() && body["streams"].is_array();
            (row.status(), outcome.status) == (400, 204) && is_ignored
        },
    },
    Category {
        name: "a large push arrives in parts",
        reason: "Loki answers 500 to what is above its message limit of 4 MiB, and 429 to what is above its burst, and shippers \
                 send it again for ever; Sigyn splits it before, so that at least a part is stored each time",
        rows: 4,
        covers: |row, outcome| {
            let sent = stored(&row.pushes(), row).unwrap_or_default();
            row.is_large() && !outcome.stored.is_empty() && (row.is_json() || equal(&sent, &outcome.stored))
        },
    },
    Category {
        name: "an entry above the message limit is dropped",
        reason: "with the labels of its stream it is larger than any message that Loki takes, whatever its labels allow; Sigyn \
                 drops and counts it",
        rows: 1,
        covers: |row, outcome| {
            let size: usize = row.pushes().iter().map(Message::encoded_len).sum();
            size > MESSAGE_LIMIT && (row.status(), outcome.status) == (400, 204) && outcome.stored.is_empty()
        },
    },
    Category {
        name: "a stream without labels is dropped",
        reason: "Loki stores it as `service_name=\"unknown_service\"` where it discovers services, and refuses it where it does \
                 not; Sigyn drops and counts it",
        rows: 5,
        covers: |row, outcome| {
            let is_nameless = |stream: &Stream| stream.labels == [(b"service_name".into(), b"unknown_service".into())];
            row.stored.iter().any(is_nameless) && !row.is_otlp() && outcome.stored.is_empty() && outcome.status == 204
        },
    },
    Category {
        name: "a fragment is no part of a path",
        reason: "no client sends one, and HTTP has no place for it; Loki answers 404, Sigyn takes the push",
        rows: 1,
        covers: |row, outcome| row.path.contains('#') && (row.status(), outcome.status) == (404, 204),
    },
    Category {
        name: "OTLP is not taken yet",
        reason: "`/otlp/v1/logs` answers 404 until that door opens",
        rows: 93,
        covers: |row, outcome| row.is_otlp() && outcome.status == 404 && row.status() != 404,
    },
];

/// Whether all that is good in a refused push was stored, and nothing else.
fn stores_what_is_good(row: &Row, outcome: &Outcome) -> bool {
    let mut good = row.pushes();
    for push in &mut good {
        for stream in &mut push.streams {
            stream.entries.retain(|entry| entry.timestamp.is_none_or(|time| is_valid(&time)));
        }
        push.streams
            .retain(|stream| stored([&PushRequest { streams: vec![stream.clone()], format: Vec::new() }], row).is_ok());
    }
    let good = stored(&good, row).unwrap_or_default();
    outcome.status == 204 && equal(if row.is_json() { &row.stored } else { &good }, &outcome.stored)
}

/// How many entries and labels there are.
fn amount(streams: &[Stream]) -> usize {
    streams.iter().map(|stream| stream.total + stream.labels.len()).sum()
}

/// What is stored of a push whose metadata got names where it has none.
fn with_names(row: &Row) -> Vec<Stream> {
    let mut pushes = row.pushes();
    let streams = pushes.iter_mut().flat_map(|push| &mut push.streams);
    for entry in streams.flat_map(|stream| &mut stream.entries) {
        for (place, pair) in entry.structured_metadata.iter_mut().enumerate() {
            if normalised(&pair.name).is_none() {
                pair.name = format!("key_{}", place + 1).into_bytes();
            }
        }
    }
    stored(&pushes, row).unwrap_or_default()
}

/// Whether prost or snap make something else of a body than Loki.
fn is_read_differently(row: &Row) -> bool {
    // Loki takes the last of two timestamps, and the lower half of a fraction of 64 bits. Prost happens to come to the same
    // here; others do not.
    let happens_to_agree = BTreeSet::from(["dup_timestamp_last_wins", "ts_nanos_above_32_bits"]);
    let pushes = row.pushes();
    happens_to_agree.contains(&*row.name)
        || pushes.is_empty()
        || !stored(&pushes, row).is_ok_and(|stored| equal(&row.stored, &stored))
}
