//! A pattern of gitleaks as a pattern of ours: what holds files together that people write is widened to what logs do.
//!
//! gitleaks makes most of its patterns from three pieces, which are known by their text: what may stand before a vendor's
//! word, the assignment behind it, and what ends a secret. The pattern stays one of Go's dialect; what is cut is its group
//! `secret`, and no other group captures.

use super::groups::{Group, Groups};
use std::ops::Range;

/// Between a vendor's word and the secret.
const ASSIGNED: &str = r#"[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}"#;
/// The same with escaped, encoded and HTML's quotes, and an encoded operator.
const ASSIGNED_IN_LOGS: &str =
    r#"(?:[\s'"\\]|&quot;|%2[27]){0,5}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,|%3[AD])(?:[\x60'"\s=\\]|&quot;|%2[027]){0,8}"#;

/// What ends a secret: a quote, white space, a semicolon, an escaped line break, or the end.
const ENDS: &[&str] = &[
    r#"(?:[\x60'"\s;]|\\[nr]|$)"#,
    r#"(?:[\x60'"\s;]|\\[nr]|$|\b)"#,
    r#"(?:['|\"|\n|\r|\s|\x60|;]|$)"#,
    r#"(?:['|\"|\n|\r|\s|\x60]|$)"#,
];
/// Anything that cannot go on with it.
const END_IN_LOGS: &str = "(?:[^0-9A-Za-z_-]|$)";

/// Where a word begins: no letter, digit or `_` before it, but for what an escape, a colour or an encoding ends with.
const START_IN_LOGS: &str = r"(?:\b|\\[nrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\[[0-9;]{1,8}m)";

/// Groups of which any may hold the secret, at most; of more the whole match is cut.
const MAX_RULES: usize = 8;

/// The patterns that together cut what gitleaks would. `group` is the number that it gives, 0 for none. Fails where there is
/// no such group. The pattern compiles.
pub(super) fn translate(pattern: &str, group: usize) -> Result<Vec<String>, String> {
    let groups = Groups::of(pattern).list;
    let secrets = match group {
        0 => secrets(&groups),
        _ if group <= groups.len() => vec![group - 1],
        _ => return Err(format!("its regex has no group {group}")),
    };
    if secrets.is_empty() {
        return Ok(vec![whole(&without_groups(pattern, &groups, None))]);
    }
    Ok(secrets.into_iter().map(|secret| widened(&without_groups(pattern, &groups, Some(secret)))).collect())
}

/// The groups that may be the secret: the first that took part in the match is.
fn secrets(groups: &[Group]) -> Vec<usize> {
    let mut secrets = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        // One that is repeated holds a piece, and one with a name of its own says what it is.
        if group.repeated || group.name.as_ref().is_some_and(|name| name != "secret") {
            continue;
        }
        secrets.push(number);
        if !group.optional {
            break;
        }
    }
    if secrets.len() > MAX_RULES { Vec::new() } else { secrets }
}

/// The pattern with one group named `secret` and no other that captures. What does not print is written as Go's escapes.
fn without_groups(pattern: &str, groups: &[Group], secret: Option<usize>) -> String {
    let mut text = String::new();
    let mut from = 0;
    for (number, group) in groups.iter().enumerate() {
        let Range { start, end } = group.opening;
        text.push_str(&pattern[from..start]);
        text.push_str(if secret == Some(number) { "(?P<secret>" } else { "(?:" });
        from = end;
    }
    text.push_str(&pattern[from..]);
    let printed = |sign: char| if sign.is_control() { format!(r"\x{{{:x}}}", sign as u32) } else { sign.to_string() };
    text.chars().map(printed).collect()
}

/// Of a pattern whose whole match is the secret. What only ends it is no part of it.
fn whole(pattern: &str) -> String {
    let (flags, rest) = flags(pattern);
    let end = ENDS.iter().find_map(|end| rest.strip_suffix(end));
    let start = rest.strip_prefix(r"\b");
    if (end.is_none() && start.is_none()) || Groups::of(pattern).is_choice {
        return pattern.to_owned();
    }
    let body = end.unwrap_or(rest);
    let (before, body) = body.strip_prefix(r"\b").map_or(("", body), |body| (START_IN_LOGS, body));
    format!("{flags}{before}(?P<secret>{body}){}", if end.is_some() { END_IN_LOGS } else { "" })
}

/// Of a pattern with a group `secret`.
fn widened(pattern: &str) -> String {
    let (flags, rest) = flags(pattern);
    if Groups::of(pattern).is_choice {
        return pattern.to_owned();
    }
    let (rest, end) = match ENDS.iter().find_map(|end| rest.strip_suffix(end)) {
        Some(rest) => (rest, END_IN_LOGS),
        None => (rest, ""),
    };
    let (before, rest) = match rest.strip_prefix(r"\b") {
        Some(rest) => (START_IN_LOGS, rest),
        None => ("", without_wildcard(rest)),
    };
    format!("{flags}{before}{}{end}", rest.replacen(ASSIGNED, ASSIGNED_IN_LOGS, 1))
}

/// Flags for all of a pattern, and the rest of it.
fn flags(pattern: &str) -> (&str, &str) {
    let end = pattern.strip_prefix("(?").and_then(|rest| rest.find(|sign: char| !"imsU-".contains(sign)));
    match end {
        Some(end) if pattern[end + 2..].starts_with(')') => pattern.split_at(end + 3),
        _ => ("", pattern),
    }
}

/// Without a class at the beginning that may stand any number of times, or none: what stands before a match is not cut.
fn without_wildcard(pattern: &str) -> &str {
    let class = pattern.strip_prefix("(?:").unwrap_or(pattern);
    let Some(counted) = class.strip_prefix('[').and_then(|class| class.split_once(']')).map(|(_, counted)| counted)
    else {
        return pattern;
    };
    let Some((count, rest)) = counted.strip_prefix("{0,").and_then(|counted| counted.split_once('}')) else {
        return pattern;
    };
    let rest = rest.strip_prefix('?').unwrap_or(rest);
    let rest = if class.len() == pattern.len() { Some(rest) } else { rest.strip_prefix(')') };
    let is_count = count.bytes().all(|byte| byte.is_ascii_digit());
    rest.filter(|rest| is_count && !rest.starts_with(['?', '*', '+', '{'])).unwrap_or(pattern)
}

#[cfg(test)]
mod tests;
