//! The layer round a snappy block: gzip, or DEFLATE without any header, as Go's `compress/gzip` and `compress/flate` read them.

use super::Permits;
use crate::error::Error;
use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status, bufread::MultiGzDecoder};
use std::io::Read;

/// How much comes out before it is checked and paid for.
const STEP: usize = 64 * 1024;

/// All members joined; a wrong checksum, a missing trailer and bytes behind the last member are errors.
pub(super) fn gunzip(body: &[u8], limit: u64, permits: &mut Permits) -> Result<Bytes, Error> {
    let mut decoder = MultiGzDecoder::new(body);
    let mut out = Vec::new();
    loop {
        let start = out.len();
        out.resize(start + STEP, 0);
        let read = decoder.read(&mut out[start..]).map_err(|_| Error::Inflate)?;
        out.truncate(start + read);
        if read == 0 {
            return Ok(out.into());
        }
        pay(out.len(), read, limit, permits)?;
    }
}

/// Reads to the end of the final block; what stands behind it is not looked at.
pub(super) fn inflate(body: &[u8], limit: u64, permits: &mut Permits) -> Result<Bytes, Error> {
    let mut decoder = Decompress::new(false);
    let mut out = Vec::new();
    loop {
        let rest = &body[decoder.total_in() as usize..];
        let (read, start) = (decoder.total_in(), out.len());
        out.reserve(STEP);
        let status = decoder.decompress_vec(rest, &mut out, FlushDecompress::None).map_err(|_| Error::Inflate)?;
        let written = out.len() - start;
        pay(out.len(), written, limit, permits)?;
        match status {
            Status::StreamEnd => return Ok(out.into()),
            // No byte in and none out: it waits for more, and there is no more.
            Status::Ok | Status::BufError if written == 0 && decoder.total_in() == read => return Err(Error::Inflate),
            Status::Ok | Status::BufError => {}
        }
    }
}

/// What comes out is held against the same limit as a body that came bare: Loki's `max_recv_msg_size`.
fn pay(total: usize, more: usize, limit: u64, permits: &mut Permits) -> Result<(), Error> {
    if total as u64 > limit {
        return Err(Error::ReceivedTooLarge { limit });
    }
    permits.charge(more)
}
