//! Other people's programs: all that are missing are named in one message, with what installs them.

use std::path::PathBuf;

use anyhow::bail;

use crate::programs::on_path;

/// Where they are.
#[derive(Debug)]
pub(super) struct Packages {
    pub(super) prometheus: PathBuf,
    pub(super) alertmanager: PathBuf,
    pub(super) node_exporter: PathBuf,
    /// None where ours stands in its place.
    pub(super) pushgateway: Option<PathBuf>,
    /// None where it is not installed; Debian does not have it.
    pub(super) grafana: Option<PathBuf>,
}

impl Packages {
    pub(super) fn find(our_gateway: bool) -> anyhow::Result<Self> {
        Self::among(our_gateway, on_path)
    }

    fn among(our_gateway: bool, find: impl Fn(&str) -> Option<PathBuf>) -> anyhow::Result<Self> {
        let mut missing = Vec::new();
        // Debian's name, which is its package's, and the name in a release archive.
        let mut need = |debian: &'static str, released: &str| {
            find(debian).or_else(|| find(released)).unwrap_or_else(|| {
                missing.push(debian);
                PathBuf::new()
            })
        };
        let found = Self {
            prometheus: need("prometheus", "prometheus"),
            alertmanager: need("prometheus-alertmanager", "alertmanager"),
            node_exporter: need("prometheus-node-exporter", "node_exporter"),
            pushgateway: (!our_gateway).then(|| need("prometheus-pushgateway", "pushgateway")),
            grafana: find("grafana-server").or_else(|| find("grafana")),
        };
        if missing.is_empty() {
            return Ok(found);
        }
        let names = missing.join(" ");
        bail!(
            "missing: {}; install with: sudo apt-get install {names}\n\
             Debian starts them as services on the same ports: sudo systemctl disable --now {names}",
            missing.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_are_missing_are_named_with_what_installs_them() {
        let only = |name: &str| (name == "prometheus").then(|| PathBuf::from("/p"));
        let error = Packages::among(false, only).unwrap_err().to_string();
        let names = "prometheus-alertmanager prometheus-node-exporter prometheus-pushgateway";
        assert!(error.contains(&format!("sudo apt-get install {names}\n")), "{error}");
        let error = Packages::among(true, only).unwrap_err().to_string();
        assert!(!error.contains("pushgateway"), "{error}");
    }

    #[test]
    fn names_of_release_archives_will_do_and_grafana_may_be_missing() {
        let names = ["prometheus", "alertmanager", "node_exporter", "pushgateway"];
        let find = |name: &str| names.contains(&name).then(|| PathBuf::from(name));
        let found = Packages::among(false, find).unwrap();
        assert_eq!(found.alertmanager, PathBuf::from("alertmanager"));
        assert_eq!(found.grafana, None);
    }
}
