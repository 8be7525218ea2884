//! Which shard a record is of, and of how many: what a spool keeps beside it.
//!
//! A series goes by its hash to one of so many shards. When their number changes, the turn does, too: records
//! of the turn before are all delivered before one of the next is sent, so that no series overtakes itself.

/// The shard of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) lane: Lanes,
    /// Which of the shards, from 0.
    pub(super) at: u16,
}

/// A number of shards, and whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lanes {
    pub(super) turn: bool,
    /// From 1 to 128.
    pub(super) count: u16,
}

impl Lanes {
    /// The next turn, with so many shards.
    pub(super) fn next(self, count: u16) -> Self {
        Self { turn: !self.turn, count: count.clamp(1, 128) }
    }

    pub(super) fn tag(self, at: u16) -> u16 {
        Tag { lane: self, at }.pack()
    }
}

impl Tag {
    pub(super) fn pack(self) -> u16 {
        let Lanes { turn, count } = self.lane;
        u16::from(turn) << 15 | (count.clamp(1, 128) - 1) << 8 | self.at & 0xff
    }

    pub(super) fn unpack(tag: u16) -> Self {
        let lane = Lanes { turn: tag >> 15 == 1, count: (tag >> 8 & 0x7f) + 1 };
        Self { lane, at: tag & 0xff }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_come_back_as_they_were() {
        for turn in [false, true] {
            for count in [1, 2, 77, 128] {
                for at in [0, 1, count - 1] {
                    let tag = Tag { lane: Lanes { turn, count }, at };
                    assert_eq!(Tag::unpack(tag.pack()), tag);
                }
            }
        }
    }
}
