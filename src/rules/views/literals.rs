//! What the scan looks for on behalf of views: escapes that can hide something from a rule, and literals in base64.
//!
//! `%20`, `\"` and `\n` stand in every second line and hide nothing. What counts is an escape whose byte can be a part of a
//! token or a name, or its border: letters, digits, and the signs between them.

use super::base64::Form;

/// Signs whose escapes matter, beside letters and digits: parts of tokens and names, operators, quotes, brackets, and the
/// escape characters themselves.
const SIGNS: &[u8] = b"_-.~:=/@&\"'+{}[\\%$!";

/// Escapes by which a text is known that has others: of signs, letters and digits, of slashes in URLs, entities. `\u0026`,
/// `\u003c` and `\u003e` stand in much of the JSON that Go writes, and are borders as they are; `\u0026` may begin an entity.
#[rustfmt::skip]
const ESCAPES: [&[u8]; 60] = [
    b"\\u0020", b"\\u0021", b"\\u0022", b"\\u0023", b"\\u0024", b"\\u0025", b"\\u0027", b"\\u002b", b"\\u002d", b"\\u002e", b"\\u002f", b"\\u0026#", b"\\u0026quot", b"\\u0026amp",
    b"\\u0030", b"\\u0031", b"\\u0032", b"\\u0033", b"\\u0034", b"\\u0035", b"\\u0036", b"\\u0037", b"\\u0038", b"\\u0039", b"\\u003a", b"\\u003d",
    b"\\u004", b"\\u005", b"\\u006", b"\\u007",
    b"\\x2", b"\\x3", b"\\x4", b"\\x5", b"\\x6", b"\\x7",
    b":\\/\\/", b":\\\\/\\\\/",
    b"&#1", b"&#3", b"&#4", b"&#5", b"&#6", b"&#7", b"&#8", b"&#9", b"&#0", b"&#x",
    b"&amp;#", b"&amp;quot", b"&amp;amp", b"&quot;", b"&apos;", b"&equals;", b"&colon;", b"&commat;", b"&sol;", b"&lowbar;", b"&hyphen;", b"basic%20",
];

/// Where a colour code begins.
const COLOURS: [&[u8]; 15] = [
    b"\x1b[m",
    b"\x1b[k",
    b"\x1b[0",
    b"\x1b[1",
    b"\x1b[2",
    b"\x1b[3",
    b"\x1b[4",
    b"\x1b[5",
    b"\x1b[6",
    b"\x1b[7",
    b"\x1b[9",
    b"\\u001b[",
    b"\\x1b[",
    b"\\033[",
    b"\x1b[8",
];

/// What stands before a user and a password in base64.
const BASIC: [&[u8]; 2] = [b"basic ", b"basic+"];

/// Names whose values are looked for in base64.
#[rustfmt::skip]
const NAMES: [&str; 24] = [
    "password", "passwd", "passphrase", "secret", "token", "api_key", "api-key", "apikey", "apiKey", "access_key",
    "accessKey", "private_key", "privateKey", "credential", "authorization", "cookie",
    "pwd\":", "pwd=", "pass\":", "pass=", "key\":", "key=", "auth\":", "auth=",
];

/// The ends of the schemes of URLs that hold passwords, for rules that look for `://`.
const SCHEMES: [&[u8]; 5] = [b"s://", b"p://", b"l://", b"b://", b"v://"];

/// The shortest literal that is seen in base64 wherever it lies.
const MIN_WORD: usize = 4;

/// What stands before a shorter one, so that it is seen there.
const BORDERS: &[u8] = b" \"=:";

/// The shortest keyword of a regex that is looked for, in bytes: it may stand in three cases.
const MIN_KEYWORD: usize = 5;

/// Who wants to know of a hit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// An escape.
    Escape,
    /// A colour code.
    Colour,
    /// What stands before a user and a password in base64.
    Basic,
    /// A literal in base64, by its number.
    Base64(u32),
}

/// A literal in base64.
pub(super) struct Hidden {
    pub(super) form: Form,
    /// The number of the literal in the scan.
    pub(super) literal: u32,
    /// The literal, in lower case.
    pub(super) plain: Box<[u8]>,
}

/// Who asked for a literal of the rules.
pub enum Asker<'l> {
    /// A token, in exactly these letters.
    Token(&'l [u8]),
    /// A regex.
    Regex,
    /// The key detector.
    Key,
}

/// What is looked for in base64, by number.
#[derive(Default)]
pub struct Views {
    pub(super) hidden: Vec<Hidden>,
}

impl Views {
    /// Looks for this literal of the rules, number `literal` of the scan, in base64 too.
    pub fn hide(&mut self, literal: u32, plain: &[u8], asker: &Asker<'_>) {
        match asker {
            Asker::Token(exact) if exact.len() >= MIN_WORD => self.add(literal, plain, exact),
            Asker::Token(exact) => {
                self.add(literal, plain, exact);
                for border in BORDERS {
                    self.add(literal, plain, &[&[*border], *exact].concat());
                }
            }
            Asker::Regex if plain == b"://" => SCHEMES.iter().for_each(|scheme| self.add(literal, plain, scheme)),
            Asker::Regex if plain.len() >= MIN_KEYWORD => self.add_cases(literal, plain, plain),
            Asker::Key => NAMES.iter().for_each(|name| self.add_cases(literal, plain, name.as_bytes())),
            Asker::Regex => {}
        }
    }

    /// Looks for `word` as it is, in capitals, and with a capital in front.
    fn add_cases(&mut self, literal: u32, plain: &[u8], word: &[u8]) {
        let mut capital = word.to_vec();
        capital[..1].make_ascii_uppercase();
        for word in [word, &capital, &word.to_ascii_uppercase()] {
            self.add(literal, plain, word);
        }
    }

    /// Looks for `word`, if the literal stands in it.
    fn add(&mut self, literal: u32, plain: &[u8], word: &[u8]) {
        let at = word.windows(plain.len()).position(|part| part.eq_ignore_ascii_case(plain));
        let Some(offset) = at else { return };
        for form in Form::of(word, offset) {
            let mut own = self.hidden.iter().rev().take_while(|known| known.literal == literal);
            if !own.any(|known| known.form == form) {
                self.hidden.push(Hidden { form, literal, plain: plain.into() });
            }
        }
    }

    /// All that the scan must look for.
    pub fn literals(&self) -> Vec<(Vec<u8>, Wanted)> {
        let signs = (b'!'..=b'~').filter(|byte| byte.is_ascii_alphanumeric() || SIGNS.contains(byte));
        let mut all: Vec<_> = signs.map(|byte| (format!("%{byte:02x}").into_bytes(), Wanted::Escape)).collect();
        all.extend(ESCAPES.map(|escape| (escape.to_vec(), Wanted::Escape)));
        all.extend(COLOURS.map(|colour| (colour.to_vec(), Wanted::Colour)));
        all.extend(BASIC.map(|basic| (basic.to_vec(), Wanted::Basic)));
        let hidden = (0..).zip(&self.hidden);
        all.extend(hidden.map(|(number, hidden)| (hidden.form.chars.to_vec(), Wanted::Base64(number))));
        all
    }
}
