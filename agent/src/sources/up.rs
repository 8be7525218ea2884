//! `up`, of every source: 1 where it could be read, 0 where it could not.

use std::time::SystemTime;

use exposition::{GroupingKey, Kind, PageBuilder};

use crate::snapshot::Snapshot;

pub(crate) const NAME: &str = "up";
/// The same in every group: readers of a gateway want one text for one name.
pub(crate) const HELP: &str = "Whether the last reading of the source worked.";

pub(crate) fn write(page: &mut PageBuilder, labels: &[(&str, &str)], up: bool) {
    page.family(NAME, HELP, Kind::Gauge);
    page.sample(NAME, labels, f64::from(u8::from(up)));
}

/// The last snapshot of a group whose source is not read any more: it is down, and has nothing else.
pub(crate) fn gone(source: &str, key: &GroupingKey) -> Snapshot {
    let mut page = PageBuilder::new();
    write(&mut page, &key.iter().collect::<Vec<_>>(), false);
    let (taken_at, pages) = (SystemTime::now(), vec![page.finish()]);
    Snapshot { up: false, last: true, ..Snapshot::new(source, key.clone(), taken_at, pages) }
}
