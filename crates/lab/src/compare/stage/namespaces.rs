//! Two namespaces with a wire between them, and a link of the lab's own into each.

use std::net::Ipv4Addr;

use anyhow::{Context, bail};

use super::block::Block;
use super::command::{ip, nft, run};
use super::names::Names;
use super::{rules, sweep};
use crate::compare::scenario::Network;

/// How often a block is tried that another lab may take at the same moment.
const TRIES: usize = 16;

/// What was made; it is removed with this value.
#[derive(Debug)]
pub(super) struct Namespaces {
    pub(super) names: Names,
    pub(super) block: Block,
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        // What can't be removed now, the next lab sweeps.
        let _ = sweep::remove(&self.names);
    }
}

impl Namespaces {
    pub(super) fn build(network: Network) -> anyhow::Result<Self> {
        for block in Block::free()?.into_iter().take(TRIES) {
            let made = Self { names: Names::next(), block };
            match made.links() {
                Ok(()) => {
                    made.core(network)?;
                    made.site(network)?;
                    return Ok(made);
                }
                // Another lab has it since.
                Err(error) if error.to_string().contains("File exists") => {}
                Err(error) => return Err(error).context("cannot make network namespaces"),
            }
        }
        bail!(
            "no free /16 in 10/8, 172.16/12 and 198.18/15 for the stage: `ip route show table all` says who has them"
        )
    }

    /// All links, and the lab's own ends of its two. Routes come first: they take the block.
    fn links(&self) -> anyhow::Result<()> {
        let Names { core, site, core_link, site_link } = &self.names;
        let ([to_core, core_end], [to_site, site_end]) = (self.block.link(0), self.block.link(1));
        let (pods, core_address) = (self.block.pods(), self.block.core());
        let lines = format!(
            "netns add {core}\nnetns add {site}\n\
             link add {site_link} type veth peer name lab netns {site}\n\
             addr add {to_site}/30 dev {site_link}\nlink set {site_link} up\n\
             route add {pods} via {site_end} dev {site_link}\n\
             link add {core_link} type veth peer name lab netns {core}\n\
             addr add {to_core}/30 dev {core_link}\nlink set {core_link} up\n\
             route add {core_address}/32 via {core_end} dev {core_link}\n\
             link add wire netns {core} type veth peer name wire netns {site}\n"
        );
        ip(None, &lines).map(drop)
    }

    /// Prometheus and the gateways: one address, the same for all who reach them.
    fn core(&self, network: Network) -> anyhow::Result<()> {
        let [_, lab] = self.block.link(0);
        let [wire, other] = self.block.link(2);
        let (pods, core) = (self.block.pods(), self.block.core());
        let route = match network {
            Network::Nat => String::new(),
            Network::Plain | Network::Bad { .. } => {
                format!("route add {pods} via {other} dev wire src {core}\n")
            }
        };
        // The loopback carries the second hop, and would carry it in packets of 64 KiB.
        let lines = format!("link set lo mtu 1500 gso_max_segs 1 up\naddr add {core}/32 dev lo\n{route}");
        inside(&self.names.core, lab, wire, &lines)?;
        slow(&self.names.core, network)?;
        nft(&self.names.core, &rules::core(network)).map(drop)
    }

    /// The instances: any address out of the pods' is theirs, without being set one by one.
    fn site(&self, network: Network) -> anyhow::Result<()> {
        let [_, lab] = self.block.link(1);
        let [other, wire] = self.block.link(2);
        let (pods, core, from) = (self.block.pods(), self.block.core(), self.block.site());
        let lines = format!(
            "link set lo up\nroute add local {pods} dev lo\nroute add {core}/32 via {other} dev wire src {from}\n"
        );
        inside(&self.names.site, lab, wire, &lines)?;
        slow(&self.names.site, network)?;
        nft(&self.names.site, &rules::site(network)).map(drop)
    }
}

fn inside(name: &str, lab: Ipv4Addr, wire: Ipv4Addr, more: &str) -> anyhow::Result<()> {
    // IPv6 would talk about itself on the wire. A kernel without it doesn't know the word.
    let _ = ip(Some(name), "link set wire addrgenmode none\n");
    // One segment a packet, as on a real wire.
    let lines = format!(
        "addr add {lab}/30 dev lab\nlink set lab up\nlink set wire gso_max_segs 1\n\
         addr add {wire}/30 dev wire\nlink set wire up\n{more}"
    );
    ip(Some(name), &lines).map(drop)
}

/// Both ends send at the rate of a slow link, and drop what waits longer than 0.4 s.
fn slow(name: &str, network: Network) -> anyhow::Result<()> {
    let Network::Bad { kilobits, .. } = network else { return Ok(()) };
    let rate = format!("{kilobits}kbit");
    let shape = ["root", "tbf", "rate", &rate, "burst", "3200", "latency", "400ms"];
    let arguments = [["-n", name, "qdisc", "add", "dev", "wire"].as_slice(), &shape].concat();
    run("tc", &arguments, "").map(drop)
}
