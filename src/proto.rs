//! Loki's messages as `prost` reads them: the slow road for senders and stores of our own, and the independent decoder
//! that tests hold [`crate::push`] against. The gateway's hot road never goes through it.
#![allow(missing_docs, clippy::pedantic)]

include!(concat!(env!("OUT_DIR"), "/logproto.rs"));
