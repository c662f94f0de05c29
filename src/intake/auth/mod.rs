//! Who may push: HTTP Basic against bcrypt hashes, bearer tokens against SHA-256 hashes, and the tenants of each.
//!
//! A password is checked slowly, because people choose passwords that can be guessed; a token is random, so a fast hash is
//! enough. A right password is remembered and costs no second check; checks run off the threads that serve, few at a
//! time, and one for an unknown name takes as long as one for a known. Nothing that a sender showed is ever told.

mod known;
mod refusals;

use super::tenant;
use crate::{
    config::{Secret, User},
    error::Error,
    tenant::Tenant,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use known::Known;
use refusals::Refusals;
use rustls::crypto::GetRandomFailed;
use sha2::{Digest, Sha256};
use std::{sync::Arc, thread::available_parallelism, time::Duration};
use subtle::ConstantTimeEq;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
    time::timeout,
};

/// How long a password waits for its check: many shippers may come at once after a start.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many wait: what an HTTP/2 sender sends ahead meanwhile is memory that no permit was taken for.
const WAITING: usize = 64;

/// Those who may push.
pub struct Users {
    all: Vec<User>,
    known: Known,
    /// Checks of passwords that may run now.
    checks: Arc<Semaphore>,
    /// Places to wait for one of them.
    waiting: Semaphore,
    refusals: Refusals,
}

/// What a sender shows.
enum Credentials<'h> {
    Basic { name: Vec<u8>, password: Vec<u8> },
    Bearer(&'h [u8]),
}

impl Users {
    /// Lets these in. Fails where the system gives no random bytes.
    pub fn new(users: Vec<User>) -> Result<Self, GetRandomFailed> {
        // Half of the cores: whatever strangers send, the other half goes on treating pushes.
        let checks = available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        let (known, checks) = (Known::new()?, Arc::new(Semaphore::new(checks)));
        Ok(Self { all: users, known, checks, waiting: Semaphore::new(WAITING), refusals: Refusals::default() })
    }

    /// Whether the same are let in, with the same secrets.
    pub fn same_as(&self, other: &Self) -> bool {
        self.all == other.all
    }

    /// The tenant for whom a push with these headers is taken.
    pub(super) async fn admit(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, Error> {
        let user = self.identify(headers).await?;
        let tenant = of_user(user, tenant::read(headers)?);
        self.refusals.note(tenant.as_ref().err());
        tenant
    }

    /// Who sent these headers.
    pub(crate) async fn identify(&self, headers: &HeaderMap) -> Result<&User, Error> {
        let user = match headers.get(AUTHORIZATION).and_then(|value| Some((value, credentials(value.as_bytes())?))) {
            Some((value, Credentials::Basic { name, password })) => self.basic(value.as_bytes(), &name, password).await,
            Some((_, Credentials::Bearer(token))) => self.bearer(token),
            None => Err(Error::Unauthorized),
        };
        self.refusals.note(user.as_ref().err());
        user
    }

    async fn basic(&self, shown: &[u8], name: &[u8], password: Vec<u8>) -> Result<&User, Error> {
        let mark = self.known.mark(shown);
        if let Some(user) = self.known.find(&mark) {
            return Ok(&self.all[user]);
        }
        let Some((user, hash)) = self.hash_for(name) else { return Err(Error::Unauthorized) };
        let check = self.check().await?;
        // Another connection may have shown the same while this one waited.
        if let Some(user) = self.known.find(&mark) {
            return Ok(&self.all[user]);
        }
        let right = spawn_blocking(move || {
            let right = bcrypt::verify(password, &hash).unwrap_or(false);
            // Given back here: a sender that hangs up does not end the work.
            drop(check);
            right
        });
        match (user, right.await) {
            (Some(user), Ok(true)) => {
                self.known.remember(mark, user);
                Ok(&self.all[user])
            }
            _ => Err(Error::Unauthorized),
        }
    }

    /// Leave to check a password.
    async fn check(&self) -> Result<OwnedSemaphorePermit, Error> {
        let Ok(_place) = self.waiting.try_acquire() else { return Err(Error::TooManyChecks) };
        let check = timeout(PATIENCE, Arc::clone(&self.checks).acquire_owned()).await;
        // The semaphore is never closed.
        check.ok().and_then(Result::ok).ok_or(Error::TooManyChecks)
    }

    /// The hash that a password is checked against, and whose it is. For a name that nobody has it is the costliest, so
    /// that the time does not tell which names there are. `None` where nobody has a password.
    fn hash_for(&self, name: &[u8]) -> Option<(Option<usize>, String)> {
        let hashes = self.all.iter().enumerate().filter_map(|(number, user)| match &user.secret {
            Secret::Password { bcrypt, cost } => Some((number, user, bcrypt, *cost)),
            Secret::Token(_) => None,
        });
        let own = hashes.clone().find(|(_, user, ..)| user.name.as_bytes() == name);
        match own {
            Some((number, _, hash, _)) => Some((Some(number), hash.clone())),
            None => hashes.max_by_key(|(.., cost)| *cost).map(|(_, _, hash, _)| (None, hash.clone())),
        }
    }

    fn bearer(&self, token: &[u8]) -> Result<&User, Error> {
        let shown = Sha256::digest(token);
        let mut found = None;
        // All are compared, in the same time whatever was shown.
        for user in &self.all {
            if let Secret::Token(hash) = &user.secret
                && bool::from(hash.ct_eq(&shown[..]))
            {
                found = Some(user);
            }
        }
        found.ok_or(Error::Unauthorized)
    }
}

/// The tenant that was asked for, where the user may push for it; of a user with one tenant, that one.
fn of_user(user: &User, asked: Option<HeaderValue>) -> Result<Option<HeaderValue>, Error> {
    match (&user.tenants[..], asked) {
        ([], asked) => Ok(asked),
        (tenants, Some(asked)) => {
            let own = Tenant::of_header(asked.as_bytes()).is_some_and(|tenant| tenants.contains(&tenant));
            if own { Ok(Some(asked)) } else { Err(Error::Forbidden) }
        }
        // A tenant's name is ASCII, so it is a value.
        ([only], None) => HeaderValue::from_str(only.as_str()).map(Some).map_err(|_| Error::Internal),
        (_, None) => Err(Error::Forbidden),
    }
}

/// Reads `Authorization` (RFC 7617, RFC 6750); the scheme in any case.
fn credentials(value: &[u8]) -> Option<Credentials<'_>> {
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, shown) = (&value[..space], value[space..].trim_ascii());
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(Credentials::Bearer(shown));
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let mut name = BASE64_STANDARD.decode(shown).ok()?;
    let password = name.split_off(name.iter().position(|byte| *byte == b':')?).split_off(1);
    Some(Credentials::Basic { name, password })
}

#[cfg(test)]
mod tests;
