//! Files as the operator wrote them: `sigyn.yaml` (where) and policies (what). Read with positions, lowered by our own code.

mod settings;

pub use settings::{Limits, Log, LogFormat, Settings};
