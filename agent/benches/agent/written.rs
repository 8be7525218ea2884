//! What is in a request of remote write: how many samples, and which scrapes they are of.

use exposition::remote_write::message::WriteRequest;
use prost::Message;

/// No request of a bench is larger.
const MAX: usize = 64 << 20;

/// A body unpacked, and which field of it has the series; nothing where it is no remote write.
pub(crate) fn unpack(head: &str, body: &[u8]) -> Option<(Vec<u8>, u64)> {
    let message = if head.contains("content-encoding: zstd") {
        zstd::bulk::decompress(body, MAX).ok()?
    } else if head.contains("content-encoding: snappy") {
        snap::raw::Decoder::new().decompress_vec(body).ok()?
    } else {
        return None;
    };
    Some((message, if of_2_0(head) { 5 } else { 1 }))
}

/// Whether a head, in small letters, says that its body is of 2.0.
pub(crate) fn of_2_0(head: &str) -> bool {
    head.contains("io.prometheus.write.v2.request")
}

/// Samples of a message whose series are in this field: field 2 of each in 1.0 and in 2.0.
///
/// Only stepped over: what a receiver costs is not asked for, and it shares the machine.
pub(crate) fn samples(message: &[u8], series: u64) -> u64 {
    let of = |series| Fields(series).filter(|(field, _)| *field == 2).count() as u64;
    Fields(message).filter(|(field, _)| *field == series).map(|(_, bytes)| of(bytes)).sum()
}

/// The readings that the samples of a target's first series are of: their values.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are small counts")]
pub(crate) fn readings(message: &[u8]) -> Vec<u64> {
    let Ok(request) = WriteRequest::decode(message) else { return Vec::new() };
    let first = |value: &str| value == "/api/v1/things/0";
    let series = request.timeseries.into_iter();
    let series = series.filter(|series| series.labels.iter().any(|label| first(&label.value)));
    series.flat_map(|series| series.samples).map(|sample| sample.value as u64).collect()
}

/// Fields with a length, one after the other; ends at the first fault.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let tag = self.varint()?;
            let length = match tag & 7 {
                0 => {
                    self.varint()?;
                    continue;
                }
                1 => 8,
                2 => usize::try_from(self.varint()?).ok()?,
                5 => 4,
                _ => return None,
            };
            let (piece, rest) = self.0.split_at_checked(length)?;
            self.0 = rest;
            if tag & 7 == 2 {
                return Some((tag >> 3, piece));
            }
        }
    }
}
