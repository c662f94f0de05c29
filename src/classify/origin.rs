//! The names that a text had where a rule found it.
//!
//! What stands under a sensitive name is a secret because of the name. A rule that takes it elsewhere must not take the name
//! from it, so the names go with the text, and redaction asks about each of them.

use std::sync::Arc;

/// The names of what stands at one path.
pub(super) type Names = Arc<[Box<[u8]>]>;

/// The names that a text had where it was found: keys on the way to it, of a regex the group. Empty for a text of the policy.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Origin {
    paths: Vec<Names>,
}

impl Origin {
    /// The names, some of them perhaps more than once.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.paths.iter().flat_map(|names| names.iter().map(AsRef::as_ref))
    }

    /// Whether it had no name.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// About how many bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        self.paths.capacity() * size_of::<Names>()
    }

    /// Forgets all but the memory.
    pub(super) fn clear(&mut self) {
        self.paths.clear();
    }

    /// It stands at this path of what it was found in.
    pub(super) fn push(&mut self, path: &Names) {
        self.paths.push(Arc::clone(path));
    }

    /// That of what stands at this path of a text of this origin, and is known by `name` from now on.
    pub(super) fn within(&self, path: &Names, name: &[u8]) -> Self {
        let mut inner = self.clone();
        if path.iter().any(|known| **known != *name) {
            inner.push(path);
        }
        inner
    }
}

/// All names of what stands at a path: the keys that it may be made of, and itself.
pub(super) fn names(path: &str) -> Names {
    let keys = path.split('.').filter(|key| *key != path);
    keys.chain([path]).filter(|name| !name.is_empty()).map(|name| name.as_bytes().into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_path_is_a_name() {
        for (path, wanted) in [
            ("a", &["a"][..]),
            ("a.b", &["a", "b", "a.b"]),
            ("a.b.c", &["a", "b", "c", "a.b.c"]),
            (".a.", &["a", ".a."]),
            (".", &["."]),
            ("", &[]),
        ] {
            let names: Vec<_> = names(path).iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
            assert_eq!(names, wanted, "{path}");
        }
    }

    #[test]
    fn what_is_taken_out_of_what_was_taken_out_has_all_names() {
        let mut line = Origin::default();
        line.push(&names("a"));
        let told = |origin: &Origin| origin.names().map(<[u8]>::to_vec).collect::<Vec<_>>().concat();
        assert_eq!(told(&line.within(&names("b"), b"c")), b"ab");
        assert_eq!(told(&line.within(&names("b"), b"b")), b"a", "what keeps its name has that");
    }
}
