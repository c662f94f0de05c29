//! Real processes, real sockets, real bytes: one test binary, so that what is slow to start is started once.
#![allow(clippy::unwrap_used, reason = "a test fails by it, and so do its helpers")]

mod admin;
mod answers;
mod auth;
mod blocks;
mod bodies;
mod captures;
mod client_captures;
mod commands;
mod forward;
mod hostile;
mod json;
mod leak;
mod life;
mod limits;
mod parts;
mod peers;
mod policies;
mod pseudonyms;
mod rates;
mod rules;
mod slow;
mod storm;
mod support;
mod tenants;
mod tls;
mod tls_listener;
mod validation;
mod verdicts;
mod words;
