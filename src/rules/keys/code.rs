//! Code where a value would be: it says where the secret comes from, and is none.
//!
//! A variable of a known kind, a call that reads something, a type, a template. Always an expression without quotes that
//! is whole: `settings.TOKEN`, `os.environ["TOKEN"]`, `getToken()`. What only looks a bit like code, `hunter[2]`, is a value.

use super::{names::normalise, quote::Quote, random::is_random, reference::reference};

/// The longest expression, in bytes.
const REACH: usize = 256;

/// The longest argument of a call in a script that was made small, in bytes; a longer one may be a password.
const MAX_SMALL: usize = 6;

/// What stands at the place of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// Code alone.
    Only,
    /// Code before the value, which begins there: a tag, a type, `new`.
    Before(usize),
}

/// What things are called that hold settings or what somebody asked for.
#[rustfmt::skip]
const ROOTS: [&[u8]; 57] = [
    b"app", b"arg", b"args", b"argv", b"base64", b"bcrypt", b"body", b"cfg", b"conf", b"config", b"configuration", b"context", b"credentials", b"crypto", b"ctx", b"data", b"each",
    b"env", b"environ", b"environment", b"event", b"flags", b"form", b"getpass", b"hashlib", b"headers", b"input", b"inputs", b"json", b"kwargs", b"local", b"module", b"node",
    b"options", b"opts", b"os", b"param", b"params", b"process", b"properties", b"props", b"query", b"rails", b"random_password", b"req", b"request", b"response", b"row", b"secrets", b"self", b"session",
    b"settings", b"state", b"system", b"this", b"values", b"var",
];

/// What functions are called that get something from elsewhere or make it up; the first word of the name.
#[rustfmt::skip]
const READERS: [&[u8]; 32] = [
    b"ask", b"chomp", b"create", b"derive", b"env", b"fetch", b"file", b"find", b"from", b"function", b"generate", b"get", b"getenv", b"getpass", b"gets", b"hash", b"input", b"is", b"load", b"lookup",
    b"make", b"new", b"param", b"prompt", b"rand", b"random", b"read", b"readline", b"require", b"resolve", b"retrieve", b"uuid",
];

/// What the last word of a variable is that holds a secret.
#[rustfmt::skip]
const NOUNS: [&[u8]; 14] = [
    b"apikey", b"credential", b"credentials", b"creds", b"key", b"pass", b"passphrase", b"passwd", b"password", b"pw", b"pwd", b"secret", b"token", b"tokens",
];

/// What stands between the names of a path.
const DOTS: [&[u8]; 4] = [b".", b"?.", b"->", b"::"];

/// Types of declarations.
#[rustfmt::skip]
const TYPES: [&[u8]; 16] = [
    b"any", b"bytes", b"char", b"nullable", b"number", b"object", b"option", b"optional", b"secretstr", b"securestring", b"str", b"string", b"text", b"union", b"unknown", b"varchar",
];

/// What the code at `at` is; `None` where a value stands. In a `declaration` a type may; `loose` is code with blanks
/// around its operator.
pub(super) fn code(text: &[u8], at: usize, declaration: bool, loose: bool) -> Option<Code> {
    let near = &text[at..text.len().min(at + REACH)];
    match near.first()? {
        b'<' => return template(near),
        b'!' => return tag(near).map(|length| Code::Before(at + length)),
        b'$' if near.starts_with(b"$(") && Quote::at(near, 2).is_none() => {
            let end = closing(near, 1)?;
            return reference(&near[..=end]).then_some(Code::Only);
        }
        b'$' if near.starts_with(b"$(\"") || near.starts_with(b"$('") => {
            return closing(near, 1).map(|_| Code::Only); // What a field of a page holds.
        }
        _ => {}
    }
    if declaration && let Some(code) = declared(near, at) {
        return Some(code);
    }
    let from = [b"await ".as_slice(), b"new ", b"await new "]
        .iter()
        .rev()
        .find(|word| near.starts_with(word))
        .map_or(0, |word| word.len());
    let expression = Expression::read(near, from)?;
    let made = from > 0 && expression.call;
    if expression.is_reference(loose) || made && !expression.is_quoted() {
        return Some(Code::Only);
    }
    made.then_some(Code::Before(at + from))
}

/// A path of names with its subscripts and calls.
struct Expression<'t> {
    root: &'t [u8],
    last: &'t [u8],
    names: usize,
    sigil: bool,
    subscript: bool,
    call: bool,
    /// The arguments of the last call.
    arguments: &'t [u8],
}

impl<'t> Expression<'t> {
    fn read(near: &'t [u8], from: usize) -> Option<Self> {
        let sigil = matches!(near.get(from), Some(b'$' | b'@'));
        let mut at = from + usize::from(sigil);
        let root = name(&near[at..])?;
        at += root.len();
        let mut own = Self { root, last: root, names: 1, sigil, subscript: false, call: false, arguments: b"" };
        loop {
            let rest = &near[at..];
            let dot = DOTS.iter().find(|dot| rest.starts_with(dot));
            if let Some((dot, next)) = dot.and_then(|dot| Some((dot, name(&rest[dot.len()..])?))) {
                at += dot.len() + next.len();
                own.last = next;
                own.names += 1;
                continue;
            }
            match rest.first() {
                Some(b'[') => own.subscript = true,
                Some(b'(') => own.call = true,
                None | Some(0..=b' ' | b';' | b',' | b')' | b'}' | b']' | b'<' | b'"' | b'\'' | b'\\') => break,
                Some(_) => return None,
            }
            let end = closing(near, at)?;
            if own.call {
                own.arguments = near[at + 1..end].trim_ascii();
            }
            at = end + 1;
        }
        let random = is_random(root) || own.names > 1 && is_random(own.last);
        (at < REACH && !random).then_some(own)
    }

    /// Whether the first argument of the last call is a string.
    fn is_quoted(&self) -> bool {
        matches!(self.arguments.first(), Some(b'"' | b'\'' | b'`' | b'\\'))
    }

    /// Whether it is the name of a constant of three words or more: `ACME_TOKEN_ALIAS`.
    fn is_constant(&self) -> bool {
        let capitals = self.root.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
        self.names == 1 && !self.subscript && capitals && self.root.split(|byte| *byte == b'_').count() >= 3
    }

    fn is_reference(&self, loose: bool) -> bool {
        let one = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !self.call && !self.subscript && self.names == 1 && self.root.iter().all(one) {
            // One word alone is no path; one letter is a name in a script that was made small.
            return self.root == b"chomp" || matches!(self.root, [b'a'..=b'z']);
        }
        let mut words = Vec::new();
        normalise(self.root, &mut words);
        let known = ROOTS.contains(&&words[..]) || self.sigil;
        normalise(self.last, &mut words);
        let word = || words.split(|byte| *byte == b'_');
        let noun =
            !self.last.iter().any(u8::is_ascii_digit) && word().next_back().is_some_and(|last| NOUNS.contains(&last));
        // Scripts that were made small: `token:r(12)`, `e.key=t`.
        let minified = self.names == 1
            && self.root.len() == 1
            && self.root[0].is_ascii_lowercase()
            && self.arguments.len() <= MAX_SMALL;
        if !self.call {
            let parts = self.names > 1 || self.subscript;
            return loose && self.is_constant()
                || minified
                || parts && known
                || noun && !self.subscript && (self.names > 1 || word().count() > 1)
                || self.last == b"chomp";
        }
        let reads = word().next().is_some_and(|first| READERS.contains(&first));
        if self.is_quoted() {
            return (reads || known) && is_label(self.arguments);
        }
        let plain = self
            .arguments
            .first()
            .is_none_or(|first| first.is_ascii_alphabetic() || matches!(first, b'$' | b'_' | b'@' | b'&'));
        reads || known || minified || self.arguments.is_empty() || loose && plain
    }
}

/// Whether the first argument names something, and is no secret itself.
fn is_label(arguments: &[u8]) -> bool {
    let Some((quote, from)) = Quote::at(arguments, 0) else { return false };
    let (end, next) = quote.close(arguments, from, None);
    let label = &arguments[from..end];
    next > end
        && label.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-./:~ $?".contains(byte))
        && !is_random(label)
}

/// The name that `text` begins with.
fn name(text: &[u8]) -> Option<&[u8]> {
    let length = text.iter().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    (length > 0 && !text[0].is_ascii_digit()).then(|| &text[..length])
}

/// Where the bracket closes that opens at `at`; brackets in strings count too, which only makes less of it code.
fn closing(near: &[u8], at: usize) -> Option<usize> {
    let mut open = 0_u32;
    for (index, byte) in near.iter().enumerate().skip(at) {
        match byte {
            b'(' | b'[' => open += 1,
            b')' | b']' => {
                open -= 1;
                if open == 0 {
                    return Some(index);
                }
            }
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

/// `<%= name %>`, `<?php … ?>`.
fn template(near: &[u8]) -> Option<Code> {
    let close: &[u8] = if near.starts_with(b"<%") { b"%>" } else { b"?>" };
    let opens = near.starts_with(b"<%") || near.starts_with(b"<?");
    (opens && memchr::memmem::find(near, close).is_some()).then_some(Code::Only)
}

/// The bytes of a tag of YAML and the blank behind it: `!!str x`.
fn tag(near: &[u8]) -> Option<usize> {
    let length = near.iter().take(32).take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'!').count();
    (length > 1 && near.get(length) == Some(&b' ')).then_some(length + 1)
}

/// A type, and the value that it is declared with: `string`, `Optional[str] = "x"`.
fn declared(near: &[u8], at: usize) -> Option<Code> {
    let kind = name(near).filter(|kind| TYPES.iter().any(|known| kind.eq_ignore_ascii_case(known)))?;
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_[]<>|?&*. ".contains(byte);
    let length = near.iter().take_while(part).count();
    match near.get(length..) {
        Some([b'=', next, ..]) if !matches!(next, b'=' | b'>') => {
            let blanks = near[length + 1..].iter().take_while(|byte| **byte == b' ').count();
            Some(Code::Before(at + length + 1 + blanks))
        }
        _ => {
            let over =
                near.get(kind.len()).is_none_or(|next| !next.is_ascii_alphanumeric() && !b"_-+/=!@#$%^".contains(next));
            over.then_some(Code::Only)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_values() {
        #[rustfmt::skip]
        const CODE: &[&str] = &[
            "settings.API_TOKEN", "request.headers['x']", "os.environ[\"X\"]", "os.getenv('X')", "getPassword()", "get_secret(\"db\")", "this.password;", "$this->password", "$_POST['pw']",
            "process.env.X,", "await fetchToken();", "user.password", "db_password", "accessToken,", "$(cat /run/x)", "<%= ENV['X'] %>", "file(\"~/.ssh/id\")", "hash(password)",
        ];
        #[rustfmt::skip]
        const VALUES: &[&str] = &[
            "hunter[2]", "hunter2", "hunter.two", "Some(\"hunter2\")", "password", "hunter(2)", "config.", "decrypt('4f9c01be77d2')", "get('4f9c01be77d24f9c')", "a_b", "$hunter2", "settings.x!y", "app+x",
        ];
        for text in CODE {
            assert!(code(text.as_bytes(), 0, false, false) == Some(Code::Only), "{text}");
        }
        for text in VALUES {
            assert!(code(text.as_bytes(), 0, false, false).is_none(), "{text}");
        }
        for (text, at) in [("new String(\"x\")", 4), ("!!str x", 6), ("Optional[str] = 'x'", 16)] {
            assert!(code(text.as_bytes(), 0, true, false) == Some(Code::Before(at)), "{text}");
        }
        assert!(
            code(b"string | null", 0, true, false) == Some(Code::Only) && code(b"string2", 0, true, false).is_none()
        );
    }
}
