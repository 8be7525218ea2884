//! Which of the host's metrics are read, and from where.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The host's metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostSettings {
    /// Whether they are read.
    pub enabled: bool,
    /// Which of them.
    pub collectors: Vec<String>,
    /// Where the host's /proc is; in a container /host/proc.
    pub procfs: PathBuf,
    /// Where the host's /sys is; in a container /host/sys.
    pub sysfs: PathBuf,
    /// Where the host's / is; in a container /host/root.
    pub rootfs: PathBuf,
}

impl Default for HostSettings {
    fn default() -> Self {
        let collectors =
            crate::sources::host::COLLECTORS.iter().map(|(name, _)| (*name).to_owned()).collect();
        Self { enabled: true, collectors, procfs: "/proc".into(), sysfs: "/sys".into(), rootfs: "/".into() }
    }
}
