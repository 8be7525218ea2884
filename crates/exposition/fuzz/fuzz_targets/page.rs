//! Any bytes as a page: nothing panics, and whatever is read can be written and read again.
#![no_main]

#[path = "../../tests/exposition/invariants.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|data: &[u8]| invariants::hold(data));
