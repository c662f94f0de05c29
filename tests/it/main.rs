//! Real processes, real sockets, real bytes: one test binary, so that what is slow to start is started once.

mod peers;
