//! Ways through proxies, for pushes and scrapes.

use super::doubles::Double;
use super::process::{Agent, eventually, start};
use super::proxy_doubles::Proxy;

/// An agent with one target and one gateway, each with these settings.
fn through(target: &str, gateway: &str, settings: &str) -> Agent {
    start(&format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{target}/metrics\"\ntimeout = \"200ms\"\n{settings}\
         [push]\nurl = \"{gateway}\"\n{settings}"
    ))
}

/// The port of a double's URL, under a name that only the proxies know.
fn elsewhere(double: &Double) -> String {
    format!("http://double.invalid:{}", double.url.rsplit(':').next().unwrap())
}

#[test]
fn an_http_proxy_gets_user_and_password_and_passes_scrapes_and_pushes_on() {
    let (target, gateway, proxy) = (Double::page("a 1\n"), Double::gateway(), Proxy::http());
    let settings = format!("proxy_url = \"http://me:secret@{}\"\n", proxy.address);
    let agent = through(&elsewhere(&target), &elsewhere(&gateway), &settings);
    eventually("a push", || {
        gateway.seen_of("PUT /metrics/job/j/").iter().any(|put| put.body.contains("a 1\n"))
    });
    assert!(proxy.asked().contains(&format!("GET {}/metrics", elsewhere(&target))), "{:?}", proxy.asked());
    assert!(!agent.log().contains("secret"), "{}", agent.log());
}

#[test]
fn a_socks_proxy_resolves_names_where_it_is_asked_to() {
    let (target, gateway, proxy) = (Double::page("a 1\n"), Double::gateway(), Proxy::socks5());
    let settings = format!("proxy_url = \"socks5h://me:secret@{}\"\n", proxy.address);
    let _agent = through(&elsewhere(&target), &elsewhere(&gateway), &settings);
    eventually("a push", || {
        gateway.seen_of("PUT /metrics/job/j/").iter().any(|put| put.body.contains("a 1\n"))
    });
    assert!(proxy.asked().iter().all(|asked| asked.starts_with("double.invalid:")), "{:?}", proxy.asked());
}

#[test]
fn what_needs_no_proxy_is_asked_directly() {
    let (target, gateway, proxy) = (Double::page("a 1\n"), Double::gateway(), Proxy::http());
    let except = "no_proxy = \".example.com, 127.0.0.0/8\"\n";
    let settings = format!("proxy_url = \"http://me:secret@{}\"\n{except}", proxy.address);
    let _agent = through(&target.url, &gateway.url, &settings);
    eventually("a push", || {
        gateway.seen_of("PUT /metrics/job/j/").iter().any(|put| put.body.contains("a 1\n"))
    });
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[test]
fn a_proxy_that_refuses_is_named_and_its_password_is_not() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    for (scheme, url, proxy, part) in [
        ("http", elsewhere(&gateway), Proxy::http(), "answers 407 Proxy Authentication Required"),
        ("http", "https://double.invalid".to_owned(), Proxy::http(), "proxy authorization required"),
        ("socks5h", elsewhere(&gateway), Proxy::socks5(), "by the proxy socks5h://"),
    ] {
        let settings = format!("proxy_url = \"{scheme}://me:hunter2@{}\"\n", proxy.address);
        let agent = through(&elsewhere(&target), &url, &settings);
        eventually("a failed push", || agent.log().contains("push failed"));
        let log = agent.log();
        let said = log.lines().find(|line| line.contains("push failed")).unwrap();
        assert!(said.contains(part) && said.contains(&proxy.address) && !log.contains("hunter2"), "{log}");
        assert_eq!(gateway.seen().len(), 0);
    }
}
