//! Checks beyond the shape of a token.
