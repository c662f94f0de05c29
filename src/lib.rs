//! Sigyn stands between log shippers and Grafana Loki: what it forwards it has read.

pub mod admit;
pub mod config;
pub mod diagnostic;
pub mod error;
pub mod logql;
pub mod pipeline;
pub mod plan;
pub mod policy;
pub mod proto;
pub mod push;
pub mod re2;
pub mod redact;
pub mod relabel;
pub mod rules;
pub mod span;
pub mod tally;
