//! How rare three letters are in logs: which piece of a literal is worth looking for.
//!
//! A table of pairs, each as a power of two: where it is wrong the scan looks twice more often, and finds the same.

/// Different bytes as far as the table knows them: letters without case, digits, the marks of logs, and all others.
const SYMBOLS: usize = 36;

const DIGIT: usize = 26;
const MARKS: &[u8] = b" _-./:=\"";
const OTHER: usize = 35;

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

/// What one digit of many adds, in bits.
const OF_DIGITS: f32 = 3.3;

/// Rarities of three bytes.
pub(super) struct Rarity {
    /// Minus the binary logarithm of how often each symbol stands at a place of a text.
    singles: [f32; SYMBOLS],
}

impl Rarity {
    pub(super) fn new() -> Self {
        let often = |pair: &u8| (-power(*pair)).exp2();
        Self { singles: PAIRS.map(|row| -row.iter().map(often).sum::<f32>().log2()) }
    }

    /// Minus the binary logarithm of how often these bytes stand at a place of a text, about.
    pub(super) fn of(&self, [first, second, third]: [u8; 3]) -> f32 {
        let [a, b, c] = [first, second, third].map(symbol);
        let digits = [a, b, c].iter().filter(|symbol| **symbol == DIGIT).count();
        pair(a, b) + pair(b, c) - self.singles[b] + digits as f32 * OF_DIGITS
    }
}

fn pair(first: usize, second: usize) -> f32 {
    power(PAIRS[first][second])
}

fn power(written: u8) -> f32 {
    f32::from(if written.is_ascii_digit() { written - b'0' } else { written - b'a' + 10 })
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
        let rarity = Rarity::new();
        #[rustfmt::skip]
        let facts: &[(&str, [u8; 3], [u8; 3])] = &[
            ("letters that seldom meet",    *b"qzx", *b"ing"),
            ("a mark between rare letters", *b"k_v", *b"ion"),
            ("one number among all",        *b"-73", *b"er "),
        ];
        for (fact, rare, common) in facts {
            assert!(rarity.of(*rare) > rarity.of(*common), "{fact}");
        }
        assert!(rarity.of(*b"ABC").total_cmp(&rarity.of(*b"abc")).is_eq(), "case says nothing");
    }
}
