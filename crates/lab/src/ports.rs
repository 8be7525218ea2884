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
    pub fn choose(choice: Choice) -> anyhow::Result<Self> {
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
        [("api", self.api), ("gateway", self.gateway), ("agent", self.agent), ("Prometheus", self.prometheus)]
    }
}
