//! Real processes, real sockets, real bytes: one test binary, so that what is slow to start is started once.

mod admin;
mod answers;
mod bodies;
mod captures;
mod life;
mod limits;
mod peers;
mod support;
