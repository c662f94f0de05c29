//! One push as positions in its own bytes: read once into an [`Index`], changed by [`Edits`], written once as [`Outgoing`];
//! cut into [`Part`]s where it is for several tenants, or more than Loki takes at once.

mod added;
mod edits;
mod entries;
mod fates;
mod fault;
mod index;
mod labels;
#[cfg(test)]
mod model;
mod naming;
mod outgoing;
mod partition;
mod patch;
mod rebuild;
mod regroup;
#[cfg(test)]
mod samples;
mod schema;
mod splice;
mod split;
mod wire;
mod write;

pub use added::Added;
pub use edits::{Edits, Slot, Texts};
pub use fates::{Fates, Groups, Push, StreamFate};
pub use index::{Entry, Index, Pair, Stream};
pub use labels::Labels;
pub(crate) use labels::{MAX_TEXT, is_plain_name, quote, unquote};
pub use naming::{SpareNames, as_loki_names, can_be_name, is_stored_as};
pub use outgoing::{Outgoing, Written};
pub use partition::partition;
pub use patch::Patch;
pub use rebuild::put_timestamp;
pub use split::{Cut, Part, fits};
pub use wire::{put_varint, varint_len};
pub use write::{Field, wrap};
