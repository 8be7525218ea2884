//! `check --live`: what would be pushed, and what would go wrong, without a push.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::doubles::{Double, answer};
use super::flow::settings;
use super::peers;
use super::process::run;

pub(crate) fn live(settings: &str) -> (Option<i32>, Vec<String>) {
    let (code, said) = run(settings, &["check", "--live"], &[]);
    let levels = ["ok    ", "warn  ", "fail  "];
    let lines = said.lines().filter(|line| levels.iter().any(|level| line.starts_with(level)));
    (code, lines.map(str::to_owned).collect())
}

pub(crate) fn one(lines: &[String], parts: &[&str]) {
    let fits = |line: &&String| parts.iter().all(|part| line.contains(part));
    assert_eq!(lines.iter().filter(fits).count(), 1, "{parts:?} in {lines:#?}");
}

#[test]
fn a_real_pushgateway_is_asked_and_gets_no_push() {
    let page = "# TYPE a gauge\na 1\n# TYPE b gauge\nb{instance=\"own\"} 2\nb{instance=\"too\"} 2\n";
    let target = Double::page(page);
    let gateway = peers::pushgateway();
    let url = format!("http://127.0.0.1:{}", gateway.port);
    let text = settings(&[&target], &[], "5s") + &format!("[push]\nurl = \"{url}\"\n");
    let (code, lines) = live(&text);
    assert_eq!(code, Some(0), "{lines:#?}");
    one(&lines, &["ok    ", &target.url, "8 families, 9 samples, ", "to /metrics/job/j/instance/i"]);
    one(&lines, &["warn  ", "2 samples have a label instance", "exported_instance", "take the label out"]);
    one(&lines, &["ok    ", &url, "it is there and answers"]);
    one(&lines, &["ok    ", "clock against ", &url]);
    assert_eq!(target.seen().len(), 1);
    let held = peers::request(gateway.port, "GET", "/metrics", b"").unwrap().1;
    assert!(!held.contains("push_time_seconds{"), "{held}");
}

#[test]
fn what_fails_is_told_with_its_cause_and_what_to_do_and_never_hangs() {
    let hangs = Double::new(|_, _| std::thread::park_timeout(Duration::from_mins(1)));
    let refuses = Double::new(|_, stream| answer(stream, "401 Unauthorized", "", b"who\nare you"));
    let skewed = Double::new(|_, stream| {
        answer(stream, "200 OK", "date: Wed, 21 Oct 2015 07:28:00 GMT\r\n", b"");
    });
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = Double::page("a 1\n");
    let text = settings(&[&hangs], &[&refuses, &skewed], "1s")
        + &format!("[[scrape]]\nurl = \"http://{free}/metrics\"\n")
        + "[[scrape]]\nurl = \"http://nowhere.invalid/metrics\"\n"
        + &format!("[[scrape]]\nurl = \"{}/metrics\"\n", refuses.url)
        + &format!("[[scrape]]\nurl = \"{}/metrics\"\n", closed.url);
    let began = Instant::now();
    let (code, lines) = live(&text);
    assert_eq!(code, Some(1), "{lines:#?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    one(&lines, &["fail  ", &hangs.url, "timeout", "ask it with curl"]);
    one(&lines, &["fail  ", &free.to_string(), "Connection refused", "nothing listens there"]);
    one(&lines, &["fail  ", "nowhere.invalid", "failed to lookup address", "check the host name"]);
    one(&lines, &["fail  ", &refuses.url, "answers 401", "the page wants a user"]);
    // A gateway's words stay on one line.
    one(&lines, &["fail  ", &refuses.url, "401 Unauthorized: who are you", "set username and password_file"]);
    one(&lines, &["warn  ", &skewed.url, "ahead of the gateway's", "set the clock that is wrong"]);
    assert!(refuses.seen_of("PUT").is_empty() && skewed.seen_of("PUT").is_empty());
}

/// Somebody else's TLS server with this certificate.
struct Tls(Child, u16);

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Tls {
    fn start(folder: &std::path::Path, name: &str, until: i32) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, format!("{name} {until}"));
        parameters.not_before = rcgen::date_time_ymd(2000, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        let certificate = parameters.self_signed(&key).unwrap();
        let (pem, private) = (folder.join(format!("{name}{until}.pem")), folder.join("key.pem"));
        std::fs::write(&pem, certificate.pem()).unwrap();
        std::fs::write(&private, key.serialize_pem()).unwrap();
        let mut server = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert"])
            .arg(&pem)
            .arg("-key")
            .arg(&private)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let accepts = lines.map_while(Result::ok).find(|line| line.starts_with("ACCEPT")).unwrap();
        let port = accepts.rsplit(':').next().unwrap().trim().parse().unwrap();
        Self(server, port)
    }
}

#[test]
fn each_kind_of_bad_certificate_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (unknown, expired, wrong) = (
        Tls::start(folder.path(), "localhost", 4000),
        Tls::start(folder.path(), "localhost", 2001),
        Tls::start(folder.path(), "elsewhere.example", 4000),
    );
    let plain = peers::pushgateway();
    let url = |port: u16| format!("https://localhost:{port}");
    let mut text = settings(&[&Double::page("a 1\n")], &[], "5s");
    for (url, ca) in [
        (url(unknown.1), "elsewhere.example4000.pem"),
        (url(expired.1), "localhost2001.pem"),
        (url(wrong.1), "elsewhere.example4000.pem"),
        (url(plain.port), "localhost4000.pem"),
    ] {
        text.push_str(&format!("[[push]]\nurl = \"{url}\"\nca_file = \"{}\"\n", at(ca)));
    }
    let (code, lines) = live(&text);
    assert_eq!(code, Some(1));
    one(&lines, &["fail  ", &url(unknown.1), "give that CA's certificate as ca_file"]);
    one(&lines, &["fail  ", &url(expired.1), "renew the certificate"]);
    one(&lines, &["fail  ", &url(wrong.1), "use a host name in url that the certificate has"]);
    one(&lines, &["fail  ", &url(plain.port), "no TLS is spoken there"]);
}
