//! The ledger as it is shown: how many are active where, and some of them by their text.
//!
//! Texts are label sets as they were forwarded, so redacted; they are still content, and the types here have no `Debug`.

use super::{
    Ledger,
    register::{Page as _, Register},
    set::{Bound, Sets},
};

/// What is remembered for a tenant and a cap.
pub struct Page {
    /// `None`: all tenants that found no room for a page of their own.
    pub tenant: Option<String>,
    /// The label whose values are counted; `None`: streams are.
    pub label: Option<Vec<u8>>,
    /// Where streams are counted, one for each value of `per`.
    pub groups: Vec<Group>,
}

/// Those that share a `max`.
pub struct Group {
    /// The value of `per`; `None` where it was not kept.
    pub per: Option<Vec<u8>>,
    /// Whether it is the group of all values beyond [`MOST_PER`](super::MOST_PER).
    pub shared: bool,
    /// So many are active.
    pub active: usize,
    /// So many may be, as it was last asked.
    pub max: usize,
    /// How often one was turned away.
    pub over: u64,
    /// Label texts of some streams, those that came last.
    pub streams: Vec<Vec<u8>>,
}

impl Ledger {
    /// How many streams are active at the time `now`, of all tenants together.
    pub fn active_streams(&self, now: i64) -> usize {
        let mut active = 0;
        self.streams.each(|account| {
            account.page.sweep(now, &self.rooms);
            active += account.page.groups().map(|(_, group)| group.members.len()).sum::<usize>();
        });
        active
    }

    /// What is active at the time `now`, of one tenant or of all: the fullest `most` groups in order of their pages, and how
    /// many more there are.
    pub fn pages(&self, tenant: Option<&str>, now: i64, most: usize) -> (Vec<Page>, usize) {
        let mut pages = self.read(&self.streams, tenant, now, false);
        pages.extend(self.read(&self.values, tenant, now, true));
        let mut active: Vec<usize> = pages.iter().flat_map(|page| &page.groups).map(|group| group.active).collect();
        active.sort_unstable_by(|one, other| other.cmp(one));
        if let Some(&least) = active.get(most) {
            // Of those that are as full as the first one left off, so many as there is room for.
            let mut equal = active[..most].iter().filter(|active| **active == least).count();
            for page in &mut pages {
                page.groups.retain(|group| {
                    let stays = group.active > least || (group.active == least && equal > 0);
                    equal -= usize::from(stays && group.active == least);
                    stays
                });
            }
        }
        pages.retain(|page| !page.groups.is_empty());
        pages.sort_by(|one, other| (&one.tenant, &one.label).cmp(&(&other.tenant, &other.label)));
        (pages, active.len().saturating_sub(most))
    }

    fn read(&self, register: &Register<Sets>, tenant: Option<&str>, now: i64, of_labels: bool) -> Vec<Page> {
        let mut pages = Vec::new();
        register.each(|account| {
            if tenant.is_some() && account.tenant.as_deref() != tenant {
                return;
            }
            account.page.sweep(now, &self.rooms);
            let mut groups: Vec<Group> = account.page.groups().map(|(shared, group)| show(shared, group)).collect();
            groups.sort_by(|one, other| (other.active, &one.per).cmp(&(one.active, &other.per)));
            let label = of_labels.then(|| account.name.to_vec());
            pages.push(Page { tenant: account.tenant.as_deref().map(str::to_owned), label, groups });
        });
        pages
    }
}

fn show(shared: bool, group: &super::set::Group) -> Group {
    Group {
        per: group.per.as_deref().map(<[u8]>::to_vec),
        shared,
        active: group.members.len(),
        max: group.bound.map_or(0, |Bound { max, .. }| max),
        over: group.over,
        streams: group.shown.iter().map(|(_, text)| text.to_vec()).collect(),
    }
}
