//! Why rules found nothing, for people.

use crate::explain::Unfound;
use std::fmt;

/// A line for each rule and text.
pub(super) fn write(f: &mut fmt::Formatter<'_>, unfound: &[Unfound]) -> fmt::Result {
    if !unfound.is_empty() {
        writeln!(f, "rules that were asked for, in what was received")?;
    }
    unfound.iter().try_for_each(|one| {
        let place = one.pair.map_or_else(|| one.place.to_owned(), |pair| format!("{} {pair}", one.place));
        writeln!(f, "  {}, {place}: {}", one.rule, said(one))
    })
}

fn said(Unfound { why, position, has, least, .. }: &Unfound) -> String {
    let at = position.map(|at| format!(" at {at}")).unwrap_or_default();
    match *why {
        "off" => "the policy switches it off".to_owned(),
        "other_place" => "it does not look here (`where.in`)".to_owned(),
        "other_stream" => "it is not for this stream (`where.match`)".to_owned(),
        "found" => format!("found something{at}"),
        "reported" => format!("found something{at}, and only reports it (`mode: report`)"),
        "not_seen" => "no prefix, keyword or key name of it stands there".to_owned(),
        "no_form" => "nothing of its form stands there, or its checksum does not hold".to_owned(),
        "check_failed" => format!("what has its form{at} has a wrong checksum"),
        "other_case" => format!("its prefix{at} is in another case"),
        "no_assignment" => format!("the word{at} is no name before a value"),
        "other_name" => format!("the name with the word{at} is none of its key names"),
        "look_alike" => format!("the name with the word{at} only looks sensitive"),
        "no_match" => {
            format!("there is a keyword or a vendor's word{at}, and what is looked for does not stand near it")
        }
        "glued" => format!("something is glued to the beginning{at}"),
        "broke" => format!("the byte{at} does not fit"),
        "too_short" => {
            let (has, least) = (has.unwrap_or_default(), least.unwrap_or_default());
            format!("too short: a run that ends{at} has {has} of {least} bytes")
        }
        "doubted" => format!("`entropy` or `except` spares what matches{at}"),
        "spared" => format!("what stands{at} is spared: a placeholder, a mask, a reference, or nothing"),
        _ => format!("there is something to look at{at}, and it found nothing"),
    }
}
