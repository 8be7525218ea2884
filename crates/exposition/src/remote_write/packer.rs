//! Records as bytes for a spool, made in buffers that are used again.

use std::fmt;

use super::record::{PLAIN, Record, SNAPPY, VERSION};

/// Bytes that are kept from record to record: one large one does not keep its memory for ever.
const KEPT: usize = 4 << 20;

/// Packs records.
pub struct Packer {
    snappy: snap::raw::Encoder,
    out: Vec<u8>,
}

impl Default for Packer {
    fn default() -> Self {
        Self { snappy: snap::raw::Encoder::new(), out: Vec::new() }
    }
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packer").finish_non_exhaustive()
    }
}

impl Packer {
    /// What [`Record::unpack`] reads.
    pub fn pack(&mut self, record: &Record) -> &[u8] {
        let raw = record.raw();
        let most = 2 + snap::raw::max_compress_len(raw.len());
        if self.out.len() > KEPT && most <= KEPT {
            self.out = Vec::new();
        }
        if self.out.len() < most {
            self.out.resize(most, 0);
        }
        self.out[..2].copy_from_slice(&[VERSION, SNAPPY]);
        let Ok(len) = self.snappy.compress(&raw, &mut self.out[2..]) else {
            // It only fails where the output is too short, which it is not; nothing is lost even then.
            self.out.clear();
            self.out.extend_from_slice(&[VERSION, PLAIN]);
            self.out.extend_from_slice(&raw);
            return &self.out;
        };
        &self.out[..2 + len]
    }
}
