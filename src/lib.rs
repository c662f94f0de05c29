//! Sigyn stands between log shippers and Grafana Loki: what it forwards it has read.
//!
//! # The journey of a push
//!
//! ```text
//! server ─→ gateway::push                                                                    READ gateway.rs FIRST
//!             │  intake::receive   who pushes; headers and body as Loki reads them, a permit for every byte
//!             ▼
//!           share::treat           on a thread of the pool, or at once where the push is small
//!             │  Received::open    gzip or deflate off, snappy off or JSON read, under the caps
//!             │  tenancy::sort     where a label names the tenants: a share for each; else there is one
//!             ▼
//!           pipeline::treat        a share under its policy: plain functions from here on, no sockets, clocks or metrics
//!             │  push::Index       one walk: where streams, entries, lines, metadata stand
//!             │  plan              each label text once: relabel → admit → redact → shorten → validate → print
//!             │  Ruleset::hits     one pass for all literals of all rules
//!             │  classify          line rules: dropped, or another line, metadata, labels; those go the way of a plan once more
//!             │  redact            hits → findings → spans → edits, in every text that goes on
//!             │  guard             caps: a line is cut, a label becomes metadata, a stream goes on with others; or is dropped
//!             │  validate          what Loki would refuse goes alone, and not the push with it
//!             │  twins             entries that became equal are told apart
//!             │  push::Outgoing    verdicts and edits become one edit list, lengths included; who got other labels, a stream of its own
//!             ▼
//!           send → forward         nothing changed → the bytes as received; too large → in parts; Loki's answer is the answer
//!             ▼
//!           metrics::account       received = forwarded + dropped + refused + returned
//! ```
//!
//! # Layout
//!
//! A file uses its own floor and lower ones; `tests/floors.rs` holds it to that. Floors 0–3 know no runtime, no HTTP and no
//! metrics: whatever decides is a plain synchronous function.
//!
//! | floor | modules |
//! |---|---|
//! | 6 the process | [`cli`], [`server`], [`load`], [`reload`], [`admin`] |
//! | 5 one push | [`gateway`] |
//! | 4 the edges | [`intake`], [`pool`], [`share`], [`send`], [`forward`], [`credentials`], [`reply`], [`metrics`] |
//! | 3 the middle | [`pipeline`], [`plan`], [`policy`], [`tenancy`], [`config`], [`mod@explain`] |
//! | 2 the stages | [`admit`], [`relabel`], [`classify`], [`mod@redact`], [`guard`], [`validate`], [`twins`] (never import each other) |
//! | 1 the nouns | [`push`], [`rules`], [`logql`], [`re2`], [`sets`], [`fields`] |
//! | 0 small change | [`span`], [`tally`], [`ledger`], [`tenant`], [`memory`], [`error`], [`diagnostic`], [`hush`], [`proto`], [`process`], [`pseudonym`] |

pub mod admin;
pub mod admit;
pub mod classify;
pub mod cli;
pub mod config;
mod credentials;
pub mod diagnostic;
pub mod error;
pub mod explain;
pub mod fields;
pub mod forward;
pub mod gateway;
pub mod guard;
pub mod hush;
pub mod intake;
pub mod ledger;
pub mod load;
pub mod logql;
pub mod memory;
pub mod metrics;
pub mod pipeline;
pub mod plan;
pub mod policy;
pub mod pool;
pub mod process;
pub mod proto;
pub mod pseudonym;
pub mod push;
pub mod re2;
pub mod redact;
pub mod relabel;
pub mod reload;
pub mod reply;
pub mod rules;
pub mod send;
pub mod server;
pub mod sets;
pub mod share;
pub mod span;
pub mod tally;
pub mod tenancy;
pub mod tenant;
pub mod twins;
pub mod validate;
