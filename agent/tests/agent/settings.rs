//! Settings: strict, all mistakes at once, each with value and place; the file that ships is the truth.

use agent::config::{Settings, check};
use service::config::{Layers, load};

use super::process::run;

#[test]
fn the_file_that_ships_says_the_defaults() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/agent.toml");
    let layers = Layers { file: Some(file.into()), env_prefix: "PUSHPULL_AGENT", ..Layers::default() };
    let loaded = load::<Settings>(&layers).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    check(&loaded).unwrap();
    // Every setting stands in it, with a line of why.
    let text = std::fs::read_to_string(file).unwrap();
    let bare =
        text.lines().filter(|line| line.contains(" = ") && !line.starts_with('#') && !line.contains(" # "));
    assert_eq!(bare.collect::<Vec<_>>(), Vec::<&str>::new());
    let mut settings = Settings::default();
    settings.fill_in();
    let table = toml::Table::try_from(settings).unwrap();
    keys(&toml::Value::Table(table), &mut |key| {
        assert!(text.contains(&format!("{key} = ")), "{key} is not in agent.toml");
    });
}

fn keys(value: &toml::Value, seen: &mut impl FnMut(&str)) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let is_group = value.is_table()
                    || value.as_array().is_some_and(|items| items.iter().any(toml::Value::is_table));
                if !is_group {
                    seen(key);
                }
                keys(value, seen);
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| keys(item, seen)),
        _ => {}
    }
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    let (code, said) = run("interval = 15s\n", &[], &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("agent.toml:1:"), "{said}");
}

#[test]
fn all_mistakes_are_told_at_once_with_value_and_place() {
    let settings = "interval = \"5s\"\nintervall = 1\n[[scrape]]\nurl = \"ftp://a/b\"\ntimeout = \"10s\"\n[[push]]\nurl = \"nowhere\"\n[host]\ncollectors = [\"cpuu\"]\n";
    let (code, said) = run(settings, &[], &[]);
    assert_eq!(code, Some(2));
    // The README shows these two in one run.
    let readme = include_str!("../../../README.md");
    let shown: Vec<&str> = readme.lines().filter(|line| line.starts_with("agent.toml:")).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    for line in shown {
        assert!(said.contains(line), "{line}\nin\n{said}");
    }
    for part in [
        "agent.toml:2:1: unknown key `intervall`: did you mean `interval`?",
        "agent.toml:4:1: scrape[0].url: expected an http or https URL, got \"ftp://a/b\"",
        "scrape[0].timeout: 10s must be at most the interval of 5s",
        "agent.toml:1:1)",
        "push[0].url: expected an http or https URL, got \"nowhere\"",
        "host.collectors: unknown collector \"cpuu\": did you mean \"cpu\"?",
    ] {
        assert!(said.contains(part), "{part}\nin\n{said}");
    }
}

#[test]
fn values_that_do_not_go_together_are_told_with_both() {
    let rows = [
        ("[identity]\njob = \"\"\n", "identity.job: job name is required"),
        ("[identity]\njob = \"{hostnam}\"\n", "identity.job: unknown template {hostnam}"),
        ("[identity.labels]\n\"a-b\" = \"c\"\n", "identity.labels.a-b: improper label name `a-b`"),
        ("[identity.labels]\nle = \"c\"\n", "identity.labels.le: tells the parts of a histogram"),
        ("[identity.labels]\nquantile = \"c\"\n", "identity.labels.quantile: tells the parts"),
        ("[identity.labels]\njob = \"c\"\n", "identity.labels.job: set identity.job instead"),
        (
            "[scrape]\nurl = \"http://localhost:902/metrics\"\n[pull]\nlisten = \"127.0.0.1:902\"\n",
            "scrape[0].url: this is the agent's own listener",
        ),
        (
            "[push]\nurl = \"http://a\"\non_shutdown = \"delete\"\n",
            "waits 30s before it deletes, but shutdown.grace is 10s (default)",
        ),
        (
            "[push]\nurl = \"http://a\"\nttl = \"20s\"\n",
            "push[0].ttl: 20s is shorter than two intervals of 15s (default)",
        ),
        ("[push]\nurl = \"http://a\"\npassword = \"x\"\npassword_file = \"y\"\n", "set beside password"),
        ("[push]\nurl = \"http://a?b=c\"\n", "push[0].url: must end with the path"),
        ("[push]\nurl = \"http://a\"\npassword = \"x\"\n", "push[0].password: set without username"),
        (
            "[push]\nurl = \"http://a\"\nusername = \"x\"\nbearer_token = \"y\"\n",
            "push[0].username: set beside a bearer token",
        ),
        (
            "[push]\nurl = \"http://a\"\nbearer_token = \"x\\ny\"\n",
            "push[0].bearer_token: holds what no header",
        ),
        ("[push]\nurl = \"http://u@a\"\nusername = \"x\"\n", "push[0].username: set beside the one in url"),
        (
            "[push]\nurl = \"http://u@a\"\nbearer_token = \"y\"\n",
            "push[0].bearer_token: set beside the user in url",
        ),
        (
            "[[push]]\nurl = \"http://a/b/\"\n[[push]]\nurl = \"http://u:p@a:80/b\"\n",
            "push[1].url: http://a/b is pushed to already",
        ),
        (
            "[push]\nurl = \"http://a\"\nusername = \"x\"\npassword_file = \"nowhere/p\"\n",
            "push[0].password_file: nowhere/p cannot be read: No such file",
        ),
        (
            "[push]\nurl = \"http://a\"\nbearer_token_file = \"nowhere/t\"\n",
            "push[0].bearer_token_file: nowhere/t cannot be read: No such file",
        ),
        (
            "[push]\nurl = \"http://a\"\nca_file = \"nowhere/ca\"\n",
            "push[0].ca_file: nowhere/ca cannot be read: No such file",
        ),
        ("[push]\nmethod = \"put\"\n", "push[0].url: missing: expected url, or urls"),
        ("[push]\nurl = \"http://a\"\nurls = [\"http://b\"]\n", "push[0].urls: set beside url"),
        ("[push]\nurls = [\"http://a\", \"http://a/\"]\n", "push[0].urls: http://a/ is pushed to already"),
        (
            "[push]\nurl = \"http://a\"\nfailback = \"0s\"\n",
            "push[0].failback: expected a duration from 10ms to 1day",
        ),
        (
            "[push]\nurl = \"http://a\"\nkeep_alive = \"10ms\"\n",
            "push[0].keep_alive: expected a duration from 1s to 1day, got 10ms; 0s keeps none",
        ),
        (
            "[push]\nurl = \"http://a\"\nproxy_url = \"ftp://me:x@a\"\n",
            "push[0].proxy_url: expected a proxy such as http://user:password@host:3128 or socks5h://host:1080, got \"ftp://a/\"",
        ),
        ("[scrape]\nurl = \"http://a\"\nno_proxy = \"b\"\n", "scrape[0].no_proxy: set without proxy_url"),
        (
            "[scrape]\nurl = \"http://a\"\ndiscovery = \"dns\"\nproxy_url = \"http://b\"\n",
            "scrape[0].proxy_url: set beside discovery = \"dns\"",
        ),
        ("[scrape]\nurl = \"http://a\"\npassword = \"x\"\n", "scrape[0].password: set without username"),
        (
            "[scrape]\nurl = \"https://a\"\n[scrape.tls_config]\ncert_file = \"Cargo.toml\"\n",
            "agent.toml:4:1: scrape[0].tls_config.cert_file: set without key_file",
        ),
        (
            "[scrape]\nurl = \"https://a\"\ntls_config = { ca_file = \"Cargo.toml\" }\n",
            "scrape[0].tls_config.ca_file: Cargo.toml: expected PEM certificates, found none",
        ),
        (
            "[scrape]\nurl = \"https://a\"\ntls_config = { cert_file = \"Cargo.toml\", key_file = \"Cargo.toml\" }\n",
            "scrape[0].tls_config.cert_file: Cargo.toml: expected PEM certificates, found none",
        ),
        (
            "[push]\nurl = \"https://a\"\ntls_config = { server_name = \"a b\" }\n",
            "push[0].tls_config.server_name: expected a host's name or address, got \"a b\"",
        ),
        (
            "[push]\nurl = \"https://a\"\ntls_config = { insecure_skip_verify = true, server_name = \"a\" }\n",
            "push[0].tls_config.insecure_skip_verify: set beside ca_file or server_name",
        ),
        ("[pull]\nweb_config_file = \"nowhere/web\"\n", "pull.web_config_file: nowhere/web cannot be read"),
        (
            "[scrape]\nurl = \"http://a/m\"\nlimits = { samples = 0 }\n",
            "scrape[0].limits.samples: expected more than 0",
        ),
        (
            "[[scrape]]\nurl = \"http://a/m\"\n[[scrape]]\nurl = \"http://a/n\"\n",
            "another target has the group job/api/instance/a%3A80 already",
        ),
    ];
    for (settings, part) in rows {
        let (code, said) = run(settings, &["check"], &[]);
        assert_eq!(code, Some(2), "{settings}");
        assert!(said.contains(part), "{part}\nin\n{said}");
    }
}

#[test]
fn durations_that_nobody_means_are_mistakes_with_value_place_and_bounds() {
    let huge = "18446744073709551615s";
    let (push, scrape) = ("[push]\nurl = \"http://a\"\n", "[scrape]\nurl = \"http://a\"\n");
    let write = "[remote_write]\nurl = \"http://a/w\"\n";
    for (before, key, value, part) in [
        ("", "interval", "0s", "1:1: interval: expected a duration from 10ms to 1year, got 0s"),
        ("", "interval", "0.1ms", "1:1: interval: expected a duration from 10ms to 1year, got 100us"),
        ("", "interval", "9ms", "1:1: interval: expected a duration from 10ms to 1year, got 9ms"),
        ("", "interval", "-1s", "interval: expected a duration such as \"15s\" or \"500ms\", got \"-1s\""),
        ("", "interval", "10years", "1:1: interval: expected a duration from 10ms to 1year, got 10years"),
        ("", "interval", huge, "1:1: interval: expected a duration from 10ms to 1year, got "),
        ("[shutdown]\n", "grace", huge, "2:1: shutdown.grace: expected a duration from 1ms to 1day, got "),
        ("[shutdown]\n", "grace", "0s", "2:1: shutdown.grace: expected a duration from 1ms to 1day, got 0s"),
        (scrape, "timeout", huge, "must be at most the interval of 15s (default)"),
        (scrape, "timeout", "0s", "3:1: scrape[0].timeout: expected a duration from 1ms to 1year, got 0s"),
        (push, "timeout", huge, "3:1: push[0].timeout: expected a duration from 1ms to 1day, got "),
        (push, "timeout", "1ns", "3:1: push[0].timeout: expected a duration from 1ms to 1day, got 1ns"),
        (push, "ttl", "200y", "3:1: push[0].ttl: expected a duration from 1ms to 1year, got 200years"),
        (
            push,
            "ttl",
            "never",
            "3:7: push.ttl: expected a duration such as \"1m\", got \"never\": the longest is",
        ),
        (
            push,
            "ttl",
            "0s",
            "the settings are wrong\nagent.toml:3:1: push[0].ttl: expected a duration from 1ms",
        ),
        (push, "linger", huge, "3:1: push[0].linger: expected a duration from 1ms to 1year, got "),
        (push, "linger", "0s", "got 0s: no group lives for no time; \"delete\" ends groups at once"),
        (push, "linger", "1us", "3:1: push[0].linger: expected a duration from 1ms to 1year, got 1us"),
        (write, "min_backoff", "1ns", "3:1: remote_write[0].min_backoff: expected a duration from 10ms to"),
        (write, "batch_deadline", "1h", "batch_deadline: expected a duration from 0s to 5m, got 1h"),
        ("[reap]\n", "older_than", huge, "reap.older_than: expected a duration from 1s to 100years, got "),
    ] {
        let settings = format!("{before}{key} = \"{value}\"\n");
        // Without `check`: it must not get as far as running.
        let (code, said) = run(&settings, &["--listen", "127.0.0.1:0"], &[]);
        assert_eq!(code, Some(2), "{settings}{said}");
        assert!(said.contains(part) && !said.contains("panicked"), "{part}\nin\n{said}");
        assert!(said.matches("].ttl: ").count() <= 1, "one mistake, told twice: {said}");
    }
}

#[test]
fn a_variable_with_one_underscore_for_two_is_no_setting_and_no_secret() {
    let env = [("PUSHPULL_AGENT_INTERVAL", "5s"), ("PUSHPULL_AGENT_PUSH_PASSWORD", "hunter2")];
    let (code, said) = run("", &["check"], &env);
    assert_eq!(code, Some(2), "{said}");
    for part in [
        "environment variable PUSHPULL_AGENT_INTERVAL: unknown name: did you mean PUSHPULL_AGENT__INTERVAL?",
        "PUSHPULL_AGENT_PUSH_PASSWORD: unknown name: did you mean PUSHPULL_AGENT__PUSH__PASSWORD?",
    ] {
        assert!(said.contains(part) && !said.contains("hunter2"), "{part}\nin\n{said}");
    }
}

#[test]
fn a_taken_port_is_named_with_the_way_to_choose_another() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = run("", &["--listen", &address], &[]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains(&format!("cannot listen on {address}"))
            && said.contains("choose another with --listen"),
        "{said}"
    );
}

#[test]
fn what_follows_from_the_interval_need_not_be_set_beside_it() {
    for (interval, timeout, ttl) in [("5s", "5s", "1m"), ("15s", "10s", "1m"), ("1m", "10s", "4m")] {
        let (code, said) = run(&format!("interval = \"{interval}\"\n"), &["check"], &[]);
        assert_eq!(code, Some(0), "{said}");
        let lines = [format!("timeout = \"{timeout}\""), format!("ttl = \"{ttl}\"")];
        for line in lines {
            assert!(
                said.lines().any(|said| said.starts_with(&line) && said.ends_with("# default")),
                "{line}\n{said}"
            );
        }
    }
}

#[test]
fn check_says_what_honoring_labels_does_not_do() {
    let settings = "[scrape]\nurl = \"http://a/m\"\nhonor_labels = true\n";
    let (code, said) = run(settings, &["check"], &[]);
    assert_eq!(code, Some(0));
    assert!(said.contains("# honor_labels of http://a/m: for pulls; a Pushgateway overwrites"), "{said}");
}

#[test]
fn a_gateways_url_is_told_without_what_the_agent_adds_to_it() {
    for (path, is_wrong) in
        [("/metrics", true), ("/a/metrics/", true), ("/metrics/job/j", true), ("/a", false)]
    {
        let (code, said) =
            run(&format!("[push]\nurl = \"http://u:hunter2@127.0.0.1:9{path}\"\n"), &["check"], &[]);
        assert_eq!(code, Some(if is_wrong { 2 } else { 0 }), "{said}");
        assert_eq!(said.contains("push[0].url: http://127.0.0.1:9"), is_wrong, "{said}");
        assert!(said.contains("leave out /metrics") == is_wrong && !said.contains("hunter2"), "{said}");
    }
}
