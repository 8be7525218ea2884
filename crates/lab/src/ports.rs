//! The ports of the parts, checked before anything is started.

mod owner;

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, bail};

/// How ports are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The usual ones, all moved by so many.
    Offset(u16),
    /// Free ones.
    Auto,
}

/// What listens somewhere.
#[allow(missing_docs, reason = "their names say it")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Api,
    Gateway,
    Agent,
    NodeExporter,
    Prometheus,
    Alertmanager,
    Grafana,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Api,
        Self::Gateway,
        Self::Agent,
        Self::NodeExporter,
        Self::Prometheus,
        Self::Alertmanager,
        Self::Grafana,
    ];

    /// The port that everybody expects it on.
    pub const fn usual(self) -> u16 {
        match self {
            Self::Api => 8000,
            Self::Gateway => 9091,
            Self::Agent => 9102,
            Self::NodeExporter => 9100,
            Self::Prometheus => 9090,
            Self::Alertmanager => 9093,
            Self::Grafana => 3000,
        }
    }

    /// Its name before its lines and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Gateway => "gateway",
            Self::Agent => "agent",
            Self::NodeExporter => "node-exporter",
            Self::Prometheus => "prometheus",
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
        }
    }
}

/// One port for each part that takes part, 0 for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports([u16; Part::ALL.len()]);

impl Ports {
    /// Chooses them for these parts; names all that are taken and who has them, and how to choose others.
    pub fn choose(choice: Choice, wanted: &[Part]) -> anyhow::Result<Self> {
        let mut ports = Self([0; Part::ALL.len()]);
        // Free ones are held until all are known, so that they differ.
        let mut held = Vec::new();
        let mut taken = Vec::new();
        for &part in wanted {
            let number = match choice {
                Choice::Auto => 0,
                Choice::Offset(offset) => part
                    .usual()
                    .checked_add(offset)
                    .with_context(|| format!("--port-offset {offset} leads beyond port 65535"))?,
            };
            match TcpListener::bind((Ipv4Addr::LOCALHOST, number)) {
                Ok(listener) => {
                    ports.0[part as usize] = listener.local_addr()?.port();
                    held.push(listener);
                }
                Err(error) if number == 0 => return Err(error).context("no free port"),
                Err(_) => taken.push(format!("\n    {number} for {}: {}", part.name(), owner::of(number))),
            }
        }
        if !taken.is_empty() {
            bail!(
                "ports that others have already:{}\n\
                 choose others with --port-offset 1000, or free ones with --ports auto; \
                 through make: ARGS=\"--ports auto\"",
                taken.concat()
            );
        }
        Ok(ports)
    }

    /// The port of a part.
    pub const fn of(&self, part: Part) -> u16 {
        self.0[part as usize]
    }

    /// Its address on the loopback.
    pub fn address(&self, part: Part) -> String {
        format!("127.0.0.1:{}", self.of(part))
    }

    /// Its URL without a path.
    pub fn url(&self, part: Part) -> String {
        format!("http://{}", self.address(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ_and_others_are_not_asked_for() {
        let wanted = [Part::Api, Part::Gateway, Part::Agent];
        let ports = Ports::choose(Choice::Auto, &wanted).unwrap();
        let mut chosen = wanted.map(|part| ports.of(part)).to_vec();
        chosen.sort_unstable();
        chosen.dedup();
        assert_eq!(chosen.len(), 3, "{ports:?}");
        assert!(!chosen.contains(&0) && ports.of(Part::Prometheus) == 0);
    }

    #[test]
    fn only_a_part_that_takes_part_can_be_in_the_way_and_its_owner_is_named() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        let choice = Choice::Offset(port - Part::Prometheus.usual());
        let error = Ports::choose(choice, &[Part::Prometheus]).unwrap_err().to_string();
        let owner = format!("    {port} for prometheus: by ");
        assert!(error.contains(&owner), "{error}");
        assert!(error.contains(&format!("(pid {})", std::process::id())), "{error}");
        let chosen = Ports::choose(choice, &[Part::Api]);
        assert!(!chosen.is_err_and(|error| error.to_string().contains("prometheus")));
    }
}
