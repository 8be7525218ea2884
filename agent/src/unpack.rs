//! A body on its way to whoever counts it: as it came, or unpacked where it is gzip.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

pub(crate) enum Unpack<W: Write> {
    Plain(W),
    Packed(Box<MultiGzDecoder<W>>),
}

impl<W: Write> Unpack<W> {
    pub(crate) fn new(into: W, is_packed: bool) -> Self {
        if is_packed { Self::Packed(Box::new(MultiGzDecoder::new(into))) } else { Self::Plain(into) }
    }

    /// Takes the next bytes as they came; the error is gzip's, or that of what they go to.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(into) => into.write_all(bytes),
            Self::Packed(unpack) => unpack.write_all(bytes),
        }
    }

    /// Nothing comes any more.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Packed(unpack) => unpack.try_finish(),
        }
    }

    /// What they go to.
    pub(crate) fn target(&mut self) -> &mut W {
        match self {
            Self::Plain(into) => into,
            Self::Packed(unpack) => unpack.get_mut(),
        }
    }
}
