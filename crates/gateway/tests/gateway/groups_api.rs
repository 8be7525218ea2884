//! `/api/v1/groups`: groups listed, and deleted by a part of their key.

use serde_json::{Value, json};

use super::peers::{self, Peer};
use super::{exchange, lines, scrape, start};

/// Six groups; one of them was refused something.
fn filled() -> Peer {
    let gateway = start(&[]);
    let pushes: [(&str, &[u8]); 7] = [
        ("job/api/instance/web-1", b"a 1\nb 1\n"),
        ("job/api/instance/web-2", b"a 1\n"),
        ("job/api/instance/db-1/zone/eu", b"a 1\n"),
        ("job/batch", b"a 1\n"),
        ("job/batch/instance@base64/=", b"never"),
        ("job/night?ttl=1h", b"a 1\n"),
        ("job/night/zone/eu", b"a 1\n"),
    ];
    for (path, body) in pushes {
        peers::request(gateway.port, "PUT", &format!("/metrics/{path}"), body).unwrap();
    }
    peers::request(gateway.port, "PUT", "/metrics/job/night", b"a{b=\"c\"} 1 5\n").unwrap();
    gateway
}

fn ask(gateway: &Peer, method: &str, query: &str) -> (u16, Value) {
    let (status, body) =
        peers::request(gateway.port, method, &format!("/api/v1/groups{query}"), b"").unwrap();
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

/// The paths of an answer's groups.
fn paths(answer: &Value) -> Vec<&str> {
    let groups = answer["data"]["groups"].as_array().unwrap_or_else(|| panic!("{answer}"));
    groups.iter().map(|group| group["path"].as_str().unwrap().trim_start_matches("/metrics/job/")).collect()
}

#[test]
fn groups_are_listed_with_what_is_known_of_them() {
    let gateway = filled();
    let (status, all) = ask(&gateway, "GET", "");
    assert_eq!(status, 200);
    let every = [
        "api/instance/web-1",
        "api/instance/web-2",
        "api/instance/db-1/zone/eu",
        "batch",
        "night",
        "night/zone/eu",
    ];
    assert_eq!(paths(&all), every);
    let group = |at: usize, what: &str| all["data"]["groups"][at][what].clone();
    assert_eq!(group(0, "labels"), json!({"job": "api", "instance": "web-1"}));
    assert_eq!(group(0, "series"), 2);
    assert!(group(0, "bytes").as_u64().unwrap() > 40);
    assert_eq!(
        [group(0, "expires_time_seconds"), group(0, "last_failure_reason")],
        [Value::Null, Value::Null]
    );
    let (pushed, ends) = (group(4, "last_push_time_seconds"), group(4, "expires_time_seconds"));
    let life = ends.as_f64().unwrap() - pushed.as_f64().unwrap();
    assert!((life - 3600.0).abs() < 1.0, "{life}");
    let reason = group(4, "last_failure_reason");
    assert!(reason.as_str().unwrap().contains("must not have timestamps"), "{reason}");
    let (_, part) = ask(&gateway, "GET", "?limit=2&offset=3");
    assert_eq!((paths(&part), &part["data"]["found"]), (every[3..5].to_vec(), &json!(6)));
    let (_, part) = ask(
        &gateway,
        "GET",
        "?match[]=%7Binstance=~%22web-.*%22%7D&match[]=%7Bzone%21=%22%22%7D&limit=1&offset=2",
    );
    assert_eq!((paths(&part), &part["data"]["found"]), (vec![every[2]], &json!(4)));
}

#[test]
fn a_refusal_is_kept_in_words_for_a_group_that_is_there_and_makes_none() {
    let gateway = start(&["--limit.body=1KiB"]);
    let put = |body: &[u8]| peers::request(gateway.port, "PUT", "/metrics/job/j", body).unwrap().0;
    let reason = || ask(&gateway, "GET", "").1["data"]["groups"][0]["last_failure_reason"].clone();
    assert_eq!(put(b"broken"), 400);
    assert_eq!(paths(&ask(&gateway, "GET", "").1), Vec::<&str>::new());
    put(b"a 1\n");
    assert_eq!(put(b"broken"), 400);
    assert!(reason().as_str().unwrap().contains("text format parsing error"), "{}", reason());
    assert_eq!(put(&[b'#'; 2000]), 413);
    assert_eq!(reason(), "body is over the limit of 1024 bytes");
    let long = format!("# TYPE a gauge\na{{l=\"é{}\"}} wrong\n", "é".repeat(400));
    assert_eq!(put(long.as_bytes()), 400);
    assert!(reason().as_str().unwrap().len() <= 303, "{}", reason());
    // The time that the real one has as well is that of pushes that could be read.
    assert_eq!(lines(&scrape(&gateway), "push_failure_time_seconds")[0].rsplit(' ').next(), Some("0"));
}

#[test]
fn a_deletion_is_of_what_its_dry_run_says() {
    for (query, found) in [
        ("job=api", 3),
        ("job=api&zone=eu", 1),
        ("zone=eu", 2),
        ("job=nobody", 0),
        ("typo=true&job=api", 0),
        ("match[]=%7Bjob%3D~%22api%7Cbatch%22%7D", 4),
        ("match=%7Bjob%3D%22api%22%2Czone%3D%22%22%7D", 2),
        ("match[]=%7Bjob%3D%22batch%22%7D&match[]=%7Bzone%3D%22eu%22%7D", 3),
    ] {
        let gateway = filled();
        let held =
            || paths(&ask(&gateway, "GET", "").1).iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        let before = held();
        let (status, dry) = ask(&gateway, "DELETE", &format!("?{query}&dry_run=true"));
        assert_eq!(
            (status, &dry["data"]["found"], &dry["data"]["deleted"]),
            (200, &json!(found), &json!(0)),
            "{query}: {dry}"
        );
        assert_eq!(held(), before, "{query}: a dry run changed something");
        let (status, done) = ask(&gateway, "DELETE", &format!("?{query}"));
        assert_eq!((status, &done["data"]["deleted"]), (200, &json!(found)), "{query}: {done}");
        assert_eq!(done["data"]["groups"], dry["data"]["groups"], "{query}");
        let gone = paths(&done);
        let left: Vec<_> = before.into_iter().filter(|path| !gone.contains(&path.as_str())).collect();
        assert_eq!(held(), left, "{query}");
        assert_eq!(lines(&scrape(&gateway), "push_time_seconds").len(), left.len(), "{query}");
    }
}

#[test]
fn a_deletion_that_says_nothing_definite_is_refused_and_deletes_nothing() {
    let gateway = filled();
    let many =
        |count: usize, like: &str| format!("?{}", format!("match[]=%7Bjob{like}%22a%22%7D&").repeat(count));
    for (query, said) in [
        ("", "expected a label such as job=x"),
        ("?dry_run=true", "expected a label such as job=x"),
        ("?job=", "label `job` has no value"),
        ("?match[]=%7B%7D", "at least one matcher that an empty value does not fit"),
        ("?match[]=%7Bjob%3D%22api%22%7D&match[]=%7Bzone%3D~%22.*%22%7D", "at least one matcher"),
        ("?match[]=%7Bjob%3Dapi%7D", "match[]: expected a quoted value at byte 5"),
        ("?job=api&match[]=%7Bzone%3D%22eu%22%7D", "expected labels or match[], got both"),
        ("?job=api&job=batch", "label `job` stands twice"),
        ("?job=api&limit=1", "a deletion is of all that it selects"),
        ("?job=api&dry-run=true", "unknown parameter `dry-run`"),
        ("?job=api&dry_run=maybe", "dry_run: expected true or false, got `maybe`"),
        ("?job=api&dry_run=true&dry_run=false", "dry_run stands twice"),
        ("?job=%FF", "is not valid UTF-8"),
        (&many(17, "=~"), "match[]: expected at most 16 regular expressions in one query"),
        (&many(65, "="), "match[]: expected at most 64 matchers in one query"),
        (&format!("?{}", "a=b&".repeat(2)), "label `a` stands twice"),
    ] {
        let (status, answer) = ask(&gateway, "DELETE", query);
        assert_eq!(
            (status, &answer["status"], &answer["errorType"]),
            (400, &json!("error"), &json!("bad_data")),
            "{query}"
        );
        assert!(answer["error"].as_str().unwrap().contains(said), "{query}: {answer}");
    }
    for query in ["?dry_run=true", "?limit=many", "?offset=-1"] {
        assert_eq!(ask(&gateway, "GET", query).0, 400, "{query}");
    }
    assert_eq!(paths(&ask(&gateway, "GET", "").1).len(), 6);
    let page = scrape(&gateway);
    for line in [
        "pushgateway_http_requests_total{code=\"400\",handler=\"api/v1/groups\",method=\"delete\"} 16",
        "pushgateway_http_requests_total{code=\"200\",handler=\"api/v1/groups\",method=\"get\"} 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in {page}");
    }
    let answer = exchange(&gateway, b"PATCH /api/v1/groups HTTP/1.0\r\n\r\n");
    assert!(
        answer.starts_with("HTTP/1.0 405") && answer.contains("allow: DELETE, GET, OPTIONS, POST"),
        "{answer}"
    );
}
