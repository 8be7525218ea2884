//! Messages written.

use prost::Message;
use prost::encoding::{encode_varint, encoded_len_varint};

use super::model::MetricFamily;

/// Writes a family behind its length.
pub fn encode(family: &MetricFamily, out: &mut Vec<u8>) {
    let length = family.encoded_len();
    out.reserve(encoded_len_varint(length as u64) + length);
    encode_varint(length as u64, out);
    family.encode_raw(out);
}

/// The metrics of a family and its unit, for what knows its name already. [`super::metrics`] reads it.
pub fn body(family: MetricFamily) -> Vec<u8> {
    MetricFamily { name: None, help: None, r#type: None, ..family }.encode_to_vec()
}
