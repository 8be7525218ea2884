//! A NAT that forgets idle connections without a word, in network namespaces of its own; that needs root.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::process::eventually;

/// Namespaces and what runs in them, until the end of the test.
struct Net {
    id: u32,
    children: Vec<Child>,
    folder: tempfile::TempDir,
}

impl Drop for Net {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        for side in ["in", "nat", "out"] {
            let _ =
                Command::new("ip").args(["netns", "del", &self.name(side)]).stderr(Stdio::null()).status();
        }
    }
}

impl Net {
    /// Inside 10.77.1.2, outside 10.77.2.2, and between them a NAT that remembers for so many seconds.
    fn new(seconds: u32) -> Option<Self> {
        let id = std::process::id();
        let net = Self { id, children: Vec::new(), folder: tempfile::tempdir().unwrap() };
        let (inside, nat, outside) = (net.name("in"), net.name("nat"), net.name("out"));
        for name in [&inside, &nat, &outside] {
            if !Command::new("ip")
                .args(["netns", "add", name])
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|s| s.success())
            {
                return None;
            }
        }
        for line in [
            format!("ip link add a{id} netns {inside} type veth peer name b{id} netns {nat}"),
            format!("ip link add d{id} netns {outside} type veth peer name c{id} netns {nat}"),
            format!("ip -n {inside} addr add 10.77.1.2/24 dev a{id}"),
            format!("ip -n {nat} addr add 10.77.1.1/24 dev b{id}"),
            format!("ip -n {nat} addr add 10.77.2.1/24 dev c{id}"),
            format!("ip -n {outside} addr add 10.77.2.2/24 dev d{id}"),
            format!("ip -n {inside} link set lo up"),
            format!("ip -n {outside} link set lo up"),
            format!("ip -n {inside} link set a{id} up"),
            format!("ip -n {nat} link set b{id} up"),
            format!("ip -n {nat} link set c{id} up"),
            format!("ip -n {outside} link set d{id} up"),
            format!("ip -n {inside} route add default via 10.77.1.1"),
            format!("ip netns exec {nat} nft add table ip nat"),
            format!(
                "ip netns exec {nat} nft add chain ip nat out {{ type nat hook postrouting priority 100 ; }}"
            ),
            format!("ip netns exec {nat} nft add rule ip nat out oifname c{id} masquerade"),
            format!(
                "ip netns exec {nat} nft add chain ip nat through {{ type filter hook forward priority 0 ; }}"
            ),
            format!("ip netns exec {nat} nft add rule ip nat through ct state invalid drop"),
            format!("ip netns exec {nat} sysctl -qw net.ipv4.ip_forward=1"),
            // What it has forgotten it does not take up again.
            format!("ip netns exec {nat} sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0"),
            format!(
                "ip netns exec {nat} sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_established={seconds}"
            ),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert!(Command::new(words[0]).args(&words[1..]).status().unwrap().success(), "{line}");
        }
        Some(net)
    }

    fn name(&self, side: &str) -> String {
        format!("pushpull-{}-{side}", self.id)
    }

    /// Starts a program on one side.
    fn start(&mut self, side: &str, program: &str, arguments: &[&str]) {
        let child = Command::new("ip")
            .args(["netns", "exec", &self.name(side), program])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.children.push(child.unwrap());
    }

    /// An agent inside, with its listener on this port.
    fn agent(&mut self, port: u16, keep_alive: &str) {
        let file = self.folder.path().join(format!("{port}.toml"));
        let settings = format!(
            "interval = \"3500ms\"\nscrape = []\nidentity.instance = \"{port}\"\n[host]\nenabled = false\n\
             [push]\nurl = \"http://10.77.2.2:9091\"\ntimeout = \"1s\"\nconflict_read = \"0B\"\nkeep_alive = \"{keep_alive}\"\n\
             [pull]\nlisten = \"127.0.0.1:{port}\"\n"
        );
        std::fs::write(&file, settings).unwrap();
        self.start("in", env!("CARGO_BIN_EXE_pushpull-agent"), &["--config", file.to_str().unwrap()]);
    }

    /// What curl gets on one side.
    fn get(&self, side: &str, url: &str) -> String {
        // Two programs are started each time: other tests need the machine, too.
        std::thread::park_timeout(Duration::from_millis(200));
        let arguments = ["netns", "exec", &self.name(side), "curl", "-s", "--max-time", "5", url];
        let output = Command::new("ip").args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The sum of an agent's series that begin like this.
    fn sum(&self, port: u16, series: &str) -> f64 {
        let page = self.get("in", &format!("http://127.0.0.1:{port}/metrics"));
        let values = page.lines().filter(|line| line.starts_with(series));
        values.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// The clients' ports of all connections that the gateway has.
    fn connections(&self) -> Vec<String> {
        let name = self.name("out");
        let arguments = ["netns", "exec", &name, "cat", "/proc/net/tcp", "/proc/net/tcp6"];
        let output = Command::new("ip").args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        // 9091 is 2383 in hex, and 01 is an established connection.
        let rows = rows.filter(|row| row.len() > 3 && row[1].ends_with(":2383") && row[3] == "01");
        rows.map(|row| row[2].to_owned()).collect()
    }
}

#[test]
fn signs_of_life_keep_a_connection_through_a_nat_that_forgets_idle_ones() {
    let Some(mut net) = Net::new(3) else { return eprintln!("skipped: needs root") };
    net.start(
        "out",
        "prometheus-pushgateway",
        &["--web.listen-address=10.77.2.2:9091", "--persistence.file="],
    );
    eventually("the gateway", || !net.get("out", "http://10.77.2.2:9091/-/ready").is_empty());
    // Pushes come half a second later than the NAT forgets.
    net.agent(9102, "2s");
    eventually("a first push", || net.sum(9102, "pushpull_agent_sent_total{") > 0.0);
    let connection = net.connections();
    assert_eq!(connection.len(), 1, "{connection:?}");
    // The same without signs of life, to see that the NAT does forget.
    net.agent(9103, "1h");
    eventually("a push that the NAT swallows", || {
        net.sum(9103, "pushpull_agent_retried_total{endpoint=\"http://10.77.2.2:9091\",reason=\"timeout\"")
            > 0.0
    });
    eventually("more pushes", || net.sum(9102, "pushpull_agent_sent_total{") > 3.0);
    assert!(net.sum(9102, "pushpull_agent_retried_total{") < 1.0, "a push failed");
    assert!(net.connections().contains(&connection[0]), "it was another: {connection:?}");
}
