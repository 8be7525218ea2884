//! By which ways an instance is watched. All ways watch the same instances at once, so that cells are paired.

use serde::{Deserialize, Serialize};

/// A way from the API to a Prometheus of its own, which sees nothing else: its costs are this way's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Path {
    /// Prometheus scrapes the instance, whose address it knew before the instance lived.
    PullStatic,
    /// Prometheus scrapes the instance, which is written to a `file_sd` file as it is born.
    PullDiscovered,
    /// An agent pushes to our gateway with a lifetime; Prometheus scrapes the gateway.
    PushOurs,
    /// The app is the child of an agent (`pushpull-agent exec`), which pushes to our gateway.
    PushExec,
    /// An agent pushes to the real Pushgateway, which keeps its groups in memory.
    PushReal,
    /// The same, and the Pushgateway keeps its groups in a file, too.
    PushRealFile,
    /// An agent writes to Prometheus itself, by remote write; Prometheus scrapes nothing.
    RemoteWrite,
}

impl Path {
    /// All, in the order of the report.
    pub const ALL: [Self; 7] = [
        Self::PullStatic,
        Self::PullDiscovered,
        Self::PushOurs,
        Self::PushExec,
        Self::PushReal,
        Self::PushRealFile,
        Self::RemoteWrite,
    ];

    /// Its name in results, queries and the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PullStatic => "pull-static",
            Self::PullDiscovered => "pull-discovered",
            Self::PushOurs => "push-ours",
            Self::PushExec => "push-exec",
            Self::PushReal => "push-real",
            Self::PushRealFile => "push-real-file",
            Self::RemoteWrite => "remote-write",
        }
    }

    /// Whether Prometheus scrapes the instance itself.
    pub const fn pulls(self) -> bool {
        matches!(self, Self::PullStatic | Self::PullDiscovered)
    }

    /// Whether there is a gateway between the instance and Prometheus.
    pub const fn has_gateway(self) -> bool {
        !self.pulls() && !matches!(self, Self::RemoteWrite)
    }
}
