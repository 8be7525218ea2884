//! Faults on the way: names that are gone, certificates that expire, a real gateway that is restarted.

use std::process::{Child, Command, Stdio};

use super::certificates::{Authority, gateway};
use super::doubles::Double;
use super::faults::causes;
use super::peers;
use super::process::{eventually, may_mount, start, start_in};
use super::status::last_error;

#[test]
fn names_that_are_gone_and_come_back() {
    if !may_mount() {
        return eprintln!("skipped: needs root");
    }
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let folder = tempfile::tempdir().unwrap();
    let (hosts, resolv) = (folder.path().join("hosts"), folder.path().join("resolv.conf"));
    let names = "127.0.0.1 target.test gateway.test\n";
    std::fs::write(&hosts, names).unwrap();
    // Nobody else is asked: the real server's answer may take long.
    std::fs::write(&resolv, "nameserver 127.0.0.1\n").unwrap();
    let script = format!(
        "mount --bind {} /etc/hosts; mount --bind {} /etc/resolv.conf; exec \"$@\"",
        hosts.display(),
        resolv.display()
    );
    let by_name = |double: &Double, name: &str| double.url.replace("127.0.0.1", name);
    let (target_url, gateway_url) =
        (by_name(&target, "target.test") + "/metrics", by_name(&gateway, "gateway.test"));
    let settings = format!(
        "interval = \"300ms\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{target_url}\"\n[push]\nurl = \"{gateway_url}\"\n"
    );
    let agent = start_in(&script, &settings, &[]);
    let last_up =
        || gateway.seen_of("PUT /metrics/job/j/").pop().is_some_and(|put| put.body.contains("up 1\n"));
    eventually("a push", last_up);
    std::fs::write(&hosts, "").unwrap();
    for (list, whose, counted) in [
        ("targets", &target_url, "collection_failures_total connect"),
        ("endpoints", &gateway_url, "retried_total connect"),
    ] {
        eventually(counted, || !causes(&agent, whose).is_empty());
        assert_eq!(causes(&agent, whose), [counted]);
        eventually("what is said of it", || {
            last_error(&agent, list, whose).contains("failed to lookup address information")
        });
    }
    let before = gateway.seen().len();
    std::fs::write(&hosts, names).unwrap();
    eventually("pushes again", || gateway.seen().len() > before + 3 && last_up());
}

#[test]
fn certificates_that_have_expired_and_are_renewed() {
    let authority = Authority::new();
    authority.issue("server", "127.0.0.1", true);
    // The real Pushgateway reads its certificate at each connection; it is the target, too.
    let peer = gateway(&authority, "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n");
    let (ca, endpoint) = (authority.file("ca.pem"), format!("https://127.0.0.1:{}", peer.port));
    let (ca, target) =
        (format!("tls_config = {{ ca_file = \"{}\" }}\n", ca.display()), format!("{endpoint}/metrics"));
    let agent = start(&format!(
        "interval = \"300ms\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{target}\"\n{ca}[push]\nurl = \"{endpoint}\"\n{ca}"
    ));
    for (list, whose, counted) in [
        ("targets", &target, "collection_failures_total connect"),
        ("endpoints", &endpoint, "retried_total connect"),
    ] {
        eventually(counted, || !causes(&agent, whose).is_empty());
        assert_eq!(causes(&agent, whose), [counted]);
        eventually("what is said of it", || last_error(&agent, list, whose).contains("certificate expired"));
    }
    authority.issue("server", "127.0.0.1", false);
    let sent = || agent.value("pushpull_agent_sent_total").unwrap_or_default();
    eventually("pushes", || sent() > 2.0 && agent.value("up{job=\"j\"") == Some(1.0));
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_real_gateway_that_is_restarted_has_all_groups_again() {
    let port = std::net::TcpListener::bind("127.77.1.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.77.1.1:{port}");
    let begin = || {
        let child = Command::new("prometheus-pushgateway")
            .arg(format!("--web.listen-address=127.77.1.1:{port}"))
            .stderr(Stdio::null())
            .spawn();
        Ended(child.unwrap())
    };
    let page = || {
        let output = Command::new("curl").args(["-s", &format!("{url}/metrics")]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let has_all = || {
        let page = page();
        page.contains("a{instance=\"i\",job=\"j\"} 1\n") && page.contains("pushpull_agent_sent_total{")
    };
    let target = Double::page("a 1\n");
    let before = begin();
    let agent = start(&format!(
        "interval = \"300ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{}/metrics\"\n[push]\nurl = \"{url}\"\n",
        target.url
    ));
    eventually("all groups", has_all);
    drop(before);
    eventually("what is said of it", || last_error(&agent, "endpoints", &url).contains("Connection refused"));
    eventually("the count", || causes(&agent, &url).contains(&"retried_total connect".to_owned()));
    let _after = begin();
    eventually("all groups again", has_all);
    assert!(peers::request(agent.port, "GET", "/-/ready", b"").is_some_and(|(status, _)| status == 200));
}
