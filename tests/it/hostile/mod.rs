//! Pushes that are made to hurt.

mod memory;
mod mutants;
mod rules;
