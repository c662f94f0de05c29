//! Ten thousand containers.
