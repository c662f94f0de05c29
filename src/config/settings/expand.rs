//! `${NAME}` and `${NAME:-default}` in the values of `sigyn.yaml`.

use crate::diagnostic::Complaint;

/// Fills in the variables; what they hold is not expanded again. A `$` that is not followed by `{` is itself. As in a
/// shell, the default also stands in for a variable that is empty.
pub(super) fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Complaint> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        out.push_str(before);
        let Some((inside, behind)) = behind.split_once('}') else {
            return Err(Complaint::new("a `${` is not closed").hint("write `${NAME}` or `${NAME:-default}`"));
        };
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        if !is_name(name) {
            return Err(Complaint::new(format!("`{name}` is no name of a variable"))
                .hint("write `${NAME}` or `${NAME:-default}`"));
        }
        match (variable(name), default) {
            (Some(value), _) if !value.is_empty() => out.push_str(&value),
            (_, Some(default)) => out.push_str(default),
            (Some(_), None) => {}
            (None, None) => {
                return Err(Complaint::new(format!("the variable `{name}` is not set"))
                    .hint(format!("set it, or give a default: `${{{name}:-default}}`")));
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_')
}

#[cfg(test)]
mod tests {
    use super::expand;

    fn variable(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("loki".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICK" => Some("${HOST}".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_filled_in() {
        #[rustfmt::skip]
        let rows = [
            ("no variable is the text itself",   "a$b {c}",               "a$b {c}"),
            ("a variable is its value",          "http://${HOST}:3100",   "http://loki:3100"),
            ("several stand side by side",       "${HOST}${HOST}",        "lokiloki"),
            ("a default stands in for none",     "${NONE:-x:-y}",         "x:-y"),
            ("a default stands in for empty",    "${EMPTY:-x}",           "x"),
            ("a value goes before the default",  "${HOST:-x}",            "loki"),
            ("a default may be empty",           "a${NONE:-}b",           "ab"),
            ("an empty variable is empty",       "a${EMPTY}b",            "ab"),
            ("a value is not expanded again",    "${TRICK}",              "${HOST}"),
        ];
        for (fact, text, wanted) in rows {
            assert_eq!(expand(text, &variable).as_deref(), Ok(wanted), "{fact}");
        }
    }

    #[test]
    fn what_cannot_be_filled_in_is_refused() {
        #[rustfmt::skip]
        let rows = [
            ("${NONE}",     "the variable `NONE` is not set"),
            ("a${HOST",     "a `${` is not closed"),
            ("${}",         "`` is no name of a variable"),
            ("${1A}",       "`1A` is no name of a variable"),
            ("${HOST-x}",   "`HOST-x` is no name of a variable"),
        ];
        for (text, wanted) in rows {
            assert_eq!(expand(text, &variable).unwrap_err().message, wanted, "{text}");
        }
    }
}
