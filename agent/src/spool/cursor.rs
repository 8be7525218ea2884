//! How far delivery has come, kept over restarts: two slots of one file, written in turn.
//!
//! The file has its full size from the beginning, so that a full disk does not stop it; a slot that was torn
//! by a power cut has a wrong checksum, and the one before it is still there.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use super::acked::{Acked, SLOT};
use super::frame::LAST_SEQ;

/// Bytes of a slot: checksum 4, length 4, generation 8, then what is acked.
const SLOT_LEN: usize = 16 + SLOT;

/// Bytes of the file.
pub(super) const FILE_LEN: u64 = 2 * SLOT_LEN as u64;

/// The file of the cursor.
#[derive(Debug)]
pub(super) struct Cursor {
    file: File,
    generation: u64,
}

impl Cursor {
    /// Opens the cursor of this directory, or begins one; and what it says, if it says something.
    pub(super) fn open(dir: &Path) -> io::Result<(Self, Option<Acked>)> {
        let path = dir.join("cursor");
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        if file.metadata()?.len() != FILE_LEN {
            let kept = newest(&file);
            file.write_all_at(&vec![0; SLOT_LEN * 2], 0)?;
            file.set_len(FILE_LEN)?;
            let mut cursor = Self { file, generation: 0 };
            if let Some((generation, acked)) = &kept {
                cursor.generation = *generation;
                cursor.write(acked)?;
            }
            return Ok((cursor, kept.map(|(_, acked)| acked)));
        }
        let newest = newest(&file);
        let generation = newest.as_ref().map_or(0, |(generation, _)| *generation);
        Ok((Self { file, generation }, newest.map(|(_, acked)| acked)))
    }

    /// What the cursor of a directory says that can only be read.
    pub(super) fn peek(dir: &Path) -> Option<Acked> {
        newest(&File::open(dir.join("cursor")).ok()?).map(|(_, acked)| acked)
    }

    /// Writes what is acked into the older slot. A process that dies right after has written it.
    pub(super) fn write(&mut self, acked: &Acked) -> io::Result<()> {
        self.generation += 1;
        let acked = acked.encode(SLOT);
        let mut slot = vec![0; 4];
        slot.extend_from_slice(&u32::try_from(acked.len()).unwrap_or(u32::MAX).to_le_bytes());
        slot.extend_from_slice(&self.generation.to_le_bytes());
        slot.extend_from_slice(&acked);
        let crc = crc32fast::hash(&slot[4..]);
        slot[..4].copy_from_slice(&crc.to_le_bytes());
        self.file.write_all_at(&slot, (self.generation % 2) * SLOT_LEN as u64)
    }

    /// Whether somebody deleted its file.
    pub(super) fn is_gone(&self) -> bool {
        self.file.metadata().is_ok_and(|file| file.nlink() == 0)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn newest(file: &File) -> Option<(u64, Acked)> {
    (0..2).filter_map(|place| read(file, place * SLOT_LEN as u64)).max_by_key(|(generation, _)| *generation)
}

fn read(file: &File, at: u64) -> Option<(u64, Acked)> {
    let mut head = [0; 16];
    file.read_exact_at(&mut head, at).ok()?;
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let (crc, len, generation) = (number(&head[..4]), number(&head[4..8]), number(&head[8..]));
    let len = usize::try_from(len).ok().filter(|len| *len <= SLOT)?;
    let mut bytes = head[4..].to_vec();
    bytes.resize(12 + len, 0);
    file.read_exact_at(&mut bytes[12..], at + 16).ok()?;
    (u64::from(crc32fast::hash(&bytes)) == crc)
        .then(|| Acked::decode(&bytes[12..]).filter(|acked| acked.top() <= LAST_SEQ))?
        .map(|acked| (generation, acked))
}
