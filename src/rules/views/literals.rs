//! What the scan looks for on behalf of views: escapes that can hide something from a rule.
//!
//! `%20`, `\"` and `\n` stand in every second line and hide nothing. What counts is an escape whose byte can be a part of a
//! token or a name, or its border: letters, digits, and the signs between them.

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

/// Who wants to know of a hit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// An escape.
    Escape,
    /// A colour code.
    Colour,
    /// What stands before a user and a password in base64.
    Basic,
    /// A piece of base64 that is text.
    Base64,
}

/// All literals that the scan must look for.
pub fn literals() -> impl Iterator<Item = (Vec<u8>, Wanted)> {
    let signs = (b'!'..=b'~').filter(|byte| byte.is_ascii_alphanumeric() || SIGNS.contains(byte));
    let signs = signs.map(|byte| (format!("%{byte:02x}").into_bytes(), Wanted::Escape));
    let escapes = ESCAPES.map(|escape| (escape.to_vec(), Wanted::Escape));
    let colours = COLOURS.map(|colour| (colour.to_vec(), Wanted::Colour));
    signs.chain(escapes).chain(colours).chain(BASIC.map(|basic| (basic.to_vec(), Wanted::Basic)))
}
