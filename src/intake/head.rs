//! What the headers of a push say.

use super::media;
use crate::error::Error;
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

/// What a push is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A snappy block of protobuf.
    Protobuf,
    /// JSON in one of Loki's two shapes.
    Json,
}

/// The layer that stands round it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// None: absent, empty or `snappy`, which says nothing of JSON.
    Identity,
    /// gzip.
    Gzip,
    /// DEFLATE (RFC 1951) without zlib's header, whatever HTTP says.
    Deflate,
}

/// The headers that matter: those that decide how the body is read, and those that travel on to Loki.
#[derive(Clone)]
pub struct Head {
    /// `Content-Type`.
    pub format: Format,
    /// `Content-Encoding`.
    pub encoding: Encoding,
    /// `X-Scope-OrgID`: the name of the tenant alone.
    pub tenant: Option<HeaderValue>,
    /// `traceparent`, well-formed.
    pub traceparent: Option<HeaderValue>,
    /// `tracestate`; only beside a `traceparent`.
    pub tracestate: Option<HeaderValue>,
}

impl Head {
    /// Reads encoding, then type, as Loki does; of a header that is repeated the first counts.
    pub(super) fn read(headers: &HeaderMap, tenant: Option<HeaderValue>) -> Result<Self, Error> {
        let encoding = match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
            None | Some(b"" | b"snappy") => Encoding::Identity,
            Some(b"gzip") => Encoding::Gzip,
            Some(b"deflate") => Encoding::Deflate,
            Some(_) => return Err(Error::ContentEncoding),
        };
        let content_type = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        // Whatever is not JSON is protobuf to Loki, `text/plain` too.
        let format = if media::parse(content_type)? == b"application/json" { Format::Json } else { Format::Protobuf };
        let traceparent = headers.get("traceparent").filter(|value| is_traceparent(value.as_bytes())).cloned();
        let tracestate =
            headers.get("tracestate").filter(|value| traceparent.is_some() && is_tracestate(value)).cloned();
        Ok(Self { format, encoding, tenant, traceparent, tracestate })
    }
}

/// W3C trace context, version 00: `00-<32 hex>-<16 hex>-<2 hex>`, lower case, neither id all zero.
fn is_traceparent(value: &[u8]) -> bool {
    let hex = |text: &[u8]| text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<&[u8]> = value.split(|byte| *byte == b'-').collect();
    match parts[..] {
        [b"00", trace, span, flags] => {
            let (lengths, some) =
                ((trace.len(), span.len(), flags.len()), |id: &[u8]| id.iter().any(|byte| *byte != b'0'));
            lengths == (32, 16, 2) && hex(trace) && hex(span) && hex(flags) && some(trace) && some(span)
        }
        _ => false,
    }
}

/// W3C asks everyone to carry 512 characters; more is not carried.
fn is_tracestate(value: &HeaderValue) -> bool {
    value.len() <= 512 && value.to_str().is_ok_and(|text| text.contains('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &[(&'static str, &str)]) -> Result<Head, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        Head::read(&headers, None)
    }

    const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

    #[test]
    fn the_first_of_a_repeated_header_counts() {
        let gzip = ("content-encoding", "gzip");
        assert_eq!(head(&[PROTOBUF, gzip, ("content-encoding", "br")]).unwrap().encoding, Encoding::Gzip);
        assert_eq!(head(&[PROTOBUF, ("content-encoding", "br"), gzip]).err(), Some(Error::ContentEncoding));
        let json = ("content-type", "application/json");
        assert_eq!(head(&[json, PROTOBUF]).unwrap().format, Format::Json);
        assert_eq!(head(&[PROTOBUF, json]).unwrap().format, Format::Protobuf);
    }

    #[test]
    fn a_broken_encoding_is_told_before_a_broken_type() {
        assert_eq!(head(&[("content-encoding", "br")]).err(), Some(Error::ContentEncoding));
        assert_eq!(head(&[]).err(), Some(Error::ContentType));
    }

    #[test]
    fn only_a_well_formed_trace_travels_on() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        for (name, value, want) in [
            ("version 00", good.to_string(), true),
            ("upper case", good.to_uppercase(), false),
            ("a later version", good.replacen("00", "01", 1), false),
            ("no trace id", "00-00000000000000000000000000000000-b7ad6b7169203331-01".to_string(), false),
            ("short", good[..good.len() - 1].to_string(), false),
            ("something else", "hello".to_string(), false),
        ] {
            let read = head(&[PROTOBUF, ("traceparent", &value), ("tracestate", "a=b")]).unwrap();
            assert_eq!(read.traceparent.is_some(), want, "{name}");
            assert_eq!(read.tracestate.is_some(), want, "{name}");
        }
    }
}
