//! Where a scenario plays: Prometheus and the gateways in `core`, instances and their agents in `site`.
//!
//! As root both are network namespaces, joined by a wire whose bytes are counted by way. The lab has
//! a link of its own into each, so that its questions and its load are not on the wire. Nothing in
//! the machine's own namespace changes but the ends of those two links and the routes over them.
//! Not as root everything is on the loopback, and nothing is counted.

mod block;
mod command;
mod loopback;
mod names;
mod namespaces;
mod needs;
mod rules;
mod sweep;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, bail};

use self::loopback::Loopback;
use self::namespaces::Namespaces;
pub(crate) use self::sweep::FOLDERS;
pub use self::sweep::sweep;
use super::path::Path;
use super::scenario::Network;
use crate::programs::{Program, on_path};

/// What went over a wire, both directions and both hops together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// With Ethernet headers.
    pub bytes: u64,
    /// Each as long as the wire carries it.
    pub packets: u64,
}

/// A stage; its namespaces, and what still runs in them, end with it.
#[derive(Debug)]
pub struct Stage {
    place: Place,
    no_bytes: Option<String>,
}

#[derive(Debug)]
enum Place {
    Namespaces(Namespaces),
    Loopback(Loopback),
}

impl Stage {
    /// Builds one for a scenario: what is between instances and the rest, and whether that will be cut.
    /// Where namespaces can't be made, a plain stage is on the loopback; another is an error that says
    /// what it needs and how. It takes some 0.1 s, in which it blocks.
    pub fn build(name: &str, network: Network, cuts: bool) -> anyhow::Result<Self> {
        if let Some(missing) = Self::missing(network, cuts) {
            bail!("{name} {missing}");
        }
        if let Some(missing) = needs::missing() {
            return Ok(Self { place: Place::Loopback(Loopback::take()?), no_bytes: Some(missing) });
        }
        match Namespaces::build(network) {
            Ok(made) => Ok(Self { place: Place::Namespaces(made), no_bytes: None }),
            // In a container root may make none.
            Err(error) if !network.needs_root() && !cuts => {
                let why = format!("{error:#}");
                Ok(Self { place: Place::Loopback(Loopback::take()?), no_bytes: Some(why) })
            }
            Err(error) => Err(error).with_context(|| format!("{name} has no stage")),
        }
    }

    /// Why a scenario can't be played here, and how it can; none: it can, or is worth trying.
    pub fn missing(network: Network, cuts: bool) -> Option<String> {
        needs::missing().filter(|_| network.needs_root() || cuts)
    }

    /// Why bytes are not counted, and how they are; none: they are.
    pub fn no_bytes(&self) -> Option<&str> {
        self.no_bytes.as_deref()
    }

    /// A program that will run beside Prometheus and the gateways.
    pub fn core(&self, program: Program) -> Program {
        match &self.place {
            Place::Namespaces(made) => within(&made.names.core, program),
            Place::Loopback(_) => program,
        }
    }

    /// A program that will run beside the instances.
    pub fn site(&self, program: Program) -> Program {
        match &self.place {
            Place::Namespaces(made) => within(&made.names.site, program),
            Place::Loopback(_) => program,
        }
    }

    /// A way's Prometheus: what it sends and receives on the wire is counted as that way's.
    pub fn prometheus(&self, path: Path, program: Program) -> Program {
        let Place::Namespaces(_) = &self.place else { return program };
        let Some(setpriv) = on_path("setpriv") else { return self.core(program) };
        let group = rules::group(path).to_string();
        // To change the group forgets that the kernel is to end it with the lab: that is said again.
        let words = ["--regid", &group, "--keep-groups", "--pdeathsig", "TERM", "--"];
        let mut arguments: Vec<String> = words.map(str::to_owned).to_vec();
        arguments.push(program.path.display().to_string());
        arguments.extend(program.arguments);
        self.core(Program { path: setpriv, arguments, environment: program.environment })
    }

    /// Where Prometheus and the gateways listen: the same address for the lab, instances and each other.
    pub fn core_address(&self) -> Ipv4Addr {
        match &self.place {
            Place::Namespaces(made) => made.block.core(),
            Place::Loopback(_) => Ipv4Addr::LOCALHOST,
        }
    }

    /// An instance's address, for itself, the lab and Prometheus; any port on it is free. 32,000 differ.
    pub fn pod_address(&self, number: usize) -> Ipv4Addr {
        match &self.place {
            Place::Namespaces(made) => made.block.pod(number),
            Place::Loopback(block) => block.pod(number),
        }
    }

    /// Where a way's gateway is to listen.
    pub fn gateway(&self, path: Path) -> anyhow::Result<SocketAddr> {
        self.listen(rules::gateway_port(path))
    }

    /// Where a way's Prometheus is to listen.
    pub fn server(&self, path: Path) -> anyhow::Result<SocketAddr> {
        self.listen(rules::server_port(path))
    }

    fn listen(&self, port: u16) -> anyhow::Result<SocketAddr> {
        let address = self.core_address();
        match &self.place {
            Place::Namespaces(_) => Ok(SocketAddr::from((address, port))),
            Place::Loopback(_) => {
                let free = TcpListener::bind((address, 0)).context("no free port on the loopback")?;
                Ok(free.local_addr()?)
            }
        }
    }

    /// What went over the wire since the stage was built, and from each Prometheus to its gateway. None on the loopback.
    pub fn wire(&self) -> anyhow::Result<Option<BTreeMap<Path, Traffic>>> {
        let Place::Namespaces(made) = &self.place else { return Ok(None) };
        let text =
            command::run("ip", &["netns", "exec", &made.names.core, "nft", "-j", "list", "counters"], "")?;
        rules::counters(&text).map(Some)
    }

    /// Drops all packets on the wire from now on.
    pub fn cut(&self) -> anyhow::Result<()> {
        self.both(rules::CUT).context("cannot cut the wire")
    }

    /// Lets packets through again; a wire that was not cut stays as it is.
    pub fn restore(&self) -> anyhow::Result<()> {
        self.both(rules::RESTORE).context("cannot restore the wire")
    }

    fn both(&self, rules: &str) -> anyhow::Result<()> {
        let Place::Namespaces(made) = &self.place else {
            bail!("the loopback has no wire: {}", self.no_bytes().unwrap_or("no namespaces"));
        };
        [&made.names.core, &made.names.site]
            .into_iter()
            .try_for_each(|name| command::nft(name, rules).map(drop))
    }
}

/// `ip` becomes the program: its process id is the program's own.
fn within(namespace: &str, program: Program) -> Program {
    let mut arguments: Vec<String> = ["netns", "exec", namespace].map(str::to_owned).to_vec();
    arguments.push(program.path.display().to_string());
    arguments.extend(program.arguments);
    let path = on_path("ip").unwrap_or_else(|| "ip".into());
    Program { path, arguments, environment: program.environment }
}
