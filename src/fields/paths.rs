//! The wanted paths as a tree: one look at a key says whether it is on the way to any of them.

use super::Slot;
use crate::span::Span;

/// The place of the line as a whole.
pub(super) const ROOT: usize = 0;

/// A tree of keys; a place in it is a number.
pub(super) struct Paths {
    places: Vec<Place>,
    ends: Vec<End>,
}

#[derive(Default)]
struct Place {
    /// The place above; the root's is itself.
    parent: usize,
    /// Sorted by length, then by content.
    children: Vec<(Box<[u8]>, usize)>,
    /// A bit for each length that a child's key has, of lengths up to 63.
    lengths: u64,
    /// Whether a path ends here.
    wanted: bool,
}

/// Where the value of a path stands.
struct End {
    /// Under the whole path as one key.
    literal: usize,
    /// Under the key behind its last dot, if it has one.
    dotted: Option<usize>,
}

impl Paths {
    pub(super) fn new(paths: &[String]) -> Self {
        let mut tree = Self { places: vec![Place::default()], ends: Vec::new() };
        for path in paths {
            let literal = tree.place(ROOT, path);
            let dotted = path.contains('.').then(|| path.split('.').fold(ROOT, |parent, key| tree.place(parent, key)));
            for end in dotted.into_iter().chain([literal]) {
                tree.places[end].wanted = true;
            }
            tree.ends.push(End { literal, dotted });
        }
        tree
    }

    /// The place of a key under another, made where there is none.
    fn place(&mut self, parent: usize, key: &str) -> usize {
        let key = key.as_bytes();
        match self.search(parent, key) {
            Ok(at) => self.places[parent].children[at].1,
            Err(at) => {
                let place = self.places.len();
                self.places.push(Place { parent, ..Place::default() });
                self.places[parent].children.insert(at, (key.into(), place));
                self.places[parent].lengths |= bit(key);
                place
            }
        }
    }

    fn search(&self, parent: usize, key: &[u8]) -> Result<usize, usize> {
        self.places[parent].children.binary_search_by(|(known, _)| (known.len(), &**known).cmp(&(key.len(), key)))
    }

    /// The place of a key under another, if a path leads there.
    pub(super) fn child(&self, parent: usize, key: &[u8]) -> Option<usize> {
        if self.places[parent].lengths & bit(key) == 0 {
            return None;
        }
        let at = self.search(parent, key).ok()?;
        Some(self.places[parent].children[at].1)
    }

    pub(super) fn parent(&self, place: usize) -> usize {
        self.places[place].parent
    }

    /// Whether the value at a place is asked for.
    pub(super) fn wanted(&self, place: usize) -> bool {
        self.places[place].wanted
    }

    /// How many places there are.
    pub(super) fn places(&self) -> usize {
        self.places.len()
    }

    /// How many paths there are.
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// The value of a path: under its whole text if that key is there with a scalar, else along its dots. A key that stands
    /// there twice, the whole text or one on the way, is no value.
    pub(super) fn resolve(&self, path: usize, slots: &[Slot]) -> Option<Span> {
        let end = &self.ends[path];
        match slots[end.literal] {
            Slot::Value(span) => return Some(span),
            Slot::Spoilt => return None,
            Slot::Absent | Slot::Other => {}
        }
        let dotted = end.dotted?;
        let Slot::Value(span) = slots[dotted] else { return None };
        let mut place = dotted;
        while place != ROOT {
            place = self.parent(place);
            if matches!(slots[place], Slot::Spoilt) {
                return None;
            }
        }
        Some(span)
    }
}

/// The bit of a key's length.
fn bit(key: &[u8]) -> u64 {
    1 << key.len().min(63)
}
