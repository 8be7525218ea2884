//! Connections are open files, and a process may have only so many.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is left for everything else: logs, the listener, files of `/proc`, connections of our own, and the
/// moment in which one connection too many is told so.
const RESERVE: u64 = 64;

/// How many connections there may be, of as many as are `wanted`: raises the limit of open files as
/// far as may be, and stays below it.
pub(super) fn connections(wanted: usize) -> usize {
    let most = fitting(wanted, raised());
    if most < wanted {
        tracing::debug!(wanted, most, "connections are capped below the limit of open files");
    }
    most
}

fn fitting(wanted: usize, files: Option<u64>) -> usize {
    let Some(files) = files else { return wanted };
    // A process with hardly any files still has some for connections.
    let most = files.saturating_sub(RESERVE).max(files / 2).max(1);
    wanted.min(usize::try_from(most).unwrap_or(usize::MAX))
}

/// The limit of open files once it is raised, if there is one.
fn raised() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    let raised = Rlimit { current: maximum, maximum };
    if setrlimit(Resource::Nofile, raised).is_ok() { maximum } else { current }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_left_for_everything_else() {
        let rows = [
            (1024, None, 1024),
            (1024, Some(1_048_576), 1024),
            (10_000, Some(1024), 960),
            (100, Some(40), 20),
            (100, Some(0), 1),
        ];
        for (wanted, files, most) in rows {
            assert_eq!(fitting(wanted, files), most, "{wanted} of {files:?}");
        }
    }

    #[test]
    fn the_limit_of_open_files_is_raised_as_far_as_may_be() {
        connections(1);
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
