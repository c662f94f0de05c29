//! The assignment detector: a sensitive name, an operator, a value, in every shape that logs have.
