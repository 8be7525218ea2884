//! The load balancers of `docs/gateway.md`, run with its own words, before three gateways.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::peers::{self, Peer, request};
use super::watched::pause;
use super::{lines, scrape, start};

const DOCS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/gateway.md"));
const GROUPS: usize = 60;

/// What the text has between three backquotes and this language, with its addresses replaced, as it says.
fn snippet(language: &str, listen: u16, gateways: &[u16]) -> String {
    let (_, rest) = DOCS.split_once(&format!("```{language}\n")).unwrap();
    let mut text = rest.split_once("```").unwrap().0.to_owned();
    for (at, port) in (1..).zip(gateways) {
        let theirs = format!("10.0.0.{at}:9091");
        assert_eq!(text.matches(&theirs).count(), 1, "{theirs} in\n{text}");
        text = text.replace(&theirs, &format!("127.0.0.1:{port}"));
    }
    // A gateway that is not there is one line less.
    let text: String =
        text.lines().filter(|line| !line.contains("10.0.0.")).flat_map(|line| [line, "\n"]).collect();
    assert_eq!(
        text.matches(":9091").count() + text.matches(" 9091").count(),
        1,
        "where it listens in\n{text}"
    );
    text.replace(" 9091", &format!(" 127.0.0.1:{listen}")).replace(":9091", &format!("127.0.0.1:{listen}"))
}

struct Balancer {
    child: Child,
    port: u16,
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // nginx has a child of its own, which this signal ends as well.
        let _ = peers::run("kill", &["-TERM", &self.child.id().to_string()], b"");
        let _ = self.child.wait();
    }
}

/// Where Debian puts servers, which is not where everybody looks for programs.
fn program(name: &str) -> String {
    let path = format!("/usr/sbin/{name}");
    if Path::new(&path).exists() { path } else { name.to_owned() }
}

fn balancer(kind: &str, folder: &Path, gateways: &[u16]) -> Balancer {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let name = |what: &str| folder.join(format!("{kind}-{port}.{what}")).display().to_string();
    std::fs::write(name("conf"), snippet(kind, port, gateways)).unwrap();
    let arguments = if kind == "nginx" {
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {};\n", name(what)))
            .concat();
        let whole = format!(
            "daemon off;\nuser root;\nworker_processes 1;\npid {};\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}include {};\n}}\n",
            name("pid"),
            name("conf")
        );
        std::fs::write(name("whole"), whole).unwrap();
        vec!["-e".to_owned(), name("log"), "-c".to_owned(), name("whole")]
    } else {
        vec!["-db".to_owned(), "-f".to_owned(), name("conf")]
    };
    let child = Command::new(program(kind))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(name("stderr")).unwrap())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {kind} ({error}): run `make tools`"));
    let mut balancer = Balancer { child, port };
    let end = Instant::now() + Duration::from_secs(30);
    // A push path knows no GET, which the gateway says.
    while request(port, "GET", "/metrics/job/j", b"").is_none_or(|(status, _)| status != 405) {
        let said = std::fs::read_to_string(name("stderr")).unwrap();
        assert!(balancer.child.try_wait().unwrap().is_none() && Instant::now() < end, "{kind}: {said}");
        pause(Duration::from_millis(10));
    }
    balancer
}

fn path(number: usize) -> String {
    format!("/metrics/job/j/instance/{number}")
}

/// The answers to a push of each group.
fn push_all(balancer: &Balancer, method: &str, query: &str) -> BTreeMap<usize, u16> {
    let push =
        |number| request(balancer.port, method, &format!("{}{query}", path(number)), b"a 1\n").unwrap().0;
    (0..GROUPS).map(|number| (number, push(number))).collect()
}

/// The groups that a gateway holds.
fn held(gateway: &Peer) -> BTreeSet<usize> {
    let page = scrape(gateway);
    let number = |line: &str| line.split("instance=\"").nth(1)?.split('"').next()?.parse().ok();
    lines(&page, "a{").into_iter().filter_map(number).collect()
}

fn check(kind: &str) {
    let mut gateways: Vec<Peer> = (0..3).map(|_| start(&[])).collect();
    let ports: Vec<u16> = gateways.iter().map(|gateway| gateway.port).collect();
    let folder = tempfile::tempdir().unwrap();
    let first = balancer(kind, folder.path(), &ports);
    for (method, query) in [("PUT", ""), ("POST", "?ttl=1h"), ("PUT", "?origin=0&ttl=2h")] {
        assert!(push_all(&first, method, query).values().all(|status| *status == 200), "{method} {query}");
    }
    let places: Vec<BTreeSet<usize>> = gateways.iter().map(held).collect();
    let all: BTreeSet<usize> = places.iter().flatten().copied().collect();
    assert_eq!((places.iter().map(BTreeSet::len).sum::<usize>(), all.len()), (GROUPS, GROUPS), "{places:?}");
    assert!(places.iter().all(|groups| groups.len() > 3), "{places:?}");
    // Keys and bodies arrive as they were sent; scrapes do not pass.
    let large = format!("large{{l=\"{}\"}} 1\n", "x".repeat(50_000)) + &"# comment\n".repeat(300_000);
    assert_eq!(
        request(first.port, "PUT", "/metrics/job@base64/YS9i/x/%C3%A9", large.as_bytes()).unwrap().0,
        200
    );
    let pages: String = gateways.iter().map(scrape).collect();
    assert_eq!(pages.matches("push_time_seconds{instance=\"\",job=\"a/b\",x=\"é\"}").count(), 1);
    for path in ["/metrics", "/metrics/"] {
        let (status, said) = request(first.port, "GET", path, b"").unwrap();
        assert!(matches!(status, 301 | 403 | 404) && !said.contains("push_time"), "{status} {said}");
    }
    // With one gone its groups are refused, as often as one tries, and the others stay where they are.
    drop(gateways.remove(1));
    for _ in 0..3 {
        for (number, status) in push_all(&first, "PUT", "") {
            let want: &[u16] = if places[1].contains(&number) { &[502, 503] } else { &[200] };
            assert!(want.contains(&status), "{kind}: {number}: {status}, expected {want:?}");
        }
    }
    assert_eq!([held(&gateways[0]), held(&gateways[1])], [places[0].clone(), places[2].clone()]);
    // Back at its address it gets what was its own.
    gateways.insert(1, start(&[&format!("--web.listen-address=127.0.0.1:{}", ports[1])]));
    assert!(push_all(&first, "PUT", "").values().all(|status| *status == 200));
    assert_eq!(gateways.iter().map(held).collect::<Vec<_>>(), places);
    // With one gateway less, only its groups move.
    let second = balancer(kind, folder.path(), &ports[..2]);
    gateways[..2].iter().for_each(|gateway| _ = request(gateway.port, "DELETE", "/api/v1/groups?job=j", b""));
    assert!(push_all(&second, "PUT", "").values().all(|status| *status == 200));
    for (gateway, place) in gateways.iter().zip(&places).take(2) {
        assert!(held(gateway).is_superset(place), "{kind}: {:?} has not all of {place:?}", held(gateway));
    }
}

#[test]
fn nginx_keeps_each_group_at_one_gateway() {
    check("nginx");
}

#[test]
fn haproxy_keeps_each_group_at_one_gateway() {
    check("haproxy");
}
