//! Names of what the stage makes in the system: they tell whose it is, so that a later lab can remove it.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// Before the names of namespaces.
const NAMESPACE: &str = "pushpull-lab-";
/// Before the names of links, which have 15 characters at most.
const LINK: &str = "pp";

/// Stages of this process, each with a number of its own.
static STAGES: AtomicU32 = AtomicU32::new(0);

/// The names of one stage.
#[derive(Debug)]
pub(super) struct Names {
    /// The namespace of Prometheus and the gateways.
    pub(super) core: String,
    /// The namespace of the instances.
    pub(super) site: String,
    /// The lab's end of the link to `core`.
    pub(super) core_link: String,
    /// The lab's end of the link to `site`.
    pub(super) site_link: String,
}

impl Names {
    pub(super) fn next() -> Self {
        let number = STAGES.fetch_add(1, Ordering::Relaxed) % 10_000;
        Self::of(std::process::id(), number)
    }

    fn of(lab: u32, number: u32) -> Self {
        Self {
            core: format!("{NAMESPACE}{lab}-{number}-core"),
            site: format!("{NAMESPACE}{lab}-{number}-site"),
            core_link: format!("{LINK}{lab}x{number}c"),
            site_link: format!("{LINK}{lab}x{number}s"),
        }
    }
}

/// The process that made this namespace; none: it isn't a stage's.
pub(super) fn maker_of_namespace(name: &str) -> Option<u32> {
    let (lab, rest) = name.strip_prefix(NAMESPACE)?.split_once('-')?;
    let (number, end) = rest.split_once('-')?;
    number.parse::<u32>().ok()?;
    matches!(end, "core" | "site").then(|| lab.parse().ok())?
}

/// The process that made this link; none: it isn't a stage's.
pub(super) fn maker_of_link(name: &str) -> Option<u32> {
    let (lab, number) = name.strip_prefix(LINK)?.split_once('x')?;
    number.strip_suffix(['c', 's'])?.parse::<u32>().ok()?;
    lab.parse().ok()
}

/// Whether a process is there. A number that was given again delays sweeping; nothing else.
pub(super) fn alive(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_maker_and_other_peoples_names_tell_nobody() {
        let names = Names::of(4_194_304, 9_999);
        for name in [&names.core, &names.site] {
            assert_eq!(maker_of_namespace(name), Some(4_194_304), "{name}");
        }
        for name in [&names.core_link, &names.site_link] {
            assert_eq!(maker_of_link(name), Some(4_194_304), "{name}");
            assert!(name.len() <= 15, "{name}");
        }
        for name in ["pushpull-lab-x-1-core", "pushpull-lab-1-1-other", "pushpull-lab-1-core", "core"] {
            assert_eq!(maker_of_namespace(name), None, "{name}");
        }
        for name in ["ppp0", "pp1x2", "pp1xc", "eth0", "ppax0c"] {
            assert_eq!(maker_of_link(name), None, "{name}");
        }
    }

    #[test]
    fn two_stages_of_one_lab_have_nothing_in_common() {
        let (one, other) = (Names::next(), Names::next());
        assert_ne!(one.core, other.core);
        assert_ne!(one.site_link, other.site_link);
    }
}
