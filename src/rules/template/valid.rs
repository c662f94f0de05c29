//! `{valid:NAME}` and `{wrong:NAME}` in a sample: a text of a shape whose checksum holds, or fails.

use crate::{
    diagnostic::Complaint,
    rules::shapes::{has_checksum, valid, wrong},
};

/// Makes a text: of what name, and whether its checksum holds.
pub(super) type Make<'m> = dyn FnMut(&str, bool) -> Option<String> + 'm;

/// Makes texts.
pub(super) fn made(random: &mut dyn FnMut(usize) -> usize) -> impl FnMut(&str, bool) -> Option<String> {
    |name, is_valid| if is_valid { valid(name, random) } else { wrong(name, random) }
}

/// The template with these filled in, as literal text of a template.
pub(super) fn fill(template: &str, make: &mut Make<'_>) -> Result<String, Complaint> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, name, is_valid, behind)) = next(rest) {
        filled.push_str(before);
        let text = Some(name).filter(|name| has_checksum(name)).and_then(|name| make(name, is_valid));
        let unknown = || {
            let hint = "write the name of a shape that has one, e.g. `{valid:card}`";
            Complaint::new(format!("there is no checksum `{name}`")).hint(hint)
        };
        for sign in text.ok_or_else(unknown)?.chars() {
            if "{}()|\\".contains(sign) {
                filled.push('\\');
            }
            filled.push(sign);
        }
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// What stands before the next of them, its name, which of the two it is, and what stands behind it.
fn next(template: &str) -> Option<(&str, &str, bool, &str)> {
    let place = |mark: &str| template.find(mark).map(|at| (at, mark.len()));
    let (valid, wrong) = (place("{valid:"), place("{wrong:"));
    let (at, length) = [valid, wrong].into_iter().flatten().min()?;
    let (name, behind) = template[at + length..].split_once('}')?;
    Some((&template[..at], name, valid == Some((at, length)), behind))
}
