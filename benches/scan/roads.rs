//! Two roads from lines to findings: one scan over the buffer, and an automaton over each line.

use crate::corpus::Batch;
use aho_corasick::{Anchored, MatchKind, automaton::Automaton as _, dfa::DFA};
use rustix::time::{ClockId, clock_gettime};
use sigyn::{
    policy::Policy,
    rules::{Active, Finding, Hit, Memo, scan::Literals},
    span::Span,
    tally::RuleId,
};
use std::time::Duration;

/// So much is scanned at a time, as in the pipeline.
const PIECE: u32 = 256 * 1024;

/// Lines, one behind the other.
pub(crate) struct Text {
    buffer: Vec<u8>,
    lines: Vec<Span>,
}

impl Text {
    pub(crate) fn of(batches: &[Batch]) -> Self {
        let mut text = Self { buffer: Vec::new(), lines: Vec::new() };
        for entry in batches.iter().flat_map(|batch| &batch.push.streams).flat_map(|stream| &stream.entries) {
            let start = text.buffer.len();
            text.buffer.extend_from_slice(&entry.line);
            text.lines.push(Span::new(start, text.buffer.len()));
            // What stands between two lines of a push.
            text.buffer.extend_from_slice(&[0x0a, 0x9d, 0x01, 0x0a, 0x0c]);
        }
        text
    }

    /// One line.
    pub(crate) fn line(buffer: Vec<u8>) -> Self {
        Self { lines: vec![Span::new(0, buffer.len())], buffer }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Microseconds a MiB.
    pub(crate) fn per_mib(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 * 1_048_576.0 / self.buffer.len() as f64
    }

    pub(crate) fn hits(&self, scan: &Literals) -> Vec<Hit> {
        let mut hits = Vec::new();
        scan.find(&self.buffer, &mut hits);
        hits
    }

    /// The hits inside of lines.
    pub(crate) fn hits_in_lines(&self, scan: &Literals) -> Vec<Hit> {
        let mut line = 0;
        let inside = |hit: &Hit| {
            while self.lines[line].end < hit.end && line + 1 < self.lines.len() {
                line += 1;
            }
            self.lines[line].start <= hit.start && hit.end <= self.lines[line].end
        };
        self.hits(scan).into_iter().filter(inside).collect()
    }
}

/// A table of all transitions of the automaton: the fastest that the crate has.
pub(crate) struct Automaton {
    dfa: DFA,
    lengths: Vec<u32>,
}

impl Automaton {
    pub(crate) fn new<'a>(literals: impl Iterator<Item = &'a [u8]>) -> Self {
        let literals: Vec<&[u8]> = literals.collect();
        let mut builder = DFA::builder();
        builder.match_kind(MatchKind::Standard).ascii_case_insensitive(true).prefilter(false);
        Self {
            dfa: builder.build(&literals).unwrap(),
            lengths: literals.iter().map(|literal| literal.len() as u32).collect(),
        }
    }

    /// Adds the hits in `line`, in positions of what it is a piece of.
    fn find(&self, line: &[u8], base: u32, hits: &mut Vec<Hit>) {
        let mut state = self.dfa.start_state(Anchored::No).unwrap();
        for (at, &byte) in line.iter().enumerate() {
            state = self.dfa.next_state(Anchored::No, state, byte);
            if self.dfa.is_special(state) && self.dfa.is_match(state) {
                for index in 0..self.dfa.match_len(state) {
                    let literal = self.dfa.match_pattern(state, index).as_u32();
                    let end = base + at as u32 + 1;
                    hits.push(Hit { literal, start: end - self.lengths[literal as usize], end });
                }
            }
        }
    }

    pub(crate) fn hits_in_lines(&self, text: &Text) -> Vec<Hit> {
        let mut hits = Vec::new();
        for line in &text.lines {
            self.find(line.of(&text.buffer), line.start, &mut hits);
        }
        hits
    }
}

/// One road with the memory that it uses again.
pub(crate) struct Road<'a> {
    policy: &'a Policy,
    active: Active,
    hits: Vec<Hit>,
    seen: usize,
    /// With the number of the line.
    found: Vec<(usize, Finding)>,
    findings: Vec<Finding>,
    memo: Memo,
}

impl<'a> Road<'a> {
    pub(crate) fn new(policy: &'a Policy) -> Self {
        let mut active = Active::default();
        (0..policy.redact.rules().len()).for_each(|rule| active.insert(RuleId(rule as u16)));
        Self {
            policy,
            active,
            hits: Vec::new(),
            seen: 0,
            found: Vec::new(),
            findings: Vec::new(),
            memo: Memo::default(),
        }
    }

    pub(crate) fn found(&self) -> &[(usize, Finding)] {
        &self.found
    }

    /// How many hits there were.
    pub(crate) fn seen(&self) -> usize {
        self.seen
    }

    /// Only the scan.
    pub(crate) fn hits(&mut self, text: &Text) {
        let mut start = 0;
        while start < text.buffer.len() as u32 {
            let end = start.saturating_add(PIECE).min(text.buffer.len() as u32);
            self.hits.clear();
            self.policy.redact.hits_ending(&text.buffer, Span { start, end }, 0, &mut self.hits);
            start = end;
        }
    }

    pub(crate) fn over_the_buffer(&mut self, text: &Text) {
        self.found.clear();
        self.seen = 0;
        let mut first = 0;
        while first < text.lines.len() {
            let start = text.lines[first].start;
            let near = text.lines[first..].iter().take_while(|line| line.end <= start + PIECE).count().max(1);
            let lines = first..first + near;
            self.hits.clear();
            let piece = Span { start, end: text.lines[lines.end - 1].end };
            self.policy.redact.hits_ending(&text.buffer, piece, start, &mut self.hits);
            self.seen += self.hits.len();
            let mut next = 0;
            for number in lines.clone() {
                let line = text.lines[number];
                next += self.hits[next..].iter().take_while(|hit| hit.end <= line.start).count();
                let own = self.hits[next..].iter().take_while(|hit| hit.end <= line.end).count();
                self.confirm(text, number, next..next + own);
                next += own;
            }
            first = lines.end;
        }
    }

    pub(crate) fn over_each_line(&mut self, text: &Text, automaton: &Automaton) {
        self.found.clear();
        for (number, line) in text.lines.iter().enumerate() {
            self.hits.clear();
            automaton.find(line.of(&text.buffer), line.start, &mut self.hits);
            self.confirm(text, number, 0..self.hits.len());
        }
    }

    fn confirm(&mut self, text: &Text, number: usize, hits: std::ops::Range<usize>) {
        if hits.is_empty() {
            return;
        }
        let line = text.lines[number];
        self.findings.clear();
        let rules = &self.policy.redact;
        let (line, hits) = (line.of(&text.buffer), &self.hits[hits]);
        let base = text.lines[number].start;
        rules.find_again(line, base, hits, None, &self.active, &mut self.memo, &mut self.findings);
        self.found.extend(self.findings.iter().map(|finding| (number, *finding)));
    }
}

/// How long the thread is busy with something.
pub(crate) fn busy(what: impl FnOnce()) -> Duration {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let start = now();
    what();
    now().saturating_sub(start)
}

pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
