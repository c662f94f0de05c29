//! The first look of the filter at eight places at once, for processors with AVX2.
//!
//! The only road to a gather and to loads without bounds checks. It gives what the portable loop gives, which a test
//! compares; what is left of the text at its end is that loop's.

#![expect(
    unsafe_code,
    reason = "intrinsics that take pointers, each to memory that the line above has a slice or an array of"
)]

use super::filter::{FOLD_PAIR, MIX, PAIR_BITS};
use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_add_epi32, _mm256_and_si256, _mm256_andnot_si256, _mm256_castsi256_ps,
    _mm256_cvtepu16_epi32, _mm256_i32gather_epi32, _mm256_movemask_ps, _mm256_mullo_epi32, _mm256_or_si256,
    _mm256_permutevar8x32_epi32, _mm256_set1_epi32, _mm256_setr_epi32, _mm256_slli_epi32, _mm256_sllv_epi32,
    _mm256_srli_epi32, _mm256_storeu_si256,
};

/// Eight places two bytes apart, and the two bytes behind the last.
const READ: usize = 18;

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
            let order = std::arch::x86_64::_mm256_loadu_si256(LANES[seen].as_ptr().cast());
            _mm256_storeu_si256(room.as_mut_ptr().cast(), _mm256_permutevar8x32_epi32(places, order));
        }
        found += seen.count_ones() as usize;
        at += 16;
    }
    (found, at)
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
