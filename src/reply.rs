//! What the sender is told: the one place where an error becomes a status.
//!
//! A status decides whether a shipper drops its batch (4xx) or comes again (503, the one that every client retries that
//! retries at all). So whatever a resend can cure is a 503, and a 4xx is given only where it cannot.

use crate::{
    error::{Blame, Error},
    tally::Count,
};
use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS},
};
use http_body_util::Full;

/// Loki's answer when it dropped what it took (`block_ingestion_status_code`): a 2xx to shippers.
pub const BLOCKED: u16 = 260;

/// How a push ended.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Loki was asked and answered.
    Loki(Relayed),
    /// Nothing was left to forward.
    Nothing,
    /// Sigyn says no, or could not ask.
    Refused(Error),
}

/// Loki's answer as it goes back to the sender. Its body echoes labels, so it has no `Debug` and is never logged.
#[derive(Clone)]
pub struct Relayed {
    /// Its status: 2xx, 4xx or 5xx.
    pub status: StatusCode,
    /// Its `Content-Type`.
    pub content_type: Option<HeaderValue>,
    /// The first 4 KiB of its body.
    pub body: Bytes,
}

impl std::fmt::Debug for Relayed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relayed").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What an answer means for the lines that it is about; the worse, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// An entry alone is more than Loki takes: it is dropped. Whatever else is said of the push is the answer.
    TooLarge,
    /// Loki took them (2xx other than 260), or there was nothing to take.
    Forwarded,
    /// Loki dropped what it took (260).
    Blocked,
    /// Final (4xx): the sender gives up.
    Refused,
    /// The sender has them still and comes again (429, 5xx).
    Returned,
}

/// A request that was made of a push, or of a part of it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// What came of it.
    pub answer: Answer,
    /// What that means for its lines.
    pub ending: Ending,
    /// Its lines, and their bytes as received.
    pub count: Count,
}

impl Sent {
    /// One that ended as its answer says.
    pub fn new(answer: Answer, count: Count) -> Self {
        Self { ending: answer.ending(), answer, count }
    }

    /// An entry alone that was refused as too large.
    pub fn too_large(answer: Answer, count: Count) -> Self {
        Self { answer, ending: Ending::TooLarge, count }
    }
}

/// What the sender is told of all requests that were made of its push.
pub fn worst<'s>(sent: impl Iterator<Item = &'s Sent>) -> Answer {
    sent.max_by_key(|sent| sent.ending).map_or(Answer::Nothing, |sent| sent.answer.clone())
}

impl Answer {
    /// The status that the sender sees.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Loki(relayed) => relayed.status,
            Self::Nothing => StatusCode::NO_CONTENT,
            Self::Refused(error) => status(error),
        }
    }

    /// Whether Loki, or a proxy before it, refused the request for its size. Nothing of it was stored then.
    pub fn is_too_large(&self) -> bool {
        match self {
            Self::Loki(relayed) => relayed.status == StatusCode::PAYLOAD_TOO_LARGE,
            Self::Refused(error) => *error == Error::LargerThanMessage,
            Self::Nothing => false,
        }
    }

    /// What becomes of the lines.
    pub fn ending(&self) -> Ending {
        match self.status().as_u16() {
            BLOCKED => Ending::Blocked,
            200..=299 => Ending::Forwarded,
            400..=428 | 430..=499 => Ending::Refused,
            _ => Ending::Returned,
        }
    }

    /// The response.
    pub fn into_response(self) -> Response<Full<Bytes>> {
        match self {
            Self::Loki(relayed) => {
                let mut response = Response::new(Full::new(relayed.body));
                *response.status_mut() = relayed.status;
                if let Some(content_type) = relayed.content_type {
                    response.headers_mut().insert(CONTENT_TYPE, content_type);
                }
                response
            }
            Self::Nothing => {
                let mut response = Response::default();
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
            Self::Refused(error) => refusal(&error),
        }
    }
}

/// The status of an error.
pub fn status(error: &Error) -> StatusCode {
    match error {
        Error::ContentType
        | Error::Json { .. }
        | Error::ContentEncoding
        | Error::Inflate
        | Error::Snappy
        | Error::Framing { .. }
        | Error::Tenant
        | Error::BeforeSchema => StatusCode::BAD_REQUEST,
        Error::Unauthorized => StatusCode::UNAUTHORIZED,
        Error::Forbidden => StatusCode::FORBIDDEN,
        // As Loki since 3.4 answers a request without streams.
        Error::NoStreams => StatusCode::UNPROCESSABLE_ENTITY,
        Error::ReceivedTooLarge { .. }
        | Error::DecompressedTooLarge { .. }
        | Error::LargerThanInflight { .. }
        | Error::LargerThanMessage
        | Error::TooManyRequests => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Overloaded
        | Error::TooManyChecks
        | Error::Draining
        | Error::BodyBroken
        | Error::LokiUnreachable
        | Error::LokiTimeout
        | Error::LokiRefusesUs { .. }
        | Error::Internal => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A refusal of our own, in the form of Go's `http.Error`, which Loki uses.
fn refusal(error: &Error) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(format!("{error}\n"))));
    *response.status_mut() = status(error);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if error.blame() == Blame::Sigyn {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if *error == Error::Unauthorized {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="sigyn", Bearer"#));
    }
    // What is still to come of such a body is not read to its end, so the connection is of no more use.
    let broken = matches!(
        error,
        Error::ReceivedTooLarge { .. } | Error::LargerThanInflight { .. } | Error::BodyBroken | Error::Draining
    );
    if broken {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_blames_whom_the_error_blames() {
        for (error, want) in [
            (Error::ContentType, 400),
            (Error::Json { at: 0, what: "" }, 400),
            (Error::ContentEncoding, 400),
            (Error::Inflate, 400),
            (Error::Snappy, 400),
            (Error::Framing { at: 0, what: "" }, 400),
            (Error::Tenant, 400),
            (Error::Unauthorized, 401),
            (Error::Forbidden, 403),
            (Error::NoStreams, 422),
            (Error::ReceivedTooLarge { limit: 1 }, 413),
            (Error::DecompressedTooLarge { limit: 1 }, 413),
            (Error::LargerThanInflight { limit: 1 }, 413),
            (Error::BeforeSchema, 400),
            (Error::LargerThanMessage, 413),
            (Error::TooManyRequests, 413),
            (Error::Overloaded, 503),
            (Error::TooManyChecks, 503),
            (Error::Draining, 503),
            (Error::BodyBroken, 503),
            (Error::LokiUnreachable, 503),
            (Error::LokiTimeout, 503),
            (Error::LokiRefusesUs { status: 404 }, 503),
            (Error::Internal, 503),
        ] {
            assert_eq!(status(&error), want, "{error}");
            assert_eq!(error.blame() == Blame::Sender, want < 500, "{error}");
            let response = Answer::Refused(error.clone()).into_response();
            assert_eq!(response.headers().contains_key(RETRY_AFTER), want == 503, "{error}");
        }
    }

    #[test]
    fn loki_says_in_two_ways_that_a_request_is_too_large() {
        let loki = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            Answer::Loki(Relayed { status, content_type: None, body: Bytes::new() })
        };
        for (answer, want) in [
            (loki(413), true),
            (Answer::Refused(Error::LargerThanMessage), true),
            (loki(500), false),
            (loki(400), false),
            (loki(204), false),
            (Answer::Nothing, false),
            (Answer::Refused(Error::TooManyRequests), false),
            (Answer::Refused(Error::LargerThanInflight { limit: 1 }), false),
        ] {
            assert_eq!(answer.is_too_large(), want, "{answer:?}");
        }
    }

    #[test]
    fn lokis_status_decides_about_the_lines() {
        for (status, want) in [
            (200, Ending::Forwarded),
            (204, Ending::Forwarded),
            (260, Ending::Blocked),
            (299, Ending::Forwarded),
            (400, Ending::Refused),
            (413, Ending::Refused),
            (422, Ending::Refused),
            (429, Ending::Returned),
            (500, Ending::Returned),
            (503, Ending::Returned),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let relayed = Relayed { status, content_type: None, body: Bytes::new() };
            assert_eq!(Answer::Loki(relayed).ending(), want, "{status}");
        }
        assert_eq!(Answer::Nothing.ending(), Ending::Forwarded);
    }
}
