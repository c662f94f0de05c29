//! The first look of the filter at sixteen places at once, and that for base64 at 32, for processors with AVX2.
//!
//! The only road to shifts by many distances, to a table in a register, and to loads without bounds checks. It gives what the portable loops
//! give, which tests compare; what is left of the text at its end is theirs.

#![expect(
    unsafe_code,
    reason = "intrinsics that take pointers, each to memory that the line above has a slice or an array of"
)]

use super::{
    coded,
    filter::{Beside, KINDS, PAIRS},
};
use std::{
    arch::x86_64::{
        _mm_load_sd, _mm_loadh_pd, _mm_loadu_si128, _mm256_add_epi32, _mm256_and_si256, _mm256_andnot_si256,
        _mm256_broadcastsi128_si256, _mm256_castpd_ps, _mm256_castps_si256, _mm256_castsi256_ps, _mm256_cmpeq_epi8,
        _mm256_cvtepu16_epi32, _mm256_loadu_si256, _mm256_maddubs_epi16, _mm256_movemask_epi8, _mm256_movemask_ps,
        _mm256_or_si256, _mm256_permutevar8x32_epi32, _mm256_set_m128d, _mm256_set1_epi8, _mm256_set1_epi16,
        _mm256_set1_epi32, _mm256_setr_epi32, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_shuffle_ps,
        _mm256_sllv_epi32, _mm256_srli_epi16, _mm256_srli_epi32, _mm256_storeu_si256,
    },
    ptr::from_ref,
};

/// Sixteen places two bytes apart, and the two bytes behind the last.
const READ: usize = 34;

/// Bytes that are looked at together for base64.
const BLOCK: usize = 32;

/// Of the lower four bits of a byte the upper ones, a bit for each, with which it can be the first or the second of a
/// group; bytes beyond ASCII cannot.
static ROWS: [[u8; 16]; 2] = [rows(0), rows(1)];

/// The bit of the upper four bits of a byte.
static ROW: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// Of each set of lanes (bit by bit) the numbers of its lanes, in order.
static LANES: [[i32; 8]; 256] = lanes();

/// Looks at the places of `text` from the first on, sixteen at a time, and writes those that the table lets through.
/// Gives how many these are, and the first place that was not looked at; `None` where the processor has no AVX2.
pub(super) fn near<const ROOM: usize>(
    beside: &[Beside; PAIRS],
    text: &[u8],
    near: &mut [u32; ROOM],
) -> Option<(usize, usize)> {
    // SAFETY: the processor has what the function is compiled for. The answer is kept by std.
    is_x86_feature_detected!("avx2").then(|| unsafe { sixteens(beside, text, near) })
}

#[target_feature(enable = "avx2,popcnt")]
fn sixteens<const ROOM: usize>(beside: &[Beside; PAIRS], text: &[u8], near: &mut [u32; ROOM]) -> (usize, usize) {
    let lanes = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
    let kinds = _mm256_set1_epi32(KINDS as i32 - 1);
    let mut numbers = [0_u16; 16];
    let (mut at, mut found) = (0, 0);
    while let (Some(bytes), true) = (text[at..].first_chunk::<READ>(), found + 16 <= ROOM) {
        // SAFETY: 32 bytes of an array of 32, of another at the end; no load or store asks for alignment.
        unsafe {
            let pairs = _mm256_loadu_si256(bytes[1..=32].as_ptr().cast());
            // Six bits of each byte of a pair, then twelve of the pair.
            let six = _mm256_or_si256(
                _mm256_and_si256(pairs, _mm256_set1_epi8(0x1F)),
                _mm256_and_si256(_mm256_srli_epi16(pairs, 1), _mm256_set1_epi8(0x20)),
            );
            let twelve = _mm256_maddubs_epi16(six, _mm256_set1_epi16(0x4001));
            _mm256_storeu_si256(numbers.as_mut_ptr().cast(), twelve);
        }
        for half in [0, 8] {
            // Loads one by one are faster than a gather.
            let [first, second, third, last] = [0, 2, 4, 6].map(|lane| {
                let [one, other] = [0, 1].map(|next| &beside[usize::from(numbers[half + lane + next]) % PAIRS]);
                // SAFETY: each is of 64 bits.
                unsafe { _mm_loadh_pd(_mm_load_sd(from_ref(one).cast()), from_ref(other).cast()) }
            });
            let lower = _mm256_castpd_ps(_mm256_set_m128d(third, first));
            let upper = _mm256_castpd_ps(_mm256_set_m128d(last, second));
            // The first words of all, then the second.
            let before = _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(lower, upper));
            let behind = _mm256_castps_si256(_mm256_shuffle_ps::<0b11_01_11_01>(lower, upper));
            // SAFETY: 16 bytes at 0 and at 2 lie in those of the eight places; neither load asks for alignment.
            let [first, last] = unsafe {
                let bytes = &bytes[2 * half..2 * half + 18];
                [0, 2].map(|at| _mm256_cvtepu16_epi32(_mm_loadu_si128(bytes.as_ptr().add(at).cast())))
            };
            // The bit of a byte comes to the sign's place: a shift by 31 less its lower five bits.
            let before = _mm256_sllv_epi32(before, _mm256_andnot_si256(first, kinds));
            let behind = _mm256_sllv_epi32(behind, _mm256_andnot_si256(_mm256_srli_epi32(last, 8), kinds));
            let seen = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_and_si256(before, behind))) as usize;
            let places = _mm256_add_epi32(_mm256_set1_epi32((at + 2 * half) as i32), lanes);
            if let Some(room) = near[found..].first_chunk_mut::<8>() {
                // SAFETY: both are 32 bytes: eight words of `LANES`, eight of `room`; neither asks for alignment.
                unsafe {
                    let order = _mm256_loadu_si256(LANES[seen].as_ptr().cast());
                    _mm256_storeu_si256(room.as_mut_ptr().cast(), _mm256_permutevar8x32_epi32(places, order));
                }
            }
            found += seen.count_ones() as usize;
        }
        at += 32;
    }
    (found, at)
}

/// Tells the places at which a window of base64 may begin, by the first three of each group, in order. Gives the first
/// place that was not looked at; `None` where the processor has no AVX2.
pub(super) fn windows(text: &[u8], add: &mut impl FnMut(usize)) -> Option<usize> {
    // SAFETY: the processor has what the function is compiled for. The answer is kept by std.
    is_x86_feature_detected!("avx2").then(|| unsafe { blocks(text, add) })
}

#[target_feature(enable = "avx2,bmi1")]
fn blocks(text: &[u8], add: &mut impl FnMut(usize)) -> usize {
    // SAFETY: 16 bytes of an array of 16; the load asks for no alignment.
    let table = |bytes: &[u8; 16]| _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) });
    let (row, rows) = (table(&ROW), [table(&ROWS[0]), table(&ROWS[1])]);
    // Of this block and the one before: where groups may begin, by the first two of each.
    let mut groups = 0_u64;
    let mut at = 0;
    while let Some(bytes) = text[at..].first_chunk::<{ BLOCK + 1 }>() {
        let [first, second] = [0, 1].map(|place| {
            // SAFETY: 32 bytes at 0 and at 1 lie in the 33 of `bytes`; neither load asks for alignment.
            let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().add(place).cast()) };
            let upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
            let fits = _mm256_and_si256(_mm256_shuffle_epi8(rows[place], bytes), _mm256_shuffle_epi8(row, upper));
            _mm256_cmpeq_epi8(fits, _mm256_setzero_si256())
        });
        let none = _mm256_movemask_epi8(_mm256_or_si256(first, second)) as u32;
        groups = groups >> BLOCK | u64::from(!none) << BLOCK;
        let two = groups & groups >> coded::GROUP;
        // Those of the block before, of which all that follows was seen now.
        let mut windows = (two & two >> (2 * coded::GROUP)) as u32;
        while windows != 0 {
            let window = at + windows.trailing_zeros() as usize - BLOCK;
            if (window + 2..window + coded::WINDOW).step_by(coded::GROUP).all(|third| coded::fits(text[third], 2)) {
                add(window);
            }
            windows &= windows - 1;
        }
        at += BLOCK;
    }
    at.saturating_sub(BLOCK)
}

const fn rows(place: usize) -> [u8; 16] {
    let mut rows = [0; 16];
    let mut byte = 0;
    while byte < 128_u8 {
        if coded::fits(byte, place) {
            rows[(byte & 15) as usize] |= 1 << (byte >> 4);
        }
        byte += 1;
    }
    rows
}

const fn lanes() -> [[i32; 8]; 256] {
    let mut all = [[0; 8]; 256];
    let mut set = 0;
    while set < all.len() {
        let (mut lane, mut next) = (0, 0);
        while lane < 8 {
            if set >> lane & 1 == 1 {
                all[set][next] = lane;
                next += 1;
            }
            lane += 1;
        }
        set += 1;
    }
    all
}
