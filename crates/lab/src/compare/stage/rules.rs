//! What `nft` is told: whose each packet is, how many there were, and which are dropped.
//!
//! Connections carry their way's mark, since neither addresses nor ports tell two Prometheus servers
//! apart that scrape the same pods. The mark comes from the group that each Prometheus runs under, or
//! from the port of the gateway that an agent connects to.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;

use super::Traffic;
use crate::compare::path::Path;
use crate::compare::scenario::Network;

/// The groups' numbers begin here; nobody need have them, and they own no files.
const GROUPS: u32 = 61_001;
/// Inside a namespace there is nobody else: fixed ports will do.
const GATEWAYS: u16 = 9_101;
const SERVERS: u16 = 9_201;
/// `nft` counts from the IP header on; the wire carries an Ethernet header, too.
const ETHERNET: u64 = 14;

/// A way's place among all.
fn place(path: Path) -> u16 {
    path as u16
}

/// The group that a way's Prometheus runs under.
pub(super) fn group(path: Path) -> u32 {
    GROUPS + u32::from(place(path))
}

pub(super) fn gateway_port(path: Path) -> u16 {
    GATEWAYS + place(path)
}

pub(super) fn server_port(path: Path) -> u16 {
    SERVERS + place(path)
}

/// Where a way's agents connect to: its gateway, or the Prometheus that is written to.
fn receiver_port(path: Path) -> u16 {
    if path == Path::RemoteWrite { server_port(path) } else { gateway_port(path) }
}

fn map(entry: impl Fn(Path) -> String) -> String {
    format!("{{ {} }}", Path::ALL.map(entry).join(", "))
}

/// In `core`: counts what it sends and what arrives, and what goes from Prometheus to a gateway.
pub(super) fn core(network: Network) -> String {
    let mark = |path| place(path) + 1;
    let counters: String = Path::ALL.map(|path| format!("counter p{} {{ }}\n", mark(path))).concat();
    let groups = map(|path| format!("{} : {}", group(path), mark(path)));
    let ports = map(|path| format!("{} : {}", receiver_port(path), mark(path)));
    let count = map(|path| format!("{0} : \"p{0}\"", mark(path)));
    // Lost packets are counted first: they were on the wire.
    let lost = drop_share(network);
    format!(
        "table inet wire {{\n{counters}\
         chain sent {{\n type filter hook output priority -150;\n\
         ct state new ct mark set meta skgid map {groups}\n\
         oifname {{ \"wire\", \"lo\" }} counter name ct mark map {count}\n}}\n\
         chain arrived {{\n type filter hook prerouting priority -150;\n\
         iifname \"wire\" ct state new ct mark set tcp dport map {ports}\n\
         iifname \"wire\" counter name ct mark map {count}\n{lost}}}\n}}\n"
    )
}

/// In `site`: what is lost on the way there, and masquerading.
pub(super) fn site(network: Network) -> String {
    let lost = drop_share(network);
    let nat = match network {
        Network::Nat => {
            "chain out {\n type nat hook postrouting priority 100;\n oifname \"wire\" masquerade\n}\n"
        }
        Network::Plain | Network::Bad { .. } => "",
    };
    format!(
        "table inet wire {{\nchain arrived {{\n type filter hook prerouting priority -150;\n{lost}}}\n{nat}}}\n"
    )
}

fn drop_share(network: Network) -> String {
    match network {
        // At the receiver: what a sender drops itself, its own TCP notices.
        Network::Bad { loss, .. } => {
            let thousandths = (loss.clamp(0.0, 1.0) * 1_000.0).round();
            let rule = format!("iifname \"wire\" numgen random mod 1000 < {thousandths} drop\n");
            // A comparison that never holds is an error to `nft`.
            if thousandths > 0.0 { rule } else { String::new() }
        }
        Network::Plain | Network::Nat => String::new(),
    }
}

/// A cut wire, before connection tracking: what is established is cut, too.
pub(super) const CUT: &str = "table inet cut {\nchain arrived {\n type filter hook prerouting priority -300;\n\
                              iifname \"wire\" drop\n}\n}\n";

/// Whole again; no error where it was not cut.
pub(super) const RESTORE: &str = "add table inet cut\ndelete table inet cut\n";

/// Reads `nft -j list counters`.
pub(super) fn counters(text: &str) -> anyhow::Result<BTreeMap<Path, Traffic>> {
    let answer: Value = serde_json::from_str(text).with_context(|| format!("no JSON of nft: {text}"))?;
    let list = answer["nftables"].as_array().context("nft listed no counters")?;
    let mut counted = BTreeMap::new();
    for counter in list.iter().map(|entry| &entry["counter"]) {
        let Some(name) = counter["name"].as_str() else { continue };
        let path = Path::ALL.into_iter().find(|path| name == format!("p{}", place(*path) + 1));
        let path = path.with_context(|| format!("nft lists a counter {name}, which no way has"))?;
        let [bytes, packets] = ["bytes", "packets"].map(|key| counter[key].as_u64());
        let (bytes, packets) =
            bytes.zip(packets).with_context(|| format!("nft's counter {name} has no count"))?;
        counted.insert(path, Traffic { bytes: bytes + ETHERNET * packets, packets });
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_by_way_and_have_the_ethernet_header_added() {
        let text = r#"{"nftables": [{"metainfo": {"json_schema_version": 1}},
            {"counter": {"family": "inet", "name": "p1", "table": "wire", "handle": 3, "packets": 2, "bytes": 100}},
            {"counter": {"family": "inet", "name": "p6", "table": "wire", "handle": 5, "packets": 0, "bytes": 0}}]}"#;
        let counted = counters(text).unwrap();
        assert_eq!(counted[&Path::PullStatic], Traffic { bytes: 128, packets: 2 });
        assert_eq!(counted[&Path::PushRealFile], Traffic::default());
        assert!(counters("{}").unwrap_err().to_string().contains("no counters"));
        let error = counters(&text.replace("p6", "p9")).unwrap_err().to_string();
        assert!(error.contains("p9"), "{error}");
    }

    #[test]
    fn what_is_lost_is_dropped_at_both_receivers_and_only_where_asked() {
        let bad = Network::Bad { loss: 0.05, kilobits: 512 };
        for rules in [core(bad), site(bad)] {
            assert!(rules.contains("numgen random mod 1000 < 50 drop"), "{rules}");
        }
        let whole = Network::Bad { loss: 0.0, kilobits: 512 };
        assert!(!core(whole).contains("drop") && !site(whole).contains("drop"));
        assert!(!core(Network::Plain).contains("drop") && !site(Network::Nat).contains("drop"));
        assert!(site(Network::Nat).contains("masquerade") && !site(Network::Plain).contains("masquerade"));
    }
}
