//! The tags of Loki's push schema (`proto/push.proto`), each a field number and its wire type. All of them are one byte.

use super::wire::{LEN, VARINT, tag};

// message PushRequest
pub(super) const STREAM: u32 = tag(1, LEN);
pub(super) const FORMAT: u32 = tag(2, LEN);

// message Stream
pub(super) const LABELS: u32 = tag(1, LEN);
pub(super) const ENTRY: u32 = tag(2, LEN);
pub(super) const HASH: u32 = tag(3, VARINT);

// message Entry
pub(super) const TIMESTAMP: u32 = tag(1, LEN);
pub(super) const LINE: u32 = tag(2, LEN);
pub(super) const PAIR: u32 = tag(3, LEN);
pub(super) const PARSED: u32 = tag(4, LEN);

// message Timestamp
pub(super) const SECONDS: u32 = tag(1, VARINT);
pub(super) const NANOS: u32 = tag(2, VARINT);

// message LabelPair
pub(super) const NAME: u32 = tag(1, LEN);
pub(super) const VALUE: u32 = tag(2, LEN);
