//! Token templates: a literal prefix and runs of byte classes, matched without a regex engine.
