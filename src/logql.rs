//! `LogQL` stream selectors: `{source="docker", stack=~"vllm|hex"}`.
//!
//! Read as Loki reads them, with these differences: words of `LogQL` (`ip`, `json`, `on`) are names like others; parentheses
//! around a selector, a byte order mark before it and surrogate escapes are refused. Regexes fit whole values and their dot
//! fits a line break too, as in Loki.

use crate::{
    diagnostic::Complaint,
    push::{Labels, unquote},
    re2::{Anchor, Regex, compile},
};

/// A compiled stream selector; `{}` fits all.
#[derive(Clone)]
pub struct Selector {
    text: Box<str>,
    matchers: Vec<Matcher>,
}

#[derive(Clone)]
struct Matcher {
    name: String,
    test: Test,
    /// Of `!=` and `!~`: it fits where the test does not hold.
    negated: bool,
}

#[derive(Clone)]
enum Test {
    Equal(Vec<u8>),
    Regex(Regex),
}

impl Selector {
    /// The selector `{}`, which fits all.
    pub fn any() -> Self {
        Self { text: "{}".into(), matchers: Vec::new() }
    }

    /// Parses a stream selector as `LogQL` does, without its check for one matcher that is not empty.
    /// Line filters, parsers and the rest of `LogQL` are complaints that say so.
    pub fn parse(text: &str) -> Result<Self, Complaint> {
        let mut reader = Reader { text, at: 0 };
        if !reader.take("{") {
            return Err(reader.expected("`{`").hint(r#"a stream selector looks like {source="docker"}"#));
        }
        let mut matchers = Vec::new();
        if !reader.take("}") {
            loop {
                matchers.push(reader.matcher()?);
                if reader.take("}") {
                    break;
                }
                if !reader.take(",") {
                    return Err(reader.expected("`,` or `}`"));
                }
            }
        }
        reader.end()?;
        Ok(Self { text: text.trim().into(), matchers })
    }

    /// The selector as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether all matchers fit; a missing label is the empty text.
    pub fn fits(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| matcher.fits(labels.value(matcher.name.as_bytes())))
    }
}

impl Matcher {
    fn fits(&self, value: &[u8]) -> bool {
        let holds = match &self.test {
            Test::Equal(wanted) => wanted == value,
            Test::Regex(regex) => regex.is_match(value),
        };
        holds != self.negated
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    /// `name="value"` and the like.
    fn matcher(&mut self) -> Result<Matcher, Complaint> {
        self.skip_blank();
        let name = self.name()?;
        let operators = [("=~", true, false), ("!~", true, true), ("!=", false, true), ("=", false, false)];
        let Some((_, regex, negated)) = operators.into_iter().find(|(operator, ..)| self.take(operator)) else {
            return Err(self.expected("one of = != =~ !~"));
        };
        self.skip_blank();
        let start = self.at;
        if !self.rest().starts_with(['"', '`']) {
            return Err(self.expected("a value in double quotes or backticks"));
        }
        let (value, end) = unquote(self.text.as_bytes(), self.at)?;
        self.at = end;
        let test = if regex {
            let pattern = String::from_utf8(value).map_err(|_| self.complaint("a regex that is not UTF-8", start))?;
            let named =
                |cause: Complaint| Complaint { message: format!("regex of `{name}`: {}", cause.message), ..cause };
            Test::Regex(compile(&pattern, Anchor::Whole).map_err(named)?)
        } else {
            Test::Equal(value)
        };
        Ok(Matcher { name, test, negated })
    }

    /// An identifier as Go has them: letters and digits of all scripts.
    fn name(&mut self) -> Result<String, Complaint> {
        let rest = self.rest();
        let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        let name = rest[..end].to_string();
        if name.starts_with(char::is_numeric) || name.is_empty() {
            return Err(self.expected("a label name"));
        }
        self.at += end;
        Ok(name)
    }

    /// Nothing may follow the selector; what `LogQL` could have there is named.
    fn end(&mut self) -> Result<(), Complaint> {
        self.skip_blank();
        let filters = ["|=", "!=", "|~", "!~", "|>", "!>"];
        let cause = match self.rest() {
            "" => return Ok(()),
            rest if filters.iter().any(|filter| rest.starts_with(filter)) => "line filters are not supported here",
            rest if rest.starts_with('|') => "parsers and other pipeline stages are not supported here",
            rest if rest.starts_with('[') => "ranges are not supported here",
            _ => "unexpected text behind the selector",
        };
        Err(self.complaint(cause, self.at).hint("write the stream selector alone, up to its closing brace"))
    }

    /// Takes `token` if it comes next.
    fn take(&mut self, token: &str) -> bool {
        self.skip_blank();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    /// Skips white space and comments: `# …`, `// …`, `/* … */`.
    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let width = if rest.starts_with([' ', '\t', '\n', '\r']) {
                1
            } else if rest.starts_with('#') || rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += width;
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn expected(&self, wanted: &str) -> Complaint {
        self.complaint(&format!("expected {wanted}"), self.at)
    }

    fn complaint(&self, cause: &str, at: usize) -> Complaint {
        Complaint::new(format!("{cause} at character {}", self.text[..at].chars().count() + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Taken by Loki, refused here.
    const REFUSED_HERE: &[&str] = &[r#"({a="b"})"#, r#"{a="\ud800"}"#, "\u{feff}{a=\"b\"}"];

    #[test]
    fn selectors_fit_what_they_fit_in_loki() {
        let mut lines = include_str!("../tests/data/logql.jsonl").lines();
        let mut row = || lines.next().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let sets: Vec<Labels> = row().unwrap()["sets"].as_array().unwrap().iter().map(labels).collect();
        while let Some(row) = row() {
            let text = row["text"].as_str().unwrap();
            let refused = row["refused"] == true || REFUSED_HERE.contains(&text);
            match Selector::parse(text) {
                Err(complaint) => assert!(refused, "{text}: {}", complaint.message),
                Ok(selector) => {
                    assert!(!refused, "{text} is taken");
                    let fits: Value = (0..sets.len()).filter(|&number| selector.fits(&sets[number])).collect();
                    assert_eq!(fits, row["fits"], "{text}");
                }
            }
        }
    }

    /// In the table each character stands for one byte.
    fn labels(set: &Value) -> Labels {
        let bytes = |text: &str| text.chars().map(|character| character as u8).collect::<Vec<u8>>();
        let mut labels = Labels::default();
        for (name, value) in set.as_object().unwrap() {
            labels.set(&bytes(name), &bytes(value.as_str().unwrap()));
        }
        labels
    }

    #[test]
    fn words_of_logql_are_names() {
        let mut labels = Labels::default();
        labels.set(b"ip", b"x");
        assert!(Selector::parse(r#"{ip="x", on=""}"#).unwrap().fits(&labels));
    }

    #[test]
    fn any_fits_all() {
        let mut labels = Labels::default();
        assert!(Selector::any().fits(&labels));
        labels.set(b"a", b"b");
        assert!(Selector::any().fits(&labels));
    }

    #[test]
    fn complaints_say_what_is_wrong_and_where() {
        #[rustfmt::skip]
        let rows = [
            (r#"{a="b"} |= "x""#,  "line filters are not supported here at character 9"),
            (r#"{a="b"} | json"#,  "parsers and other pipeline stages are not supported here at character 9"),
            (r#"{a="b"}[5m]"#,     "ranges are not supported here at character 8"),
            (r#"{a="b"} or {}"#,   "unexpected text behind the selector at character 9"),
            (r#"{a="b",}"#,        "expected a label name at character 8"),
            ("{a='b'}",            "expected a value in double quotes or backticks at character 4"),
            ("{é==}",              "expected a value in double quotes or backticks at character 4"),
            ("{a}",                "expected one of = != =~ !~ at character 3"),
            ("a",                  "expected `{` at character 1"),
            (r#"{a=~"("}"#,        "regex of `a`: missing closing ): `(` at character 1"),
            (r#"{a=~"\xff"}"#,     "a regex that is not UTF-8 at character 5"),
            (r#"{a="b}"#,          "unterminated quoted string at byte 3"),
        ];
        for (text, wanted) in rows {
            assert_eq!(Selector::parse(text).err().unwrap().message, wanted, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in r#"\{?[a"`é=~!,{}/*#\\x(\n| ]{0,24}"#) {
            let _ = Selector::parse(&text);
        }
    }
}
