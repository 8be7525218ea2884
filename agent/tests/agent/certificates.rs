//! TLS with a real Pushgateway that asks for certificates and a password, and what happens when they change.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};

use super::doubles::Double;
use super::peers;
use super::process::{Agent, eventually, start};
use super::proxy_doubles::Proxy;

/// An authority, and a folder for what it issues.
pub(crate) struct Authority {
    ca: CertifiedIssuer<'static, KeyPair>,
    pub(crate) folder: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        // Of the same name as what it issues, it would look like that to OpenSSL.
        params.distinguished_name.push(rcgen::DnType::CommonName, "authority");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
        Self { ca, folder }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `NAME.pem` and `NAME.key`, valid for a host; in the past where that is asked for.
    pub(crate) fn issue(&self, name: &str, host: &str, expired: bool) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        if expired {
            params.not_after = rcgen::date_time_ymd(2020, 1, 2);
        }
        std::fs::write(self.file(&format!("{name}.pem")), params.signed_by(&key, &self.ca).unwrap().pem())
            .unwrap();
        std::fs::write(self.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

/// A real Pushgateway with a web configuration.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) port: u16,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const TLS: &str = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";
const MUTUAL: &str = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";

pub(crate) fn gateway(authority: &Authority, web: &str) -> Gateway {
    std::fs::write(authority.file("web.yml"), web).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("prometheus-pushgateway")
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg(format!("--web.config.file={}", authority.file("web.yml").display()))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let gateway = Gateway { child, port };
    // Spoken to without TLS, it says so.
    eventually("the gateway", || {
        peers::request(port, "GET", "/", b"").is_some_and(|(status, _)| status == 400)
    });
    gateway
}

fn agent(gateway: &Gateway, settings: &str) -> Agent {
    start(&format!(
        "interval = \"200ms\"\nscrape = []\n[host]\nenabled = false\n\
         [push]\nurl = \"https://127.0.0.1:{}\"\n{settings}",
        gateway.port
    ))
}

fn arrives(agent: &Agent) -> bool {
    agent.value("pushpull_agent_sent_total").is_some_and(|count| count > 0.0)
}

#[test]
fn certificates_and_passwords_change_without_a_restart() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    authority.issue("server", "gateway.internal", false);
    stranger.issue("client", "client", false);
    let hash = bcrypt::hash("secret", 4).unwrap();
    let gateway = gateway(&authority, &format!("{TLS}{MUTUAL}basic_auth_users:\n  me: {hash}\n"));
    let folder = authority.folder.path().display();
    let take = |from: &Authority, name: &str| std::fs::copy(from.file(name), authority.file(name)).unwrap();
    take(&stranger, "client.pem");
    take(&stranger, "client.key");
    std::fs::write(authority.file("password"), "wrong\n").unwrap();
    let proxy = Proxy::http();
    let agent = agent(
        &gateway,
        &format!(
            "username = \"me\"\npassword_file = \"{folder}/password\"\nproxy_url = \"http://me:secret@{}\"\n\
             tls_config = {{ ca_file = \"{folder}/ca.pem\", cert_file = \"{folder}/client.pem\", \
             key_file = \"{folder}/client.key\", server_name = \"gateway.internal\" }}\n",
            proxy.address
        ),
    );
    eventually("a refused certificate", || agent.log().contains("push failed, trying again"));
    // Half of a pair changes nothing but the log.
    authority.issue("new", "client", false);
    std::fs::copy(authority.file("new.pem"), authority.file("client.pem")).unwrap();
    eventually("the half pair", || agent.log().contains("the certificates before stay: "));
    assert!(agent.log().contains("client.key: is no pair with cert_file"), "{}", agent.log());
    std::fs::copy(authority.file("new.key"), authority.file("client.key")).unwrap();
    eventually("the wrong password", || agent.log().contains("401 Unauthorized"));
    std::fs::write(authority.file("password"), "secret\n").unwrap();
    eventually("a push", || arrives(&agent));
    assert!(proxy.asked().contains(&format!("CONNECT 127.0.0.1:{}", gateway.port)), "{:?}", proxy.asked());
}

#[test]
fn what_is_wrong_with_a_certificate_is_named() {
    for (host, expired, settings, part) in [
        ("127.0.0.1", true, "tls_config = { ca_file = \"CA\" }", "expired"),
        ("elsewhere", false, "ca_file = \"CA\"", "not valid for name"),
        ("127.0.0.1", false, "", "UnknownIssuer"),
        ("elsewhere", true, "tls_config = { insecure_skip_verify = true }", ""),
    ] {
        let authority = Authority::new();
        authority.issue("server", host, expired);
        let gateway = gateway(&authority, TLS);
        let settings = settings.replace("CA", &authority.file("ca.pem").display().to_string());
        let agent = agent(&gateway, &settings);
        if part.is_empty() {
            eventually("a push", || arrives(&agent));
        } else {
            eventually("a failed push", || agent.log().contains("push failed"));
            assert!(agent.log().contains(part), "{}", agent.log());
        }
    }
}

/// The server's certificate as its own `ca_file`, as `openssl req -x509` makes it: that of an authority.
#[test]
fn a_certificate_that_signed_itself_is_trusted_where_it_is_the_ca_file() {
    for (ca, host, expired, part) in [
        ("server.pem", "127.0.0.1", false, ""),
        ("server.pem", "elsewhere", false, "not valid for name"),
        ("server.pem", "127.0.0.1", true, "expired"),
        ("ca.pem", "127.0.0.1", false, "push failed"),
    ] {
        let authority = Authority::new();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        if expired {
            params.not_after = rcgen::date_time_ymd(2020, 1, 2);
        }
        let key = KeyPair::generate().unwrap();
        std::fs::write(authority.file("server.key"), key.serialize_pem()).unwrap();
        std::fs::write(authority.file("server.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        let gateway = gateway(&authority, TLS);
        let agent = agent(&gateway, &format!("ca_file = \"{}\"", authority.file(ca).display()));
        if part.is_empty() {
            eventually("a push", || arrives(&agent));
        } else {
            eventually("a failed push", || agent.log().contains("push failed"));
            assert!(agent.log().contains(part) && !arrives(&agent), "{ca} {host}: {}", agent.log());
        }
    }
}

#[test]
fn a_target_asks_for_a_token_and_a_file_that_hangs_keeps_nobody_else_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "first\n").unwrap();
    let (target, other, gateway) = (Double::page("a 1\n"), Double::page("b 1\n"), Double::gateway());
    let agent = start(&format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n\
         [[scrape]]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\ninstance = \"a\"\nbearer_token_file = \"{}\"\n\
         [[scrape]]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\ninstance = \"b\"\nusername = \"me\"\npassword = \"p\"\n\
         [push]\nurl = \"{}\"\n",
        target.url,
        file.display(),
        other.url,
        gateway.url
    ));
    let shows = |double: &Double, value: &str| {
        double
            .seen()
            .iter()
            .any(|get| get.head.to_lowercase().contains(&format!("authorization: {value}\r\n")))
    };
    eventually("the token", || shows(&target, "bearer first"));
    eventually("the password", || shows(&other, "basic bwu6ca=="));
    // A pipe that nobody writes to: whoever opens it waits.
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::rename(&pipe, &file).unwrap();
    eventually("the pipe", || agent.log().contains("token cannot be read: no answer within 200ms"));
    let before = other.seen().len();
    eventually("scrapes of the other", || other.seen().len() > before + 3);
    assert_eq!(agent.value("up{job=\"j\",instance=\"a\"}"), Some(0.0));
    // What is written to it now is as old as the hang; what the file holds then is not.
    std::fs::write(&file, "").unwrap();
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "second\n").unwrap();
    eventually("the second token", || shows(&target, "bearer second"));
}
