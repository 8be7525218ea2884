//! A snappy block that is made while its message is: of that no more than a piece is in memory, and near the core.
//!
//! A compressor of snappy looks back no further than 64 KiB, and begins anew after as many. So pieces of that length,
//! each compressed by itself, are byte for byte the block of the whole: its length, then elements.

use bytes::Bytes;

use super::wire::{put_varint, varint_len};

/// Bytes of a message that are compressed at once: a block of the format's reference compressor.
const PIECE: usize = 64 << 10;

/// Bytes that are kept from message to message: one large one does not keep its memory for ever.
const KEPT: usize = 1 << 20;

pub(super) struct Snappy {
    encoder: snap::raw::Encoder,
    /// For one piece, which wants more room than it takes.
    room: Vec<u8>,
    /// The elements so far.
    elements: Vec<u8>,
    /// Bytes of the message that they are of.
    taken: usize,
}

impl Snappy {
    pub(super) fn new() -> Self {
        Self { encoder: snap::raw::Encoder::new(), room: Vec::new(), elements: Vec::new(), taken: 0 }
    }

    /// A new message begins.
    pub(super) fn begin(&mut self) {
        self.taken = 0;
        self.elements.clear();
    }

    /// Takes whole pieces off a message that is being written.
    #[inline]
    pub(super) fn take(&mut self, message: &mut Vec<u8>) -> Result<(), snap::Error> {
        if message.len() < PIECE {
            return Ok(());
        }
        let whole = message.len() - message.len() % PIECE;
        self.press(&message[..whole])?;
        message.drain(..whole);
        Ok(())
    }

    fn press(&mut self, message: &[u8]) -> Result<(), snap::Error> {
        for piece in message.chunks(PIECE) {
            self.room.resize(snap::raw::max_compress_len(PIECE), 0);
            let len = self.encoder.compress(piece, &mut self.room)?;
            // Each piece says its own length, seven bits a byte.
            let own = self.room.iter().position(|byte| *byte < 0x80).map_or(0, |last| last + 1);
            self.elements.extend_from_slice(self.room.get(own..len).unwrap_or_default());
        }
        self.taken = self.taken.saturating_add(message.len());
        Ok(())
    }

    /// The whole block, with the rest of the message, and how long that was; none where it was over 4 GiB.
    pub(super) fn finish(&mut self, rest: &[u8]) -> Result<(Bytes, usize), snap::Error> {
        self.press(rest)?;
        let (given, max) = (self.taken as u64, u32::MAX.into());
        if given > max {
            return Err(snap::Error::TooBig { given, max });
        }
        let mut block = Vec::with_capacity(self.elements.len() + varint_len(given));
        put_varint(&mut block, given);
        block.extend_from_slice(&self.elements);
        if self.elements.capacity() > KEPT {
            self.elements = Vec::new();
        }
        Ok((block.into(), self.taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_pieces_becomes_the_block_of_the_whole() {
        let byte = |at: usize| ((at / 7) ^ ((at * at) >> 9)).to_le_bytes()[0];
        let text = |len: usize| (0..len).map(byte).collect::<Vec<_>>();
        let mut snappy = Snappy::new();
        for len in [0, 1, 100, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5] {
            for step in [1000, 7777, 200_000] {
                let (whole, mut message) = (text(len), Vec::new());
                snappy.begin();
                for part in whole.chunks(step) {
                    message.extend_from_slice(part);
                    snappy.take(&mut message).unwrap();
                    assert!(message.len() < PIECE);
                }
                let (block, taken) = snappy.finish(&message).unwrap();
                assert_eq!(taken, len);
                assert!(block == snap::raw::Encoder::new().compress_vec(&whole).unwrap(), "{len} by {step}");
                assert!(snap::raw::Decoder::new().decompress_vec(&block).unwrap() == whole);
            }
        }
    }
}
