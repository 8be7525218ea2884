//! `up`, of every source: 1 where it could be read, 0 where it could not.

use exposition::{Kind, PageBuilder};

pub(super) const NAME: &str = "up";
/// The same in every group: readers of a gateway want one text for one name.
pub(super) const HELP: &str = "Whether the last reading of the source worked.";

pub(super) fn write(page: &mut PageBuilder, labels: &[(&str, &str)], up: bool) {
    page.family(NAME, HELP, Kind::Gauge);
    page.sample(NAME, labels, f64::from(u8::from(up)));
}
