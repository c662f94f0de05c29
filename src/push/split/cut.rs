//! Cuts streams into parts below a limit.

use super::{Part, Piece};
use crate::{error::Error, span::Span};

/// A push that was cut.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// Each below the limit. Streams and entries are in order over all of them.
    pub parts: Vec<Part>,
    /// Entries that are above the limit even alone.
    pub too_large: Part,
}

/// Fills one part after the other.
pub(super) struct Cutter {
    most: u64,
    part: Part,
    parts: Vec<Part>,
    too_large: Part,
}

impl Cutter {
    /// No part is larger than `most`.
    pub(super) fn new(most: u64) -> Self {
        Self { most, part: Part::default(), parts: Vec::new(), too_large: Part::default() }
    }

    /// Takes the next stream.
    pub(super) fn take(&mut self, push: &[u8], stream: &Piece) -> Result<(), Error> {
        if stream.size() > self.most {
            return self.cut(push, stream);
        }
        if !self.holds(stream) {
            self.close();
        }
        self.part.add(*stream);
        Ok(())
    }

    /// All that was taken.
    pub(super) fn end(mut self) -> Cut {
        self.close();
        Cut { parts: self.parts, too_large: self.too_large }
    }

    fn holds(&self, piece: &Piece) -> bool {
        self.part.size + piece.size() <= self.most
    }

    fn close(&mut self) {
        if !self.part.is_empty() {
            self.parts.push(std::mem::take(&mut self.part));
        }
    }

    /// Cuts a stream that no part can hold. It begins in what room is left.
    fn cut(&mut self, push: &[u8], stream: &Piece) -> Result<(), Error> {
        let empty = Piece { entries: Span::default(), count: 0, ..*stream };
        let mut run = empty;
        stream.each(push, |entry| {
            let mut alone = empty;
            alone.extend(entry);
            if alone.size() > self.most {
                self.flush(&mut run);
                self.too_large.add(alone);
                return;
            }
            let mut longer = run;
            longer.extend(entry);
            if self.holds(&longer) {
                run = longer;
            } else {
                self.flush(&mut run);
                self.close();
                run = alone;
            }
        })?;
        self.flush(&mut run);
        Ok(())
    }

    fn flush(&mut self, run: &mut Piece) {
        if run.count > 0 {
            self.part.add(*run);
        }
        run.count = 0;
    }
}
