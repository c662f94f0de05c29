//! Label text as Loki reads it: the grammar of a Prometheus metric, `name{a="x", b='y', "c.d"=`z`,} # comment`.
//!
//! `metric`, `metric{…}` and a quoted text alone inside the braces are the label `__name__`.

use super::quoted::{complaint, unquote};
use crate::diagnostic::Complaint;

type Pair = (Vec<u8>, Vec<u8>);

/// Loki's limit for one label text (its `maxStreamLabelsSize`).
pub(crate) const MAX_TEXT: usize = (16 << 20) - 1;

/// U+FFFD, which Prometheus takes for a sign of wrong bytes, also where it was sent as itself.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

const METRIC_NAME: &[u8] = b"__name__";

/// Words that Prometheus takes for operators or numbers and not for the name before the brace. Inside they are plain names.
const NO_METRIC_NAMES: &[&str] = &["atan2", "bool", "group_left", "group_right", "ignoring", "inf", "nan", "on"];

/// The labels of a text, sorted, each name once, none empty.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Pair>, Complaint> {
    if text.len() > MAX_TEXT {
        return Err(Complaint::new(format!("longer than {MAX_TEXT} bytes")));
    }
    let mut reader = Reader { text, at: 0 };
    let metric = reader.metric_name()?;
    let mut pairs = if reader.next_is(b'{') { reader.pairs()? } else { Vec::new() };
    reader.skip_blank();
    if reader.at < text.len() {
        return Err(complaint("unexpected text behind the labels", reader.at));
    }
    if let Some(metric) = metric {
        name(&mut pairs, metric);
    }
    pairs.retain(|(_, value)| !value.is_empty());
    pairs.sort();
    check(&pairs)?;
    Ok(pairs)
}

/// Sets the name before the brace as Prometheus' label builder does: it takes the place of one inside, and a label that is
/// empty anywhere is removed wherever it stands.
fn name(pairs: &mut Vec<Pair>, metric: Vec<u8>) {
    let mut empty: Vec<Vec<u8>> =
        pairs.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| name.clone()).collect();
    empty.sort();
    pairs.retain(|(name, _)| empty.binary_search(name).is_err());
    match pairs.iter_mut().find(|(name, _)| name == METRIC_NAME) {
        Some((_, value)) => *value = metric,
        None => pairs.push((METRIC_NAME.to_vec(), metric)),
    }
}

/// What Loki's validation, or its second reading of its own text, refuses.
fn check(pairs: &[Pair]) -> Result<(), Complaint> {
    let has_replacement = |text: &[u8]| memchr::memmem::find(text, REPLACEMENT).is_some();
    if pairs.windows(2).any(|two| two[0].0 == two[1].0) {
        return Err(Complaint::new("a label name stands twice"));
    }
    if pairs.iter().any(|(name, _)| name.is_empty()) {
        return Err(Complaint::new("a label name is empty"));
    }
    if pairs.iter().any(|(name, value)| has_replacement(name) || has_replacement(value)) {
        return Err(Complaint::new("a label holds U+FFFD"));
    }
    Ok(())
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    /// The name before the brace.
    fn metric_name(&mut self) -> Result<Option<Vec<u8>>, Complaint> {
        self.skip_blank();
        let start = self.at;
        let word = self.word(|byte| is_name(byte) || byte == b':');
        match word.first() {
            None => Ok(None),
            Some(first) if first.is_ascii_digit() => Err(complaint("unexpected number", start)),
            Some(_) if NO_METRIC_NAMES.iter().any(|keyword| word.eq_ignore_ascii_case(keyword.as_bytes())) => {
                Err(complaint("unexpected keyword", start))
            }
            Some(_) => Ok(Some(word)),
        }
    }

    /// `{…}`, from behind the opening brace.
    fn pairs(&mut self) -> Result<Vec<Pair>, Complaint> {
        let mut pairs = Vec::new();
        while !self.next_is(b'}') {
            pairs.push(self.pair()?);
            if !self.next_is(b',') {
                if self.next_is(b'}') {
                    break;
                }
                return Err(self.unexpected("a comma or closing brace"));
            }
        }
        Ok(pairs)
    }

    fn pair(&mut self) -> Result<Pair, Complaint> {
        let (name, quoted) = match self.quoted()? {
            Some(name) => (name, true),
            None => (self.word(is_name), false),
        };
        if !quoted && name.first().is_none_or(u8::is_ascii_digit) {
            return Err(self.unexpected("a label name"));
        }
        if !self.next_is(b'=') {
            // A quoted text alone is the name of the metric.
            return if quoted { Ok((METRIC_NAME.to_vec(), name)) } else { Err(self.unexpected("an equals sign")) };
        }
        match self.quoted()? {
            Some(value) => Ok((name, value)),
            None => Err(self.unexpected("a quoted value")),
        }
    }

    /// A quoted text, if one comes next.
    fn quoted(&mut self) -> Result<Option<Vec<u8>>, Complaint> {
        self.skip_blank();
        if !matches!(self.text.get(self.at), Some(b'"' | b'\'' | b'`')) {
            return Ok(None);
        }
        let (value, end) = unquote(self.text, self.at)?;
        let start = std::mem::replace(&mut self.at, end);
        // Wrong bytes can only come as `\xNN`.
        let written = &self.text[start..end];
        if let Err(error) = std::str::from_utf8(written) {
            return Err(complaint("invalid UTF-8", start + error.valid_up_to()));
        }
        match memchr::memmem::find(written, REPLACEMENT) {
            Some(found) => Err(complaint("U+FFFD", start + found)),
            None => Ok(Some(value)),
        }
    }

    /// Takes `byte` if it comes next.
    fn next_is(&mut self, byte: u8) -> bool {
        self.skip_blank();
        let found = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, belongs: impl Fn(u8) -> bool) -> Vec<u8> {
        let word: Vec<u8> = self.text[self.at..].iter().copied().take_while(|&byte| belongs(byte)).collect();
        self.at += word.len();
        word
    }

    /// Skips white space and comments.
    fn skip_blank(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'#' => {
                    let rest = &self.text[self.at..];
                    self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                }
                _ => break,
            }
        }
    }

    fn unexpected(&self, wanted: &str) -> Complaint {
        complaint(&format!("expected {wanted}"), self.at)
    }
}

fn is_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}
