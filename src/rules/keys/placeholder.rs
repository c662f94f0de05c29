//! Values that stand in the place of a secret that somebody is to put there, and those that only say what belongs there.
//!
//! All of their words are in a dictionary; one word beside them makes them a secret.

use super::names::normalise;

/// Words that tell that the others are no secret.
#[rustfmt::skip]
const MARKS: [&[u8]; 27] = [
    b"add", b"change", b"changeit", b"changeme", b"dummy", b"enter", b"example", b"fake", b"fill", b"fixme", b"generated", b"goes", b"here", b"insert",
    b"mock", b"not", b"paste", b"placeholder", b"put", b"real", b"replace", b"sample", b"some", b"tbd", b"todo", b"your", b"yours",
];

/// What belongs there.
#[rustfmt::skip]
const NOUNS: [&[u8]; 18] = [
    b"apikey", b"bearer", b"cookie", b"credential", b"credentials", b"key", b"keys", b"pass", b"passphrase", b"passwd", b"password", b"passwords", b"pw", b"pwd",
    b"secret", b"secrets", b"string", b"token",
];

/// What stands beside them.
#[rustfmt::skip]
const OTHERS: [&[u8]; 40] = [
    b"a", b"access", b"account", b"admin", b"an", b"api", b"app", b"auth", b"client", b"code", b"database", b"db", b"default", b"docs", b"for", b"id", b"in", b"is", b"it",
    b"login", b"me", b"my", b"new", b"of", b"old", b"one", b"private", b"random", b"session", b"temp", b"test", b"text", b"the", b"this", b"to", b"user", b"username",
    b"value", b"with", b"you",
];

/// `<password>`, `<your-api-key>`, `%password%`, `your_token_here`, `changeme`, `api_key`; of words of the dictionary only.
/// `value` is in lower case.
pub(super) fn placeholder(value: &[u8]) -> bool {
    let bracketed = match value {
        [b'<', inner @ .., b'>'] | [b'%', inner @ .., b'%'] | [b'[', inner @ .., b']'] | [b'{', inner @ .., b'}'] => {
            Some(inner)
        }
        [b'@', inner @ .., b'@'] | [b'#', inner @ .., b'#'] => Some(inner),
        _ => None,
    };
    let inner = bracketed.unwrap_or(value);
    if bracketed.is_some() && !inner.iter().all(|byte| byte.is_ascii_alphabetic() || is_separator(*byte)) {
        return false;
    }
    let words = || inner.split(|byte| is_separator(*byte)).filter(|word| !word.is_empty());
    let noun = |word: &[u8]| NOUNS.contains(&word);
    if bracketed.is_some() {
        // The first word may be a vendor's.
        let known = words().skip(1).all(is_known);
        return known && words().any(|word| noun(word) || is_mark(word));
    }
    if is_yours(inner) || says_yours_here(inner) {
        return true;
    }
    if words().next().is_none() || !words().all(is_known) {
        return is_compound(inner);
    }
    words().any(is_mark) || words().any(|word| noun(word) && word != b"pass")
}

/// Whether a placeholder says so in brackets, or in several words: `<password>`, `your_token_here`, and not `password`.
pub(super) fn is_told(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let bracketed = matches!(&lower[..], [b'<', .., b'>'] | [b'[', .., b']'] | [b'{', .., b'}']);
    (bracketed || lower.iter().any(|byte| is_separator(*byte))) && placeholder(&lower)
}

/// `xxxx_put_your_token_here_xxxx`: what goes here, in so many words.
fn says_yours_here(value: &[u8]) -> bool {
    let words = || value.split(|byte| is_separator(*byte));
    words().skip_while(|word| *word != b"your").skip(1).any(|word| word == b"here")
}

/// `your_vendor_api_key_2`: the owner's own, whoever's it is.
fn is_yours(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"your_").or(value.strip_prefix(b"your-")) else { return false };
    let number = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let words = &rest[..rest.len() - number];
    let words = words.strip_suffix(b"_").or(words.strip_suffix(b"-")).unwrap_or(words);
    number <= 2
        && words.iter().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-'))
        && words.rsplit(|byte| is_separator(*byte)).next().is_some_and(|last| NOUNS.contains(&last))
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b' ' | b'.' | b'!')
}

fn is_mark(word: &[u8]) -> bool {
    MARKS.contains(&word)
}

fn is_known(word: &[u8]) -> bool {
    is_mark(word) || NOUNS.contains(&word) || OTHERS.contains(&word)
}

/// Whether a text of letters is made of words without anything between, one of which is a mark: `yourpasswordhere`.
fn is_compound(text: &[u8]) -> bool {
    // Bit `n`: words end at `n`; in `marked`, with a mark among them.
    let (mut ends, mut marked) = (1_u64, 0_u64);
    if text.len() > 63 || !text.iter().all(u8::is_ascii_lowercase) {
        return false;
    }
    for at in 0..text.len() {
        if ends >> at & 1 == 0 {
            continue;
        }
        let stands = |word: &&&[u8]| word.first() == text.get(at) && text[at..].starts_with(word);
        for word in MARKS.iter().chain(&NOUNS).chain(&OTHERS).filter(stands) {
            let end = at + word.len();
            ends |= 1 << end;
            if marked >> at & 1 == 1 || is_mark(word) {
                marked |= 1 << end;
            }
        }
    }
    marked >> text.len() & 1 == 1
}

/// Whether a value only repeats its key, in its normal form, or says something about what it names: `password=Password`,
/// `confirmPassword: "Confirm your password"`.
pub(super) fn repeats(key: &[u8], value: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphabetic() || b"_- .:'?!".contains(byte);
    // A sentence may count: `Password must have 8 characters`.
    let number = |word: &[u8]| word.len() <= 2 && value.len() > 3 * word.len();
    let words = || value.split(|byte| *byte == b' ');
    if !words().all(|word| word.iter().all(plain) || words().count() > 2 && number(word)) {
        return false;
    }
    let last = value.iter().rfind(|byte| byte.is_ascii_alphabetic()).map(u8::to_ascii_lowercase);
    if !value.contains(&b' ') && last.as_ref() != key.last() {
        return false; // It does not end as the key does.
    }
    let mut own = Vec::new();
    normalise(value, &mut own);
    if key == own || key.strip_suffix(&own[..]).is_some_and(|before| before.ends_with(b"_")) {
        return true;
    }
    let last = key.rsplit(|byte| *byte == b'_').next().unwrap_or(key);
    let mut words = own.split(|byte| *byte == b'_');
    value.contains(&b' ') && words.any(|word| word == last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_made_of_its_words() {
        #[rustfmt::skip]
        let facts: &[(&str, bool)] = &[
            ("<your-api-key>", true), ("<acme access key>", true), ("%password%", true), ("@db.password@", true), ("{password}", true), ("your_token_here", true),
            ("changeme", true), ("somefakekey", true), ("thisisnottherealsecret", true), ("api_key", true), ("dummy", true), ("your_acme_api_key_2", true), ("your_hunter_key2hunter", false),
            ("<hunter>", false), ("{hunter}", false), ("hunter2", false), ("mypassword", false), ("password1", false), ("your_hunter", false), ("pass", false), ("test", false),
            ("realhunter", false), ("", false), ("-", false),
        ];
        for (value, wanted) in facts {
            assert_eq!(placeholder(value.as_bytes()), *wanted, "{value}");
        }
    }

    #[test]
    fn a_value_that_repeats_its_key_says_nothing() {
        #[rustfmt::skip]
        let facts: &[(&str, &str, bool)] = &[
            ("password", "Password", true), ("db_password", "password", true), ("confirm_password", "Confirm your password", true),
            ("password", "password1", false), ("password", "hunter", false), ("password", "correct horse battery", false), ("db_password", "word", false),
        ];
        for (key, value, wanted) in facts {
            assert_eq!(repeats(key.as_bytes(), value.as_bytes()), *wanted, "{key}: {value}");
        }
    }
}
