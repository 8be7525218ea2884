//! Files with pages.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::TargetLimits;

/// A file with a page, or a directory of `*.prom` files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Textfile {
    /// Where it is.
    pub path: PathBuf,
    /// The job of its group.
    #[serde(default = "textfile")]
    pub job: String,
    /// Its instance, where it is not the agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Bounds of all files together; a file that breaks one is left out.
    #[serde(default)]
    pub limits: TargetLimits,
}

/// Another job than a target's: in one group they would delete each other's series.
fn textfile() -> String {
    "textfile".to_owned()
}

impl Textfile {
    /// What it is called in logs and metrics.
    pub fn name(&self) -> String {
        format!("textfile {}", self.path.display())
    }
}
