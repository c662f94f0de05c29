//! The notation of token templates, read into alternatives of literals and runs.
//!
//! `ghp_{alnum:36}` is a literal and a run of 36 bytes of a class; `(a|b)` is either, `(...)?` may be absent, `\` escapes.
//! Groups are multiplied out while they are read, so that what is compiled from a template has no nesting. A template is
//! matched by [`super::token`] and, the other way round, made into samples by [`expand`].

mod run;
mod valid;

use crate::diagnostic::Complaint;
pub use run::Class;
use run::Reader;

/// A piece of an alternative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes, in this case.
    Literal(Vec<u8>),
    /// From `min` to `max` bytes of a class.
    Run {
        /// Which bytes.
        class: Class,
        /// At least so many.
        min: u32,
        /// At most so many, at least one.
        max: u32,
    },
}

/// All choices of a template multiplied out; the widest shipped one has sixteen.
const MAX_ALTERNATIVES: usize = 128;

/// Reads a template as the sequences that it stands for: at least one, each with neighbouring literals joined.
pub fn parse(template: &str) -> Result<Vec<Vec<Part>>, Complaint> {
    let mut reader = Reader::new(template.as_bytes());
    let mut groups = vec![Group::default()];
    while let Some(byte) = reader.next() {
        // The outermost group is only popped where another stands below it.
        let depth = groups.len();
        let Some(group) = groups.last_mut() else { break };
        match byte {
            b'{' => group.push(&reader.run()?),
            b'(' => groups.push(Group::default()),
            b'|' if depth > 1 => group.next_choice()?,
            b')' if depth > 1 => {
                let Some(mut inner) = groups.pop() else { break };
                inner.next_choice()?;
                if reader.peek() == Some(b'?') {
                    reader.at += 1;
                    inner.choices.push(Vec::new());
                }
                if let Some(outer) = groups.last_mut() {
                    outer.multiply(&inner.choices)?;
                }
            }
            b'\\' => group.push(&Part::Literal(vec![reader.escaped()?])),
            b'|' | b')' | b'}' => {
                let sign = byte as char;
                return Err(Complaint::new(format!("stray `{sign}` at byte {} of the template", reader.at))
                    .hint(format!("write `\\{sign}` for the character itself")));
            }
            byte => group.push(&Part::Literal(vec![byte])),
        }
    }
    match groups.pop() {
        Some(whole) if groups.is_empty() && whole.current.iter().all(|sequence| !sequence.is_empty()) => {
            Ok(whole.current)
        }
        Some(_) if groups.is_empty() => Err(Complaint::new("the template can be empty")),
        _ => Err(Complaint::new("a `(` of the template is not closed").hint("write `\\(` for the character itself")),
    }
}

/// A text that fits the template; equal seeds give equal texts. `{valid:card}` in it stands for a text of that shape whose
/// checksum holds, `{wrong:card}` for one whose fails. For the samples with which rules prove themselves.
pub fn expand(template: &str, seed: u64) -> Result<String, Complaint> {
    let mut random = Random(seed);
    let filled = valid::fill(template, &mut valid::made(&mut |bound| random.below(bound)))?;
    sample(&parse(&filled)?, &mut random)
}

/// Whether [`expand`] will make a text of it, without the work that checksums are.
pub fn is_sample(template: &str) -> Result<(), Complaint> {
    sample(&parse(&valid::fill(template, &mut |_, _| Some("0".to_owned()))?)?, &mut Random(0)).map(|_| ())
}

fn sample(alternatives: &[Vec<Part>], random: &mut Random) -> Result<String, Complaint> {
    let mut sample = Vec::new();
    for part in &alternatives[random.below(alternatives.len())] {
        match part {
            Part::Literal(bytes) => sample.extend_from_slice(bytes),
            Part::Run { class, min, max } => {
                // Longer than needed by a little: samples are there to be read.
                let most = (*max).min(min + 40);
                let length = *min as usize + random.below((most - min) as usize + 1);
                let printable: Vec<u8> = (b' '..=b'~').filter(|&byte| class.has(byte)).collect();
                if printable.is_empty() && length > 0 {
                    return Err(Complaint::new("a class of the template has no printable ASCII character"));
                }
                sample.extend((0..length).map(|_| printable[random.below(printable.len())]));
            }
        }
    }
    String::from_utf8(sample).map_err(|_| Complaint::new("the template is no UTF-8 text"))
}

/// A group that is being read: the choices behind it and the one that grows, multiplied out.
struct Group {
    choices: Vec<Vec<Part>>,
    current: Vec<Vec<Part>>,
}

impl Default for Group {
    fn default() -> Self {
        Self { choices: Vec::new(), current: vec![Vec::new()] }
    }
}

impl Group {
    fn push(&mut self, part: &Part) {
        for sequence in &mut self.current {
            append(sequence, part);
        }
    }

    fn next_choice(&mut self) -> Result<(), Complaint> {
        self.choices.append(&mut self.current);
        self.current = vec![Vec::new()];
        few(self.choices.len())
    }

    fn multiply(&mut self, choices: &[Vec<Part>]) -> Result<(), Complaint> {
        few(self.current.len() * choices.len())?;
        let grown = self.current.iter().flat_map(|before| {
            choices.iter().map(|choice| {
                let mut sequence = before.clone();
                for part in choice {
                    append(&mut sequence, part);
                }
                sequence
            })
        });
        self.current = grown.collect();
        Ok(())
    }
}

fn few(alternatives: usize) -> Result<(), Complaint> {
    if alternatives <= MAX_ALTERNATIVES {
        return Ok(());
    }
    Err(Complaint::new(format!("the template has more than {MAX_ALTERNATIVES} alternatives"))
        .hint("give the rule several templates, or use a class in place of letters"))
}

fn append(sequence: &mut Vec<Part>, part: &Part) {
    match (sequence.last_mut(), part) {
        (Some(Part::Literal(bytes)), Part::Literal(more)) => bytes.extend_from_slice(more),
        _ => sequence.push(part.clone()),
    }
}

/// `SplitMix64`: a few good enough numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The alternatives of a template, in its own notation again.
    fn read(template: &str) -> Vec<String> {
        let one = |part: &Part| match part {
            Part::Literal(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Part::Run { class, min, max } => {
                format!("<{} {min}-{max}>", (0..=255).filter(|&byte| class.has(byte)).count())
            }
        };
        parse(template).unwrap().iter().map(|parts| parts.iter().map(one).collect()).collect()
    }

    #[test]
    fn a_template_is_the_sequences_it_stands_for() {
        #[rustfmt::skip]
        let facts: &[(&str, &str, &[&str])] = &[
            ("a literal",                    "ghp_",                    &["ghp_"]),
            ("a run of fixed length",        "k{alnum:36}",             &["k<62 36-36>"]),
            ("a run of free length",         "k{hex:2-9}",              &["k<16 2-9>"]),
            ("a class of its own",           "{[0-9A-F_-]:3}",          &["<18 3-3>"]),
            ("all but a class",              "{[^\\x20\"]:3}",          &["<254 3-3>"]),
            ("a class with a bracket",       "{[\\]\\\\]:3}",           &["<2 3-3>"]),
            ("alternatives",                 "(a|bc|)d",                &["ad", "bcd", "d"]),
            ("what may be absent",           "a(b)?c",                  &["abc", "ac"]),
            ("groups in groups",             "(a(b|c)|d)?e",            &["abe", "ace", "de", "e"]),
            ("two groups",                   "(a|b)(c|d)",              &["ac", "ad", "bc", "bd"]),
            ("a question mark of its own",   "a?x=\\(b\\)?",            &["a?x=(b)?"]),
            ("escapes",                      "\\{a\\|b\\}\\\\",         &["{a|b}\\"]),
            ("letters beyond ASCII",         "é{digits:1}",             &["é<10 1-1>"]),
        ];
        for (fact, template, wanted) in facts {
            assert_eq!(read(template), *wanted, "{fact}");
        }
    }

    #[test]
    fn a_wrong_template_is_refused_with_a_reason() {
        #[rustfmt::skip]
        let facts: &[(&str, &str)] = &[
            ("a{alpha:3}",                  "`alpha` is no class of a template"),
            ("a{alnum}",                    "a run of the template has no length"),
            ("a{alnum:}",                   "a run of the template has no length"),
            ("a{alnum:3",                   "a run of the template is not closed"),
            ("a{alnum:5-3}",                "a run of 5 to 3 bytes cannot be"),
            ("a{alnum:0}",                  "a run of 0 to 0 bytes cannot be"),
            ("a{alnum:1-9999999999}",       "a run of 1 to 4294967295 bytes cannot be"),
            ("a{[0-9:3}",                   "a class of the template is not closed"),
            ("a{[9-0]:3}",                  "a range of a class runs backwards"),
            ("a{[]:3}",                     "a class of the template is empty"),
            ("a{[\\xg0]:3}",                "`\\x` in a class wants two hex digits"),
            ("(a|b",                        "a `(` of the template is not closed"),
            ("a|b",                         "stray `|` at byte 2 of the template"),
            ("a)",                          "stray `)` at byte 2 of the template"),
            ("a}",                          "stray `}` at byte 2 of the template"),
            ("a\\",                         "the template ends in a lone `\\`"),
            ("",                            "the template can be empty"),
            ("(a|b)(c|d)(e|f)(g|h)(i|j)(k|l)(m|n)(o|p)", "the template has more than 128 alternatives"),
        ];
        for (template, wanted) in facts {
            assert_eq!(parse(template).unwrap_err().message, *wanted, "{template}");
        }
    }

    #[test]
    fn a_sample_fits_its_template_and_follows_from_the_seed() {
        let sample = expand("key_{hex:8}-(a|b){digits:2-4}", 7).unwrap();
        assert_eq!(sample, expand("key_{hex:8}-(a|b){digits:2-4}", 7).unwrap());
        assert_ne!(sample, expand("key_{hex:8}-(a|b){digits:2-4}", 8).unwrap());
        let (hex, rest) = sample.strip_prefix("key_").unwrap().split_at(8);
        assert!(hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!((4..=6).contains(&rest.len()) && rest.starts_with('-'), "{rest}");
    }

    proptest::proptest! {
        #[test]
        fn no_template_panics(template in r"[a-c{}\[\]()|?:\\x0-9^,é-]{0,24}") {
            let _ = parse(&template);
        }
    }
}
