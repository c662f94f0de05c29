//! The two ways in which JSON pushes write a time, each read as Loki reads it: seconds and nanoseconds since 1970.

/// Nanoseconds in decimal, in a string, without escapes: an int64 as jsonparser reads it. A lone `-` is 0 there, a leading
/// zero is none of its numbers.
pub(super) fn nanoseconds(text: &[u8]) -> Option<(i64, i32)> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let leading_zero = digits.len() > 1 && digits[0] == b'0';
    if text.is_empty() || leading_zero || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let total: i64 = if digits.is_empty() { 0 } else { std::str::from_utf8(text).ok()?.parse().ok()? };
    let second = 1_000_000_000;
    Some((total.div_euclid(second), total.rem_euclid(second) as i32))
}

/// RFC 3339 as Go's `time.Time` reads it from JSON: an hour may have one digit, a fraction may follow a comma and have any
/// number of digits (those behind the ninth say nothing), an offset may be 24 hours and 60 minutes.
pub(super) fn rfc3339(text: &[u8]) -> Option<(i64, i32)> {
    let mut rest = Rest(text);
    let year = i64::from(rest.two()?) * 100 + i64::from(rest.two()?);
    rest.literal(b'-')?;
    let month = rest.two().filter(|month| (1..=12).contains(month))?;
    rest.literal(b'-')?;
    let day = rest.two().filter(|day| (1..=days_in(year, month)).contains(day))?;
    rest.literal(b'T')?;
    let hour = rest.two().or_else(|| rest.one()).filter(|hour| *hour < 24)?;
    rest.literal(b':')?;
    let minute = rest.two().filter(|minute| *minute < 60)?;
    rest.literal(b':')?;
    let second = rest.two().filter(|second| *second < 60)?;
    let nanos = rest.fraction();
    let offset = rest.offset()?;
    if !rest.0.is_empty() {
        return None;
    }
    let clock = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    Some((days_since_1970(year, month, day) * 86_400 + clock - offset, nanos))
}

/// What is still to be read.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    fn literal(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    fn one(&mut self) -> Option<u8> {
        let (digit, rest) = self.0.split_first().filter(|(digit, _)| digit.is_ascii_digit())?;
        self.0 = rest;
        Some(digit - b'0')
    }

    fn two(&mut self) -> Option<u8> {
        match self.0 {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] => {
                self.0 = rest;
                Some((tens - b'0') * 10 + (ones - b'0'))
            }
            _ => None,
        }
    }

    /// Nanoseconds behind a point or comma; zero where there is no digit behind one.
    fn fraction(&mut self) -> i32 {
        if !matches!(self.0, [b'.' | b',', b'0'..=b'9', ..]) {
            return 0;
        }
        self.0 = &self.0[1..];
        let (mut nanos, mut unit) = (0, 100_000_000);
        while let Some(digit) = self.one() {
            nanos += i32::from(digit) * unit;
            unit /= 10;
        }
        nanos
    }

    /// Seconds east of Greenwich.
    fn offset(&mut self) -> Option<i64> {
        if self.literal(b'Z').is_some() {
            return Some(0);
        }
        let sign = if self.literal(b'+').is_some() { 1 } else { self.literal(b'-').map(|()| -1)? };
        let hours = self.two().filter(|hours| *hours <= 24)?;
        self.literal(b':')?;
        let minutes = self.two().filter(|minutes| *minutes <= 60)?;
        Some(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
    }
}

fn days_in(year: i64, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar, in years that begin in March, so that a leap day comes last.
fn days_since_1970(year: i64, month: u8, day: u8) -> i64 {
    let month = i64::from(month);
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 0000-03-01 and 1970-01-01; five months from March on have 153.
    year * 365 + leap_days + (153 * month + 2) / 5 + i64::from(day) - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn nanoseconds_are_those_of_jsonparser() {
        for (text, want) in [
            ("1704067200000000000",  Some((1_704_067_200, 0))),
            ("9223372036854775807",  Some((9_223_372_036, 854_775_807))),
            ("-9223372036854775808", Some((-9_223_372_037, 145_224_192))),
            ("-1",                   Some((-1, 999_999_999))),
            ("0",                    Some((0, 0))),
            ("-0",                   Some((0, 0))),
            ("-",                    Some((0, 0))),
            ("",                     None),
            ("+1",                   None),
            ("01",                   None),
            ("-00",                  None),
            (" 1",                   None),
            ("1 ",                   None),
            ("--1",                  None),
            ("1.5",                  None),
            ("1e18",                 None),
            ("0x10",                 None),
            ("1_000",                None),
            ("9223372036854775808",  None),
            ("-9223372036854775809", None),
            ("99999999999999999999", None),
            (r"\u0031",              None),
            ("2024-01-01T00:00:00Z", None),
        ] {
            assert_eq!(nanoseconds(text.as_bytes()), want, "{text}");
        }
    }

    // What Go 1.26 made of each.
    #[test]
    #[rustfmt::skip]
    fn dates_are_those_of_go() {
        const NEW_YEAR: i64 = 1_704_067_200;
        for (text, want) in [
            ("2024-01-01T00:00:00Z",               Some((NEW_YEAR, 0))),
            ("2024-01-01T00:00:00.123456789Z",     Some((NEW_YEAR, 123_456_789))),
            ("2024-01-01T00:00:00.1234567891Z",    Some((NEW_YEAR, 123_456_789))),
            ("2024-01-01T00:00:00.5Z",             Some((NEW_YEAR, 500_000_000))),
            ("2024-01-01T00:00:00,5Z",             Some((NEW_YEAR, 500_000_000))),
            ("2024-01-01T02:00:00+02:00",          Some((NEW_YEAR, 0))),
            ("2023-12-31T17:30:00.25-06:30",       Some((NEW_YEAR, 250_000_000))),
            ("2024-01-01T0:00:00Z",                Some((NEW_YEAR, 0))),
            ("2024-01-02T01:00:00+24:60",          Some((NEW_YEAR, 0))),
            ("2024-02-29T23:59:59Z",               Some((1_709_251_199, 0))),
            ("1970-01-01T00:00:00Z",               Some((0, 0))),
            ("1969-12-31T23:59:59.999999999Z",     Some((-1, 999_999_999))),
            ("0001-01-01T00:00:00Z",               Some((-62_135_596_800, 0))),
            ("0000-01-01T00:00:00Z",               Some((-62_167_219_200, 0))),
            ("9999-12-31T23:59:59Z",               Some((253_402_300_799, 0))),
            ("2024-01-01t00:00:00Z",               None),
            ("2024-01-01T00:00:00z",               None),
            ("2024-01-01 00:00:00Z",               None),
            ("2024-01-01T00:00:00",                None),
            ("2024-01-01T00:00Z",                  None),
            ("2024-01-01T00:00:60Z",               None),
            ("2024-01-01T24:00:00Z",               None),
            ("2024-01-01T00:60:00Z",               None),
            ("2024-13-01T00:00:00Z",               None),
            ("2024-00-01T00:00:00Z",               None),
            ("2023-02-29T00:00:00Z",               None),
            ("2024-01-00T00:00:00Z",               None),
            ("2024-1-01T00:00:00Z",                None),
            ("2024-01-01T00:0:00Z",                None),
            ("2024-01-01T00:00:00.Z",              None),
            ("2024-01-01T00:00:00+0200",           None),
            ("2024-01-01T00:00:00+02",             None),
            ("2024-01-01T00:00:00+25:00",          None),
            ("2024-01-01T00:00:00+02:61",          None),
            ("2024-01-01T00:00:00Z ",              None),
            ("2024-01-01T00:00:00ZZ",              None),
            ("20240101T000000Z",                   None),
            ("+024-01-01T00:00:00Z",               None),
            ("1704067200000000000",                None),
            (r"2024-01-01T00:00:00\u005a",         None),
            ("",                                   None),
        ] {
            assert_eq!(rfc3339(text.as_bytes()), want, "{text}");
        }
    }
}
