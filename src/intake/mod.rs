//! What came in becomes one thing: the bytes of a `PushRequest`.
//!
//! [`receive`] reads the head and the body of a request as Loki would, under the caps, with a permit for every byte that
//! it holds. [`Received::open`] takes the layers off: gzip or raw deflate where there is one, then the snappy block, or the
//! [JSON](json). No memory is reserved on the word of a sender before it is checked and paid for.

mod auth;
mod head;
mod inflate;
mod inflight;
pub mod json;
mod media;
mod tenant;

use crate::{config::Limits, error::Error, memory::Memory};
pub use auth::Users;
use bytes::{Bytes, BytesMut};
pub use head::{Encoding, Format, Head};
use http_body_util::BodyExt;
pub use inflight::{Inflight, Permits};
use std::{pin::pin, time::Duration};
pub(crate) use tenant::HEADER as TENANT;
use tokio::time::{Instant, timeout, timeout_at};

/// How much of a refused body is read and thrown away, so that the sender comes to read its answer.
const LINGER: Duration = Duration::from_secs(2);

/// More than any byte of a snappy block can stand for: three bytes copy 64 at most. A block that declares more is a lie, and
/// no memory is reserved for it.
const SNAPPY_MOST: u64 = 22;

/// A body with its permits: all of it has arrived, none of it is decoded.
pub struct Received {
    /// What the headers said.
    pub head: Head,
    /// The body as it came.
    pub body: Bytes,
    /// What it holds of `limits.inflight`. Given back when this is dropped.
    pub permits: Permits,
}

/// Reads one request, of one of `users` where there are some. Where it fails, what is left of the body is thrown away
/// beside the answer.
pub async fn receive<B>(
    headers: &http::HeaderMap,
    mut body: B,
    users: Option<&Users>,
    limits: &Limits,
    inflight: &Inflight,
) -> Result<Received, Error>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
{
    let mut permits = inflight.permits();
    let outcome = async {
        // Loki's order: who it is, how large it is, what it is.
        let tenant = match users {
            Some(users) => users.admit(headers).await?,
            None => tenant::read(headers)?,
        };
        check_declared(headers, limits, inflight)?;
        let head = Head::read(headers, tenant)?;
        let bytes = collect(&mut body, limits, &mut permits).await?;
        Ok((head, bytes))
    };
    match outcome.await {
        Ok((head, body)) => Ok(Received { head, body, permits }),
        Err(error) => {
            if !body.is_end_stream() && error != Error::BodyBroken {
                tokio::spawn(throw_away(body, limits.received));
            }
            Err(error)
        }
    }
}

/// A body that says itself that it is too large is refused before a byte of it is read.
fn check_declared(headers: &http::HeaderMap, limits: &Limits, inflight: &Inflight) -> Result<(), Error> {
    let declared = headers.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match declared {
        Some(declared) if declared > limits.received => Err(Error::ReceivedTooLarge { limit: limits.received }),
        Some(declared) => inflight.could_hold(declared),
        None => Ok(()),
    }
}

/// What a body takes beside its bytes while it comes in: the read buffer of its connection, and the room that a vector
/// reserves when it grows. Measured over a thousand connections: about twice what has come, for bodies of 50 kB.
const BESIDE: usize = 128 * 1024;

/// Takes a permit for each piece before it is kept, and for what stands beside it as long as more is to come.
async fn collect<B>(body: &mut B, limits: &Limits, permits: &mut Permits) -> Result<Bytes, Error>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let mut bytes = BytesMut::new();
    loop {
        let frame = match timeout(limits.body_timeout, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => {
                permits.keep(bytes.len());
                return Ok(bytes.freeze());
            }
            Ok(Some(Err(_))) | Err(_) => return Err(Error::BodyBroken),
        };
        // Trailers say nothing that Loki reads.
        let Ok(data) = frame.into_data() else { continue };
        if (bytes.len() + data.len()) as u64 > limits.received {
            return Err(Error::ReceivedTooLarge { limit: limits.received });
        }
        let beside = |len: usize| (2 * len).min(BESIDE);
        permits.charge(data.len() + beside(bytes.len() + data.len()) - beside(bytes.len()))?;
        bytes.extend_from_slice(&data);
    }
}

/// Closing a socket with unread bytes in it resets the connection, and the answer may be lost with it.
async fn throw_away<B>(body: B, most: u64)
where
    B: http_body::Body<Data = Bytes>,
{
    let end = Instant::now() + LINGER;
    let mut body = pin!(body);
    let mut read = 0;
    while let Ok(Some(Ok(frame))) = timeout_at(end, body.frame()).await {
        read += frame.data_ref().map_or(0, Bytes::len) as u64;
        if read > most {
            return;
        }
    }
}

impl Received {
    /// Decodes the body into `decoded`, the bytes of a `PushRequest`. Returns the snappy block that it was, where it was one:
    /// that may be forwarded as it is.
    pub fn open(&mut self, limits: &Limits, decoded: &mut Vec<u8>) -> Result<Option<Bytes>, Error> {
        match self.head.format {
            Format::Protobuf => self.open_block(limits, decoded).map(Some),
            Format::Json => self.open_json(limits, decoded).map(|()| None),
        }
    }

    fn open_block(&mut self, limits: &Limits, decoded: &mut Vec<u8>) -> Result<Bytes, Error> {
        let limit = limits.received;
        // What comes out is held against the same limit as a body that came bare: Loki's `max_recv_msg_size`.
        let block = match self.inflate(limit, &Error::ReceivedTooLarge { limit }) {
            (block, Ok(())) => block,
            (_, Err(error)) => return Err(error),
        };
        let length = declared_length(&block)?;
        if length > limits.decompressed {
            return Err(Error::DecompressedTooLarge { limit: limits.decompressed });
        }
        if length > (block.len() as u64).saturating_mul(SNAPPY_MOST) {
            return Err(Error::Snappy);
        }
        self.permits.charge(length as usize)?;
        decoded.resize(length as usize, 0);
        let written = snap::raw::Decoder::new().decompress(&block, decoded).map_err(|_| Error::Snappy)?;
        decoded.truncate(written);
        Ok(block)
    }

    fn open_json(&mut self, limits: &Limits, decoded: &mut Vec<u8>) -> Result<(), Error> {
        let limit = limits.decompressed;
        let too_large = Error::DecompressedTooLarge { limit };
        let (text, inflated) = self.inflate(limit, &too_large);
        // A layer that is broken behind the end of the push is no matter to Loki.
        if !matches!(inflated, Ok(()) | Err(Error::Inflate)) {
            return inflated;
        }
        let mut account = Account { permits: &mut self.permits, held: 0, limit, too_large: &too_large };
        json::read(&text, decoded, &mut account).map_err(|error| match error {
            Error::Json { .. } if inflated.is_err() => Error::Inflate,
            error => error,
        })
    }

    /// Takes gzip or deflate off. Where that fails, what came out before is given too.
    fn inflate(&mut self, limit: u64, too_large: &Error) -> (Bytes, Result<(), Error>) {
        let mut account = Account { permits: &mut self.permits, held: 0, limit, too_large };
        let mut out = Vec::new();
        let done = match self.head.encoding {
            Encoding::Identity => return (self.body.clone(), Ok(())),
            Encoding::Gzip => inflate::gunzip(&self.body, &mut out, &mut account),
            Encoding::Deflate => inflate::inflate(&self.body, &mut out, &mut account),
        };
        (out.into(), done)
    }

    /// How large the body will be once [opened](Self::open); `None` where that is not known without inflating it.
    pub fn declared(&self) -> Option<u64> {
        match (self.head.encoding, self.head.format) {
            (Encoding::Identity, Format::Protobuf) => declared_length(&self.body).ok(),
            // About as large as its text.
            (Encoding::Identity, Format::Json) => Some(self.body.len() as u64),
            (Encoding::Gzip | Encoding::Deflate, _) => None,
        }
    }
}

/// What is held of a text that grows while it is decoded: paid for as it grows, up to a limit.
struct Account<'p> {
    permits: &'p mut Permits,
    held: usize,
    limit: u64,
    too_large: &'p Error,
}

impl Memory for Account<'_> {
    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        if bytes as u64 > self.limit {
            return Err(self.too_large.clone());
        }
        let more = bytes.saturating_sub(self.held);
        self.held += more;
        self.permits.charge(more)
    }
}

/// The length that a snappy block declares in its first bytes.
fn declared_length(block: &[u8]) -> Result<u64, Error> {
    snap::raw::decompress_len(block).map(|length| length as u64).map_err(|_| Error::Snappy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::{DeflateEncoder, GzEncoder};
    use http_body_util::Full;
    use std::io::Write;

    fn snappy(content: &[u8]) -> Vec<u8> {
        snap::raw::Encoder::new().compress_vec(content).unwrap()
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(content: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn small() -> Limits {
        Limits { received: 1000, decompressed: 5000, inflight: 200_000, ..Limits::default() }
    }

    fn opened(encoding: Option<&'static str>, body: Vec<u8>) -> Result<(Vec<u8>, Bytes), Error> {
        let mut headers = http::HeaderMap::new();
        headers.insert("content-type", "application/x-protobuf".parse().unwrap());
        if let Some(encoding) = encoding {
            headers.insert("content-encoding", encoding.parse().unwrap());
        }
        let limits = small();
        let inflight = Inflight::new(limits.inflight);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut received = receive(&headers, Full::new(Bytes::from(body)), None, &limits, &inflight).await?;
            let mut decoded = Vec::new();
            let block = received.open(&limits, &mut decoded)?;
            Ok((decoded, block.unwrap_or_default()))
        })
    }

    #[test]
    fn every_form_that_loki_reads_is_the_same_push() {
        let content = b"a push".as_slice();
        let block = snappy(content);
        let half = block.len() / 2;
        let members = [gzip(&block[..half]), gzip(&block[half..])].concat();
        let trailed = [deflate(&block), b"more".to_vec()].concat();
        let overlong = [&[0x80 | 6, 0x80, 0x80, 0][..], &block[1..]].concat();
        for (name, encoding, body) in [
            ("bare", None, block.clone()),
            ("snappy", Some("snappy"), block.clone()),
            ("an empty encoding is none", Some(""), block.clone()),
            ("gzip", Some("gzip"), gzip(&block)),
            ("several gzip members are joined", Some("gzip"), members),
            ("deflate is raw", Some("deflate"), deflate(&block)),
            ("bytes after the last deflate block are not read", Some("deflate"), trailed),
        ] {
            let (decoded, forwarded) = opened(encoding, body).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(decoded, content, "{name}");
            assert_eq!(forwarded, block, "{name}");
        }
        assert_eq!(opened(None, overlong).unwrap().0, content, "a length may be longer than it need be");
        assert_eq!(opened(None, vec![0]).unwrap().0, b"", "an empty request");
    }

    #[test]
    fn what_loki_cannot_read_is_refused() {
        let block = snappy(b"a push");
        let damaged = {
            let mut damaged = gzip(&block);
            let crc = damaged.len() - 8;
            damaged[crc] ^= 1;
            damaged
        };
        let zlib = [&[0x78, 0x9c][..], &deflate(&block)].concat();
        for (name, encoding, body, want) in [
            ("an empty body", None, vec![], Error::Snappy),
            ("a byte too many", None, [&block[..], b"x"].concat(), Error::Snappy),
            ("a byte too few", None, block[..block.len() - 1].to_vec(), Error::Snappy),
            ("bare protobuf", None, b"\x0a\x02\x0a\x00".to_vec(), Error::Snappy),
            ("gzip without its trailer", Some("gzip"), gzip(&block)[..20].to_vec(), Error::Inflate),
            ("gzip with a wrong checksum", Some("gzip"), damaged, Error::Inflate),
            ("gzip with bytes behind it", Some("gzip"), [gzip(&block), b"more".to_vec()].concat(), Error::Inflate),
            ("gzip of nothing", Some("gzip"), gzip(b""), Error::Snappy),
            ("no gzip", Some("gzip"), block.clone(), Error::Inflate),
            ("deflate that breaks off", Some("deflate"), deflate(&block)[..3].to_vec(), Error::Inflate),
            ("deflate in zlib", Some("deflate"), zlib, Error::Inflate),
            ("zstd", Some("zstd"), block.clone(), Error::ContentEncoding),
            ("upper case", Some("GZIP"), gzip(&block), Error::ContentEncoding),
            ("a list", Some("gzip, snappy"), gzip(&block), Error::ContentEncoding),
        ] {
            assert_eq!(opened(encoding, body).err(), Some(want), "{name}");
        }
    }

    #[test]
    fn the_caps_hold_before_memory_is_reserved() {
        let more_than_it_can_hold = [&[0x88, 0x27][..], &[0; 98]].concat(); // 5000
        let four_gib_less_one = [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0; 95]].concat();
        for (name, encoding, body, want) in [
            ("received", None, vec![0; 1001], Error::ReceivedTooLarge { limit: 1000 }),
            ("declared", None, four_gib_less_one, Error::DecompressedTooLarge { limit: 5000 }),
            ("declared by a block that is too short for it", None, more_than_it_can_hold, Error::Snappy),
            ("decompressed", None, snappy(&[b'x'; 5001]), Error::DecompressedTooLarge { limit: 5000 }),
            ("gunzipped", Some("gzip"), gzip(&vec![b'x'; 100_000]), Error::ReceivedTooLarge { limit: 1000 }),
            ("inflated", Some("deflate"), deflate(&vec![b'x'; 100_000]), Error::ReceivedTooLarge { limit: 1000 }),
        ] {
            assert_eq!(opened(encoding, body).err(), Some(want), "{name}");
        }
        assert_eq!(opened(None, snappy(&[b'x'; 5000])).unwrap().0.len(), 5000);
    }
}
