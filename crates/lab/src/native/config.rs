//! The configuration that ships, and Prometheus' with the ports and the interval of this run.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::ports::{Part, Ports};
use crate::settings::write;

/// The folder `gateway-config`.
#[derive(Debug)]
pub(super) struct Shipped(PathBuf);

impl Shipped {
    /// Finds it in the project's folder.
    pub(super) fn find(project: &Path) -> anyhow::Result<Self> {
        let folder = project.join("gateway-config");
        for name in ["prometheus.native.yml", "alertmanager.yml"] {
            if !folder.join(name).is_file() {
                bail!(
                    "{} is missing: run this in the project's folder, or name it with --project",
                    folder.join(name).display()
                );
            }
        }
        Ok(Self(folder.canonicalize().context("cannot find gateway-config")?))
    }

    /// Alertmanager's, as it ships: no port of the stack stands in it.
    pub(super) fn alertmanager(&self) -> PathBuf {
        self.0.join("alertmanager.yml")
    }

    /// Writes Prometheus' into the data folder. Rules and targets stay where they are, behind links.
    pub(super) fn render(&self, data: &Path, ports: &Ports, interval: u64) -> anyhow::Result<PathBuf> {
        let file = self.0.join("prometheus.native.yml");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        for name in ["rules", "targets"] {
            let link = data.join(name);
            // One of an earlier run may lead elsewhere.
            let _ = fs::remove_file(&link);
            symlink(self.0.join(name), &link).with_context(|| format!("cannot make {}", link.display()))?;
        }
        write(data, "prometheus.yml", &rendered(&text, ports, interval))
    }
}

/// Other ports in the place of the usual ones, in one pass: a new one may be another's usual one.
fn rendered(text: &str, ports: &Ports, interval: u64) -> String {
    const HOST: &str = "127.0.0.1:";
    let mut pieces = text.split(HOST);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for rest in pieces {
        let end = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
        let usual = &rest[..end];
        let known = Part::ALL.into_iter().find(|part| usual == part.usual().to_string());
        let chosen = known.map_or_else(|| usual.to_owned(), |part| ports.of(part).to_string());
        out.push_str(&format!("{HOST}{chosen}{}", &rest[end..]));
    }
    for name in ["scrape_interval", "evaluation_interval"] {
        out = out.replace(&format!("{name}: 15s"), &format!("{name}: {interval}s"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Choice;

    #[test]
    fn all_ports_and_intervals_are_those_of_the_run_and_nothing_else_changes() {
        let text = "scrape_interval: 15s # why\nevaluation_interval: 15s\n- [\"127.0.0.1:8000\", \"127.0.0.1:9099\"]\n- 127.0.0.1:9090\n";
        let ports = Ports::choose(Choice::Auto, &[Part::Api, Part::Prometheus]).unwrap();
        let want = text
            .replace(": 15s", ": 2s")
            .replace("127.0.0.1:8000", &ports.address(Part::Api))
            .replace("127.0.0.1:9090", &ports.address(Part::Prometheus));
        assert_eq!(rendered(text, &ports, 2), want);
    }
}
