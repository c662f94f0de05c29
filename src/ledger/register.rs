//! Accounts by tenant and name, in shards with a lock each.
//!
//! A tenant is what a sender claims, so there may be any number: those beyond the room share one account for each name.

use super::room::{ACCOUNT, Rooms, Table, shrink};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks are held for some ten nanoseconds; two threads rarely meet in one of so many.
const SHARDS: usize = 16;

/// What an account holds.
pub(super) trait Page: Default {
    /// Forgets what is idle.
    fn sweep(&mut self, now: i64, rooms: &Rooms);
    /// Whether nothing is left in it.
    fn is_idle(&self, now: i64) -> bool;
}

/// An account and whose it is.
pub(super) struct Account<P> {
    /// `None`: of all tenants that found no room for one of their own.
    pub(super) tenant: Option<Box<str>>,
    /// A label or a rule; empty where there is only one.
    pub(super) name: Box<[u8]>,
    pub(super) page: P,
}

impl<P> Account<P> {
    fn bytes(&self) -> usize {
        weight(self.tenant.as_deref().unwrap_or_default(), &self.name)
    }
}

fn weight(tenant: &str, name: &[u8]) -> usize {
    ACCOUNT + tenant.len() + name.len()
}

/// Who is asked for: a tenant and a name, with the id of the account.
pub(super) struct Who<'a> {
    pub(super) tenant: &'a str,
    pub(super) name: &'a [u8],
    pub(super) own: u64,
}

/// All accounts of a kind.
pub(super) struct Register<P> {
    shards: [Mutex<Table<Account<P>>>; SHARDS],
}

impl<P> Default for Register<P> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl<P: Page> Register<P> {
    /// Opens the account of a tenant, or the common one of this id, and gives what `then` makes of its id and page.
    pub(super) fn with<R>(
        &self,
        who: &Who<'_>,
        common: impl FnOnce() -> u64,
        rooms: &Rooms,
        then: impl FnOnce(u64, &mut P) -> R,
    ) -> R {
        {
            let mut accounts = self.shard(who.own);
            if let Some(account) = accounts.get_mut(&who.own) {
                return then(who.own, &mut account.page);
            }
            if rooms.things.take_half(weight(who.tenant, who.name)) {
                let account = Account { tenant: Some(who.tenant.into()), name: who.name.into(), page: P::default() };
                return then(who.own, &mut accounts.entry(who.own).or_insert(account).page);
            }
        }
        let common = common();
        let mut accounts = self.shard(common);
        let account = accounts.entry(common).or_insert_with(|| {
            // There are as many as the policies have names.
            rooms.things.force(weight("", who.name));
            Account { tenant: None, name: who.name.into(), page: P::default() }
        });
        then(common, &mut account.page)
    }

    /// Opens an account that was opened before, if it still is.
    pub(super) fn reopen(&self, id: u64, then: impl FnOnce(&mut P)) {
        if let Some(account) = self.shard(id).get_mut(&id) {
            then(&mut account.page);
        }
    }

    /// Forgets what is idle, and the accounts in which nothing is left.
    pub(super) fn sweep(&self, now: i64, rooms: &Rooms) {
        for shard in &self.shards {
            let mut accounts = lock(shard);
            accounts.retain(|_, account| {
                account.page.sweep(now, rooms);
                let stays = !account.page.is_idle(now);
                if !stays {
                    rooms.things.free(account.bytes());
                }
                stays
            });
            shrink(&mut accounts);
        }
    }

    /// Shows every account, one shard after the other.
    pub(super) fn each(&self, mut see: impl FnMut(&mut Account<P>)) {
        for shard in &self.shards {
            lock(shard).values_mut().for_each(&mut see);
        }
    }

    fn shard(&self, id: u64) -> MutexGuard<'_, Table<Account<P>>> {
        // The high bits: tables use the low ones, and the highest seven.
        lock(&self.shards[(id >> 48) as usize % SHARDS])
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic under the lock could only be an allocation's, which ends the process.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
