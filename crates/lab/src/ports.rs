//! The ports of the parts, checked before anything is started.

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

const PROMETHEUS: &str = "Prometheus";

/// One port for each part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The API.
    pub api: u16,
    /// The gateway.
    pub gateway: u16,
    /// The agent's pull fallback.
    pub agent: u16,
    /// Prometheus.
    pub prometheus: u16,
}

impl Ports {
    /// Chooses them; names all that are taken, and how to choose others.
    ///
    /// The port of Prometheus may be taken where there is none `with_prometheus`: by one that runs.
    pub fn choose(choice: Choice, with_prometheus: bool) -> anyhow::Result<Self> {
        let offset = match choice {
            Choice::Auto => return Self::free(),
            Choice::Offset(offset) => offset,
        };
        let port = |usual: u16| usual.checked_add(offset).context("--port-offset leads beyond port 65535");
        let ports =
            Self { api: port(8000)?, gateway: port(9091)?, agent: port(9102)?, prometheus: port(9090)? };
        let taken: Vec<String> = ports
            .named()
            .into_iter()
            .filter(|(name, _)| with_prometheus || *name != PROMETHEUS)
            .filter(|(_, port)| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_err())
            .map(|(name, port)| format!("{port} ({name})"))
            .collect();
        if !taken.is_empty() {
            bail!(
                "ports taken by other programs: {}; choose others with --port-offset 1000, or free ones with --ports auto",
                taken.join(", ")
            );
        }
        Ok(ports)
    }

    /// Free ones. They are held together until all are known, so that they differ.
    fn free() -> anyhow::Result<Self> {
        let mut held = Vec::new();
        let mut next = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
            let port = listener.local_addr()?.port();
            held.push(listener);
            anyhow::Ok(port)
        };
        Ok(Self { api: next()?, gateway: next()?, agent: next()?, prometheus: next()? })
    }

    fn named(self) -> [(&'static str, u16); 4] {
        [("api", self.api), ("gateway", self.gateway), ("agent", self.agent), (PROMETHEUS, self.prometheus)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_of_prometheus_matters_only_where_prometheus_takes_part() {
        // An offset at which all four are free, until one of them is taken here.
        let (offset, taken) = (1000..20_000)
            .step_by(7)
            .find_map(|offset| {
                Ports::choose(Choice::Offset(offset), true).ok()?;
                let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 9090 + offset)).ok()?;
                Some((Choice::Offset(offset), taken))
            })
            .unwrap();
        let told = Ports::choose(offset, true).unwrap_err().to_string();
        let port = taken.local_addr().unwrap().port();
        assert!(told.contains(&format!("ports taken by other programs: {port} (Prometheus);")), "{told}");
        assert_eq!(Ports::choose(offset, false).unwrap().prometheus, port);
    }
}
