//! A row as bytes on a socket: what a client library would tidy up is sent as it stands.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use super::row::{Row, Transfer};

/// Sends the row and what comes before it, each on a connection of its own; the status of the last answer. The number of
/// the row travels as the id of its trace, that of the push as the id of its span.
pub(crate) fn send(row: &Row, number: usize, to: SocketAddr) -> u16 {
    let trace = |push: usize| format!("traceparent: 00-{:032x}-{:016x}-00\r\n", number + 1, push + 1);
    for (push, (body, status)) in row.before.iter().enumerate() {
        let before = exchange(row, Transfer::Whole, body, to, &trace(push)).unwrap();
        assert_eq!(before, *status, "{}: the push before it", row.name);
    }
    let answer = exchange(row, row.transfer, &row.body, to, &trace(row.before.len()));
    answer.unwrap_or_else(|error| panic!("{}: {error}", row.name))
}

fn exchange(row: &Row, transfer: Transfer, body: &[u8], to: SocketAddr, trace: &str) -> io::Result<u16> {
    let mut connection = TcpStream::connect(to)?;
    connection.set_read_timeout(Some(Duration::from_secs(60)))?;
    connection.write_all(&head(row, transfer, body.len(), to, trace))?;
    // A server that refuses early may hang up on the rest: what counts is its answer.
    let _ = match transfer {
        Transfer::Whole => connection.write_all(body),
        Transfer::Chunked => connection.write_all(&chunked(body)),
        Transfer::Expect => {
            assert_eq!(status(&mut connection)?, 100, "{}: asked to go on", row.name);
            connection.write_all(body)
        }
        Transfer::Short => connection.write_all(body).and_then(|()| connection.shutdown(Shutdown::Write)),
        Transfer::Claim => Ok(()),
    };
    status(&mut connection)
}

fn head(row: &Row, transfer: Transfer, length: usize, to: SocketAddr, trace: &str) -> Vec<u8> {
    let (method, path, version) = (&row.method, &row.path, row.version);
    let headers: String = row.headers.iter().map(|(name, value)| [name, ": ", value, "\r\n"].concat()).collect();
    let length = match transfer {
        Transfer::Whole | Transfer::Expect => format!("Content-Length: {length}\r\n"),
        Transfer::Short => format!("Content-Length: {}\r\n", length + 1),
        Transfer::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
        Transfer::Claim => String::new(),
    };
    format!("{method} {path} {version}\r\nHost: {to}\r\nConnection: close\r\n{trace}{headers}{length}\r\n").into_bytes()
}

/// Two chunks and the end.
fn chunked(body: &[u8]) -> Vec<u8> {
    let mut chunked = Vec::new();
    for chunk in body.chunks(body.len().div_ceil(2).max(1)) {
        chunked.extend(format!("{:x}\r\n", chunk.len()).bytes());
        chunked.extend(chunk);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    chunked
}

/// Reads the head of an answer.
fn status(connection: &mut TcpStream) -> io::Result<u16> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if connection.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    let status = String::from_utf8_lossy(&head).split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no HTTP answer"))
}
