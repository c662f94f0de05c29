//! Whose a push is, and its streams by tenant, where a label of each says it. What is done to them comes later.

use crate::{
    error::Error,
    memory::Memory,
    push::{Index, Labels, Part, partition},
    tally::Reason,
    tenant::Tenant,
};
use std::collections::HashSet;

/// Whose a push is: the section `tenants`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tenancy {
    /// What its `X-Scope-OrgID` says.
    #[default]
    Pass,
    /// Always this one's, whatever it says.
    Fixed(Tenant),
    /// What a label of each stream says, as it came in.
    Label {
        /// The label.
        name: String,
        /// Whose a stream without it is; `None` drops it.
        default: Option<Tenant>,
    },
}

/// Whose a stream is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// This tenant's.
    Tenant(Tenant),
    /// A tenant's that is one too many.
    OneTooMany,
    /// Nobody's: it is dropped.
    Nobody(Reason),
}

/// The streams of each tenant, and those of none, as positions in a flat push.
pub struct Sorted<'b> {
    /// The push: the body, or what was read of it.
    pub push: &'b [u8],
    /// In order of first appearance.
    pub groups: Vec<(Whose, Part)>,
}

impl Tenancy {
    /// Whether the sender has a say in it.
    pub fn reads_header(&self) -> bool {
        *self == Self::Pass
    }
}

/// Reads the label `name` of every stream as it came in, for up to `most` tenants: each costs a request to Loki.
/// `rebuilt` is memory for a body that is not canonical.
pub fn sort<'b>(
    body: &'b [u8],
    rebuilt: &'b mut Vec<u8>,
    name: &str,
    default: Option<&Tenant>,
    most: usize,
    memory: &mut dyn Memory,
) -> Result<Sorted<'b>, Error> {
    let mut index = Index::default();
    let push = index.read_rebuilt(body, rebuilt, memory)?;
    if index.streams.is_empty() {
        return Err(Error::NoStreams);
    }
    // One set at a time is read. Pieces of parts are smaller than the streams of the index.
    let set = index.streams.iter().map(|stream| Labels::bound(stream.labels.of(push))).max().unwrap_or_default();
    memory.reserve(2 * index.bytes() + set + if std::ptr::eq(push, body) { 0 } else { push.len() })?;
    let mut known = HashSet::new();
    let groups = partition(&index, |stream| match whose(stream.labels.of(push), name, default) {
        Ok(tenant) if known.len() == most && !known.contains(&tenant) => Whose::OneTooMany,
        Ok(tenant) => {
            known.insert(tenant.clone());
            Whose::Tenant(tenant)
        }
        Err(reason) => Whose::Nobody(reason),
    });
    Ok(Sorted { push, groups })
}

fn whose(labels: &[u8], name: &str, default: Option<&Tenant>) -> Result<Tenant, Reason> {
    let labels = Labels::parse(labels).map_err(|_| Reason::BadLabels)?;
    match labels.value(name.as_bytes()) {
        b"" => default.cloned().ok_or(Reason::NoTenant),
        value => Tenant::new(value).ok_or(Reason::BadTenant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Unbounded;

    #[test]
    fn a_label_says_whose_a_stream_is() {
        let fallback = Tenant::new(b"rest");
        #[rustfmt::skip]
        let rows = [
            ("the value is the tenant",           r#"{app="x", team="a"}"#,  None,                Ok("a")),
            ("a control label may say it",        r#"{team="a", __a__="b"}"#, None,               Ok("a")),
            ("without it the default holds",      r#"{app="x"}"#,            fallback.as_ref(),   Ok("rest")),
            ("an empty one is none",              r#"{app="x", team=""}"#,   fallback.as_ref(),   Ok("rest")),
            ("without a default it is dropped",   r#"{app="x"}"#,            None,                Err(Reason::NoTenant)),
            ("a name that Loki would refuse",     r#"{team="a/b"}"#,         fallback.as_ref(),   Err(Reason::BadTenant)),
            ("two tenants are none",              r#"{team="a|a"}"#,         fallback.as_ref(),   Err(Reason::BadTenant)),
            ("labels that Loki would refuse",     "{team=}",              fallback.as_ref(),   Err(Reason::BadLabels)),
        ];
        for (fact, labels, default, want) in rows {
            let tenant = whose(labels.as_bytes(), "team", default);
            assert_eq!(tenant.as_ref().map(Tenant::as_str).map_err(Clone::clone), want, "{fact}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_sorted() {
        let sorted = |body| sort(body, &mut Vec::new(), "team", None, 64, &mut Unbounded).err();
        assert_eq!(sorted(b""), Some(Error::NoStreams));
        assert!(matches!(sorted(b"\x0a\x05\x01"), Some(Error::Framing { .. })));
    }
}
