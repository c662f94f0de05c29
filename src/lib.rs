//! Sigyn stands between log shippers and Grafana Loki: what it forwards it has read.

pub mod admin;
pub mod admit;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod error;
pub mod forward;
pub mod gateway;
pub mod intake;
pub mod logql;
pub mod metrics;
pub mod pipeline;
pub mod plan;
pub mod policy;
pub mod pool;
pub mod proto;
pub mod push;
pub mod re2;
pub mod redact;
pub mod relabel;
pub mod reload;
pub mod reply;
pub mod rules;
pub mod server;
pub mod span;
pub mod tally;
