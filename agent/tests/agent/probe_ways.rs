//! `check --live`, `doctor` and `once` by proxies, with lists, several gateways, and a listener that is locked.

use serde_json::json;

use super::doubles::{Double, answer};
use super::flow::settings;
use super::lists::write;
use super::probe::{live, one};
use super::process::{eventually, run, start, start_with};

fn nobody() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn the_targets_of_a_list_are_read_and_a_proxy_that_is_away_is_named() {
    let (target, gateway, away) = (Double::page("a 1\n"), Double::gateway(), nobody());
    let address = target.url.trim_start_matches("http://");
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good.json"), folder.path().join("bad.json"));
    write(&good, &json!([{"targets": [address]}]).to_string());
    write(&bad, "{}");
    let list = |job: &str, file: &std::path::Path| {
        let path = file.display();
        format!(
            "[[scrape]]\nurl = \"http://*/metrics\"\njob = \"{job}\"\ndiscovery = \"file\"\ntargets = \"{path}\"\n"
        )
    };
    let text = settings(&[], &[&gateway], "5s")
        + &list("listed", &good)
        + &list("broken", &bad)
        + &format!("[[scrape]]\nurl = \"http://10.255.255.254/metrics\"\nproxy_url = \"http://{away}\"\n");
    let (code, lines) = live(&text);
    assert_eq!(code, Some(1), "{lines:#?}");
    one(&lines, &["ok    ", &target.url, "to /metrics/job/listed/instance/"]);
    one(&lines, &["fail  ", "bad.json", "expected target groups", "correct the list"]);
    let (_, said) = run(&text, &["check"], &[]);
    let group = format!(
        "# groups /metrics/job/listed/instance/ADDRESS, where ADDRESS is that of each target of {}\n",
        good.display()
    );
    assert!(said.contains(&group) && !said.contains("%2A"), "{said}");
    one(&lines, &["fail  ", "10.255.255.254", "by the proxy ", &away, "proxy_url"]);
    assert!(gateway.seen_of("PUT").is_empty());
}

#[test]
fn a_file_that_is_broken_has_no_other_side() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.prom"), "a 1\n").unwrap();
    std::fs::write(folder.path().join("b.prom"), "b {\n").unwrap();
    let text = "scrape = []\n".to_owned() + &settings(&[], &[&Double::gateway()], "5s");
    let (_, lines) = live(&format!("{text}[[textfile]]\npath = \"{}\"\n", folder.path().display()));
    one(&lines, &["warn  ", "b.prom", "correct the file: "]);
    assert!(!lines.iter().any(|line| line.contains("the other side")), "{lines:#?}");
}

#[test]
fn once_ends_with_1_where_a_list_cannot_be_read_and_pushes_the_rest() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let text = settings(&[&target], &[&gateway], "5s")
        + "[[scrape]]\nurl = \"http://*/metrics\"\ndiscovery = \"file\"\ntargets = \"/nowhere/t.json\"\n";
    let (code, said) = run(&text, &["once"], &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("left undone: not all targets were found: ") && said.contains("/nowhere/t.json"),
        "{said}"
    );
    assert!(gateway.seen_of("PUT ").iter().any(|put| put.body.contains("a 1\n")));
}

#[test]
fn one_gateway_of_several_that_works_is_enough() {
    let (target, gateway, away) = (Double::page("a 1\n"), Double::gateway(), nobody());
    let text = settings(&[&target], &[], "5s")
        + &format!("[push]\nurls = [\"http://{away}\", \"{}\"]\n", gateway.url);
    let (code, lines) = live(&text);
    assert_eq!(code, Some(0), "{lines:#?}");
    one(&lines, &["warn  ", &away, "Connection refused", "another gateway of this endpoint works"]);
    one(&lines, &["ok    ", &gateway.url, "it is there and answers"]);
}

#[test]
fn doctor_has_the_gateways_words_and_says_where_it_may_not_look() {
    let (target, folder) = (Double::page("a 1\n"), tempfile::tempdir().unwrap());
    let gateway = Double::new(|request, stream| {
        let (status, words) = if request.line.starts_with("PUT") {
            ("400 Bad Request", "pushed metrics are inconsistent")
        } else {
            ("200 OK", "")
        };
        answer(stream, status, "", words.as_bytes());
    });
    let text = settings(&[&target], &[&gateway], "1s");
    let agent = start(&text);
    eventually("refusals", || {
        agent.value("pushpull_agent_page_refused_status").is_some() || !gateway.seen_of("PUT").is_empty()
    });
    let ask = |listen: u16, more: &str| {
        run(&format!("{text}\n[pull]\nlisten = \"127.0.0.1:{listen}\"\n{more}"), &["doctor"], &[])
    };
    eventually("the words", || {
        let (_, said) = ask(agent.port, "");
        said.contains("the last of them: 400 Bad Request: pushed metrics are inconsistent — ")
    });

    let web = folder.path().join("web.yml");
    std::fs::write(&web, format!("basic_auth_users: {{me: {}}}\n", bcrypt::hash("x", 4).unwrap())).unwrap();
    let env = [("PUSHPULL_AGENT__PULL__WEB_CONFIG_FILE", web.to_str().unwrap())];
    let locked = start_with(&text, &env);
    let (_, said) = ask(locked.port, &format!("web_config_file = \"{}\"\n", web.display()));
    assert!(said.contains("— an agent answers there, process "), "{said}");
    assert!(said.contains("warn  agent — it does not let everybody in (401 Unauthorized)"), "{said}");
}

#[test]
fn what_is_wrong_with_a_receiver_of_remote_write_is_told_in_words() {
    const COUNTS: &str = "x-prometheus-remote-write-samples-written: 0\r\n";
    let (both, old) = (("204 No Content", COUNTS), ("204 No Content", ""));
    let unsupported = ("415 Unsupported Media Type", "");
    let is = |two: (&'static str, &'static str), one: (&'static str, &'static str), version: &'static str| {
        Double::new(move |request, stream| {
            if request.line.starts_with("GET ") {
                return answer(stream, "200 OK", "", version.as_bytes());
            }
            let (status, headers) = if request.head.contains("write.v2") { two } else { one };
            answer(stream, status, headers, b"");
        })
    };
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (missing, locked, forbidden) =
        (("404 Not Found", ""), ("401 Unauthorized", ""), ("403 Forbidden", ""));
    let target = Double::page("a 1\n");
    for (double, more, parts) in [
        (is(both, old, ""), "", &["ok    ", "it takes writes, by remote write 2.0"][..]),
        (is(both, unsupported, ""), "", &["ok    ", "by remote write 2.0"]),
        (is(unsupported, old, ""), "", &["ok    ", "by remote write 1.0"]),
        (is(old, old, "no"), "", &["ok    ", "by remote write 1.0"]),
        (is(old, old, "1"), "", &["ok    ", "by remote write zstd"]),
        (
            is(old, old, ""),
            "protocol = \"2.0\"",
            &["fail  ", "does not speak remote write 2.0", "protocol = \"auto\""],
        ),
        (is(unsupported, old, ""), "protocol = \"2.0\"", &["fail  ", "415", "protocol = \"auto\""]),
        (
            is(old, ("400 Bad Request", ""), ""),
            "protocol = \"zstd\"",
            &["fail  ", "400", "protocol = \"auto\""],
        ),
        (is(unsupported, unsupported, ""), "", &["fail  ", "415", "neither remote write 2.0 nor 1.0"]),
        (is(missing, missing, ""), "", &["fail  ", "404", "see that url is the whole one"]),
        (is(locked, locked, ""), "", &["fail  ", "401", "it wants to know who writes"]),
        (
            is(locked, locked, ""),
            "bearer_token = \"x\"",
            &["fail  ", "401", "does not take this user or token"],
        ),
        (is(forbidden, forbidden, ""), "", &["fail  ", "403", "does not allow it"]),
    ] {
        let text = settings(&[&target], &[], "5s");
        let url = format!("{}/api/v1/write", double.url);
        let (_, lines) = live(&format!("{text}[[remote_write]]\nurl = \"{url}\"\n{more}\n"));
        one(&lines, &[&[url.as_str()], parts].concat());
    }
    let refused = format!("[[remote_write]]\nurl = \"http://{free}/w\"\n");
    let (code, lines) = live(&(settings(&[&target], &[], "5s") + &refused));
    assert_eq!(code, Some(1));
    one(&lines, &["fail  ", "Connection refused", "nothing listens there"]);
}
