//! What an answer of Loki means: the sender's business, or ours.

use crate::error::Error;
use memchr::memmem;

/// Whether an answer goes back to the sender as it came.
///
/// Loki says 500 to two pushes that will fare no better when they come again; a sender that repeats a 500 would never get
/// past them. Answers that our own URL or credentials have earned are none of the sender's business; a push for no tenant is.
pub(super) fn judge(status: u16, body: &[u8], tenant: bool) -> Result<(), Error> {
    let says = |text: &str| memmem::find(body, text.as_bytes()).is_some();
    match status {
        500 if says("no schema config found for time") => Err(Error::BeforeSchema),
        // gRPC's words, of the distributor's message to an ingester; with compression `after decompression` follows.
        500 if says("message larger than max") || says("message after decompression larger than max") => {
            Err(Error::LargerThanMessage)
        }
        401 if !tenant && says("no org id") => Ok(()),
        401 | 403 | 404 => Err(Error::LokiRefusesUs { status }),
        200..=299 | 400..=599 => Ok(()),
        _ => Err(Error::LokiRefusesUs { status }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_the_senders_business_or_ours() {
        let us = |status| Err(Error::LokiRefusesUs { status });
        let schema = "failed to create stream: no schema config found for time 1700000000\n";
        let message =
            "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (4400429 vs. 4194304)\n";
        let inflated = "rpc error: code = ResourceExhausted desc = grpc: received message after decompression larger than max 4194304\n";
        let sent = "rpc error: code = ResourceExhausted desc = trying to send message larger than max (5 vs. 4)\n";
        #[rustfmt::skip]
        let rows = [
            ("taken",                              204, "",                                      Ok(())),
            ("taken and dropped",                  260, "ingestion is blocked",                  Ok(())),
            ("a label that cannot be read",        400, "error parsing labels",                  Ok(())),
            ("an entry behind its stream",         400, "entry too far behind",                  Ok(())),
            ("too large a body",                   413, "request body too large",                Ok(())),
            ("no stream",                          422, "at least one valid stream is required", Ok(())),
            ("too much at once",                   429, "Ingestion rate limit exceeded",         Ok(())),
            ("a ring that is not whole",           500, "at least 2 live replicas required",     Ok(())),
            ("an ingester that is away",           500, "rpc error: code = Unavailable desc = x", Ok(())),
            ("another resource that is exhausted", 500, "rpc error: code = ResourceExhausted desc = x", Ok(())),
            ("too many at once",                   503, "too many in-flight requests",           Ok(())),
            ("timestamps before the schema",       500, schema,                                  Err(Error::BeforeSchema)),
            ("a message that is too large",        500, message,                                 Err(Error::LargerThanMessage)),
            ("one that is, inflated",              500, inflated,                                Err(Error::LargerThanMessage)),
            ("one that the distributor keeps",     500, sent,                                    Err(Error::LargerThanMessage)),
            ("the same words from a client error", 400, schema,                                  Ok(())),
            ("the same words from a proxy",        503, message,                                 Ok(())),
            ("another address",                    301, "",                                      us(301)),
            ("no password",                        401, "Unauthorized",                          us(401)),
            ("no tenant, although one was sent",   401, "no org id",                             us(401)),
            ("no right",                           403, "",                                      us(403)),
            ("no such path",                       404, "404 page not found",                    us(404)),
            ("another protocol",                   101, "",                                      us(101)),
        ];
        for (what, status, body, wanted) in rows {
            assert_eq!(judge(status, body.as_bytes(), true), wanted, "{what}");
        }
        assert_eq!(judge(401, b"no org id\n", false), Ok(()), "the sender named no tenant");
        assert_eq!(judge(401, b"Unauthorized", false), us(401), "that of a proxy is ours");
    }
}
