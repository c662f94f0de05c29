//! `sigyn.yaml`, lowered: where Sigyn listens, where Loki is, how much it takes.

mod auth;
mod expand;
mod loki;
mod loki_limits;
mod lower;
mod tenants;
mod tls;
pub(super) mod units;

use crate::{diagnostic::Diagnostic, validate};
pub use auth::{Secret, User};
use http::Uri;
pub use loki::{Access, Authorization, Certificate, Password, TlsConfig};
pub(super) use lower::{KEYS, address, loki_url, lower};
use std::{path::PathBuf, time::Duration};
pub use tenants::Tenants;
pub use tls::ServerTls;

/// The whole of `sigyn.yaml`; [`Settings::default`] is what holds where a key is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `listen`: address of the push listener; an address without a host (`:3101`) means all interfaces.
    pub listen: String,
    /// `admin`: address of the admin listener.
    pub admin: String,
    /// `tls`: of the push listener; without it, it speaks plain HTTP.
    pub tls: Option<ServerTls>,
    /// `auth.users`: who may push; none: anyone.
    pub users: Vec<User>,
    /// `loki.url`: where pushes go; without a path, `/loki/api/v1/push` is meant. `None` until it is given.
    pub loki_url: Option<Uri>,
    /// `loki.basic_auth`, `loki.bearer_token_file`, `loki.tls_config`.
    pub loki_access: Access,
    /// `loki.tell_apart`: whether entries that redaction or label rules made equal are moved apart by a nanosecond.
    pub tell_apart: bool,
    /// `loki.limits`: what Loki would refuse.
    pub loki_limits: validate::Limits,
    /// `loki.message_limit`: what Loki takes as one message, in bytes (its `server.grpc_server_max_recv_msg_size`).
    pub message_limit: u64,
    /// `policies`: policy files in order, relative to the file that names them.
    pub policies: Vec<PathBuf>,
    /// `tenants`.
    pub tenants: Tenants,
    /// `pseudonyms.key_file`: the file with the key, relative to the file that names it.
    pub pseudonym_key_file: Option<PathBuf>,
    /// `limits`.
    pub limits: Limits,
    /// `log`.
    pub log: Log,
}

/// A file that does not hold settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The policies that it lists all the same, so that their errors can be told with its own.
    pub policies: Vec<PathBuf>,
    /// And those that it lists for tenants.
    pub tenants: Tenants,
    /// What is wrong with it.
    pub complaints: Vec<Diagnostic>,
}

impl Broken {
    /// One of which nothing could be read.
    pub fn unread(complaints: Vec<Diagnostic>) -> Self {
        Self { policies: Vec::new(), tenants: Tenants::default(), complaints }
    }
}

/// `limits`: sizes in bytes (written `16MiB`), times (written `10s`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest body as received.
    pub received: u64,
    /// Largest body after decompression; below 4 GiB, because positions have 32 bits.
    pub decompressed: u64,
    /// Bytes of all pushes in flight, received and decompressed.
    pub inflight: u64,
    /// Open connections on the push listener.
    pub connections: usize,
    /// From the first byte of a connection or request to the end of its headers.
    pub header_timeout: Duration,
    /// Longest pause within a body.
    pub body_timeout: Duration,
    /// Longest pause between requests of one connection.
    pub idle_timeout: Duration,
    /// From the last byte of a body to the answer. Alloy gives up after 10 s.
    pub deadline: Duration,
    /// How long a stop waits for what is in flight.
    pub drain: Duration,
}

/// `log`: Sigyn's own log, on stderr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// `log.format`: `text` or `json`.
    pub format: LogFormat,
    /// `log.level`: `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
}

/// How a line of Sigyn's own log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

const MIB: u64 = 1024 * 1024;

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: ":3101".into(),
            admin: "127.0.0.1:3102".into(),
            tls: None,
            users: Vec::new(),
            loki_url: None,
            loki_access: Access::default(),
            tell_apart: true,
            loki_limits: validate::Limits::default(),
            message_limit: 4 * MIB,
            policies: Vec::new(),
            tenants: Tenants::default(),
            pseudonym_key_file: None,
            limits: Limits::default(),
            log: Log { format: LogFormat::Text, level: "info".into() },
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            received: 16 * MIB,
            decompressed: 64 * MIB,
            inflight: 256 * MIB,
            connections: 4096,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            // Clients that do not retry lose the line that they send on a connection closed in that moment.
            idle_timeout: Duration::from_secs(120),
            deadline: Duration::from_secs(9),
            drain: Duration::from_secs(15),
        }
    }
}
