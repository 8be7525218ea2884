//! The page for people as it comes over the wire: what it shows, what it forbids, and its form without a script.

use super::peers::{self, Peer};
use super::{exchange, lines, scrape, start};

fn put(gateway: &Peer, path: &str, body: &[u8]) -> u16 {
    peers::request(gateway.port, "PUT", &format!("/metrics/{path}"), body).unwrap().0
}

fn page(gateway: &Peer, query: &str) -> String {
    let (status, page) = peers::request(gateway.port, "GET", &format!("/{query}"), b"").unwrap();
    assert_eq!(status, 200, "{page}");
    page
}

/// The groups of a page in their order.
fn groups(page: &str) -> Vec<&str> {
    let fields = page.split("name=\"group\" value=\"").skip(1);
    fields.map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn what_is_pushed_forges_nothing_on_the_page() {
    let gateway = start(&[]);
    let evil = "%3Cscript%3Ealert(1)%3C%22'%26%0A%E2%80%AE";
    let body =
        b"# HELP a <script>alert(2)</script>\n# TYPE a gauge\na{y=\"</pre><script>alert(3)</script>\"} 1\n";
    // A slash needs base64, and this one is `<img src=x onerror=alert(1)>"/`.
    let tag = "PGltZyBzcmM9eCBvbmVycm9yPWFsZXJ0KDEpPiIv";
    assert_eq!(put(&gateway, &format!("job/{evil}/x@base64/{tag}?ttl=100"), body), 200);
    put(&gateway, &format!("job/{evil}/x@base64/{tag}"), b"<script>alert(4)</script> 1");
    let list = page(&gateway, "");
    let alone = page(&gateway, &format!("?group={}", groups(&list)[0].replace('%', "%25")));
    assert!(list.contains("&lt;script&gt;alert(1)") && list.contains("&lt;img src=x"), "{list}");
    assert!(alone.contains("&lt;/pre&gt;&lt;script&gt;alert(3)"), "{alone}");
    for text in
        [&list, &alone, &page(&gateway, "?q=%22%3E%3Cscript%3E"), &page(&gateway, "?q=%7B%3Cscript%3E")]
    {
        // The one script is ours, and no other tag was made.
        assert_eq!(text.matches("<script").count(), 1, "{text}");
        assert!(!text.contains("<img"), "{text}");
    }
    let answer = exchange(&gateway, b"GET / HTTP/1.0\r\n\r\n");
    let head = answer.split("\r\n\r\n").next().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'sha256-",
        "style-src 'sha256-",
        "frame-ancestors 'none'",
        "nosniff",
        "no-store",
    ] {
        assert!(head.contains(part), "{part}: {head}");
    }
    assert!(!answer.contains(" style=\"") && !answer.contains(" onclick"), "the policy would forbid them");
    assert!(!answer.contains("href=\"/") && !answer.contains("://"), "links work below another path");
}

#[test]
fn groups_are_found_sorted_and_cut_to_pages() {
    let gateway = start(&[]);
    for at in 0..120 {
        put(&gateway, &format!("job/Job-{:03}/zone/{}", at, if at < 5 { "eu" } else { "us" }), b"a 1\n");
    }
    put(&gateway, "job/zz?ttl=1h", b"a 1\nb 1\n");
    let first = page(&gateway, "");
    assert_eq!((groups(&first).len(), groups(&first)[0]), (100, "job/Job-000/zone/eu"));
    assert!(first.contains("1–100 of 121") && first.contains("121 groups"), "{first}");
    assert_eq!(groups(&page(&gateway, "?page=2")).len(), 21);
    assert_eq!(groups(&page(&gateway, "?page=3")).len(), 0);
    for (query, first, count) in [
        ("?q=JOB-00+eu", "job/Job-000/zone/eu", 5),
        ("?q=eu&order=desc", "job/Job-004/zone/eu", 5),
        ("?q=%7Bzone%3D%22%22%7D", "job/zz", 1),
        ("?sort=series&order=desc", "job/zz", 100),
        ("?sort=life", "job/zz", 100),
        ("?sort=push&order=desc", "job/zz", 100),
        ("?sort=push", "job/Job-000/zone/eu", 100),
        ("?sort=size&order=desc&page=1", "job/zz", 100),
    ] {
        let page = page(&gateway, query);
        assert_eq!((groups(&page).first(), groups(&page).len()), (Some(&first), count), "{query}");
    }
    let wrong = page(&gateway, "?q=%7Bzone");
    assert!(wrong.contains("at byte 5 of `{zone`") && groups(&wrong).is_empty(), "{wrong}");
    assert!(page(&gateway, "?sort=series&order=desc").contains("aria-sort=\"descending\""));
}

#[test]
fn the_form_without_a_script_deletes_for_the_page_alone() {
    let gateway = start(&[]);
    put(&gateway, "job/a", b"a 1\n");
    put(&gateway, "job/b", b"a 1\n");
    let asks = page(&gateway, "?group=job/a");
    let token = asks.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let send = |site: &str, body: &str| {
        let head = format!(
            "POST /api/v1/groups HTTP/1.0\r\nHost: a\r\n{site}Content-Length: {}\r\n\r\n",
            body.len()
        );
        exchange(&gateway, format!("{head}{body}").as_bytes())
    };
    let right = format!("token={token}&group=job%2Fa");
    for (site, body, status) in [
        ("", "group=job%2Fa".to_owned(), 403),
        ("", format!("token={}&group=job%2Fa", "0".repeat(32)), 403),
        ("Sec-Fetch-Site: cross-site\r\n", right.clone(), 403),
        ("Sec-Fetch-Site: same-site\r\n", right.clone(), 403),
        ("", format!("token={token}&group=nonsense"), 400),
        ("", format!("token={token}"), 400),
    ] {
        let answer = send(site, &body);
        assert!(answer.starts_with(&format!("HTTP/1.0 {status}")), "{site}{body}: {answer}");
    }
    assert_eq!(lines(&scrape(&gateway), "push_time_seconds").len(), 2);
    let answer = send("Sec-Fetch-Site: same-origin\r\n", &right);
    assert!(answer.starts_with("HTTP/1.0 303") && answer.contains("location: ../../\r\n"), "{answer}");
    assert_eq!(lines(&scrape(&gateway), "a{"), ["a{instance=\"\",job=\"b\"} 1"]);
    let (status, gone) = peers::request(gateway.port, "GET", "/?group=job/a", b"").unwrap();
    assert!(status == 404 && gone.contains("There is no such group"), "{gone}");
    // A script of another site may not send this: browsers ask first, and are not told that it may.
    let asked = "OPTIONS /api/v1/groups?job=b HTTP/1.0\r\nOrigin: http://elsewhere\r\nAccess-Control-Request-Method: DELETE\r\n\r\n";
    for asked in [asked.to_owned(), asked.replace("/api/v1/groups?job=b", "/metrics/job/b")] {
        let answer = exchange(&gateway, asked.as_bytes()).to_lowercase();
        assert!(!answer.contains("access-control-allow"), "{answer}");
    }
}

#[test]
fn thousands_of_groups_and_large_ones_make_no_large_page() {
    let gateway = start(&[]);
    let key = "x".repeat(200);
    for at in 0..1_000 {
        put(&gateway, &format!("job/{key}/instance/{at}"), b"a 1\n");
    }
    let lines: String = (0..20_000).map(|at| format!("a{{l=\"{at}\"}} 1\n")).collect();
    let families: String = (0..1_000).map(|at| format!("f{at} 1\n")).collect();
    assert_eq!(put(&gateway, "job/large", format!("{lines}{families}").as_bytes()), 200);
    for query in ["", "?page=5", "?group=job/large", "?q=x&sort=size"] {
        let bytes = page(&gateway, query).len();
        assert!(bytes < 1_000_000, "{query}: {bytes} bytes");
    }
    let large = page(&gateway, "?group=job/large");
    assert!(large.contains("20,000 series") && large.contains("There is more"), "cut without a word");
    assert!(large.contains("Families that are not shown: 501"), "cut without a word");
}

#[test]
fn the_page_works_below_a_prefix_with_metrics_elsewhere() {
    let below = "/a/b/";
    let gateway = {
        let arguments = |port| {
            let listen = format!("--web.listen-address=127.0.0.1:{port}");
            vec![listen, format!("--web.route-prefix={below}"), "--web.telemetry-path=/t".to_owned()]
        };
        peers::start(env!("CARGO_BIN_EXE_pushpull-gateway"), arguments, "/a/b/-/ready")
    };
    let ask = |method: &str, path: &str| peers::request(gateway.port, method, path, b"").unwrap_or_default();
    let lines: String = (0..20_000).map(|at| format!("a{{l=\"{at}\"}} 1\n")).collect();
    for job in ["x", "y"] {
        let path = format!("{below}metrics/job/{job}");
        assert_eq!(peers::request(gateway.port, "PUT", &path, lines.as_bytes()).unwrap().0, 200);
    }
    // Every link of the list, and of the page of one group, leads somewhere.
    let mut followed = 0;
    let mut one = String::new();
    for query in ["", "?group=job/x"] {
        one = ask("GET", &format!("{below}{query}")).1;
        for link in one.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            if link.starts_with("data:") {
                continue;
            }
            let path = format!("{below}{}", link.trim_start_matches("./").replace("&amp;", "&"));
            assert_eq!(ask("GET", &path).0, 200, "{link}");
            followed += 1;
        }
    }
    assert!(followed > 15 && one.contains("href=\"./t\">metrics</a> has all"), "{followed}: {one}");
    // The form goes where it says, and from there back to the list.
    let part = |before: &str| one.split(before).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = format!("token={}&group=job%2Fx", part("name=\"token\" value=\""));
    let action = format!("{below}{}", part("action=\""));
    let head = format!("POST {action} HTTP/1.0\r\nHost: a\r\nContent-Length: {}\r\n\r\n{form}", form.len());
    let answer = exchange(&gateway, head.as_bytes());
    assert!(answer.starts_with("HTTP/1.0 303") && answer.contains("location: ../../\r\n"), "{answer}");
    assert_eq!(action, "/a/b/api/v1/groups", "which the way back is counted from");
    assert_eq!(groups(&ask("GET", below).1), ["job/y"]);
    // So does what the script sends.
    assert_eq!(ask("DELETE", &format!("{below}metrics/job/y")).0, 202);
    assert!(groups(&ask("GET", below).1).is_empty());
}
