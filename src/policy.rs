//! Compiled policies: immutable, complete, nothing in them can be invalid.

use crate::{
    admit::Admission,
    classify::{self, LineRules},
    guard::Caps,
    plan::{self, Plans},
    relabel::LabelRule,
    rules::Ruleset,
    tenancy::Tenancy,
    tenant::Tenant,
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
    /// The names of the line rules and redaction rules that are switched off, for those who ask what is not enforced.
    pub off: Vec<String>,
    /// Whether entries that were different and became equal are told apart (`loki.tell_apart` of sigyn.yaml).
    pub tell_apart: bool,
    /// What Loki would refuse (`loki.limits` of sigyn.yaml).
    pub limits: Limits,
    /// What was decided for each label text so far.
    pub plans: Plans,
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
                policies.all().for_each(|policy| drop(policy.plans.plan(policy, text(number).as_bytes())));
                policies.all().map(|policy| policy.plans.len()).sum::<usize>()
            });
            kept.max().unwrap_or_default()
        };
        let (alone, together) = (most_kept(0), most_kept(7));
        assert!(alone > texts / 2, "{alone} of {texts}");
        assert!(together > texts / 2 && together <= alone, "{together} together, {alone} alone");
    }
}
