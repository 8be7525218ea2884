//! What a frame holds: what became of a group, as fields with tags.
//!
//! A field is `tag: u8, length: u32, bytes`. Later versions add tags: from 128 on they may be passed
//! over by a version that does not know them, below they may not.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use exposition::{GroupingKey, Kind};

use crate::families::Extra;
use crate::groups::{Kept, KeptFamily, Stamps};

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
}

/// Fields of a family.
mod family {
    pub(super) const NAME: u8 = 1;
    pub(super) const HELP: u8 = 2;
    pub(super) const KIND: u8 = 3;
    pub(super) const LINES: u8 = 4;
    pub(super) const FIRST: u8 = 5;
    pub(super) const LAST: u8 = 6;
    pub(super) const METRICS: u8 = 7;
}

const KINDS: [Kind; 8] = [
    Kind::Untyped,
    Kind::Counter,
    Kind::Gauge,
    Kind::Histogram,
    Kind::Summary,
    Kind::GaugeHistogram,
    Kind::Info,
    Kind::StateSet,
];

impl Record {
    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        let Self::Group { kept, .. } = self else { return 64 };
        128 + kept.families.iter().map(|family| 64 + family.help.len() + family.lines.len()).sum::<usize>()
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
                field(group::WHOLE, &[u8::from(*whole)], out);
                for family in &kept.families {
                    nested(group::FAMILY, out, |out| write_family(family, out));
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
        let (mut by, mut families) = (None, Vec::new());
        for read in (Fields { bytes, at: 1.min(bytes.len()) }) {
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
                group::FAMILY => families.push(read_family(&value)?),
                group::COUNT => count = Some(number(&value)?),
                128.. => {}
                _ => return Err(format!("a field {tag} that this version does not know")),
            }
        }
        match what {
            Some(GROUP) => {
                let kept = Kept { key: key.read()?, pushed, failed, expires, pusher: by, families };
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

#[derive(Default)]
struct Key {
    job: String,
    labels: Vec<(String, String)>,
}

impl Key {
    fn read(self) -> Result<GroupingKey, String> {
        GroupingKey::new(self.job, self.labels).map_err(|error| error.to_string())
    }
}

fn write_key(key: &GroupingKey, out: &mut Vec<u8>) {
    field(group::JOB, key.job().as_bytes(), out);
    for (name, value) in key.labels() {
        field(group::LABEL, name.as_bytes(), out);
        field(group::VALUE, value.as_bytes(), out);
    }
}

fn write_family(kept: &KeptFamily, out: &mut Vec<u8>) {
    let kind = KINDS.iter().position(|kind| *kind == kept.kind).unwrap_or_default();
    field(family::NAME, kept.name.as_bytes(), out);
    field(family::HELP, kept.help.as_bytes(), out);
    field(family::KIND, &[u8::try_from(kind).unwrap_or_default()], out);
    field(family::LINES, &kept.lines, out);
    for (tag, at) in [(family::FIRST, kept.stamps.first()), (family::LAST, kept.stamps.last())] {
        if let Some(at) = at {
            field(tag, &nanoseconds(at).to_le_bytes(), out);
        }
    }
    if let Some(extra) = &kept.extra {
        // Whatever is added there gets a field here, and is read below: this line does not compile else.
        // Zeros of new counters are not kept: after a restart their values are shown at once.
        let Extra { metrics, origin: _ } = &**extra;
        field(family::METRICS, metrics, out);
    }
}

fn read_family(bytes: &Bytes) -> Result<KeptFamily, String> {
    let (mut name, mut help, mut kind) = (None, String::new(), Kind::default());
    let (mut lines, mut extra) = (Bytes::new(), None);
    let (mut first, mut last) = (None, None);
    for read in (Fields { bytes, at: 0 }) {
        let (tag, value) = read?;
        match tag {
            family::NAME => name = Some(Arc::from(text(&value)?)),
            family::HELP => help = text(&value)?,
            family::KIND => {
                let known = value.first().and_then(|at| KINDS.get(usize::from(*at)));
                kind = *known.ok_or("a type that this version does not know")?;
            }
            family::LINES => lines = value,
            family::FIRST => first = Some(time(&value)?),
            family::LAST => last = Some(time(&value)?),
            family::METRICS => {
                // A part of the file would keep all of it in memory.
                extra = Some(Box::new(Extra { metrics: Bytes::copy_from_slice(&value), origin: None }));
            }
            128.. => {}
            _ => return Err(format!("a field {tag} of a family that this version does not know")),
        }
    }
    let (name, stamps) = (name.ok_or("a family without a name")?, Stamps::kept(first, last));
    Ok(KeptFamily { name, help, kind, lines, stamps, extra })
}

fn field(tag: u8, value: &[u8], out: &mut Vec<u8>) {
    nested(tag, out, |out| out.extend_from_slice(value));
}

fn nested(tag: u8, out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    fill(out);
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

struct Fields<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl Iterator for Fields<'_> {
    type Item = Result<(u8, Bytes), String>;

    fn next(&mut self) -> Option<Self::Item> {
        let tag = *self.bytes.get(self.at)?;
        let length = self.bytes.get(self.at + 1..self.at + 5).and_then(|bytes| bytes.try_into().ok());
        let start = self.at + 5;
        let length = length.map(u32::from_le_bytes).and_then(|length| usize::try_from(length).ok());
        let end = length.and_then(|length| start.checked_add(length)).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            self.at = self.bytes.len();
            return Some(Err(format!("a field {tag} that is longer than its record")));
        };
        self.at = end;
        Some(Ok((tag, self.bytes.slice(start..end))))
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "a text that is not valid UTF-8".to_owned())
}

fn number(bytes: &[u8]) -> Result<u64, String> {
    bytes.try_into().map(u64::from_le_bytes).map_err(|_| "a number that has not eight bytes".to_owned())
}

fn time(bytes: &[u8]) -> Result<SystemTime, String> {
    UNIX_EPOCH
        .checked_add(Duration::from_nanos(number(bytes)?))
        .ok_or_else(|| "a time that no clock can show".to_owned())
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> Record {
        let at = |seconds| Some(UNIX_EPOCH + Duration::from_millis(seconds));
        let family = |kind| KeptFamily {
            name: Arc::from("a"),
            help: "h\n".to_owned(),
            kind,
            lines: Bytes::from_static(b"a{job=\"j\"} 1\n"),
            stamps: Stamps::new(UNIX_EPOCH + Duration::from_millis(1234)),
            extra: Some(Box::new(Extra { metrics: Bytes::from_static(&[0, 255]), origin: None })),
        };
        let kept = Kept {
            key: GroupingKey::new("j", [("a", ""), ("instance", "\u{0}/é")]).unwrap(),
            pushed: at(1_234_567),
            failed: None,
            expires: at(9_999_999_999_999),
            pusher: Some("p".into()),
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
