//! Pages that are not valid UTF-8: Prometheus minds that in its data, and not in free comments.

use bytes::Bytes;
use bytestring::ByteString;

use super::Fault;
use crate::error::Reason;

/// Replaces broken bytes in free comments; a broken byte anywhere else is the fault.
pub(super) fn repair_comments(bytes: &Bytes) -> Result<ByteString, Fault> {
    let mut text = String::with_capacity(bytes.len());
    let mut at = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) if is_free_comment(line) => text.push_str(&String::from_utf8_lossy(line)),
            Err(error) => {
                let broken = error.valid_up_to();
                return Err(Fault::new(at + broken, Reason::Utf8(line[broken])));
            }
        }
        at += line.len();
    }
    Ok(text.into())
}

fn is_free_comment(line: &[u8]) -> bool {
    let Some(comment) = line.trim_ascii_start().strip_prefix(b"#") else { return false };
    let comment = comment.trim_ascii_start();
    !comment.starts_with(b"HELP") && !comment.starts_with(b"TYPE")
}
