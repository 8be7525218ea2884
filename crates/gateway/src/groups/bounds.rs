//! How much may be held, in one group and in all: memory must not grow with whoever pushes.

use super::{Conflict, Groups, Id, Method, held};
use crate::push::Push;

/// The most that may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// Series of one group.
    pub group_series: usize,
    /// Bytes of the text of all series.
    pub bytes: usize,
}

impl Default for Most {
    fn default() -> Self {
        Self { group_series: usize::MAX, bytes: usize::MAX }
    }
}

/// Series, and bytes of their text.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    series: usize,
    bytes: usize,
}

impl Groups {
    /// Sets how much may be held from now on; what is held stays.
    #[must_use]
    pub fn bounded(mut self, most: Most) -> Self {
        self.bounds = most;
        self
    }

    /// Whether there is room for a push, and for so many bytes besides. One that makes its group smaller always
    /// finds it.
    pub(super) fn check_room(
        &self,
        method: Method,
        id: Option<Id>,
        push: &Push,
        besides: usize,
    ) -> Result<(), Conflict> {
        let Most { group_series, bytes } = self.bounds;
        let whole = id.map(|id| self.size(id)).unwrap_or_default();
        let gone = match (method, id) {
            (Method::Put, _) => whole,
            (Method::Post, Some(id)) => push.families.iter().fold(Size::default(), |sum, family| {
                let held = self.size_of(id, &family.name);
                Size { series: sum.series + held.series, bytes: sum.bytes + held.bytes }
            }),
            (Method::Post, None) => Size::default(),
        };
        let new = push.families.iter().fold(Size { series: 0, bytes: besides }, |sum, family| Size {
            series: sum.series + family.block.series().len(),
            bytes: sum.bytes + held::bytes(&family.block, family.extra.as_deref(), &family.help),
        });
        let series = whole.series - gone.series + new.series;
        if series > group_series && series > whole.series {
            return Err(Conflict::GroupTooLarge { series, limit: group_series });
        }
        let all = self.bytes() - gone.bytes + new.bytes;
        if all > bytes && new.bytes > gone.bytes {
            return Err(Conflict::Full { bytes: all, limit: bytes });
        }
        Ok(())
    }

    fn size(&self, id: Id) -> Size {
        let group = self.groups.get(&id);
        group.map(|group| Size { series: group.series, bytes: group.bytes }).unwrap_or_default()
    }

    fn size_of(&self, id: Id, name: &str) -> Size {
        let held = self.held_of(id, name);
        held.map(|held| Size { series: held.series().len(), bytes: held.bytes() }).unwrap_or_default()
    }
}
