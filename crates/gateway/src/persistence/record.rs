//! What a frame holds: what became of a group, as fields with tags.
//!
//! A field is `tag: u8, length: u32, bytes`. Later versions add tags: from 128 on they may be passed
//! over by a version that does not know them, below they may not.

mod family;
mod fields;
mod key;
mod origin;

use bytes::Bytes;
use exposition::GroupingKey;

use self::fields::{Fields, field, nanoseconds, nested, number, text, time};
use self::key::{Key, write_key};
use self::origin::{read_origin, write_origin};
use crate::groups::Kept;

/// What a log or a snapshot says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    /// A group and those of its families that were replaced; with `whole` it had no others.
    Group {
        /// What it is now.
        kept: Kept,
        /// Whether families that are not named are gone.
        whole: bool,
    },
    /// It was deleted.
    Deleted(GroupingKey),
    /// All were.
    Wiped,
    /// The end of a snapshot of so many groups.
    End(u64),
}

const GROUP: u8 = 1;
const DELETED: u8 = 2;
const WIPED: u8 = 3;
const END: u8 = 4;

/// Fields of a group.
mod group {
    pub(super) const JOB: u8 = 1;
    pub(super) const LABEL: u8 = 2;
    pub(super) const VALUE: u8 = 3;
    pub(super) const PUSHED: u8 = 4;
    pub(super) const FAILED: u8 = 5;
    pub(super) const EXPIRES: u8 = 6;
    pub(super) const PUSHER: u8 = 7;
    pub(super) const WHOLE: u8 = 8;
    pub(super) const FAMILY: u8 = 9;
    pub(super) const COUNT: u8 = 10;
    pub(super) const ORIGIN: u8 = 128;
}

impl Record {
    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        let Self::Group { kept, .. } = self else { return 64 };
        128 + kept.families.iter().map(family::weight).sum::<usize>()
    }

    /// Appends it.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Group { kept, whole } => {
                out.push(GROUP);
                write_key(&kept.key, out);
                for (tag, at) in [
                    (group::PUSHED, kept.pushed),
                    (group::FAILED, kept.failed),
                    (group::EXPIRES, kept.expires),
                ] {
                    if let Some(at) = at {
                        field(tag, &nanoseconds(at).to_le_bytes(), out);
                    }
                }
                if let Some(pusher) = &kept.pusher {
                    field(group::PUSHER, pusher.as_bytes(), out);
                }
                if let Some(origin) = &kept.origin {
                    nested(group::ORIGIN, out, |out| write_origin(origin, out));
                }
                field(group::WHOLE, &[u8::from(*whole)], out);
                for family in &kept.families {
                    nested(group::FAMILY, out, |out| family::write(family, out));
                }
            }
            Self::Deleted(key) => {
                out.push(DELETED);
                write_key(key, out);
            }
            Self::Wiped => out.push(WIPED),
            Self::End(count) => {
                out.push(END);
                field(group::COUNT, &count.to_le_bytes(), out);
            }
        }
    }

    /// Reads it; text of families is not copied. Says what is not understood.
    pub(super) fn read(bytes: &Bytes) -> Result<Self, String> {
        let what = bytes.first().copied();
        let (mut key, mut count) = (Key::default(), None);
        let mut whole = false;
        let (mut pushed, mut failed, mut expires) = (None, None, None);
        let (mut by, mut origin, mut families) = (None, None, Vec::new());
        for read in Fields::new(bytes, 1) {
            let (tag, value) = read?;
            match tag {
                group::JOB => key.job = text(&value)?,
                group::LABEL => key.labels.push((text(&value)?, String::new())),
                group::VALUE => {
                    let (_, last) = key.labels.last_mut().ok_or("a label's value without its name")?;
                    *last = text(&value)?;
                }
                group::PUSHED => pushed = Some(time(&value)?),
                group::FAILED => failed = Some(time(&value)?),
                group::EXPIRES => expires = Some(time(&value)?),
                group::PUSHER => by = Some(text(&value)?.into()),
                group::WHOLE => whole = value.first() == Some(&1),
                group::FAMILY => families.push(family::read(&value)?),
                group::COUNT => count = Some(number(&value)?),
                group::ORIGIN => origin = Some(read_origin(&value)?),
                129.. => {}
                _ => return Err(format!("a field {tag} that this version does not know")),
            }
        }
        match what {
            Some(GROUP) => {
                let kept = Kept { key: key.read()?, pushed, failed, expires, pusher: by, origin, families };
                Ok(Self::Group { kept, whole })
            }
            Some(DELETED) => Ok(Self::Deleted(key.read()?)),
            Some(WIPED) => Ok(Self::Wiped),
            Some(END) => Ok(Self::End(count.ok_or("an end without a count")?)),
            Some(what) => Err(format!("a record {what} that this version does not know")),
            None => Err("an empty record".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, UNIX_EPOCH};

    use super::family::KINDS;
    use super::*;
    use crate::groups::{KeptFamily, KeptOrigin, Stamps};

    fn group() -> Record {
        let at = |seconds| Some(UNIX_EPOCH + Duration::from_millis(seconds));
        let family = |kind| KeptFamily {
            name: Arc::from("a"),
            help: "h\n".to_owned(),
            kind,
            lines: Bytes::from_static(b"a{job=\"j\"} 1\n"),
            stamps: Stamps::new(UNIX_EPOCH + Duration::from_millis(1234)),
            metrics: Bytes::from_static(&[0, 255]),
            zeros: vec![(0, UNIX_EPOCH + Duration::from_nanos(5)), (70_000, UNIX_EPOCH)],
        };
        let kept = Kept {
            key: GroupingKey::new("j", [("a", ""), ("instance", "\u{0}/é")]).unwrap(),
            pushed: at(1_234_567),
            failed: None,
            expires: at(9_999_999_999_999),
            pusher: Some("p".into()),
            origin: Some(KeptOrigin { origin: Duration::from_secs(7), shown: at(8), leaving: true }),
            families: KINDS.map(family).to_vec(),
        };
        Record::Group { kept, whole: true }
    }

    #[test]
    fn what_is_written_is_read_and_what_is_cut_is_refused() {
        let key = GroupingKey::new("j", [("a", "b")]).unwrap();
        for record in [group(), Record::Deleted(key), Record::Wiped, Record::End(7)] {
            let mut bytes = Vec::new();
            record.write(&mut bytes);
            let bytes = Bytes::from(bytes);
            assert_eq!(Record::read(&bytes).as_ref(), Ok(&record));
            for cut in 0..bytes.len() {
                // A cut between two fields can be read; the frame's checksum is what finds it.
                assert_ne!(Record::read(&bytes.slice(..cut)).as_ref(), Ok(&record), "{cut}");
            }
        }
    }

    #[test]
    fn only_fields_that_may_be_are_passed_over() {
        let mut bytes = Vec::new();
        group().write(&mut bytes);
        let plain = bytes.clone();
        field(200, b"later", &mut bytes);
        assert_eq!(Record::read(&bytes.into()), Ok(group()));
        let mut bytes = plain;
        field(99, b"later", &mut bytes);
        assert!(Record::read(&bytes.into()).unwrap_err().contains("field 99"));
    }
}
