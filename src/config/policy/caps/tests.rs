//! What caps mean as they are written.

use crate::{
    config::{Source, compile_policy},
    guard::{Caps, LineOver, TooMany},
    tally::Mode,
};

fn compile(files: &[&str]) -> Result<Caps, Vec<String>> {
    let source =
        |(number, text): (usize, &&str)| Source { name: format!("{number}.yaml").into(), text: (*text).into() };
    let files: Vec<Source> = files.iter().enumerate().map(source).collect();
    match compile_policy(&files) {
        Ok((policy, _)) => Ok(policy.caps),
        Err(errors) => Err(errors.iter().map(ToString::to_string).collect()),
    }
}

#[test]
fn caps_are_read_with_their_defaults() {
    let caps = compile(&[
        "caps: {streams: {max: 5000, per: source, over: demote, labels: [filename], idle: 1h, mode: report}}",
        "caps: {values: {service: {max: 100, over: other}, stack: {max: 9, over: drop}}, labels: {max: 15, over: demote}}",
        "caps: {line: {max: 256KiB, over: truncate}, age: {max: 7d}, future: {max: 10m, over: drop}}",
        "caps: {values: {tier: {max: 1, over: demote}}}",
    ]);
    let Ok(Caps { streams: Some(streams), values, labels: Some(labels), line: Some(line), age, future }) = caps else {
        panic!("all of it is taken")
    };
    assert_eq!((streams.max, streams.per.as_deref(), streams.over), (5000, Some(&b"source"[..]), TooMany::Demote));
    assert!(streams.labels == [Box::from(&b"filename"[..])] && streams.idle == 3600 && streams.mode == Mode::Report);
    let values: Vec<_> = values.iter().map(|cap| (&*cap.rule, cap.max, cap.over, cap.idle, cap.mode)).collect();
    let wanted = [
        ("caps.values.service", 100, TooMany::Other, 1800, Mode::On),
        ("caps.values.stack", 9, TooMany::Drop, 1800, Mode::On),
        ("caps.values.tier", 1, TooMany::Demote, 1800, Mode::On),
    ];
    assert_eq!(values, wanted);
    assert!(labels.max == 15 && !labels.drop && labels.labels.is_empty());
    assert!(line.max == 256 << 10 && matches!(&line.over, LineOver::Truncate(mark) if **mark == *"…".as_bytes()));
    assert_eq!(age.map(|cap| cap.max), Some(7 * 86_400 * 1_000_000_000));
    assert_eq!(future.map(|cap| cap.max), Some(600 * 1_000_000_000));
}

#[test]
fn without_the_section_there_is_no_cap() {
    assert!(compile(&[]).is_ok_and(|caps| caps.is_empty()));
    assert!(compile(&["caps: {}"]).is_ok_and(|caps| caps.is_empty()));
    assert!(compile(&["caps: {line: {max: 10, over: truncate, mark: ''}}"]).is_ok_and(|caps| !caps.is_empty()));
}

#[test]
fn a_cap_stands_once_over_all_files() {
    let first = "caps: {age: {max: 7d}, values: {a: {max: 1, over: drop}, b: {max: 1, over: drop}}}";
    let second = "caps: {age: {max: 1d}, values: {b: {max: 1, over: drop}, c: {max: 1, over: drop}}}";
    let hint = "hint: give each cap in one file only: it holds for all of them";
    let wanted = [
        format!("error: 1.yaml:1:13: cannot read `caps.age`: 0.yaml:1:13 has this cap already\n{hint}"),
        format!("error: 1.yaml:1:36: cannot read `caps.values.b`: 0.yaml:1:61 has this cap already\n{hint}"),
    ];
    assert_eq!(compile(&[first, second]).err(), Some(wanted.to_vec()));
}
