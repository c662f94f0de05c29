//! The layer round a body: gzip, or DEFLATE without any header, as Go's `compress/gzip` and `compress/flate` read them.
//!
//! Where a layer is broken, what came out before is kept: a reader that stops at the end of its first value, as that of JSON
//! does, need never know.

use crate::{error::Error, memory::Memory};
use flate2::{Decompress, FlushDecompress, Status, bufread::MultiGzDecoder};
use std::io::Read;

/// How much comes out before memory is set aside for it.
const STEP: usize = 64 * 1024;

/// All members joined; a wrong checksum, a missing trailer and bytes behind the last member are errors.
pub(super) fn gunzip(body: &[u8], out: &mut Vec<u8>, memory: &mut dyn Memory) -> Result<(), Error> {
    let mut decoder = MultiGzDecoder::new(body);
    loop {
        let start = out.len();
        out.resize(start + STEP, 0);
        let read = decoder.read(&mut out[start..]);
        out.truncate(start + read.as_ref().map_or(0, |read| *read));
        if read.map_err(|_| Error::Inflate)? == 0 {
            return Ok(());
        }
        memory.reserve(out.len())?;
    }
}

/// Reads to the end of the final block; what stands behind it is not looked at.
pub(super) fn inflate(body: &[u8], out: &mut Vec<u8>, memory: &mut dyn Memory) -> Result<(), Error> {
    let mut decoder = Decompress::new(false);
    loop {
        let (read, before, start) = (decoder.total_in(), decoder.total_out(), out.len());
        // A step and no more: whatever room the vector has is filled otherwise.
        out.resize(start + STEP, 0);
        let status = decoder.decompress(&body[read as usize..], &mut out[start..], FlushDecompress::None);
        let written = (decoder.total_out() - before) as usize;
        out.truncate(start + written);
        let status = status.map_err(|_| Error::Inflate)?;
        memory.reserve(out.len())?;
        match status {
            Status::StreamEnd => return Ok(()),
            // No byte in and none out: it waits for more, and there is no more.
            Status::Ok | Status::BufError if written == 0 && decoder.total_in() == read => return Err(Error::Inflate),
            Status::Ok | Status::BufError => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder},
    };
    use std::io::Write;

    /// Has this many bytes.
    struct Has(usize);

    impl Memory for Has {
        fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
            if bytes > self.0 { Err(Error::Overloaded) } else { Ok(()) }
        }
    }

    #[test]
    fn no_more_than_a_step_comes_out_unpaid() {
        let much = vec![b' '; 64 * STEP];
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&much).unwrap();
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
        deflate.write_all(&much).unwrap();
        let (mut one, mut other) = (Vec::new(), Vec::new());
        assert_eq!(gunzip(&gzip.finish().unwrap(), &mut one, &mut Has(20 * STEP)), Err(Error::Overloaded));
        assert_eq!(inflate(&deflate.finish().unwrap(), &mut other, &mut Has(20 * STEP)), Err(Error::Overloaded));
        for out in [one, other] {
            assert!((20 * STEP..=21 * STEP).contains(&out.len()), "{} steps", out.len() / STEP);
        }
    }
}
