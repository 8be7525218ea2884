//! What was not finished when the agent ended: each is told, and the exit code is then not 0.

use std::fmt;

/// Something that was not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// A source could not be read a last time.
    Source(String),
    /// Targets could not be found; why.
    Targets(String),
    /// The grace ran out before an endpoint was done.
    Late {
        /// Which one.
        endpoint: String,
    },
    /// An endpoint did not take everything.
    Waiting {
        /// Which one.
        endpoint: String,
        /// Snapshots that it did not take.
        snapshots: usize,
    },
    /// An endpoint refused last values for good.
    Refused {
        /// Which one.
        endpoint: String,
        /// Groups whose last values it refused.
        groups: usize,
    },
    /// An endpoint still has groups that were to be deleted.
    Kept {
        /// Which one.
        endpoint: String,
        /// How many.
        groups: usize,
    },
    /// A receiver of remote write did not take everything.
    Samples {
        /// Which one.
        endpoint: String,
        /// Samples that it did not take.
        samples: u64,
        /// They wait on disk for the next start.
        is_kept: bool,
    },
    /// A receiver of remote write refused samples for good while the agent ended.
    RefusedSamples {
        /// Which one.
        endpoint: String,
        /// Samples that it refused.
        samples: u64,
    },
    /// A task of the agent itself ended in the midst of its work.
    Died {
        /// The source or endpoint that it was for.
        whose: String,
        /// Its last words.
        why: String,
    },
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(source) => write!(f, "{source} was not read a last time"),
            Self::Targets(why) => write!(f, "not all targets were found: {why}"),
            Self::Late { endpoint } => write!(f, "shutdown.grace ran out before {endpoint} was done"),
            Self::Waiting { endpoint, snapshots } => {
                write!(f, "{endpoint} did not take {snapshots} snapshots")
            }
            Self::Refused { endpoint, groups } => {
                write!(f, "{endpoint} refused the last values of {groups} groups")
            }
            Self::Kept { endpoint, groups } => write!(f, "{endpoint} did not delete {groups} groups"),
            Self::Samples { endpoint, samples, is_kept: true } => {
                write!(
                    f,
                    "{endpoint} did not take {samples} samples: they stay in the spool for the next start"
                )
            }
            Self::Samples { endpoint, samples, is_kept: false } => {
                write!(
                    f,
                    "{endpoint} did not take {samples} samples, which are lost: set spool.dir to keep such"
                )
            }
            Self::RefusedSamples { endpoint, samples } => {
                write!(f, "{endpoint} refused {samples} of the last samples for good")
            }
            Self::Died { whose, why } => write!(f, "the task of {whose} died: {why}"),
        }
    }
}
