//! Compiled policies: immutable, complete, nothing in them can be invalid.

use crate::{
    admit::Admission,
    classify::{self, LineRules},
    guard::Caps,
    plan::{self, Plans},
    pseudonym::{Key, TenantKey},
    redact::Keyed,
    relabel::LabelRule,
    rules::{Rule, Ruleset, file::Action},
    tenancy::Tenancy,
    tenant::Tenant,
    validate::Limits,
};
use std::{borrow::Cow, collections::HashMap, ops::Deref, sync::Arc};

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
    /// However many they are, together they keep as many plans as one alone would.
    pub fn new(tenancy: Tenancy, common: Policy, by_tenant: HashMap<Tenant, Policy>) -> Self {
        let most = plan::CACHE_BYTES / (1 + by_tenant.len());
        let most_of_lines = classify::CACHE_BYTES / (1 + by_tenant.len());
        let share = |policy: Policy| {
            let lines = policy.lines.within(most_of_lines);
            Arc::new(Policy { lines, plans: Plans::within(most), ..policy })
        };
        let by_tenant = by_tenant.into_iter().map(|(tenant, policy)| (tenant, share(policy))).collect();
        Self { tenancy, common: share(common), by_tenant }
    }

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
        Self::new(Tenancy::default(), common, HashMap::new())
    }
}

/// All that decides about a push.
pub struct Policy {
    /// The section `labels`.
    pub labels: Vec<LabelRule>,
    /// The section `streams`.
    pub streams: Admission,
    /// The section `lines`.
    pub lines: LineRules,
    /// The section `redact`, with the builtin pack; its scan looks for what `lines` asks for too.
    pub redact: Ruleset,
    /// The section `caps`.
    pub caps: Caps,
    /// What pseudonyms are made with, where a rule makes some (`pseudonyms` of sigyn.yaml).
    pub pseudonyms: Option<Key>,
    /// The names of the line rules and redaction rules that are switched off, for those who ask what is not enforced.
    pub off: Vec<String>,
    /// Whether entries that were different and became equal are told apart (`loki.tell_apart` of sigyn.yaml).
    pub tell_apart: bool,
    /// What Loki would refuse (`loki.limits` of sigyn.yaml).
    pub limits: Limits,
    /// What was decided for each label text so far.
    pub plans: Plans,
}

impl Policy {
    /// The policy, for a tenant (empty where there are none).
    pub fn of_tenant<'p>(&'p self, tenant: &'p str) -> OfTenant<'p> {
        OfTenant { policy: self, tenant, key: self.pseudonyms.as_ref().map(|key| key.of(tenant)) }
    }

    /// A rule that makes pseudonyms, if there is one.
    pub fn pseudonym_rule(&self) -> Option<&Rule> {
        self.redact.rules().iter().find(|rule| matches!(rule.action, Action::Pseudonym { .. }))
    }
}

/// A policy as it is for one tenant: pseudonyms are made with a key of its own.
pub struct OfTenant<'p> {
    policy: &'p Policy,
    tenant: &'p str,
    key: Option<TenantKey<'p>>,
}

impl OfTenant<'_> {
    /// The redaction rules with the tenant's key.
    pub fn keyed(&self) -> Keyed<'_> {
        Keyed { rules: &self.policy.redact, key: self.key.as_ref() }
    }

    /// A name for what was decided for a text: the text alone where that is the same for all tenants.
    pub(crate) fn name_of<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        match &self.key {
            // No name of a tenant has a zero byte.
            Some(_) => [self.tenant.as_bytes(), b"\0", text].concat().into(),
            None => text.into(),
        }
    }
}

impl Deref for OfTenant<'_> {
    type Target = Policy;

    fn deref(&self) -> &Policy {
        self.policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::compile_policy;

    #[test]
    fn many_policies_keep_no_more_plans_than_one() {
        let policy = || {
            let (Ok((policy, _)), Ok(redact)) = (compile_policy(&[]), Ruleset::compile(Vec::new())) else {
                panic!("no file is no error")
            };
            Policy { redact, ..policy }
        };
        // As many label texts as fill the bound once, under each policy in turn.
        let text = |number: usize| format!("{{a=\"{number:060000}\"}}");
        let texts = plan::CACHE_BYTES / text(0).len();
        let most_kept = |tenants: usize| {
            let tenant = |number: usize| Tenant::new(number.to_string().as_bytes()).expect("a number is a name");
            let by_tenant = (0..tenants).map(|number| (tenant(number), policy())).collect();
            let policies = Policies::new(Tenancy::default(), policy(), by_tenant);
            let kept = (0..texts).map(|number| {
                policies
                    .all()
                    .for_each(|policy| drop(policy.plans.plan(&policy.of_tenant(""), text(number).as_bytes())));
                policies.all().map(|policy| policy.plans.len()).sum::<usize>()
            });
            kept.max().unwrap_or_default()
        };
        let (alone, together) = (most_kept(0), most_kept(7));
        assert!(alone > texts / 2, "{alone} of {texts}");
        assert!(together > texts / 2 && together <= alone, "{together} together, {alone} alone");
    }
}
