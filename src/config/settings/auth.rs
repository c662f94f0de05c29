//! `auth`: who may push, with what, and for which tenants. What is secret here, hashes too, has no `Debug`.

use super::{lower::Reader, tenants::tenant};
use crate::{
    config::read::{Cursor, Fields},
    diagnostic::Complaint,
    tenant::Tenant,
};
use bcrypt::HashParts;
use std::{collections::HashSet, fmt};

/// The keys of the section.
pub(super) const AUTH: &[&str] = &["users"];
const USER: &[&str] = &["name", "password_bcrypt", "bearer_sha256", "tenants"];

/// 2^14 rounds take about a second of one core. A hash may ask for 2^31.
const MOST_ROUNDS: u32 = 14;

/// One who may push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `name`: the user name of HTTP Basic; with a token, for the reader of the file.
    pub name: String,
    /// What the user must show.
    pub secret: Secret,
    /// `tenants`: for whom the user may push; none listed: for anyone.
    pub tenants: Vec<Tenant>,
}

/// The hash of what a user must show.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// `password_bcrypt`: of a password, for HTTP Basic.
    Password {
        /// As htpasswd writes it.
        bcrypt: String,
        /// The binary logarithm of its rounds.
        cost: u32,
    },
    /// `bearer_sha256`: of a token, for `Authorization: Bearer`.
    Token([u8; 32]),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password",
            Self::Token(_) => "Token",
        })
    }
}

impl Reader<'_> {
    pub(super) fn users(&mut self, fields: &Fields<'_>) -> Vec<User> {
        let items = fields.find("users").and_then(|users| users.list(&mut self.complaints)).unwrap_or_default();
        let mut names = HashSet::new();
        let mut users = Vec::new();
        for item in items {
            let Some(user) = self.user(&item) else { continue };
            if names.insert(user.name.clone()) {
                users.push(user);
            } else {
                self.complaints.push(item.wrong("a user of this name stands before it"));
            }
        }
        users
    }

    fn user(&mut self, item: &Cursor<'_>) -> Option<User> {
        let fields = item.fields(USER, &[], &mut self.complaints)?;
        let name = if let Some(name) = fields.find("name") {
            self.read(&name, user_name)
        } else {
            self.complaints.push(item.wrong("`name` is missing"));
            None
        };
        let secret = match (fields.find("password_bcrypt"), fields.find("bearer_sha256")) {
            (Some(password), None) => self.read(&password, password_hash),
            (None, Some(token)) => self.read(&token, token_hash),
            (both, _) => {
                let cause = if both.is_some() { "more than one secret" } else { "no secret" };
                let error = item.wrong(cause).hint("give either `password_bcrypt` or `bearer_sha256`");
                self.complaints.push(error);
                None
            }
        };
        let tenants = fields.find("tenants").map_or(Some(Vec::new()), |tenants| self.tenants(&tenants));
        Some(User { name: name?, secret: secret?, tenants: tenants? })
    }

    fn tenants(&mut self, tenants: &Cursor<'_>) -> Option<Vec<Tenant>> {
        let items = tenants.list(&mut self.complaints)?;
        if items.is_empty() {
            let error = tenants.wrong("a user without a tenant may push nothing");
            self.complaints.push(error.hint("list the user's tenants, or leave `tenants` out for any"));
            return None;
        }
        items.iter().map(|item| self.read(item, tenant)).collect()
    }
}

fn user_name(text: &str) -> Result<String, Complaint> {
    match text {
        "" => Err(Complaint::new("the name is empty")),
        _ if text.contains(':') => Err(Complaint::new("a name with `:` cannot be sent by HTTP Basic")),
        _ => Ok(text.to_owned()),
    }
}

/// The text is not shown, and neither is what the parser says of it.
fn password_hash(text: &str) -> Result<Secret, Complaint> {
    let hint = "take what follows the colon in the output of `htpasswd -nBC 10 NAME`";
    let Ok(parts) = text.parse::<HashParts>() else { return Err(Complaint::new("expected a bcrypt hash").hint(hint)) };
    let cost = parts.get_cost();
    if cost > MOST_ROUNDS {
        let cause = format!("a cost of {cost} takes too long to check, at most {MOST_ROUNDS} is taken");
        return Err(Complaint::new(cause).hint("make the hash again with `htpasswd -nBC 10 NAME`"));
    }
    Ok(Secret::Password { bcrypt: text.to_owned(), cost })
}

fn token_hash(text: &str) -> Result<Secret, Complaint> {
    let wrong = || {
        Complaint::new("expected the 64 hex digits of a SHA-256")
            .hint("hash the token without a newline: `printf %s \"$TOKEN\" | sha256sum`")
    };
    if text.len() != 64 || !text.is_ascii() {
        return Err(wrong());
    }
    let mut hash = [0; 32];
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digit = |place: usize| char::from(digits[place]).to_digit(16).ok_or_else(wrong);
        *byte = (digit(0)? * 16 + digit(1)?) as u8;
    }
    Ok(Secret::Token(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_read_and_never_shown() {
        let bcrypt = bcrypt::hash_with_salt("a password", 4, [7; 16]).unwrap();
        // As htpasswd writes them, as most libraries do, and as old ones did.
        for version in [bcrypt::Version::TwoY, bcrypt::Version::TwoB, bcrypt::Version::TwoA] {
            let read = password_hash(&bcrypt.format_for_version(version)).unwrap();
            assert_eq!(format!("{read:?}"), "Password");
        }
        let token = token_hash(&"0aF9".repeat(16)).unwrap();
        assert_eq!(token, Secret::Token([0x0a, 0xf9].repeat(16).try_into().unwrap()));
        assert_eq!(format!("{token:?}"), "Token");
    }
}
