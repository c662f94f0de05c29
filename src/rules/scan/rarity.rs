//! How often bytes stand beside each other in logs: which piece of a literal is worth looking for.
//!
//! A table of pairs, each as a power of two: where it is wrong the scan looks twice more often, and finds the same.

use super::filter::KINDS;

/// Different bytes as far as the table knows them: letters without case, digits, the marks of logs, and all others.
const SYMBOLS: usize = 36;

const DIGIT: usize = 26;
const MARKS: &[u8] = b" _-./:=\"";
const OTHER: usize = 35;

/// How many bytes a symbol stands for; of all others about so many are to be met.
const MANY: [f32; SYMBOLS] = {
    let mut many = [1.0; SYMBOLS];
    many[DIGIT] = 10.0;
    many[OTHER] = 25.0;
    many
};

/// Of each pair of symbols (row, then column) minus the binary logarithm of how often it stands at a place of a text, in
/// base 36. Counted over system logs and technical English, seven to three; `i` is also what was never seen.
#[rustfmt::skip]
const PAIRS: [&[u8; SYMBOLS]; SYMBOLS] = [
    b"b999bd9f9hd998i9h898aceccg9be9aciiid",
    b"acdbbdggbee9gg9hic9fbdiibh9cfcediiic",
    b"9ebb8eh9ci99eb7aice9acgddh89dccbdiib",
    b"9aca8agg9hhcdgaeibbfbebiei98bcbbbbh9",
    b"9b88bccfahfa98cba788bbb9dh97bb99abf9",
    b"9beeccif9iiegg8hiaaacifidia9ecechiic",
    b"dffh9hfbbiieebcdibdfeiiifhf9efadeiib",
    b"9iia8eiiaiigdeabicgaeiiifidadfedhiib",
    b"b989abaighf8978bga88gaibicgdcgbeiiic",
    b"dihhdiifgibiiidhiieiagiiiiihiihiiiih",
    b"ceii9hegdiifcdfhifdgfiiihic9aededgib",
    b"9gea8ddi8iaagg8fgeccaehibig9cccbciic",
    b"8aae8fiiaihebea9igafbiifcieaafbdceic",
    b"9h98899g9hddda8did98cbhbbgc7ddbbcigb",
    b"bd9ad9afefba8799i79999bffhi8dgediiid",
    b"9icbahedafeafga9i9caahiiaiecdeabfii9",
    b"ieiiiiiifiihiiiiiiihaggiiiiggbgiiiih",
    b"9dba7dac9i9daa8ciaa9aaehahd8cdbb9bh9",
    b"ahad7dc99iabecaaga87afcibbc8cea9aeea",
    b"8fce7eg87ifcee8ai9b9bgbfage8ada9acha",
    b"dbbabfeiaifaa9bbia98hhieigichhfhhiid",
    b"9idi9ihiaiigdhfiihdiiiciiibcfhcgiiif",
    b"9igfbiicaiifid9iiebiigdiiiicgiefdiie",
    b"cicibiiidiiibdidiegciiifgideehediiib",
    b"eificifidiigedccibbbeigiiig9dfdcdcib",
    b"eiiiciiifiihhieiiiiihiihigibiihiiiig",
    b"998989hiiigifiiiiiigiiieii3697796ic7",
    b"888898aa7bc89989d8789b9gcg67g8cadab7",
    b"dcbddceebdgdccdcgdcbbefgii9hgbieiiie",
    b"bbbdddgheiheeffeifbfgghiih79ibigiiia",
    b"ad9bcbf9bdhabdbbecbcdbcgfg7aiiciiiia",
    b"baaabccbaefbbccbecaacbcehh9gcigdihid",
    b"chgggffiiiigceifbighihiiie67ieiediic",
    b"ihfiiihffiiiidhiicdiiiiiiia9iiiiibhd",
    b"figgiiciiiihiiifihghiiiiiiibiihiiiid",
    b"cdbacbdebbfbaadaeaabdeehgi76edcc9de7",
];

/// How often bytes stand in logs, as a part of all places or of all bytes.
pub(super) struct Rarity {
    /// Of each symbol how often each kind of byte stands before it.
    before: [[f32; KINDS as usize]; SYMBOLS],
    /// The same behind it.
    behind: [[f32; KINDS as usize]; SYMBOLS],
}

impl Rarity {
    pub(super) fn new() -> Self {
        let mut rarity = Self { before: [[0.0; KINDS as usize]; SYMBOLS], behind: [[0.0; KINDS as usize]; SYMBOLS] };
        for own in 0..SYMBOLS {
            let ends: f32 = (0..SYMBOLS).map(|other| pairs(other, own)).sum();
            let begins: f32 = (0..SYMBOLS).map(|other| pairs(own, other)).sum();
            for byte in (b' '..=b'~').filter(|byte| !byte.is_ascii_uppercase()) {
                let (other, kind) = (symbol(byte), usize::from(byte) % KINDS as usize);
                rarity.before[own][kind] += pairs(other, own) / ends / MANY[other];
                rarity.behind[own][kind] += pairs(own, other) / begins / MANY[other];
            }
        }
        rarity
    }

    /// How often a byte of these kinds stands before one.
    pub(super) fn before(&self, byte: u8, kinds: u32) -> f32 {
        part(&self.before[symbol(byte)], kinds)
    }

    /// How often a byte of these kinds stands behind one.
    pub(super) fn behind(&self, byte: u8, kinds: u32) -> f32 {
        part(&self.behind[symbol(byte)], kinds)
    }
}

/// How often two bytes stand at a place of a text.
pub(super) fn often(first: u8, second: u8) -> f32 {
    let (first, second) = (symbol(first), symbol(second));
    pairs(first, second) / MANY[first] / MANY[second]
}

fn part(kinds: &[f32; KINDS as usize], set: u32) -> f32 {
    kinds.iter().enumerate().filter(|(kind, _)| set >> kind & 1 == 1).map(|(_, often)| often).sum()
}

fn pairs(first: usize, second: usize) -> f32 {
    let written = PAIRS[first][second];
    let power = if written.is_ascii_digit() { written - b'0' } else { written - b'a' + 10 };
    (-f32::from(power)).exp2()
}

fn symbol(byte: u8) -> usize {
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => usize::from(letter - b'a'),
        b'0'..=b'9' => DIGIT,
        other => MARKS.iter().position(|mark| *mark == other).map_or(OTHER, |mark| DIGIT + 1 + mark),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_is_what_logs_seldom_have() {
        #[rustfmt::skip]
        let facts: &[(&str, [u8; 2], [u8; 2])] = &[
            ("letters that seldom meet",    *b"qz", *b"in"),
            ("a mark between rare letters", *b"k_", *b"on"),
            ("one number among all",        *b"-7", *b"r "),
        ];
        for (fact, [first, second], [third, fourth]) in facts {
            assert!(often(*first, *second) < often(*third, *fourth), "{fact}");
        }
        assert!(often(b'A', b'B').total_cmp(&often(b'a', b'b')).is_eq(), "case says nothing");
    }

    #[test]
    fn all_kinds_together_are_nearly_all_bytes() {
        let rarity = Rarity::new();
        for byte in b'a'..=b'z' {
            for part in [rarity.before(byte, u32::MAX), rarity.behind(byte, u32::MAX)] {
                assert!((0.8..1.1).contains(&part), "{part} beside `{}`", char::from(byte));
            }
        }
        assert!(rarity.behind(b'q', 1 << (b'u' % 32)) > 0.2, "a letter has its company");
    }
}
