//! What identifies a group.

use exposition::GroupingKey;

use super::fields::field;
use super::group;

/// A key while it is read.
#[derive(Default)]
pub(super) struct Key {
    pub(super) job: String,
    pub(super) labels: Vec<(String, String)>,
}

impl Key {
    pub(super) fn read(self) -> Result<GroupingKey, String> {
        GroupingKey::new(self.job, self.labels).map_err(|error| error.to_string())
    }
}

pub(super) fn write_key(key: &GroupingKey, out: &mut Vec<u8>) {
    field(group::JOB, key.job().as_bytes(), out);
    for (name, value) in key.labels() {
        field(group::LABEL, name.as_bytes(), out);
        field(group::VALUE, value.as_bytes(), out);
    }
}
