//! `/-/streams`: what the caps count, for each tenant. Its texts are label sets as they were forwarded, so redacted.

use super::text;
use crate::{
    gateway::Gateway,
    ledger::{Ledger, Page},
    share,
};
use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// So many counts are shown, the fullest ones: with their texts some ten megabytes at most.
const MOST: usize = 1000;

#[derive(Serialize)]
struct Shown {
    counts: Vec<Count>,
    /// How many more there are.
    left_off: usize,
}

/// What one `max` is for.
#[derive(Serialize)]
struct Count {
    /// Empty where there are no tenants; none: those beyond what is remembered, together.
    tenant: Option<String>,
    /// As the policy writes it.
    cap: String,
    /// The value of `caps.streams.per`.
    #[serde(skip_serializing_if = "Option::is_none")]
    per: Option<String>,
    /// Whether it is that of all values beyond what is remembered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shared: bool,
    active: usize,
    max: usize,
    over: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    streams: Vec<String>,
}

/// Answers for one tenant (`tenant=NAME`), or for all.
pub(super) fn answer(gateway: &Gateway, query: Option<&str>) -> Response<Body> {
    let Ok(tenant) = tenant(query.unwrap_or_default()) else {
        return text(StatusCode::BAD_REQUEST, "cannot read the query: write `?tenant=NAME`, or leave it out\n");
    };
    match serde_json::to_vec(&shown(&gateway.ledger, tenant.as_deref(), share::now())) {
        Ok(json) => {
            let mut response = Response::new(Body::from(json));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(error) => {
            // It says where, not what: there is nothing here that JSON could not hold.
            tracing::error!(line = error.line(), "cannot write the active streams");
            text(StatusCode::INTERNAL_SERVER_ERROR, "cannot write the active streams\n")
        }
    }
}

fn shown(ledger: &Ledger, tenant: Option<&str>, now: i64) -> Shown {
    let (pages, left_off) = ledger.pages(tenant, now, MOST);
    Shown { counts: pages.into_iter().flat_map(counts).collect(), left_off }
}

fn counts(page: Page) -> impl Iterator<Item = Count> {
    let string = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let of_streams = page.label.is_none();
    let cap = page.label.map_or("streams".into(), |label| format!("values.{}", string(&label)));
    page.groups.into_iter().map(move |group| Count {
        tenant: page.tenant.clone(),
        cap: cap.clone(),
        per: group.per.filter(|_| of_streams).map(|per| string(&per)),
        shared: group.shared,
        active: group.active,
        max: group.max,
        over: group.over,
        streams: group.streams.iter().map(|text| string(text)).collect(),
    })
}

/// The tenant that a query names. A name is made of letters, digits and `!-_.*'()`, of which a client may escape some.
fn tenant(query: &str) -> Result<Option<String>, ()> {
    if query.is_empty() {
        return Ok(None);
    }
    let name = query.strip_prefix("tenant=").ok_or(())?;
    let mut tenant = String::new();
    let mut rest = name.chars();
    while let Some(sign) = rest.next() {
        match sign {
            '%' => {
                let mut digit = || rest.next().and_then(|digit| digit.to_digit(16)).ok_or(());
                let byte = digit()? * 16 + digit()?;
                tenant.push(char::from_u32(byte).filter(char::is_ascii).ok_or(())?);
            }
            '&' => return Err(()),
            _ => tenant.push(sign),
        }
    }
    Ok(Some(tenant))
}

#[cfg(test)]
mod tests {
    use super::{shown, tenant};
    use crate::ledger::{Bound, Ledger, Taken};

    #[test]
    fn counts_are_shown_by_tenant_and_cap() {
        let (ledger, mut taken, now) = (Ledger::default(), Taken::default(), 1_790_000_000_000_000_000);
        let bound = Bound { max: 3, kept: 1, idle: 60 };
        for (text, tenant) in [("{a=\"1\"}", "x"), ("{a=\"2\"}", "x"), ("{a=\"3\"}", "x"), ("{}", "y")] {
            ledger.book(tenant, now).stream(b"docker", text.as_bytes(), bound, &mut taken);
        }
        ledger.book("x", now).value(b"service", b"api", bound, &mut taken);
        let json = |tenant| serde_json::to_string(&shown(&ledger, tenant, now)).unwrap();
        let of_y = r#"{"tenant":"y","cap":"streams","per":"docker","active":1,"max":3,"over":0,"streams":["{}"]}"#;
        let of_x = concat!(
            r#"{"tenant":"x","cap":"streams","per":"docker","active":2,"max":3,"over":1,"#,
            r#""streams":["{a=\"1\"}","{a=\"2\"}"]},"#,
            r#"{"tenant":"x","cap":"values.service","active":1,"max":3,"over":0}"#,
        );
        assert_eq!(json(Some("y")), format!(r#"{{"counts":[{of_y}],"left_off":0}}"#));
        assert_eq!(json(None), format!(r#"{{"counts":[{of_x},{of_y}],"left_off":0}}"#));
        assert_eq!(json(Some("z")), r#"{"counts":[],"left_off":0}"#);
    }

    #[test]
    fn a_query_names_a_tenant_or_nothing() {
        #[rustfmt::skip]
        let rows = [
            ("",                   Ok(None)),
            ("tenant=",            Ok(Some(String::new()))),
            ("tenant=a-1",         Ok(Some("a-1".into()))),
            ("tenant=%61%28b%29",  Ok(Some("a(b)".into()))),
            ("tenants=a",          Err(())),
            ("tenant=a&tenant=b",  Err(())),
            ("tenant=%6",          Err(())),
            ("tenant=%+6",         Err(())),
            ("tenant=%ff",         Err(())),
        ];
        for (query, wanted) in rows {
            assert_eq!(tenant(query), wanted, "{query}");
        }
    }
}
