//! The symbols of a 2.0 request: each text once, referred to by its place.

use std::collections::HashMap;

use super::labels::LabelPairs;
use super::wire::{put_varint, varint_len};

/// Texts in the order in which they came first, so that the same record gives the same table.
#[derive(Debug)]
pub(super) struct Symbols<'a> {
    places: HashMap<&'a [u8], u32, foldhash::fast::RandomState>,
    order: Vec<&'a [u8]>,
    /// The labels of the series before: the next one mostly shares them, place by place.
    before: Vec<Seen<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    field: &'a [u8],
    name: &'a [u8],
    refs: (u32, u32),
}

impl<'a> Symbols<'a> {
    /// A table with the empty text in place 0, where the specification wants it ("Symbols").
    pub(super) fn new() -> Self {
        let mut places = HashMap::default();
        places.insert(&[][..], 0);
        Self { places, order: vec![&[]], before: Vec::new() }
    }

    /// The place of a text.
    pub(super) fn of(&mut self, text: &'a [u8]) -> u32 {
        let next = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
        *self.places.entry(text).or_insert_with(|| {
            self.order.push(text);
            next
        })
    }

    /// Writes the references of these labels as packed numbers; returns nothing but what `refs` then holds.
    pub(super) fn series(&mut self, mut labels: LabelPairs<'a>, refs: &mut Vec<u8>) {
        let mut at = 0;
        while let Some((field, name, value)) = labels.next_field() {
            let seen = match self.before.get(at) {
                Some(seen) if seen.field == field => *seen,
                Some(seen) if seen.name == name => {
                    let refs = (seen.refs.0, self.of(value));
                    Seen { field, name, refs }
                }
                _ => Seen { field, name, refs: (self.of(name), self.of(value)) },
            };
            put_varint(refs, u64::from(seen.refs.0));
            put_varint(refs, u64::from(seen.refs.1));
            match self.before.get_mut(at) {
                Some(place) => *place = seen,
                None => self.before.push(seen),
            }
            at += 1;
        }
    }

    /// Bytes of the table as field 4 of a request.
    pub(super) fn encoded_len(&self) -> usize {
        self.order.iter().map(|text| 1 + varint_len(text.len() as u64) + text.len()).sum()
    }

    /// Writes the table as field 4 of a request.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        for text in &self.order {
            out.push(0x22);
            put_varint(out, text.len() as u64);
            out.extend_from_slice(text);
        }
    }
}
