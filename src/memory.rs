//! Memory is set aside before it is used, so that what a push holds is bounded however it is made.
//!
//! The work itself is done by plain functions that know no permits: they say how much they hold and are about to take, and
//! whoever calls them says whether that is there.

use crate::error::Error;

/// What one treatment may hold.
pub trait Memory {
    /// Makes sure that `bytes` in all are set aside: more than before, or nothing happens. Fails where they are not to be had.
    fn reserve(&mut self, bytes: usize) -> Result<(), Error>;
}

/// No bound: for those who hold all of the input already, as a command line does.
pub struct Unbounded;

impl Memory for Unbounded {
    fn reserve(&mut self, _: usize) -> Result<(), Error> {
        Ok(())
    }
}

/// A part of a treatment, that knows only of what it holds itself.
pub struct Beside<'m> {
    /// What the others hold.
    pub bytes: usize,
    /// Where all of it is set aside.
    pub memory: &'m mut dyn Memory,
}

impl Memory for Beside<'_> {
    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        self.memory.reserve(self.bytes.saturating_add(bytes))
    }
}
