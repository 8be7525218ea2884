//! Where a scenario plays: who reaches whom, what is counted, and that nothing is left.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path as File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lab::compare::path::Path;
use lab::compare::scenario::Network;
use lab::compare::stage::{self, Stage};
use lab::programs::{self, Program};

use super::eventually;

/// Sends so many bytes to each who connects, and keeps the connection until the other ends it.
const SERVER: &str = "
import socket, sys, threading
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
def serve(connection):
    connection.sendall(b'x' * int(sys.argv[3]))
    connection.recv(1)
print(flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
";

/// Connects, and reads so many bytes; the exit code says whether they came within two seconds.
const CLIENT: &str = "
import socket, sys
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)
left = int(sys.argv[3])
while left > 0:
    left -= len(connection.recv(65536)) or sys.exit(1)
";

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn python(script: &str, arguments: &[&str]) -> Program {
    let python = programs::on_path("python3").unwrap();
    Program::new(&python, [&["-c", script], arguments].concat().into_iter().map(str::to_owned))
}

fn command(program: &Program) -> Command {
    let mut command = Command::new(&program.path);
    command.args(&program.arguments).stderr(Stdio::null());
    command
}

/// A server that is ready.
fn serve(wrap: impl Fn(Program) -> Program, at: SocketAddr, bytes: usize) -> Running {
    let (host, port) = (at.ip().to_string(), at.port().to_string());
    let program = wrap(python(SERVER, &[&host, &port, &bytes.to_string()]));
    let mut child = command(&program).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = [0];
    child.stdout.as_mut().unwrap().read_exact(&mut line).unwrap();
    Running(child)
}

fn reads(wrap: impl Fn(Program) -> Program, from: SocketAddr, bytes: usize) -> bool {
    let (host, port) = (from.ip().to_string(), from.port().to_string());
    command(&wrap(python(CLIENT, &[&host, &port, &bytes.to_string()]))).status().unwrap().success()
}

/// Whether namespaces can be made; a container's root may not.
fn root() -> bool {
    let tried = Command::new("unshare").args(["--net", "true"]).stderr(Stdio::null()).status();
    rustix::process::geteuid().is_root() && tried.is_ok_and(|status| status.success())
}

/// A stage with namespaces; without root there is none to test, which is told.
fn stage(network: Network) -> Option<Stage> {
    if !root() {
        eprintln!("skipped: needs root");
        return None;
    }
    let stage = Stage::build("test", network, true).unwrap();
    assert_eq!(stage.no_bytes(), None);
    Some(stage)
}

fn pod(stage: &Stage, number: usize) -> SocketAddr {
    // In a namespace of its own: no other test has it.
    SocketAddr::from((stage.pod_address(number), 80))
}

/// Bytes that the kernel saw at an end of the wire, both directions.
fn seen(stage: &Stage) -> u64 {
    let file = |name: &str| format!("/sys/class/net/wire/statistics/{name}_bytes");
    let program = Program::new(File::new("/bin/cat"), [file("rx"), file("tx")]);
    let output = command(&stage.core(program)).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse::<u64>().unwrap()).sum()
}

fn bytes(stage: &Stage, path: Path) -> u64 {
    stage.wire().unwrap().unwrap()[&path].bytes
}

#[test]
fn pods_are_reached_by_the_lab_and_by_prometheus_and_each_has_its_port() {
    let Some(stage) = stage(Network::Plain) else { return };
    let pods = [pod(&stage, 0), pod(&stage, 1), pod(&stage, 5_000)];
    let _servers = pods.map(|pod| serve(|program| stage.site(program), pod, 100));
    for pod in pods {
        TcpStream::connect_timeout(&pod, Duration::from_secs(2)).unwrap().write_all(b"x").unwrap();
        assert!(reads(|program| stage.core(program), pod, 100), "{pod} from core");
        assert!(reads(|program| stage.site(program), pod, 100), "{pod} from beside it");
    }
    assert_eq!(stage.wire().unwrap().unwrap().values().map(|traffic| traffic.bytes).sum::<u64>(), 0);
}

#[test]
fn bytes_are_counted_by_way_as_the_wire_carries_them() {
    let Some(stage) = stage(Network::Plain) else { return };
    let _pod = serve(|program| stage.site(program), pod(&stage, 0), 300_000);
    let before = seen(&stage);
    for (path, times) in [(Path::PullStatic, 1), (Path::PullDiscovered, 2)] {
        for _ in 0..times {
            assert!(reads(|program| stage.prometheus(path, program), pod(&stage, 0), 300_000), "{path:?}");
        }
    }
    let (one, two) = (bytes(&stage, Path::PullStatic) as f64, bytes(&stage, Path::PullDiscovered) as f64);
    assert!((300_000.0..360_000.0).contains(&one), "{one}");
    assert!((two / one - 2.0).abs() < 0.1, "{one} {two}");
    let wire = (seen(&stage) - before) as f64;
    assert!(((one + two) / wire - 1.0).abs() < 0.02, "{one} and {two} counted of {wire}");

    // Both hops of a push: to the gateway over the wire, and from it to Prometheus.
    let path = Path::PushReal;
    let gateway = stage.gateway(path).unwrap();
    let _gateway = serve(|program| stage.core(program), gateway, 100_000);
    assert!(reads(|program| stage.site(program), gateway, 100_000));
    let first = bytes(&stage, path);
    assert!((100_000..125_000).contains(&first), "{first}");
    assert!(reads(|program| stage.prometheus(path, program), gateway, 100_000));
    let both = bytes(&stage, path);
    assert!((both as f64 / first as f64 - 2.0).abs() < 0.1, "{first} then {both}");
    assert_eq!(bytes(&stage, Path::PushOurs), 0);
    // What the lab itself asks is on nobody's bill.
    TcpStream::connect_timeout(&gateway, Duration::from_secs(2))
        .unwrap()
        .read_exact(&mut [0; 1_000])
        .unwrap();
    assert_eq!(bytes(&stage, path), both);
}

#[test]
fn behind_masquerading_instances_reach_out_and_nothing_but_the_lab_reaches_in() {
    let Some(stage) = stage(Network::Nat) else { return };
    let inside = pod(&stage, 0);
    let _pod = serve(|program| stage.site(program), inside, 10);
    let gateway = stage.gateway(Path::PushOurs).unwrap();
    let _gateway = serve(|program| stage.core(program), gateway, 10);
    assert!(reads(|program| stage.site(program), gateway, 10));
    assert!(!reads(|program| stage.prometheus(Path::PullStatic, program), inside, 10));
    TcpStream::connect_timeout(&inside, Duration::from_secs(2)).unwrap();
    assert!(bytes(&stage, Path::PushOurs) > 0);
    assert_eq!(bytes(&stage, Path::PullStatic), 0);
}

#[test]
fn a_cut_wire_carries_nothing_until_it_is_restored() {
    let Some(stage) = stage(Network::Plain) else { return };
    let _pod = serve(|program| stage.site(program), pod(&stage, 0), 10);
    let core = |program| stage.prometheus(Path::PullStatic, program);
    assert!(reads(core, pod(&stage, 0), 10));
    stage.cut().unwrap();
    assert!(!reads(core, pod(&stage, 0), 10));
    TcpStream::connect_timeout(&pod(&stage, 0), Duration::from_secs(2)).unwrap();
    stage.restore().unwrap();
    assert!(reads(core, pod(&stage, 0), 10));
    stage.restore().unwrap();
}

#[test]
fn a_bad_wire_loses_packets_both_ways() {
    let Some(stage) = stage(Network::Bad { loss: 0.2, kilobits: 100_000 }) else { return };
    let retransmitted = |wrap: &dyn Fn(Program) -> Program| {
        let program = wrap(Program::new(File::new("/bin/cat"), ["/proc/self/net/snmp"]));
        let text = String::from_utf8(command(&program).output().unwrap().stdout).unwrap();
        let tcp: Vec<_> = text.lines().filter(|line| line.starts_with("Tcp:")).collect();
        let column = tcp[0].split(' ').position(|name| name == "RetransSegs").unwrap();
        tcp[1].split(' ').nth(column).unwrap().parse::<u64>().unwrap()
    };
    let gateway = stage.gateway(Path::PushOurs).unwrap();
    let (site, core) = (pod(&stage, 0), gateway);
    let _servers = [
        serve(|program| stage.site(program), site, 20_000),
        serve(|program| stage.core(program), core, 20_000),
    ];
    eventually("packets of both ends that were sent again", || {
        let _ = reads(|program| stage.core(program), site, 20_000);
        let _ = reads(|program| stage.site(program), core, 20_000);
        retransmitted(&|program| stage.core(program)) > 2 && retransmitted(&|program| stage.site(program)) > 2
    });
}

#[test]
fn a_slow_wire_is_slow_both_ways_and_loses_nothing_where_that_is_not_asked() {
    let Some(stage) = stage(Network::Bad { loss: 0.0, kilobits: 2_000 }) else { return };
    let (site, core) = (pod(&stage, 0), stage.gateway(Path::PushOurs).unwrap());
    let _servers = [
        serve(|program| stage.site(program), site, 250_000),
        serve(|program| stage.core(program), core, 250_000),
    ];
    for (name, wrap, from) in [("core", Stage::core as fn(&_, _) -> _, site), ("site", Stage::site, core)] {
        let began = Instant::now();
        assert!(reads(|program| wrap(&stage, program), from, 250_000), "{name}");
        // One second, but for what a bucket may send at once.
        assert!(began.elapsed() > Duration::from_millis(900), "{name} read in {:?}", began.elapsed());
    }
}

#[test]
fn a_stage_leaves_nothing_and_what_a_killed_lab_left_is_swept() {
    let Some(stage) = stage(Network::Plain) else { return };
    let pod = pod(&stage, 0);
    let names = || {
        let list = |folder| std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name());
        let all: Vec<_> = list("/run/netns").chain(list("/sys/class/net")).collect();
        all.into_iter().map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
    };
    // Another lab's, which has ended without a word; and a process that holds its namespace.
    let mut dead = Command::new("true").spawn().unwrap();
    dead.wait().unwrap();
    let (namespace, link) = (format!("pushpull-lab-{}-0-site", dead.id()), format!("pp{}x0s", dead.id()));
    let ip = |words: &str| {
        assert!(Command::new("ip").args(words.split(' ')).status().unwrap().success(), "ip {words}");
    };
    ip(&format!("netns add {namespace}"));
    ip(&format!("link add {link} type veth peer name lab netns {namespace}"));
    let held = format!("netns exec {namespace} sleep 1000");
    let mut held = Command::new("ip").args(held.split(' ')).spawn().unwrap();
    let _server = serve(|program| stage.site(program), pod, 10);

    assert!(stage::sweep().unwrap().iter().any(|what| what.contains(&namespace)));
    assert!(!held.wait().unwrap().success());
    eventually("the end of what a dead lab left", || {
        !names().iter().any(|name| *name == namespace || *name == link)
    });
    // Not of a lab that lives.
    TcpStream::connect_timeout(&pod, Duration::from_secs(2)).unwrap();

    let own = format!("{stage:?}");
    let mine: Vec<_> = names().into_iter().filter(|name| own.contains(&format!("\"{name}\""))).collect();
    assert_eq!(mine.len(), 4, "{mine:?} of {own}");
    drop(stage);
    assert!(!names().iter().any(|name| mine.contains(name)), "{mine:?}");
}

#[test]
fn the_loopback_has_pods_with_ports_of_their_own_and_counts_nothing() {
    if root() {
        eprintln!("skipped: root has namespaces instead");
        return;
    }
    let stage = Stage::build("test", Network::Plain, false).unwrap();
    assert!(stage.no_bytes().unwrap().contains("needs root"), "{stage:?}");
    assert_eq!(stage.wire().unwrap(), None);
    let one = TcpListener::bind((stage.pod_address(0), 0)).unwrap();
    let port = one.local_addr().unwrap().port();
    TcpListener::bind((stage.pod_address(1), port)).unwrap();
    for (network, cuts) in [(Network::Nat, false), (Network::Plain, true)] {
        let error = Stage::build("test", network, cuts).unwrap_err().to_string();
        assert!(error.contains("test needs root"), "{error}");
    }
}
