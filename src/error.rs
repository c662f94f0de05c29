//! Why a push could not be forwarded, and whose fault that is.
//!
//! Only `reply.rs` turns an error into a status. No variant carries content: positions, lengths and names of ours only.

use std::fmt;

/// Who can mend it: decides between a final answer (the shipper drops the batch) and one that makes it come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The bytes are wrong and will be wrong again: 4xx.
    Sender,
    /// Sigyn or the road to Loki is at fault, and a resend can cure it: 503.
    Sigyn,
}

/// A push that is not forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No `Content-Type`, or one that is no media type.
    ContentType,
    /// The JSON cannot be read, or is no push; `at` is a byte offset in the body, its gzip or deflate layer taken off.
    Json {
        /// Where reading stopped.
        at: usize,
        /// What was found or missing there.
        what: &'static str,
    },
    /// A `Content-Encoding` that Loki does not know.
    ContentEncoding,
    /// The gzip or deflate layer is broken.
    Inflate,
    /// The snappy block is broken.
    Snappy,
    /// The protobuf cannot be read, or could be read in two ways; `at` is a byte offset in the decompressed body.
    Framing {
        /// Where reading stopped.
        at: u32,
        /// What was found there.
        what: &'static str,
    },
    /// The request holds no stream.
    NoStreams,
    /// The tenant name is not one that Loki takes.
    Tenant,
    /// No credentials, or wrong ones.
    Unauthorized,
    /// A tenant that is not among those of the user.
    Forbidden,
    /// More bytes received than `limits.received`.
    ReceivedTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// More bytes decompressed than `limits.decompressed`, by what the body declares or by what came out.
    DecompressedTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// It needs more than all of `limits.inflight`, as it came or while it is treated: it could never be taken.
    LargerThanInflight {
        /// The limit, in bytes.
        limit: u64,
    },
    /// No permit left for the bytes of this push.
    Overloaded,
    /// More passwords to check than are checked at once.
    TooManyChecks,
    /// Sigyn is shutting down.
    Draining,
    /// The body stalled or the connection broke before its end.
    BodyBroken,
    /// Loki could not be asked.
    LokiUnreachable,
    /// Loki did not answer inside the deadline.
    LokiTimeout,
    /// Loki's answer is the fault of our own URL or credentials (3xx, 401, 403, 404).
    LokiRefusesUs {
        /// The status that Loki answered.
        status: u16,
    },
    /// Entries older than the first period of Loki's `schema_config`: Loki has no place for them.
    BeforeSchema,
    /// More than Loki's components take in one message.
    LargerThanMessage,
    /// It takes more requests to Loki than are made of one push.
    TooManyRequests,
    /// A defect of Sigyn.
    Internal,
}

impl Error {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::ContentType
            | Self::Json { .. }
            | Self::ContentEncoding
            | Self::Inflate
            | Self::Snappy
            | Self::Framing { .. }
            | Self::NoStreams
            | Self::Tenant
            | Self::Unauthorized
            | Self::Forbidden
            | Self::ReceivedTooLarge { .. }
            | Self::DecompressedTooLarge { .. }
            | Self::LargerThanInflight { .. }
            | Self::BeforeSchema
            | Self::LargerThanMessage
            | Self::TooManyRequests => Blame::Sender,
            Self::Overloaded
            | Self::TooManyChecks
            | Self::Draining
            | Self::BodyBroken
            | Self::LokiUnreachable
            | Self::LokiTimeout
            | Self::LokiRefusesUs { .. }
            | Self::Internal => Blame::Sigyn,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ContentType => f.write_str("cannot read push: Content-Type is missing or no media type"),
            Self::Json { at, what } => write!(f, "cannot read push: {what} at byte {at} of the JSON"),
            Self::ContentEncoding => {
                f.write_str("cannot read push: Content-Encoding is not one of snappy, gzip, deflate")
            }
            Self::Inflate => f.write_str("cannot read push: corrupt gzip or deflate stream"),
            Self::Snappy => f.write_str("cannot read push: snappy: corrupt input"),
            Self::Framing { at, what } => write!(f, "cannot read push: {what} at byte {at} of the protobuf"),
            Self::NoStreams => f.write_str("error at least one valid stream is required for ingestion"),
            Self::Tenant => f.write_str("cannot take push: X-Scope-OrgID is no valid tenant"),
            Self::Unauthorized => f.write_str("cannot take push: credentials are missing or wrong"),
            Self::Forbidden => f.write_str("cannot take push: X-Scope-OrgID is missing, or no tenant of this user"),
            Self::ReceivedTooLarge { limit } => {
                write!(f, "cannot take push: larger than limits.received ({limit} bytes)")
            }
            Self::DecompressedTooLarge { limit } => {
                write!(f, "cannot take push: decompresses to more than limits.decompressed ({limit} bytes)")
            }
            Self::LargerThanInflight { limit } => {
                write!(f, "cannot take push: it needs more memory than limits.inflight ({limit} bytes)")
            }
            Self::Overloaded => f.write_str("cannot take push: too many bytes in flight, come again"),
            Self::TooManyChecks => f.write_str("cannot take push: too many passwords to check, come again"),
            Self::Draining => f.write_str("cannot take push: shutting down, come again"),
            Self::BodyBroken => f.write_str("cannot read push: the body stalled or broke off, come again"),
            Self::LokiUnreachable => f.write_str("cannot forward push: Loki cannot be reached, come again"),
            Self::LokiTimeout => f.write_str("cannot forward push: Loki did not answer in time, come again"),
            Self::LokiRefusesUs { status } => {
                write!(f, "cannot forward push: Loki answered {status} to the gateway itself, come again")
            }
            Self::BeforeSchema => {
                f.write_str("cannot forward push: it has timestamps before the first period of Loki's schema_config")
            }
            Self::LargerThanMessage => f.write_str("cannot forward push: larger than the messages that Loki takes"),
            Self::TooManyRequests => f.write_str("cannot forward push: it takes too many requests to Loki"),
            Self::Internal => f.write_str("cannot treat push: internal error, come again"),
        }
    }
}

impl std::error::Error for Error {}
