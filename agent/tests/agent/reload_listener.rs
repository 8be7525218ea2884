//! A reload of who may ask the agent, and what the status says of reloads.

use std::process::Command;

use serde_json::Value;

use super::certificates::Authority;
use super::doubles::Double;
use super::flow::settings;
use super::process::{Agent, eventually, start};

fn curl(arguments: &[&str]) -> (String, String) {
    let output = Command::new("curl").args(["-sS", "--max-time", "9"]).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn with_web(agent: &Agent, text: &str, web: &str) {
    agent.rewrite_whole(&format!("{text}\n[pull]\nlisten = \"127.0.0.1:0\"\n{web}"));
}

#[test]
fn tls_and_users_of_the_listener_come_and_go_at_the_same_port() {
    let authority = Authority::new();
    authority.issue("server", "localhost", false);
    let web = authority.file("web.yml");
    let hash = bcrypt::hash("secret", 4).unwrap();
    let tls = "tls_server_config: {cert_file: server.pem, key_file: server.key}";
    std::fs::write(&web, format!("{tls}\nbasic_auth_users: {{me: {hash}}}\n")).unwrap();
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let text = settings(&[&target], &[&gateway], "1h").replace("timeout = \"1h\"", "timeout = \"9s\"");
    let agent = start(&text);
    let secure = format!("web_config_file = \"{}\"\n", web.display());

    with_web(&agent, &text, "web_config_file = \"/nowhere/web.yml\"\n");
    let (status, said) = agent.reload();
    assert!(status == 400 && said.contains("pull.web_config_file"), "{said}");

    with_web(&agent, &text, &secure);
    let (status, said) = agent.reload();
    assert!(status == 200 && said.contains("answering https now\n"), "{said}");
    let (ca, url) = (authority.file("ca.pem"), format!("https://localhost:{}", agent.port));
    let ca = ca.to_str().unwrap();
    let code = |more: &[&str]| {
        let all = [&["-o", "/dev/null", "-w", "%{http_code}", "--cacert", ca], more, &[&url]].concat();
        curl(&all).0
    };
    eventually("who asks without a password turned away", || code(&[]) == "401");
    assert_eq!(code(&["-u", "me:secret"]), "200");

    with_web(&agent, &text, "");
    let (said, _) = curl(&["--cacert", ca, "-u", "me:secret", "-X", "POST", &format!("{url}/-/reload")]);
    assert!(said.contains("answering http now\n"), "{said}");
    eventually("no TLS any more", || !agent.metrics().is_empty());
    assert_eq!(target.seen().len(), 1, "it was read out of turn");
}

#[test]
fn the_status_says_how_the_last_reload_went_and_which_gateway_is_in_use() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let away = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = settings(&[&target], &[], "100ms")
        + &format!("[push]\nurls = [\"http://{away}\", \"{}\"]\n", gateway.url);
    let agent = start(&text);
    let status = || -> Value {
        let body = super::peers::request(agent.port, "GET", "/api/v1/status", b"").unwrap().1;
        serde_json::from_str(&body).unwrap()
    };
    let page = || super::peers::request(agent.port, "GET", "/", b"").unwrap().1;
    eventually("the second gateway in use", || {
        status()["endpoints"][0]["gateway_in_use"].as_str() == Some(gateway.url.as_str())
    });
    assert!(page().contains(&format!("pushing to {}", gateway.url)), "{}", page());
    assert_eq!(status()["settings"]["last_reload_successful"], true);
    let read = status()["settings"]["read_time_seconds"].as_f64().unwrap();
    agent.rewrite("interval = \"0s\"\n");
    assert_eq!(agent.reload().0, 400);
    assert_eq!(status()["settings"]["last_reload_successful"], false);
    assert_eq!(status()["settings"]["read_time_seconds"].as_f64(), Some(read), "the old ones are in effect");
    assert!(page().contains("the last reload failed"), "{}", page());
    agent.rewrite(&text);
    assert_eq!(agent.reload().0, 200);
    assert_eq!(status()["settings"]["last_reload_successful"], true);
    assert!(!page().contains("the last reload failed"), "{}", page());
}
