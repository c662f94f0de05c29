//! Compiled policies: immutable, complete, nothing in them can be invalid.

use crate::{
    admit::Admission,
    plan::Plans,
    relabel::LabelRule,
    rules::Ruleset,
    tenant::{Tenancy, Tenant},
    validate::Limits,
};
use std::{collections::HashMap, sync::Arc};

/// All that decides about pushes, for every tenant.
pub struct Policies {
    /// Whose a push is.
    pub tenancy: Tenancy,
    /// For all who have no policy of their own.
    pub common: Arc<Policy>,
    /// The common policy with more files behind it, for those who have one.
    pub by_tenant: HashMap<Tenant, Arc<Policy>>,
}

impl Policies {
    /// The policy of a tenant, or of a push without one.
    pub fn of(&self, tenant: Option<&Tenant>) -> &Arc<Policy> {
        tenant.and_then(|tenant| self.by_tenant.get(tenant)).unwrap_or(&self.common)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Policy> {
        std::iter::once(&self.common).chain(self.by_tenant.values()).map(Arc::as_ref)
    }
}

impl From<Policy> for Policies {
    /// One policy for everyone.
    fn from(common: Policy) -> Self {
        Self { tenancy: Tenancy::default(), common: Arc::new(common), by_tenant: HashMap::new() }
    }
}

/// All that decides about a push.
pub struct Policy {
    /// The section `labels`.
    pub labels: Vec<LabelRule>,
    /// The section `streams`.
    pub streams: Admission,
    /// The section `redact`, with the builtin pack.
    pub redact: Ruleset,
    /// The names of the redaction rules that are switched off, for those who ask what is not enforced.
    pub off: Vec<String>,
    /// Whether entries that were different and became equal are told apart (`loki.tell_apart` of sigyn.yaml).
    pub tell_apart: bool,
    /// What Loki would refuse (`loki.limits` of sigyn.yaml).
    pub limits: Limits,
    /// What was decided for each label text so far.
    pub plans: Plans,
}
