//! TLS, users and a route prefix at once: who may push, who may read, and that both change while it runs.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};

use super::peers;

struct Gateway {
    child: Child,
    port: u16,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Certificates of an authority in this folder, for the server and for a client.
fn certificates(folder: &Path) {
    let mut params = CertificateParams::new(vec![]).unwrap();
    // Of the same name as what it issues, it would look like that to OpenSSL.
    params.distinguished_name.push(rcgen::DnType::CommonName, "authority");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
    for (name, host) in [("server", "localhost"), ("client", "client")] {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

const TLS: &str = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";
const MUTUAL: &str = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
const HEADERS: &str = "http_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\n";

fn write_users(folder: &Path, head: &str, users: &[&str]) {
    let users: String = users
        .iter()
        .map(|user| format!("  {user}: {}\n", bcrypt::hash(format!("of-{user}"), 4).unwrap()))
        .collect();
    let users = if users.is_empty() { String::new() } else { format!("basic_auth_users:\n{users}") };
    std::fs::write(folder.join("web.yml"), format!("{head}{users}")).unwrap();
}

fn gateway(folder: &Path, flags: &[&str]) -> Gateway {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pushpull-gateway"))
        .arg("--web.listen-address=127.0.0.1:0")
        .arg(format!("--web.config.file={}", folder.join("web.yml").display()))
        .args(flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let port = said.split(':').nth(2).and_then(|rest| rest.split('/').next()?.trim().parse().ok());
    Gateway { child, port: port.unwrap_or_else(|| panic!("{said}")) }
}

/// Status and body of a request by curl.
fn curl(folder: &Path, port: u16, user: &str, method: &str, path: &str, more: &[&str]) -> (String, String) {
    let (ca, url) = (folder.join("ca.pem").display().to_string(), format!("https://localhost:{port}{path}"));
    let login = format!("{user}:of-{user}");
    let mut arguments = vec!["-s", "--cacert", &ca, "-X", method, "-w", "\n%{http_code}", &url];
    if !user.is_empty() {
        arguments.extend(["-u", &login]);
    }
    arguments.extend(more);
    let (_, printed) = peers::run("curl", &arguments, b"");
    let (body, status) = printed.rsplit_once('\n').unwrap();
    (status.to_owned(), body.to_owned())
}

const SCRIPT: &str = "
import sys
from prometheus_client import CollectorRegistry, Gauge, push_to_gateway
from prometheus_client.exposition import basic_auth_handler
registry = CollectorRegistry()
Gauge('g', 'A gauge.', registry=registry).set(7)
login = lambda **all: basic_auth_handler(**all, username='pusher', password='of-pusher')
push_to_gateway('https://localhost:' + sys.argv[1] + '/gw', job='batch', registry=registry, handler=login)
";

#[test]
fn one_pushes_one_reads_and_one_does_all() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certificates(folder);
    write_users(folder, &format!("{TLS}{HEADERS}"), &["pusher", "reader", "chief"]);
    let gateway = gateway(
        folder,
        &[
            "--web.route-prefix=/gw",
            "--web.push-only-user=pusher",
            "--web.read-only-user=reader",
            "--web.enable-admin-api",
            "--web.enable-lifecycle",
        ],
    );
    let ca = folder.join("ca.pem").display().to_string();
    let python = peers::PYTHON;
    let env = format!("SSL_CERT_FILE={ca}");
    let (success, printed) = peers::run("env", &[&env, python, "-c", SCRIPT, &gateway.port.to_string()], b"");
    assert!(success, "{printed}");
    let config = format!(
        "global: {{scrape_interval: 200ms}}\nscrape_configs:\n- job_name: gateway\n  scheme: https\n  \
         honor_labels: true\n  metrics_path: /gw/metrics\n  basic_auth: {{username: reader, password: of-reader}}\n  \
         tls_config: {{ca_file: {ca}, server_name: localhost}}\n  \
         static_configs: [{{targets: ['127.0.0.1:{}']}}]\n",
        gateway.port
    );
    let prometheus = peers::prometheus(folder, &config);
    let end = Instant::now() + Duration::from_secs(20);
    let query = "/api/v1/query?query=g%7Bjob%3D%22batch%22%7D";
    while !peers::request(prometheus.port, "GET", query, b"").is_some_and(|(_, body)| body.contains("\"7\"]"))
    {
        assert!(Instant::now() < end, "Prometheus does not get what Python pushed");
    }
    let ask = |user: &str, method: &str, path: &str| {
        curl(folder, gateway.port, user, method, path, &["--data-binary", ""])
    };
    for (user, method, path, status, said) in [
        ("", "GET", "/gw/-/healthy", "401", "Unauthorized\n"),
        ("", "PUT", "/gw/metrics/job/a", "401", "Unauthorized\n"),
        ("", "GET", "/elsewhere", "401", "Unauthorized\n"),
        ("pusher", "GET", "/gw/-/healthy", "200", "OK"),
        ("pusher", "POST", "/gw/metrics/job/a", "200", ""),
        ("pusher", "DELETE", "/gw/metrics/job/a", "202", ""),
        ("pusher", "GET", "/gw/metrics", "403", "user `pusher` may not read"),
        ("pusher", "GET", "/gw/", "403", "user `pusher` may not read"),
        ("pusher", "GET", "/gw/api/v1/status", "403", "user `pusher` may not read"),
        ("pusher", "PUT", "/gw/api/v1/admin/wipe", "403", "user `pusher` may not administer the gateway"),
        ("reader", "PUT", "/gw/metrics/job/a", "403", "user `reader` may not push and delete groups"),
        ("reader", "DELETE", "/gw/metrics/job/batch", "403", "user `reader` may not push and delete groups"),
        ("reader", "PUT", "/gw/-/quit", "403", "user `reader` may not administer the gateway"),
        ("reader", "PUT", "/metrics/job/a", "404", "404 page not found"),
        ("chief", "PUT", "/gw/metrics/job/a", "200", ""),
        ("chief", "PUT", "/gw/api/v1/admin/wipe", "202", ""),
    ] {
        assert_eq!(ask(user, method, path), (status.to_owned(), said.to_owned()), "{user} {method} {path}");
    }
    let (_, page) = ask("reader", "GET", "/gw/metrics");
    assert!(page.contains("pushpull_gateway_refused_pushes_total{reason=\"forbidden\"} 2\n"), "{page}");
    for user in ["", "chief"] {
        let (_, head) = curl(folder, gateway.port, user, "GET", "/gw/-/ready", &["-i"]);
        assert!(head.contains("x-frame-options: deny\r\n"), "{head}");
    }
    // A new user, and nobody's restart.
    assert_eq!(ask("late", "GET", "/gw/-/ready").0, "401");
    write_users(folder, TLS, &["pusher", "reader", "chief", "late"]);
    let end = Instant::now() + Duration::from_secs(20);
    while ask("late", "GET", "/gw/metrics").0 != "200" {
        assert!(Instant::now() < end, "the new user is not seen");
    }
}

#[test]
fn whoever_shows_no_certificate_is_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certificates(folder);
    write_users(folder, &format!("{TLS}{MUTUAL}"), &[]);
    let gateway = gateway(folder, &["--web.route-prefix=gw"]);
    let file = |name: &str| folder.join(name).display().to_string();
    let shown = ["--cert", &file("client.pem"), "--key", &file("client.key")];
    assert_eq!(curl(folder, gateway.port, "", "GET", "/gw/-/healthy", &shown).0, "200");
    assert_eq!(curl(folder, gateway.port, "", "GET", "/gw/-/healthy", &[]).0, "000");
    // Its own health check shows none, and still finds that it is there.
    let healthy = Command::new(env!("CARGO_BIN_EXE_pushpull-gateway"))
        .args(["--health", "--web.route-prefix=gw"])
        .arg(format!("--web.listen-address=127.0.0.1:{}", gateway.port))
        .arg(format!("--web.config.file={}", file("web.yml")))
        .status();
    assert!(healthy.unwrap().success());
}

#[test]
fn what_cannot_be_meant_is_no_start() {
    let folder = tempfile::tempdir().unwrap();
    write_users(folder.path(), "", &["me"]);
    let web = &*format!("--web.config.file={}", folder.path().join("web.yml").display());
    let bad = folder.path().join("bad.yml");
    std::fs::write(&bad, "http_server_config:\n  headers:\n    Server: me\n").unwrap();
    let bad = format!("--web.config.file={}", bad.display());
    for (flags, part) in [
        (&["--web.push-only-user=ci"][..], "user `ci` needs a password: expected --web.config.file"),
        (&[web, "--web.push-only-user=ci"][..], "web.yml: no user `ci` in basic_auth_users"),
        (&[web, "--web.push-only-user=me", "--web.read-only-user=me"][..], "user `me` cannot be"),
        (&["--web.config.file=/no/such"][..], "--web.config.file: /no/such cannot be read"),
        (&[&*bad][..], "http_server_config.headers.Server: expected one of Strict-Transport-Security"),
        (&["--push.enable-utf8-names"][..], "--push.enable-utf8-names: names outside of"),
        (&["--web.external-url=ftp://a"][..], "expected a URL such as"),
        (&["--web.route-prefix=/a/../b"][..], "expected a path such as /gateway"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_pushpull-gateway")).args(flags).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {said}");
        assert!(said.contains(part), "{flags:?}: {said}");
    }
}
