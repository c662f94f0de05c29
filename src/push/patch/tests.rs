use super::{element::put_copy, *};
use crate::span::Span;
use proptest::prelude::*;

/// From, to, by what; sorted and disjoint.
type Rows = Vec<(usize, usize, Vec<u8>)>;

fn edits_of(rows: &[(usize, usize, Vec<u8>)]) -> Edits {
    let mut edits = Edits::default();
    for (start, end, new) in rows {
        edits.replace(Span::new(*start, *end), new);
    }
    edits
}

fn flat(body: &[u8], edits: &Edits) -> Vec<u8> {
    let mut push = Vec::new();
    edits.apply(body, &mut push);
    push
}

fn packed(body: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(body).unwrap()
}

fn opened(block: &[u8]) -> Vec<u8> {
    snap::raw::Decoder::new().decompress_vec(block).expect("a block that is whole")
}

/// A block as another compressor might write it: literals of every size, and copies from far away that repeat themselves.
fn odd_block(pieces: &[(bool, u16, u8)]) -> (Vec<u8>, Vec<u8>) {
    let (mut body, mut elements) = (b"seed".to_vec(), Vec::new());
    put_literal(&mut elements, b"seed");
    for (copies, far, len) in pieces {
        let len = usize::from(*len % 64) + 1;
        if *copies {
            let back = usize::from(*far) % body.len() + 1;
            match far % 3 {
                0 if back < REACH => put_copy(&mut elements, len, back),
                _ => {
                    elements.push((3 | (len - 1) << 2) as u8);
                    elements.extend_from_slice(&(back as u32).to_le_bytes());
                }
            }
            (0..len).for_each(|_| body.push(body[body.len() - back]));
        } else {
            let start = body.len();
            body.extend((0..len * usize::from(*far % 30 + 1)).map(|n| (n as u8).wrapping_mul(*far as u8 | 1)));
            put_literal(&mut elements, &body[start..]);
        }
    }
    let mut block = Vec::new();
    put_varint(&mut block, body.len() as u64);
    block.extend_from_slice(&elements);
    (block, body)
}

/// Text with much that comes again, near and far.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        8 => prop::sample::select(&["level=info ", "level=error ", "caller=push.go ", "msg=\"done\" ", "aaaa", "\n"][..])
            .prop_map(|word| word.as_bytes().to_vec()),
        2 => prop::collection::vec(any::<u8>(), 1..90),
    ];
    (prop::collection::vec(word, 300..900), 1_usize..12).prop_map(|(words, times)| words.concat().repeat(times))
}

/// About as many edits as a block is patched for, and some that stand close together.
fn rows() -> impl Strategy<Value = Vec<(u32, u8, Vec<u8>)>> {
    let new = prop_oneof![
        3 => Just(Vec::new()),
        6 => prop::collection::vec(any::<u8>(), 1..20),
        1 => prop::collection::vec(any::<u8>(), 200..300),
    ];
    prop::collection::vec((any::<u32>(), any::<u8>(), new), 1..30)
}

/// Places the edits in a body: sorted, disjoint, some at its ends, some side by side.
fn placed(given: &[(u32, u8, Vec<u8>)], len: usize) -> Rows {
    let mut places: Vec<_> = given
        .iter()
        .map(|(at, kind, new)| match kind % 8 {
            0 => (0, kind, new),
            1 => (len, kind, new),
            2 => (*at as usize % 200 % len, kind, new),
            _ => (*at as usize % len, kind, new),
        })
        .collect();
    places.sort_by_key(|(at, ..)| *at);
    let (mut rows, mut free) = (Rows::new(), 0);
    for (at, kind, new) in places {
        let start = if kind & 16 == 0 { at.max(free) } else { free };
        let end = (start + usize::from(kind / 32 * 3)).min(len);
        rows.push((start, end, new.clone()));
        free = end;
    }
    rows.truncate(len / BYTES_AN_EDIT);
    rows
}

fn holds(block: &[u8], body: &[u8], rows: &Rows) -> Result<bool, TestCaseError> {
    let edits = edits_of(rows);
    let push = flat(body, &edits);
    let patched = Patch::default().write(block, &edits, &push);
    if let Some(patched) = &patched {
        prop_assert!(opened(patched) == push, "the block is another push");
        prop_assert!(patched.len() <= block.len() + push.len() / MOST_GROWN + 5);
    }
    Ok(patched.is_some())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_patched_block_is_the_edited_push(body in texts(), given in rows()) {
        let rows = placed(&given, body.len());
        holds(&packed(&body), &body, &rows)?;
    }

    #[test]
    fn any_block_may_be_patched(
        pieces in prop::collection::vec((any::<bool>(), any::<u16>(), any::<u8>()), 1..600),
        given in rows(),
    ) {
        let (block, body) = odd_block(&pieces);
        prop_assert!(opened(&block) == body);
        let rows = placed(&given, body.len());
        holds(&block, &body, &rows)?;
    }

    #[test]
    fn a_block_that_is_none_harms_nobody(
        body in texts(),
        given in rows(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let edits = edits_of(&placed(&given, body.len()));
        let push = flat(&body, &edits);
        let mut block = packed(&body);
        let mut patch = Patch::default();
        let cut_off = &block[..cut.index(block.len())];
        prop_assert!(patch.write(cut_off, &edits, &push).is_none(), "a block that breaks off");
        for (at, byte) in damage {
            let at = at.index(block.len());
            block[at] = byte;
        }
        let _ = patch.write(&block, &edits, &push);
        let _ = patch.write(&push, &edits, &body);
    }
}

/// Lines of which every fourth has the same secret, so that the block copies it.
fn log(secret: &str) -> (Vec<u8>, Rows) {
    let (mut body, mut rows) = (Vec::new(), Rows::new());
    for number in 0..4000 {
        body.extend_from_slice(format!("{} GET /items/{number} status=200 ", number * 7919 % 10_007).as_bytes());
        if number % 40 == 7 {
            let start = body.len();
            body.extend_from_slice(secret.as_bytes());
            rows.push((start, body.len(), b"***".to_vec()));
        }
        body.push(b'\n');
    }
    (body, rows)
}

#[test]
fn no_piece_of_what_was_removed_is_left_in_the_block() {
    let secret: String = (0..36_u8).map(|n| char::from(b'A' + n * 7 % 26)).collect();
    let (body, rows) = log(&secret);
    let edits = edits_of(&rows);
    let block = packed(&body);
    let patched = Patch::default().write(&block, &edits, &flat(&body, &edits)).expect("few edits");
    let stands_in =
        |block: &[u8]| secret.as_bytes().windows(6).any(|piece| memchr::memmem::find(block, piece).is_some());
    assert!(stands_in(&block), "the secret stood there");
    assert!(!stands_in(&patched));
    assert_eq!(opened(&patched), flat(&body, &edits));
}

#[test]
fn most_of_a_block_stays_as_it_is() {
    let (body, rows) = log("a secret of some length");
    let edits = edits_of(&rows);
    let block = packed(&body);
    let patched = Patch::default().write(&block, &edits, &flat(&body, &edits)).expect("few edits");
    assert!(patched.len() < block.len() + block.len() / 20, "{} of {}", patched.len(), block.len());
}

#[test]
fn what_had_better_be_compressed_anew_is_left_alone() {
    let body = b"0123456789abcdef".repeat(500);
    let block = packed(&body);
    let one = edits_of(&[(10, 12, b"x".to_vec())]);
    let mut patch = Patch::default();
    assert!(patch.write(&block, &one, &flat(&body, &one)).is_some());
    let many = edits_of(&(0..11).map(|n| (n * 16, n * 16 + 1, b"x".to_vec())).collect::<Rows>());
    assert!(patch.write(&block, &many, &flat(&body, &many)).is_none(), "many edits");
    let all = edits_of(&[(0, body.len(), Vec::new())]);
    assert!(patch.write(&block, &all, b"").is_none(), "nothing is left");
    assert!(patch.write(&block, &one, &body).is_none(), "another push");
    assert!(patch.write(&packed(&body[1..]), &one, &flat(&body, &one)).is_none(), "another block");
    let root = edits_of(&[(0, 16, (0..16).map(|n| n * 13).collect())]);
    let (noise, mut copies) = ((0..200_u8).map(|n| n.wrapping_mul(67)).collect::<Vec<_>>(), Vec::new());
    put_varint(&mut copies, 200 + 60 * 200);
    put_literal(&mut copies, &noise);
    (0..200).for_each(|n| put_copy(&mut copies, 60, 200 + 60 * n));
    let body = opened(&copies);
    assert!(patch.write(&copies, &root, &flat(&body, &root)).is_none(), "everything was a copy of what is replaced");
}
