//! Protobuf's wire format: a cursor over one body and the few writers that splicing needs.
