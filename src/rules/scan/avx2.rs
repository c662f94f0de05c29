//! The first look of the filter at eight places at once, and that for base64 at 32, for processors with AVX2.
//!
//! The only road to a gather, to a table in a register, and to loads without bounds checks. It gives what the portable loops
//! give, which tests compare; what is left of the text at its end is theirs.

#![expect(
    unsafe_code,
    reason = "intrinsics that take pointers, each to memory that the line above has a slice or an array of"
)]

use super::{
    coded,
    filter::{FOLD_PAIR, MIX, PAIR_BITS},
};
use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_add_epi32, _mm256_and_si256, _mm256_andnot_si256, _mm256_broadcastsi128_si256,
    _mm256_castsi256_ps, _mm256_cmpeq_epi8, _mm256_cvtepu16_epi32, _mm256_i32gather_epi32, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_movemask_ps, _mm256_mullo_epi32, _mm256_or_si256, _mm256_permutevar8x32_epi32,
    _mm256_set1_epi8, _mm256_set1_epi32, _mm256_setr_epi32, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_slli_epi32, _mm256_sllv_epi32, _mm256_srli_epi16, _mm256_srli_epi32, _mm256_storeu_si256,
};

/// Eight places two bytes apart, and the two bytes behind the last.
const READ: usize = 18;

/// Bytes that are looked at together for base64.
const BLOCK: usize = 32;

/// Of the lower four bits of a byte the upper ones, a bit for each, with which it can stand in a place of a group; bytes
/// beyond ASCII cannot.
static ROWS: [[u8; 16]; 3] = [rows(0), rows(1), rows(2)];

/// The bit of the upper four bits of a byte.
static ROW: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// Of each set of lanes (bit by bit) the numbers of its lanes, in order.
static LANES: [[i32; 8]; 256] = lanes();

/// Looks at the places of `text` from the first on, eight at a time, and writes those that the table lets through.
/// Gives how many these are, and the first place that was not looked at; `None` where the processor has no AVX2.
pub(super) fn near<const ROOM: usize>(
    beside: &[u32; 1 << PAIR_BITS],
    text: &[u8],
    near: &mut [u32; ROOM],
) -> Option<(usize, usize)> {
    // SAFETY: the processor has what the function is compiled for. The answer is kept by std.
    is_x86_feature_detected!("avx2").then(|| unsafe { eights(beside, text, near) })
}

#[target_feature(enable = "avx2,popcnt")]
fn eights<const ROOM: usize>(beside: &[u32; 1 << PAIR_BITS], text: &[u8], near: &mut [u32; ROOM]) -> (usize, usize) {
    let lanes = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
    let (mut at, mut found) = (0, 0);
    while let (Some(bytes), Some(room)) = (text[at..].first_chunk::<READ>(), near[found..].first_chunk_mut::<8>()) {
        let pointer = bytes.as_ptr();
        // SAFETY: 16 bytes at 0 and at 2 lie in the 18 of `bytes`; neither load asks for alignment.
        let [first, second] = unsafe { [_mm_loadu_si128(pointer.cast()), _mm_loadu_si128(pointer.add(2).cast())] };
        let four = _mm256_or_si256(_mm256_cvtepu16_epi32(first), _mm256_slli_epi32(_mm256_cvtepu16_epi32(second), 16));
        let pair = _mm256_and_si256(_mm256_srli_epi32(four, 8), _mm256_set1_epi32(0xFFFF));
        let pair = _mm256_or_si256(pair, _mm256_set1_epi32(FOLD_PAIR as i32));
        let number =
            _mm256_srli_epi32(_mm256_mullo_epi32(pair, _mm256_set1_epi32(MIX as i32)), (u32::BITS - PAIR_BITS) as i32);
        // SAFETY: what is left of 32 bits behind that shift is less than `1 << PAIR_BITS`, and `beside` has so many words.
        let words = unsafe { _mm256_i32gather_epi32::<4>(beside.as_ptr().cast(), number) };
        // The bit of a byte comes to the sign's place: a shift by 31 less its lower five bits.
        let bit = |byte: __m256i| _mm256_sllv_epi32(words, _mm256_andnot_si256(byte, _mm256_set1_epi32(31)));
        let seen = _mm256_or_si256(bit(four), bit(_mm256_srli_epi32(four, 24)));
        let seen = _mm256_movemask_ps(_mm256_castsi256_ps(seen)) as usize;
        let places = _mm256_add_epi32(_mm256_set1_epi32(at as i32), lanes);
        // SAFETY: both are 32 bytes: eight words of `LANES`, eight of `room`; neither asks for alignment.
        unsafe {
            let order = _mm256_loadu_si256(LANES[seen].as_ptr().cast());
            _mm256_storeu_si256(room.as_mut_ptr().cast(), _mm256_permutevar8x32_epi32(places, order));
        }
        found += seen.count_ones() as usize;
        at += 16;
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
    let (row, rows) = (table(&ROW), [table(&ROWS[0]), table(&ROWS[1]), table(&ROWS[2])]);
    // Of this block and the one before: which bytes can stand in each place of a group.
    let mut places = [0_u64; 3];
    let mut at = 0;
    while let Some(bytes) = text[at..].first_chunk::<BLOCK>() {
        // SAFETY: 32 bytes of an array of 32; the load asks for no alignment.
        let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        let upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
        let row = _mm256_shuffle_epi8(row, upper);
        for (place, rows) in places.iter_mut().zip(rows) {
            let other = _mm256_and_si256(_mm256_shuffle_epi8(rows, bytes), row);
            let other = _mm256_movemask_epi8(_mm256_cmpeq_epi8(other, _mm256_setzero_si256()));
            *place = *place >> BLOCK | u64::from(!(other as u32)) << BLOCK;
        }
        let groups = places[0] & places[1] >> 1 & places[2] >> 2;
        let two = groups & groups >> coded::GROUP;
        // Those of the block before, of which all that follows was seen now.
        let mut windows = (two & two >> (2 * coded::GROUP)) as u32;
        while windows != 0 {
            add(at + windows.trailing_zeros() as usize - BLOCK);
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
