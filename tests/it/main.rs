//! Real processes, real sockets, real bytes: one test binary, so that what is slow to start is started once.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so

mod admin;
mod answers;
mod bodies;
mod captures;
mod life;
mod limits;
mod peers;
mod support;
