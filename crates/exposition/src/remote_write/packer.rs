//! Records as bytes for a spool, made in buffers that are used again.

use std::fmt;

use super::record::{HEAD, PLAIN, Record, SNAPPY, VERSION};

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
        self.pack_plain(&record.plain())
    }

    /// The same of what [`Record::plain`] gave; what is no such thing stays as it is.
    pub fn pack_plain(&mut self, plain: &[u8]) -> &[u8] {
        let raw = plain.get(HEAD..).unwrap_or_default();
        let most = HEAD + snap::raw::max_compress_len(raw.len());
        if self.out.len() > KEPT && most <= KEPT {
            self.out = Vec::new();
        }
        if self.out.len() < most {
            self.out.resize(most, 0);
        }
        self.out[..HEAD].copy_from_slice(&[VERSION, SNAPPY]);
        let packed =
            plain.starts_with(&[VERSION, PLAIN]).then(|| self.snappy.compress(raw, &mut self.out[HEAD..]));
        let Some(Ok(len)) = packed else {
            // It only fails where the output is too short, which it is not; nothing is lost even then.
            self.out.clear();
            self.out.extend_from_slice(plain);
            return &self.out;
        };
        &self.out[..HEAD + len]
    }
}
