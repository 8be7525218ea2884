//! Messages written.

use prost::Message;
use prost::encoding::{encode_varint, encoded_len_varint};

use super::model::{Metric, MetricFamily};

/// Writes a family behind its length. `bodies` are more of its metrics, as [`body`] wrote them.
pub fn encode(family: &MetricFamily, bodies: &[&[u8]], out: &mut Vec<u8>) {
    let more: usize = bodies.iter().map(|body| body.len()).sum();
    let length = (family.encoded_len() + more) as u64;
    out.reserve(encoded_len_varint(length) + family.encoded_len() + more);
    encode_varint(length, out);
    // A `Vec` has room; and the fields of a message may stand in any order.
    out.extend_from_slice(&family.encode_to_vec());
    for body in bodies {
        out.extend_from_slice(body);
    }
}

/// Metrics without their family: the bytes can be put after those of any family.
pub fn body(metrics: Vec<Metric>) -> Vec<u8> {
    MetricFamily { metric: metrics, ..MetricFamily::default() }.encode_to_vec()
}
