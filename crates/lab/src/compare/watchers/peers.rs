//! Which programs watch: all that are missing are named in one message, with what installs them.

use std::path::PathBuf;

use anyhow::bail;

use crate::compare::path::Path;
use crate::programs::{on_path, ours};

/// Where they are; a gateway that no way asks for has no file.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    /// Prometheus.
    pub prometheus: PathBuf,
    /// The real Pushgateway.
    pub real_gateway: PathBuf,
    /// Ours.
    pub our_gateway: PathBuf,
}

impl Peers {
    /// Finds what these ways need.
    pub fn find(paths: &[Path]) -> anyhow::Result<Self> {
        let mut peers = Self::among(paths, on_path)?;
        if paths.iter().any(|path| matches!(path, Path::PushOurs | Path::PushExec)) {
            peers.our_gateway = ours("pushpull-gateway")?;
        }
        Ok(peers)
    }

    fn among(paths: &[Path], find: impl Fn(&str) -> Option<PathBuf>) -> anyhow::Result<Self> {
        let mut missing = Vec::new();
        // Debian's name, which is its package's, and the name in a release archive.
        let mut need = |debian: &'static str, released: &str| {
            find(debian).or_else(|| find(released)).unwrap_or_else(|| {
                missing.push(debian);
                PathBuf::new()
            })
        };
        let real = paths.iter().any(|path| matches!(path, Path::PushReal | Path::PushRealFile));
        let peers = Self {
            prometheus: need("prometheus", "prometheus"),
            real_gateway: if real { need("prometheus-pushgateway", "pushgateway") } else { PathBuf::new() },
            our_gateway: PathBuf::new(),
        };
        if missing.is_empty() {
            return Ok(peers);
        }
        let names = missing.join(" ");
        bail!(
            "missing: {}; install with: sudo apt-get install {names}\n\
             Debian starts them as services, which the comparison does not need: \
             sudo systemctl disable --now {names}",
            missing.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package_where_a_way_needs_it() {
        let error = Peers::among(&Path::ALL, |_| None).unwrap_err().to_string();
        assert!(error.contains("sudo apt-get install prometheus prometheus-pushgateway\n"), "{error}");
        let error = Peers::among(&[Path::PullStatic], |_| None).unwrap_err().to_string();
        assert!(error.contains("missing: prometheus;"), "{error}");
        let released =
            |name: &str| (name == "pushgateway" || name == "prometheus").then(|| PathBuf::from(name));
        assert_eq!(Peers::among(&Path::ALL, released).unwrap().real_gateway, PathBuf::from("pushgateway"));
    }
}
