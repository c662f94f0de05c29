//! Words that stand before a secret and tell how it is used: `Bearer`, `Basic`, `Digest`. They stay.

use super::{names::is_name, quote::starts_with};

/// How a key's value is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// A text, or a scheme word and a text.
    Plain,
    /// The header Authorization: any first word of letters before another word is a scheme.
    Authorization,
    /// A cookie: all of it.
    Cookie,
}

impl Nature {
    /// By the key in its normal form.
    pub(super) fn of(key: &[u8]) -> Self {
        if key.ends_with(b"authorization") {
            Self::Authorization
        } else if matches!(key, b"cookie" | b"cookies") || key.ends_with(b"set_cookie") {
            Self::Cookie
        } else {
            Self::Plain
        }
    }
}

/// What the first word of a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// One word of credentials follows.
    Word,
    /// Parameters follow.
    Parameters,
}

/// The scheme at `at` and where what follows it begins, if something does.
pub(super) fn scheme(text: &[u8], at: usize, end: usize) -> Option<(Scheme, usize)> {
    let rest = &text[at..end];
    let length = rest.iter().take(32).take_while(|byte| is_name(**byte)).count();
    // What follows tells most words apart without a look at the lists.
    if !matches!(rest.get(length), Some(b' ' | b'\t' | b'+' | b'%')) {
        return None;
    }
    let word = &rest[..length];
    let scheme = if SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) {
        Scheme::Word
    } else if PARAMETERS.iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) {
        Scheme::Parameters
    } else {
        return None;
    };
    let mut next = at + length;
    loop {
        let rest = &text[next..end];
        match rest.first() {
            Some(b' ' | b'\t' | b'+') => next += 1,
            Some(b'%') if starts_with(rest, b"%20") => next += 3,
            // `Token: Token { kind: …`: what is printed of a thing of that name.
            Some(_) if next > at + length && !rest.starts_with(b"{ ") => return Some((scheme, next)),
            _ => return None,
        }
    }
}

/// Where the second word begins, if the first has the form of a scheme that is not known.
pub(super) fn unknown(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let length = rest.iter().take(24).take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'-').count();
    let next = length + usize::from(rest.get(length) == Some(&b' '));
    ((2..24).contains(&length) && next > length && rest.get(next).is_some_and(u8::is_ascii_graphic))
        .then_some(at + next)
}

/// Whether a whole value is a scheme word.
pub(super) fn is_scheme(value: &[u8]) -> bool {
    const ALONE: [&[u8]; 4] = [b"bearer", b"basic", b"digest", b"negotiate"];
    ALONE.iter().any(|scheme| value.eq_ignore_ascii_case(scheme))
}

/// Scheme words before one word of credentials.
const SCHEMES: [&[u8]; 18] = [
    b"bearer",
    b"basic",
    b"token",
    b"apikey",
    b"api-key",
    b"api_key",
    b"negotiate",
    b"ntlm",
    b"jwt",
    b"splunk",
    b"ssws",
    b"geniekey",
    b"bot",
    b"sso-key",
    b"kerberos",
    b"dpop",
    b"concealed",
    b"privatetoken",
];

/// Scheme words before parameters.
const PARAMETERS: [&[u8]; 11] = [
    b"digest",
    b"oauth",
    b"hawk",
    b"aws4-hmac-sha256",
    b"aws4-ecdsa-p256-sha256",
    b"signature",
    b"scram-sha-1",
    b"scram-sha-256",
    b"vapid",
    b"mutual",
    b"googlelogin",
];
