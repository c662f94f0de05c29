//! `X-Scope-OrgID` as Loki validates it, so that a bad one is refused here and travels no further.

use crate::{error::Error, tenant::Tenant};
use http::{HeaderMap, HeaderValue};

/// The header's name.
pub(crate) const HEADER: &str = "x-scope-orgid";

/// The tenant's name; `None` where it is absent or empty. Of several headers the first counts, as in Loki.
pub(super) fn read(headers: &HeaderMap) -> Result<Option<HeaderValue>, Error> {
    let Some(value) = headers.get(HEADER).filter(|value| !value.is_empty()) else { return Ok(None) };
    // What metadata holds is not looked at, so it goes no further: to Loki it says nothing.
    let tenant = Tenant::of_header(value.as_bytes()).filter(|_| value.to_str().is_ok()).ok_or(Error::Tenant)?;
    HeaderValue::from_str(tenant.as_str()).map(Some).map_err(|_| Error::Internal)
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
    fn of_a_valid_tenant_the_name_is_passed_on() {
        for value in ["a", "a|a", "a:k=v", "a:k=v|a:l=w"] {
            assert_eq!(tenant(value).unwrap().unwrap(), "a", "{value}");
        }
        assert_eq!(tenant("").unwrap(), None, "an empty one is none");
        assert_eq!(read(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn an_invalid_tenant_is_refused() {
        for value in ["a/b", "a|b", "a:ä"] {
            assert_eq!(tenant(value), Err(Error::Tenant), "{value}");
        }
    }
}
