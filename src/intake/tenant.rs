//! `X-Scope-OrgID` as Loki validates it (dskit's `tenant`), so that a bad one is refused here and travels no further.

use crate::error::Error;
use http::{HeaderMap, HeaderValue};

/// The header's name.
pub(crate) const HEADER: &str = "x-scope-orgid";

/// Loki's bound, in bytes.
const LONGEST: usize = 150;

/// The tenant as it was sent; `None` where it is absent or empty. Of several headers the first counts, as in Loki.
pub(super) fn read(headers: &HeaderMap) -> Result<Option<HeaderValue>, Error> {
    let Some(value) = headers.get(HEADER).filter(|value| !value.is_empty()) else { return Ok(None) };
    // `a|a` is `a`; a push for two tenants is none. What follows a colon is metadata that Loki strips.
    let mut ids = value.as_bytes().split(|byte| *byte == b'|').map(split_metadata);
    let Some((first, _)) = ids.next() else { return Err(Error::Tenant) };
    let valid = is_tenant(first) && ids.all(|(id, _)| id == first) && value.to_str().is_ok();
    if valid { Ok(Some(value.clone())) } else { Err(Error::Tenant) }
}

fn split_metadata(id: &[u8]) -> (&[u8], &[u8]) {
    id.split_at(id.iter().position(|byte| *byte == b':').unwrap_or(id.len()))
}

fn is_tenant(id: &[u8]) -> bool {
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || b"!-_.*'()".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id != b"." && id != b".." && id.iter().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(value: &str) -> Result<Option<HeaderValue>, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, value.parse().unwrap());
        read(&headers)
    }

    #[test]
    fn a_valid_tenant_is_passed_on_as_it_came() {
        for value in ["a", "team-1_x.y*'()!", "a|a", "a:k=v", "...", &"x".repeat(150)] {
            assert_eq!(tenant(value).unwrap().unwrap(), value, "{value}");
        }
        assert_eq!(tenant("").unwrap(), None, "an empty one is none");
        assert_eq!(read(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn an_invalid_tenant_is_refused() {
        for value in [".", "..", "a/b", "a b", "a|b", "a|", "|a", ":k=v", "ä", "a\\", &"x".repeat(151)] {
            assert_eq!(tenant(value), Err(Error::Tenant), "{value}");
        }
    }
}
