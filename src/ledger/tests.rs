//! Tables with a given clock, random operations against a naive model, threads, floods.
