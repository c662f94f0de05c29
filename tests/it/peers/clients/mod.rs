//! Other people's clients of Loki, from their registries: what they send arrives through Sigyn as it would without it, or
//! better, and what they do with each answer is what the documentation says.
//!
//! [`CLIENTS`] is the table of facts; `docs/compatibility.md` shows it. [`client`] starts one, [`arrives`] asks a real Loki
//! what came of it, [`answers`] shows each of them a Loki that says no, and [`canary`] lets a foreign referee count.

mod answers;
mod arrives;
mod canary;
mod client;
mod docs;

use client::{
    Program::{self, Canary, Java, Node, Promtail, Python, Rust, SyslogNg},
    Text::{self, BeforeMetadata, Field, Line},
};

use Alone::{All, AllButNasty, Nothing};
use Told::{Again, Cured, Dropped, Lost};

/// A client, and what is known of it.
struct Client {
    /// As the documentation names it.
    name: &'static str,
    program: Program,
    /// Where the text is that was logged.
    text: Text,
    /// Whether it sends structured metadata.
    metadata: bool,
    /// What Loki alone stores of its lines.
    alone: Alone,
    /// What becomes of its lines after each of [`ANSWERS`].
    after: [Told; ANSWERS.len()],
}

/// What Loki alone stores of lines of which two have a label value with a quote, a backslash and a newline in it.
///
/// Where that is not all of them, Sigyn has Loki store all but those two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    /// Everything: the client writes such a value as it should.
    All,
    /// Not those two, which the client writes wrongly, in pushes of their own.
    AllButNasty,
    /// Nothing: the push with the wrong label is refused whole, or its shape is not the one that Loki reads there.
    Nothing,
}

/// What becomes of lines that Loki refuses once and would take when they came again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// The client is told, and sends them again.
    Again,
    /// The client is told, and gives them up.
    Lost,
    /// The client is not told: Sigyn sent them in smaller parts.
    Cured,
    /// The client is not told: Sigyn dropped the one entry that Loki does not take, and counted it.
    Dropped,
}

/// What Loki answers to the first push; 0 stands for a connection that it closes.
const ANSWERS: [u16; 6] = [400, 413, 429, 500, 503, 0];

#[rustfmt::skip]
const CLIENTS: &[Client] = &[
    row("pino-loki",                        Node("pino.js", ""),                        Field("msg"),     true,  All,         [Lost,  Cured,   Lost,  Lost,  Lost,  Lost]),
    row("winston-loki, JSON",               Node("winston.js", "json"),                 BeforeMetadata,   true,  All,         [Again, Cured,   Again, Again, Again, Again]),
    row("winston-loki, protobuf",           Node("winston.js", "protobuf"),             BeforeMetadata,   false, Nothing,     [Again, Cured,   Again, Again, Again, Again]),
    row("python-logging-loki, version 1",   Python("logging_loki_sender.py", "v1"),     Line,             false, All,         [Lost,  Dropped, Lost,  Lost,  Lost,  Lost]),
    row("python-logging-loki, legacy path", Python("logging_loki_sender.py", "legacy"), Line,             false, AllButNasty, [Lost,  Dropped, Lost,  Lost,  Lost,  Lost]),
    row("python-logging-loki, defaults",    Python("logging_loki_sender.py", "default"),Line,             false, Nothing,     [Lost,  Dropped, Lost,  Lost,  Lost,  Lost]),
    row("loki-logger-handler",              Python("logger_handler_sender.py", ""),     Field("message"), true,  All,         [Lost,  Cured,   Lost,  Lost,  Lost,  Lost]),
    row("loki4j, JSON",                     Java("json"),                               Line,             true,  All,         [Lost,  Cured,   Again, Lost,  Again, Again]),
    row("loki4j, protobuf",                 Java("protobuf"),                           Line,             true,  Nothing,     [Lost,  Cured,   Again, Lost,  Again, Again]),
    row("tracing-loki",                     Rust,                                       Field("message"), false, All,         [Again, Cured,   Again, Again, Again, Again]),
    row("syslog-ng http()",                 SyslogNg,                                   Line,             true,  All,         [Again, Cured,   Again, Again, Again, Again]),
    row("promtail",                         Promtail,                                   Line,             true,  All,         [Lost,  Cured,   Again, Again, Again, Again]),
    row("loki-canary",                      Canary,                                     Line,             false, All,         [Lost,  Dropped, Again, Again, Again, Again]),
];

const fn row(
    name: &'static str,
    program: Program,
    text: Text,
    metadata: bool,
    alone: Alone,
    after: [Told; ANSWERS.len()],
) -> Client {
    Client { name, program, text, metadata, alone, after }
}
