//! Random operations against a ledger that a child would write, and threads that race.

use super::*;
use proptest::prelude::*;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// What one of four pushes does.
#[derive(Clone, Debug)]
enum Step {
    Stream { push: usize, tenant: usize, per: u8, text: u8 },
    Overflow { push: usize, tenant: usize, per: u8 },
    Take { push: usize, value: u8 },
    GiveBack { push: usize },
    Forward { push: usize },
    Wait { milliseconds: i64 },
    Sweep,
}

const PUSHES: usize = 4;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let push = 0..PUSHES;
    let step = prop_oneof![
        8 => (push.clone(), 0..2_usize, 0..2_u8, 0..8_u8)
            .prop_map(|(push, tenant, per, text)| Step::Stream { push, tenant, per, text }),
        1 => (push.clone(), 0..2_usize, 0..2_u8).prop_map(|(push, tenant, per)| Step::Overflow { push, tenant, per }),
        6 => (push.clone(), 0..2_u8).prop_map(|(push, value)| Step::Take { push, value }),
        1 => push.clone().prop_map(|push| Step::GiveBack { push }),
        1 => push.prop_map(|push| Step::Forward { push }),
        4 => (0..4000_i64).prop_map(|milliseconds| Step::Wait { milliseconds }),
        1 => Just(Step::Sweep),
    ];
    prop::collection::vec(step, 0..120)
}

const BOUND: Bound = Bound { max: 4, kept: 1, idle: 5 };
const RATE: Rate = Rate { rate: 2.0, burst: 3.0, max: 10 };
const TOKEN: i64 = SECOND / 2;

/// By text.
type Streams = HashMap<u8, (i64, Option<usize>)>;

/// When each stream was last seen, and the push that alone has seen it; how much of each bucket is full, and since when.
#[derive(Default)]
struct Model {
    streams: HashMap<(usize, u8), Streams>,
    buckets: HashMap<u8, (i64, i64)>,
    taken: [HashMap<u8, i64>; PUSHES],
}

const OVERFLOW: u8 = 255;

impl Model {
    fn stream(&mut self, push: usize, group: (usize, u8), text: u8, now: i64) -> bool {
        let streams = self.streams.entry(group).or_default();
        streams.retain(|_, (last, _)| now / SECOND - *last <= i64::from(BOUND.idle));
        let full = streams.len() >= BOUND.max - BOUND.kept;
        match streams.get_mut(&text) {
            Some((last, only)) => {
                *last = now / SECOND;
                *only = only.filter(|only| *only == push);
                true
            }
            None if full && text != OVERFLOW => false,
            None => {
                streams.insert(text, (now / SECOND, Some(push)));
                true
            }
        }
    }

    fn take(&mut self, push: usize, value: u8, now: i64) -> bool {
        let (level, at) = self.buckets.entry(value).or_insert((3 * TOKEN, now));
        *level = (*level + now - *at).min(3 * TOKEN);
        *at = now;
        let there = *level >= TOKEN;
        if there {
            *level -= TOKEN;
            *self.taken[push].entry(value).or_default() += TOKEN;
        }
        there
    }

    fn give_back(&mut self, push: usize) {
        self.streams.values_mut().for_each(|streams| streams.retain(|_, (_, only)| *only != Some(push)));
        for (value, time) in self.taken[push].drain() {
            self.buckets.entry(value).and_modify(|(level, _)| *level = (*level + time).min(3 * TOKEN));
        }
    }

    /// Its push is over; another of the same number is another push.
    fn forget(&mut self, push: usize) {
        self.taken[push].clear();
        let streams = self.streams.values_mut().flat_map(HashMap::values_mut);
        streams.for_each(|(_, only)| *only = only.filter(|only| *only != push));
    }

    fn active(&self, now: i64) -> usize {
        let counts = |(last, _): &&(i64, Option<usize>)| now / SECOND - last <= i64::from(BOUND.idle);
        self.streams.values().map(|streams| streams.values().filter(counts).count()).sum()
    }
}

proptest! {
    #[test]
    fn it_remembers_what_a_naive_model_does(steps in steps()) {
        let ledger = Ledger::default();
        let mut model = Model::default();
        let mut pushes: [Taken; PUSHES] = Default::default();
        let mut now = NOW;
        for step in steps {
            match step {
                Step::Stream { push, tenant, per, text } => {
                    let book = ledger.book(["a", "b"][tenant], now);
                    let seat = book.stream(&[per], &[text], BOUND, &mut pushes[push]);
                    prop_assert_eq!(seat.within, model.stream(push, (tenant, per), text, now));
                    prop_assert!(!seat.shared);
                }
                Step::Overflow { push, tenant, per } => {
                    ledger.book(["a", "b"][tenant], now).overflow(&[per], &[OVERFLOW], BOUND, &mut pushes[push]);
                    model.stream(push, (tenant, per), OVERFLOW, now);
                }
                Step::Take { push, value } => {
                    let took = ledger.book("a", now).take("r", &[value], &RATE, &mut pushes[push]);
                    prop_assert_eq!(took, model.take(push, value, now));
                }
                Step::GiveBack { push } => {
                    ledger.give_back(&mut pushes[push]);
                    model.give_back(push);
                }
                Step::Forward { push } => {
                    pushes[push].clear();
                    model.forget(push);
                }
                Step::Wait { milliseconds } => now += milliseconds * SECOND / 1000,
                Step::Sweep => ledger.sweep(now),
            }
            let (pages, _) = ledger.pages(None, now, usize::MAX);
            let active = pages.iter().flat_map(|page| &page.groups).map(|group| group.active);
            prop_assert!(active.clone().all(|active| active <= BOUND.max));
            prop_assert_eq!(active.sum::<usize>(), model.active(now));
        }
        // Whatever was done, all of it is forgotten in the end.
        ledger.sweep(now + 1000 * SECOND);
        prop_assert_eq!(ledger.bytes(), 0);
    }
}

#[test]
fn threads_that_race_take_no_more_than_there_is() {
    let ledger = Ledger::default();
    let rate = Rate { rate: 1e-6, burst: 500.0, max: 1 };
    let (streams, tokens) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for thread in 0..8_u32 {
            let (ledger, rate, streams, tokens) = (&ledger, &rate, &streams, &tokens);
            scope.spawn(move || {
                let book = ledger.book("a", NOW);
                for number in 0..400_u32 {
                    let (mut taken, mut text) = (Taken::default(), number.to_le_bytes().to_vec());
                    text.push(thread as u8 % 4); // each stream is brought by two threads
                    let within = book.stream(b"", &text, bound(100), &mut taken).within;
                    let took = book.take("r", b"", rate, &mut taken);
                    tokens.fetch_add(usize::from(took), Ordering::Relaxed);
                    assert!(ledger.active_streams(NOW) <= 100);
                    if number % 3 == 0 {
                        tokens.fetch_sub(usize::from(took), Ordering::Relaxed);
                        ledger.give_back(&mut taken);
                    } else {
                        streams.fetch_add(usize::from(within && !taken.streams.is_empty()), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(ledger.active_streams(NOW), 100);
    assert!(streams.into_inner() <= 100);
    assert_eq!(tokens.into_inner(), 500);
}
