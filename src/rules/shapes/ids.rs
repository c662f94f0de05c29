//! National ids, each with the patterns that it is written in, its check, and the words that say what it is.
//!
//! Digits alone are everywhere in logs, and one row in ten or eleven passes a check digit by chance: so a pattern without
//! separators of its own is an id only where one of its words stands near. Patterns that say enough are marked with `!`.

use super::{Around, near};
use crate::rules::check::national::{europe as eu, world};
use std::sync::LazyLock;

/// An id.
pub struct Id {
    /// The name of its shape.
    pub name: &'static str,
    /// Its words, in lower case.
    words: &'static [&'static str],
    /// `d` is a digit, `L` a letter, `A` either, all else itself; `!` in front: no word is needed, and letters are capitals.
    pub(super) patterns: &'static [&'static str],
    /// Whether its letters and digits pass the check.
    pub holds: fn(&[u8]) -> bool,
}

/// All ids.
#[rustfmt::skip]
pub const IDS: &[Id] = &[
    Id { name: "us-ssn", words: &["ssn", "ssns", "social security", "socialsecurity", "soc sec"], patterns: &["!ddd-dd-dddd", "ddd dd dddd", "ddd.dd.dddd", "ddddddddd"], holds: world::us_ssn },
    Id { name: "us-itin", words: &["itin", "taxpayer", "tax id", "tin"], patterns: &["!ddd-dd-dddd", "ddd dd dddd", "ddddddddd"], holds: world::us_itin },
    Id { name: "us-npi", words: &["npi", "provider"], patterns: &["dddddddddd"], holds: world::us_npi },
    Id { name: "us-bank-routing", words: &["aba", "routing", "rtn"], patterns: &["ddddddddd", "dddd-dddd-d"], holds: world::us_bank_routing },
    Id { name: "ca-sin", words: &["sin", "nas", "social insurance"], patterns: &["ddd-ddd-ddd", "ddd ddd ddd", "ddddddddd"], holds: world::ca_sin },
    Id { name: "mx-curp", words: &["curp"], patterns: &["!LLLLddddddLLLLLLAd"], holds: world::mx_curp },
    Id { name: "br-cpf", words: &["cpf"], patterns: &["!ddd.ddd.ddd-dd", "ddddddddddd"], holds: world::br_cpf },
    Id { name: "br-cnpj", words: &["cnpj"], patterns: &["!dd.ddd.ddd/dddd-dd", "dddddddddddddd"], holds: world::br_cnpj },
    Id { name: "ar-cuit", words: &["cuit", "cuil"], patterns: &["!dd-dddddddd-d", "ddddddddddd"], holds: world::ar_cuit },
    Id { name: "cl-rut", words: &["rut", "run"], patterns: &["!dd.ddd.ddd-A", "!d.ddd.ddd-A", "dddddddd-A", "ddddddd-A"], holds: world::cl_rut },
    Id { name: "uk-nhs", words: &["nhs", "patient"], patterns: &["ddd ddd dddd", "ddd-ddd-dddd", "dddddddddd"], holds: eu::uk_nhs },
    Id { name: "uk-nino", words: &["nino", "national insurance", "ni number"], patterns: &["!LL dd dd dd L", "LLddddddL", "LL dddddd L"], holds: eu::uk_nino },
    Id { name: "ie-pps", words: &["pps", "ppsn"], patterns: &["dddddddL", "dddddddLL"], holds: eu::ie_pps },
    Id { name: "de-tax-id", words: &["steuer id", "steuerid", "steuer idnr", "steuernummer", "idnr", "steueridentifikationsnummer", "tax id", "tin"], patterns: &["dd ddd ddd ddd", "ddddddddddd"], holds: eu::de_tax_id },
    Id { name: "at-svnr", words: &["svnr", "sozialversicherungsnummer", "sv nummer"], patterns: &["dddd dddddd", "dddd-dddddd", "dddddddddd"], holds: eu::at_svnr },
    Id { name: "ch-ahv", words: &["ahv", "avs", "navs", "ahvn13"], patterns: &["!ddd.dddd.dddd.dd", "ddddddddddddd"], holds: eu::ch_ahv },
    Id { name: "fr-nir", words: &["nir", "securite sociale", "insee", "secu"], patterns: &["!d dd dd dd ddd ddd dd", "!d dd dd AA ddd ddd dd", "!dddddAAdddddddd"], holds: eu::fr_nir },
    Id { name: "es-dni", words: &["dni", "nif"], patterns: &["!dddddddd-L", "ddddddddL"], holds: eu::es_dni },
    Id { name: "es-nie", words: &["nie", "extranjero"], patterns: &["!LdddddddL", "!L-ddddddd-L"], holds: eu::es_nie },
    Id { name: "pt-nif", words: &["nif", "contribuinte"], patterns: &["ddd ddd ddd", "ddddddddd"], holds: eu::pt_nif },
    Id { name: "it-codice-fiscale", words: &["codice fiscale", "codicefiscale", "cf"], patterns: &["!LLLLLLAALAALAAAL"], holds: eu::it_codice_fiscale },
    Id { name: "nl-bsn", words: &["bsn", "burgerservicenummer", "sofinummer"], patterns: &["ddddddddd", "dddd.dd.ddd"], holds: eu::nl_bsn },
    Id { name: "be-nrn", words: &["rijksregister", "rijksregisternummer", "registre national", "nrn", "insz", "niss"], patterns: &["!dd.dd.dd-ddd.dd", "ddddddddddd"], holds: eu::be_nrn },
    Id { name: "se-personnummer", words: &["personnummer", "samordningsnummer", "pnr"], patterns: &["dddddd-dddd", "dddddd+dddd", "dddddddd-dddd", "dddddddddd", "dddddddddddd"], holds: eu::se_personnummer },
    Id { name: "no-fodselsnummer", words: &["fodselsnummer", "personnummer", "fnr"], patterns: &["dddddd ddddd", "ddddddddddd"], holds: eu::no_fodselsnummer },
    Id { name: "fi-hetu", words: &["hetu", "henkilotunnus"], patterns: &["!dddddd-dddA", "!dddddd+dddA", "!ddddddLdddA"], holds: eu::fi_hetu },
    Id { name: "baltic-code", words: &["isikukood", "asmens kodas", "ik"], patterns: &["ddddddddddd"], holds: eu::baltic },
    Id { name: "pl-pesel", words: &["pesel"], patterns: &["ddddddddddd"], holds: eu::pl_pesel },
    Id { name: "pl-nip", words: &["nip"], patterns: &["!ddd-ddd-dd-dd", "!ddd-dd-dd-ddd", "dddddddddd"], holds: eu::pl_nip },
    Id { name: "cz-birth-number", words: &["rodne cislo", "rc"], patterns: &["!dddddd/dddd", "dddddddddd"], holds: eu::cz_birth_number },
    Id { name: "ro-cnp", words: &["cnp"], patterns: &["ddddddddddddd"], holds: eu::ro_cnp },
    Id { name: "bg-egn", words: &["egn"], patterns: &["dddddddddd"], holds: eu::bg_egn },
    Id { name: "hr-oib", words: &["oib"], patterns: &["ddddddddddd"], holds: eu::hr_oib },
    Id { name: "tr-tckn", words: &["tckn", "tc kimlik", "kimlik"], patterns: &["ddddddddddd"], holds: world::tr_tckn },
    Id { name: "il-id", words: &["teudat zehut", "israeli id"], patterns: &["ddddddddd"], holds: world::il_id },
    Id { name: "za-id", words: &["id number", "rsa id", "sa id"], patterns: &["ddddddddddddd"], holds: world::za_id },
    Id { name: "in-aadhaar", words: &["aadhaar", "aadhar", "uidai"], patterns: &["dddd dddd dddd", "dddd-dddd-dddd", "dddddddddddd"], holds: world::in_aadhaar },
    Id { name: "in-gstin", words: &["gstin", "gst"], patterns: &["!ddLLLLLddddLAZA"], holds: world::in_gstin },
    Id { name: "cn-id", words: &["shenfenzheng", "id card", "idcard"], patterns: &["!dddddddddddddddddA"], holds: world::cn_id },
    Id { name: "kr-rrn", words: &["rrn", "resident registration"], patterns: &["!dddddd-ddddddd", "ddddddddddddd"], holds: world::kr_rrn },
    Id { name: "sg-nric", words: &["nric", "fin"], patterns: &["!LdddddddL"], holds: world::sg_nric },
    Id { name: "th-id", words: &["thai id", "thai national id", "tnin", "citizen id"], patterns: &["!d-dddd-ddddd-dd-d", "ddddddddddddd"], holds: world::th_id },
    Id { name: "au-tfn", words: &["tfn", "tax file"], patterns: &["ddd ddd ddd", "ddddddddd"], holds: world::au_tfn },
    Id { name: "au-medicare", words: &["medicare"], patterns: &["dddd ddddd d", "dddddddddd"], holds: world::au_medicare },
    Id { name: "au-abn", words: &["abn"], patterns: &["dd ddd ddd ddd", "ddddddddddd"], holds: world::au_abn },
    Id { name: "imei", words: &["imei"], patterns: &["dd-dddddd-dddddd-d", "ddddddddddddddd"], holds: world::imei },
    Id { name: "vin", words: &["vin", "vehicle", "chassis"], patterns: &["AAAAAAAAAAAAAAAAA"], holds: world::vin },
];

/// Longest pattern, in letters and digits.
const LONGEST: usize = 18;

/// Of each length of a first group the patterns that begin with such a one.
static BY_LENGTH: LazyLock<[Vec<(usize, &'static str)>; LONGEST + 1]> = LazyLock::new(|| {
    let mut lists: [Vec<_>; LONGEST + 1] = Default::default();
    for (number, id) in IDS.iter().enumerate() {
        for pattern in id.patterns {
            let first = pattern.trim_start_matches('!').bytes().take_while(u8::is_ascii_alphanumeric).count();
            lists[first].push((number, *pattern));
        }
    }
    lists
});

/// Calls `found` with each of the wanted ids that begin at a word, and its end.
pub(super) fn at(
    around: &Around<'_>,
    start: usize,
    end: usize,
    wanted: impl Fn(usize) -> bool,
    mut found: impl FnMut(usize, usize),
) {
    let Some(patterns) = BY_LENGTH.get(end - start) else { return };
    for (number, pattern) in patterns {
        if !wanted(*number) {
            continue;
        }
        let id = &IDS[*number];
        if let Some(end) = fits(around, start, pattern, id) {
            found(*number, end);
        }
    }
}

fn fits(around: &Around<'_>, start: usize, pattern: &str, id: &Id) -> Option<usize> {
    let (safe, pattern) = pattern.strip_prefix('!').map_or((false, pattern), |pattern| (true, pattern));
    let text = around.text.get(start..start + pattern.len())?;
    let mut plain = [0; LONGEST];
    let mut count = 0;
    let mut lower = false;
    for (byte, sign) in text.iter().zip(pattern.bytes()) {
        let fits = match sign {
            b'd' => byte.is_ascii_digit(),
            b'L' => byte.is_ascii_alphabetic(),
            b'A' => byte.is_ascii_alphanumeric(),
            _ => *byte == sign || byte.eq_ignore_ascii_case(&sign),
        };
        if !fits {
            return None;
        }
        lower |= byte.is_ascii_lowercase();
        if byte.is_ascii_alphanumeric() {
            plain[count] = byte.to_ascii_uppercase();
            count += 1;
        }
    }
    let end = start + text.len();
    // One group of several in a row of the same kind is none of it.
    let row = pattern
        .bytes()
        .find(|sign| !sign.is_ascii_alphanumeric())
        .is_some_and(|sign| sign != b' ' && around.byte(end) == Some(sign) && around.digit(end + 1));
    let alone = around.opens(start) && around.closes(end) && !row;
    let named = || (safe && !lower) || near::before(around, start, id.words);
    (alone && (id.holds)(&plain[..count]) && named()).then_some(end)
}
