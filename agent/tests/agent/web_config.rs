//! The listener with TLS and users, asked by a real Prometheus, by curl, and by its own health check.

use super::certificates::{self, Authority};
use super::peers;
use super::process::{eventually, run, start_with};

#[test]
fn prometheus_scrapes_a_listener_with_tls_certificates_and_a_password() {
    let authority = Authority::new();
    authority.issue("server", "localhost", false);
    authority.issue("client", "client", false);
    let hash = bcrypt::hash("secret", 4).unwrap();
    let web = authority.file("web.yml");
    let text = format!(
        "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n  \
         client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\nbasic_auth_users:\n  me: {hash}\n"
    );
    // The very file that a real Pushgateway takes.
    let gateway = certificates::gateway(&authority, &text);
    // The listener's settings come last in the file that is written for the test.
    let settings = "scrape = []\npush = []\n[host]\nenabled = false\n";
    let env = [("PUSHPULL_AGENT__PULL__WEB_CONFIG_FILE", web.to_str().unwrap())];
    let agent = start_with(settings, &env);
    let folder = authority.folder.path().display();
    let config = format!(
        "global: {{scrape_interval: 200ms}}\nscrape_configs:\n- job_name: agent\n  scheme: https\n  \
             basic_auth: {{username: me, password: secret}}\n  tls_config: {{ca_file: {folder}/ca.pem, \
             cert_file: {folder}/client.pem, key_file: {folder}/client.key, server_name: localhost}}\n  \
             static_configs: [{{targets: ['127.0.0.1:{}']}}]\n",
        agent.port
    );
    let prometheus = peers::prometheus(authority.folder.path(), &config);
    eventually("a scrape", || {
        let path = "/api/v1/query?query=up";
        peers::request(prometheus.port, "GET", path, b"").is_some_and(|(_, body)| body.contains(",\"1\"]"))
    });
    let file = |name: &str| authority.file(name).display().to_string();
    let (ca, cert, key) = (file("ca.pem"), file("client.pem"), file("client.key"));
    let curl =
        ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", &ca, "--cert", &cert, "--key", &key];
    for port in [gateway.port, agent.port] {
        let url = format!("https://localhost:{port}/metrics");
        let with = |more: &[&str]| peers::run("curl", &[&curl[..], more, &[&url]].concat(), b"").1;
        assert_eq!((with(&[]), with(&["-u", "me:secret"])), ("401".to_owned(), "200".to_owned()), "{url}");
        assert_eq!(with(&["-u", "me:other"]), "401", "{url}");
    }
    let listen = format!("127.0.0.1:{}", agent.port);
    let (code, said) = run("", &["health", "--listen", &listen, "--web-config", web.to_str().unwrap()], &[]);
    assert_eq!(code, Some(0), "{said}");
    let (code, _) = run("", &["health", "--listen", &listen], &[]);
    assert_eq!(code, Some(1), "asked without TLS");
}

#[test]
fn a_web_configuration_that_is_wrong_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let web = folder.path().join("web.yml");
    std::fs::write(&web, "basic_auth_users:\n  me: hunter2\n").unwrap();
    let (code, said) = run("", &["check", "--web-config", web.to_str().unwrap()], &[]);
    assert_eq!(code, Some(2), "{said}");
    let part = "flag --web-config: pull.web_config_file: ";
    assert!(
        said.contains(part) && said.contains("web.yml: basic_auth_users.me: expected a bcrypt hash"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}
