//! The settings file: what it says of each job, what a push may say instead, and reading it again.

use std::time::{Duration, Instant};

use gateway::policy::{Asked, Life, Policy};
use http::HeaderMap;

use super::watched::pause;
use super::{lines, peers, scrape, start};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../gateway-config/gateway.toml");

fn written(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn asked(query: &str, header: &str) -> Asked {
    let mut headers = HeaderMap::new();
    if !header.is_empty() {
        headers.insert("x-pushpull-ttl", header.parse().unwrap());
    }
    Asked::read(query, &headers).unwrap()
}

#[test]
fn the_push_wins_over_its_job_and_the_job_over_the_default() {
    let file = written(
        "[defaults]\nttl = \"10m\"\nmax_ttl = \"1h\"\n[[job]]\nmatch = \"batch-.*\"\nttl = \"5m\"\norigin = \"20s\"\n\
         [[job]]\nmatch = \"batch-.*|kept\"\nttl = \"never\"\nmax_ttl = \"2h\"\n",
    );
    let policy = Policy::load(Some(file.path()), None).unwrap();
    let minutes = |minutes: u64| Some(Duration::from_mins(minutes));
    for (job, query, header, want) in [
        ("other", "", "", minutes(10)),
        ("other", "ttl=7m", "8m", minutes(7)),
        ("other", "a=b", "8m", minutes(8)),
        ("other", "ttl=7m&ttl=6m", "", minutes(6)),
        ("other", "ttl=3h", "", minutes(60)),
        ("other", "ttl=never", "", minutes(60)),
        ("batch-1", "", "", minutes(5)),
        // The whole job must match, and the first rule that does counts.
        ("my-batch-1", "", "", minutes(10)),
        ("kept", "", "", minutes(120)),
    ] {
        assert_eq!(policy.terms(job).life(&asked(query, header)), want, "{job} {query} {header}");
    }
    let origin = |job: &str, query: &str| policy.terms(job).origin(&asked(query, ""));
    assert_eq!(origin("batch-1", ""), Some(Duration::from_secs(20)));
    assert_eq!(origin("batch-1", "origin=5"), Some(Duration::from_secs(5)));
    assert_eq!((origin("batch-1", "origin=0"), origin("other", "")), (None, None));
    // The flag is the stronger one, as everywhere.
    let policy = Policy::load(Some(file.path()), Some(Life::For(Duration::from_mins(30)))).unwrap();
    assert_eq!(policy.terms("other").life(&asked("", "")), minutes(30));
    assert_eq!(Policy::load(None, None).unwrap().terms("other").life(&asked("", "")), None);
}

#[test]
fn all_mistakes_are_told_in_one_run() {
    let file = written(
        "[defaults]\nttl = \"soon\"\nmax_tll = \"1h\"\n[[job]]\nmatch = \"(\"\n[[job]]\nmatch = \"a\"\nttl = \"2h\"\nmax_ttl = \"1h\"\n\
         [[job]]\nmatch = \"a\"\norigin = \"3h\"\n[[job]]\nmatch = \"b\"\naggregate = { gauges = \"avg\" }\n\
         [[job]]\nmatch = \"c\"\naggregate = { key_without = [\"job\"] }\n[[job]]\nttl = \"1h\"\n",
    );
    let said = Policy::load(Some(file.path()), None).unwrap_err().to_string();
    for part in [
        ":2:7: defaults.ttl: expected a duration such as 60s or 1m30s, longer than 0, got `soon`; `never` is none",
        ":3:1: unknown key `max_tll`: did you mean `max_ttl`?",
        ":5:1: job[0].match: expected a regular expression, got \"(\": unclosed group",
        ":8:1: job[1].ttl: 2h is longer than max_ttl, which is 1h",
        ":11:1: job[2].match: a rule before this one matches \"a\", so it would never count",
        ":12:1: job[2].origin: expected the time of a scrape or two, at most 1h",
        "unknown variant `avg`, expected one of `last`, `sum`, `min`, `max`",
        "key_without: expected a label besides the job, got \"job\"",
        "missing field `match`",
    ] {
        assert!(said.contains(part), "{part}\nin\n{said}");
    }
}

#[test]
fn the_shipped_file_loads_and_each_rule_of_it_counts() {
    let policy = Policy::load(Some(SHIPPED.as_ref()), None).unwrap();
    assert!(policy.rules() >= 2);
    assert!(policy.terms("batch-invoices").origin.is_some());
    assert!(policy.terms("lambda-thumbnails").aggregate.is_some());
    assert_eq!(policy.terms("batch-invoices").life(&Asked::default()), Some(Duration::from_mins(10)));
}

#[test]
fn a_reload_changes_all_or_nothing() {
    let file = written("[defaults]\nttl = \"1h\"\n");
    let flag = format!("--config.file={}", file.path().display());
    let gateway = start(&[&flag, "--web.enable-lifecycle"]);
    let ends = || {
        assert_eq!(peers::request(gateway.port, "PUT", "/metrics/job/j", b"a 1\n").unwrap().0, 200);
        lines(&scrape(&gateway), "push_expires_time_seconds").len() == 1
    };
    let successful = || {
        let page = scrape(&gateway);
        lines(&page, "pushpull_gateway_config_last_reload_successful")[0].ends_with(" 1")
    };
    let reload = || peers::request(gateway.port, "POST", "/-/reload", b"").unwrap();
    assert!(ends() && successful());
    std::fs::write(file.path(), "[defaults]\nttl = \"never\"\nnonsense = 1\n").unwrap();
    let (status, said) = reload();
    assert!(status == 400 && said.contains(":3:1: unknown key `nonsense`"), "{status} {said}");
    assert!(ends() && !successful());
    std::fs::write(file.path(), "[defaults]\nttl = \"never\"\n[[job]]\nmatch = \"x\"\n").unwrap();
    assert_eq!(reload(), (200, "1 rule\n".to_owned()));
    assert!(!ends() && successful());
    // The same by a signal.
    std::fs::write(file.path(), "[defaults]\nttl = \"1h\"\n").unwrap();
    let (sent, said) = peers::run("kill", &["-HUP", &gateway.pid().to_string()], b"");
    assert!(sent, "{said}");
    let limit = Instant::now() + Duration::from_secs(10);
    while !ends() {
        assert!(Instant::now() < limit, "the signal changed nothing");
        pause(Duration::from_millis(5));
    }
}

#[test]
fn a_reload_is_asked_for_by_whoever_may_and_where_there_is_a_file() {
    let reload = |flags: &[&str]| peers::request(start(flags).port, "POST", "/-/reload", b"").unwrap();
    assert_eq!(reload(&[]).0, 403);
    // Nor does a SIGHUP end a gateway that has nothing to read again.
    let gateway = start(&[]);
    assert!(peers::run("kill", &["-HUP", &gateway.pid().to_string()], b"").0);
    for _ in 0..3 {
        assert_eq!(peers::request(gateway.port, "PUT", "/metrics/job/j", b"a 1\n").unwrap().0, 200);
    }
    let (status, said) = reload(&["--web.enable-lifecycle"]);
    assert!(status == 400 && said.contains("--config.file"), "{status} {said}");
}

#[test]
fn a_gateway_does_not_start_with_a_broken_file() {
    let file = written("[[job]]\nmatch = 1\n");
    let flag = format!("--config.file={}", file.path().display());
    let (success, said) =
        peers::run(env!("CARGO_BIN_EXE_pushpull-gateway"), &[&flag, "--web.listen-address=127.0.0.1:0"], b"");
    assert!(!success && said.contains(":2:9: job[0].match:"), "{said}");
}
