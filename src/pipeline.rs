//! The stages in order: the treatment of one push as a plain function.
