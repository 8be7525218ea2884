//! What namespaces need; without it a stage is on the loopback, or can't be.

use std::sync::OnceLock;

use super::command::run;
use crate::programs::on_path;

/// How to have it.
const HOW: &str = "sudo -E target/release/pushpull-lab compare …";

/// Why there can be no namespaces here, with what to do; none: there can. Asked once.
pub(super) fn missing() -> Option<String> {
    static MISSING: OnceLock<Option<String>> = OnceLock::new();
    let find =
        || among(rustix::process::geteuid().is_root(), |name| on_path(name).is_some()).or_else(forbidden);
    MISSING.get_or_init(find).clone()
}

/// A container's root may be none.
fn forbidden() -> Option<String> {
    let error = run("unshare", &["--net", "true"], "").err()?;
    let said = error.to_string().lines().next().unwrap_or_default().to_owned();
    Some(format!("needs root that may make network namespaces (in a container: --privileged): {said}"))
}

fn among(root: bool, there: impl Fn(&str) -> bool) -> Option<String> {
    if !root {
        return Some(format!("needs root, for network namespaces: {HOW}"));
    }
    let programs = [("ip", "iproute2"), ("tc", "iproute2"), ("nft", "nftables"), ("setpriv", "util-linux")];
    let missing: Vec<_> = programs.into_iter().filter(|(name, _)| !there(name)).collect();
    if missing.is_empty() {
        return None;
    }
    let names = missing.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let mut packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    Some(format!(
        "missing for network namespaces: {names}; install with: sudo apt-get install {}",
        packages.join(" ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_missing_and_how_to_have_it() {
        assert_eq!(among(true, |_| true), None);
        let error = among(false, |_| true).unwrap();
        assert!(error.contains("needs root") && error.contains("sudo -E"), "{error}");
        let error = among(true, |name| name == "setpriv").unwrap();
        assert!(
            error.contains("ip, tc, nft;") && error.ends_with("apt-get install iproute2 nftables"),
            "{error}"
        );
    }
}
