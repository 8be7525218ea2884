//! A place in a spool, and the way from there to the next record that is wanted.

use std::io;

use bytes::Bytes;

use super::disk::Disk;
use super::frame::Head;
use super::segment::{Found, START};

/// Where somebody reads. It holds nothing: what it points at may be dropped, and it goes on behind that.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The sequence that is read next, if it is there and wanted.
    pub(super) next: u64,
    /// One past the last sequence to be read.
    pub(super) end: u64,
    /// The place where a sequence stands in a segment, so that nothing is looked for twice.
    at: Place,
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    segment: u64,
    offset: u64,
    seq: u64,
}

impl Reader {
    pub(super) fn new(next: u64, end: u64) -> Self {
        Self { next, end, at: Place::default() }
    }
}

/// A record that was found, or what was lost on the way to it.
#[derive(Debug)]
pub(super) enum Step {
    Record(Head, Bytes),
    /// These sequences do not read, from the first to before the last; what is known of samples in them.
    Lost(u64, u64, u32),
    /// Nothing more on the disk.
    End,
}

/// What may be passed over: done with already, or not wanted here.
pub(super) trait Wanted {
    /// The first sequence from this one on that is not done with.
    fn pending(&self, seq: u64) -> u64;
    fn wants(&self, head: &Head) -> bool;
}

impl Disk {
    /// Goes on to the next record that is wanted; the payload is only read with `whole`.
    pub(super) fn step(
        &mut self,
        reader: &mut Reader,
        wanted: &impl Wanted,
        whole: bool,
    ) -> io::Result<Step> {
        loop {
            reader.next = wanted.pending(reader.next);
            if reader.next >= reader.end {
                return Ok(Step::End);
            }
            let place = self.place_of(reader.next);
            let Some(segment) = self.segments.get_mut(place) else { return Ok(Step::End) };
            reader.next = reader.next.max(segment.first);
            let at = &mut reader.at;
            if at.segment != segment.first || at.seq > reader.next || at.offset < START {
                *at = Place { segment: segment.first, offset: START, seq: segment.first };
            }
            let (first, next) = (segment.first, segment.next);
            let (offset, expected) = (at.offset, at.seq);
            let (mut lost, mut samples) = (None, 0);
            let found = match segment.file() {
                // Somebody deleted it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    (at.offset, at.seq) = (segment.len, next);
                    reader.next = reader.next.max(next);
                    return Ok(Step::Lost(expected, next, 0));
                }
                opened => opened.and_then(|_| segment.found(offset, expected))?,
            };
            match found {
                Found::Record(head) => {
                    if expected < reader.next || !wanted.wants(&head) {
                        // Passed over by its head alone.
                    } else if !whole {
                        return Ok(Step::Record(head, Bytes::new()));
                    } else if let Some(payload) = segment.payload(offset, &head)? {
                        (at.offset, at.seq) = (offset + head.frame_len(), expected + 1);
                        reader.next = expected + 1;
                        self.touched(first);
                        return Ok(Step::Record(head, Bytes::from(payload)));
                    } else {
                        samples = head.samples;
                        lost = Some(segment.resync(offset, expected)?);
                    }
                    if lost.is_none() {
                        (at.offset, at.seq) = (offset + head.frame_len(), expected + 1);
                        reader.next = reader.next.max(at.seq);
                    }
                }
                Found::End if expected >= next => reader.next = reader.next.max(next),
                // It ends before its last record, or something else stands there.
                Found::End => lost = Some(None),
                Found::Bad => lost = Some(segment.resync(offset, expected)?),
            }
            if let Some(found) = lost {
                segment.damaged = true;
                // One that is far off is none of ours.
                let found = found.filter(|(_, head)| head.seq < next);
                let (offset, until) = found.map_or((segment.len, next), |(offset, head)| (offset, head.seq));
                (at.offset, at.seq) = (offset, until);
                reader.next = reader.next.max(until);
                return Ok(Step::Lost(expected, until, samples));
            }
        }
    }
}
