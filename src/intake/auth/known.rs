//! Credentials that were found right, so that a password is checked once and not with every push.

use rustls::crypto::GetRandomFailed;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A user can write the same credentials in several ways (long passwords are cut at 72 bytes), so there is a bound.
const MOST: usize = 1024;

/// What stands for credentials that were shown: a hash under a key of this process, which says nothing about them.
pub(super) type Mark = [u8; 32];

/// Marks of right credentials, and whose they are.
pub(super) struct Known {
    key: [u8; 32],
    marks: Mutex<HashMap<Mark, usize>>,
}

impl Known {
    pub(super) fn new() -> Result<Self, GetRandomFailed> {
        let mut key = [0; 32];
        rustls::crypto::ring::default_provider().secure_random.fill(&mut key)?;
        Ok(Self { key, marks: Mutex::default() })
    }

    pub(super) fn mark(&self, shown: &[u8]) -> Mark {
        Sha256::new().chain_update(self.key).chain_update(shown).finalize().into()
    }

    /// The number of the user whose credentials these are.
    pub(super) fn find(&self, mark: &Mark) -> Option<usize> {
        self.marks().get(mark).copied()
    }

    pub(super) fn remember(&self, mark: Mark, user: usize) {
        let mut marks = self.marks();
        if marks.len() >= MOST {
            marks.clear();
        }
        marks.insert(mark, user);
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<Mark, usize>> {
        // Nothing panics under this lock.
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_no_more_than_its_bound() {
        let known = Known::new().unwrap();
        let marks: Vec<_> = (0..=MOST).map(|number| known.mark(&number.to_le_bytes())).collect();
        for (number, mark) in marks.iter().enumerate() {
            known.remember(*mark, number);
            assert_eq!(known.find(mark), Some(number));
        }
        assert_eq!(known.find(&marks[0]), None);
        assert_ne!(Known::new().unwrap().mark(b"x"), known.mark(b"x"), "another process has another key");
    }
}
