//! The same requests to our gateway and to the real one: the same answers, the same scrape.

use std::collections::BTreeSet;

use exposition::{Limits, Page, ParseError};

use super::peers::{self, Peer};
use super::start;

/// Method, path behind `/metrics`, body; and where we differ on purpose, our status and why.
type Row = (&'static str, &'static str, &'static str, Option<(u16, &'static str)>);

const HISTOGRAM: &str = "# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_bucket{x=\"y\",le=\"1e6\"} 2\nh_bucket{x=\"y\",le=\"+Inf\"} 2\nh_sum 1.5\nh_count 3\nh_sum{x=\"y\"} 1\nh_count{x=\"y\"} 2\n";
const FORGED: &str = "# TYPE push_time_seconds gauge\npush_time_seconds 5\na 1\n";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("PUT", "/job/j", "a 1\nb 2\n", None),
    ("PUT", "/job/j", "a 3\n", None),
    ("POST", "/job/j", "b{x=\"1\"} 2\nb{x=\"2\"} 3\n", None),
    ("POST", "/job/j", "b 4\n", None),
    ("PUT", "/job/j", "", None),
    ("POST", "/job/j", "a 1\n", None),
    ("POST", "/job/j", "", None),
    ("POST", "/job/empty", "", None),
    ("DELETE", "/job/empty", "", None),
    ("DELETE", "/job/never", "", None),
    ("PUT", "/job/j/a/1/b/2", "c 1\n", None),
    ("PUT", "/job/j/b/2/a/1", "c 2\n", None),
    ("PUT", "/job/j/a/1/a/2", "c 3\n", None),
    ("PUT", "/job/j/job/k/a/1", "c 4\n", None),
    ("PUT", "/job/j/", "d 1\n", None),
    ("PUT", "/job/j/e/", "d 2\n", None),
    ("PUT", "/job/j/e@base64/=", "d 3\n", None),
    ("PUT", "/job/j/e@base64/", "d 4\n", None),
    ("PUT", "/job/j/p@base64/L3Zhci90bXA", "d 5\n", None),
    ("PUT", "/job/j/p@base64/L3Zhci90bXA=", "d 6\n", None),
    ("PUT", "/job/j/p@base64/L3Zhci90bXA===", "d 7\n", None),
    ("PUT", "/job@base64/YS9i/p/q", "d 8\n", None),
    ("PUT", "/job/some%20job/x/%C3%A9+", "d 9\n", None),
    ("PUT", "/job/j/p@base64/a+b", "d 1\n", None),
    ("PUT", "/job/j/p@base64/a%2Fb", "d 1\n", None),
    ("PUT", "/job/j/a/b%2Fc", "d 1\n", None),
    ("PUT", "/job/j/a", "d 1\n", None),
    ("PUT", "/job/j/a-b/c", "d 1\n", None),
    ("PUT", "/job/j/__a/c", "d 1\n", None),
    ("PUT", "/job/j/9/c", "d 1\n", None),
    ("PUT", "/job", "d 1\n", None),
    ("PUT", "/jobs/x", "d 1\n", None),
    ("PUT", "/instance/i", "d 1\n", None),
    ("PUT", "//job/x", "d 1\n", None),
    ("PUT", "/job/x/../y", "d 1\n", None),
    ("PUT", "/job/", "d 1\n", None),
    ("GET", "/job/j", "", None),
    ("PATCH", "/job/j", "", None),
    ("OPTIONS", "/job/j", "", None),
    ("PUT", "", "", None),
    ("POST", "", "", None),
    ("DELETE", "", "", None),
    ("PUT", "/job/j?ignored=1&x", "a 9\n", None),
    ("PUT", "/job/bad", "a 1", None),
    ("PUT", "/job/bad", "a 1\r\n", None),
    ("PUT", "/job/bad", "a{\n", None),
    ("PUT", "/job/bad", "a 0x10\n", None),
    ("PUT", "/job/bad", "a 1e400\n", None),
    ("PUT", "/job/bad", "a{b=\"\\q\"} 1\n", None),
    ("PUT", "/job/bad", "# TYPE a gauge\n# TYPE a gauge\na 1\n", None),
    ("PUT", "/job/bad", "# HELP a x\n# HELP a x\na 1\n", None),
    ("PUT", "/job/bad", "a 1\n# TYPE a gauge\n", None),
    ("PUT", "/job/bad", "# TYPE a nonsense\na 1\n", None),
    ("PUT", "/job/bad", "a{__name__=\"b\"} 1\n", None),
    ("PUT", "/job/stamped", "a 1 1500\n", None),
    ("PUT", "/job/reserved", "a{__x=\"b\"} 1\n", None),
    ("PUT", "/job/twice", "t 1\nt 1\n", None),
    ("PUT", "/job/twice", "t{job=\"1\"} 1\nt{job=\"2\"} 1\n", None),
    ("PUT", "/job/type", "# TYPE a counter\na 1\n", None),
    ("PUT", "/job/j", "# TYPE a2 counter\na2 1\n", None),
    ("PUT", "/job/j", "# TYPE a2 gauge\na2 1\n", None),
    ("POST", "/job/j", "# TYPE a2 untyped\na2 2\n", None),
    ("PUT", "/job/own", "# TYPE process_open_fds counter\nprocess_open_fds 1\n", None),
    ("PUT", "/job/own", "# TYPE process_open_fds gauge\nprocess_open_fds 1\n", None),
    ("PUT", "/job/overlap/x/y", "o 1\n", None),
    ("PUT", "/job/overlap", "o{x=\"y\"} 1\n", None),
    ("PUT", "/job/overlap", "o{x=\"z\"} 1\n", None),
    ("PUT", "/job/label/x/key", "l{x=\"body\",job=\"body\",y=\"1\"} 1\n", None),
    ("PUT", "/job/instance", "i{instance=\"own\"} 1\n", None),
    ("PUT", "/job/instance/instance/key", "i{instance=\"own\"} 1\n", None),
    ("PUT", "/job/h", HISTOGRAM, None),
    ("PUT", "/job/h2", "# TYPE h_count gauge\nh_count 1\n", None),
    ("PUT", "/job/h2", "# TYPE h_bucket gauge\nh_bucket 1\n", None),
    ("PUT", "/job/retyped", "# TYPE rt histogram\nrt_bucket{le=\"+Inf\"} 1\nrt_sum 1\nrt_count 1\n", None),
    ("POST", "/job/retyped", "# TYPE rt gauge\nrt 1\n# TYPE rt_bucket gauge\nrt_bucket{le=\"+Inf\"} 2\n", None),
    ("POST", "/job/retyped", "# TYPE rt_bucket counter\nrt_bucket{le=\"+Inf\"} 3\n", None),
    ("POST", "/job/retyped", "# TYPE rt histogram\nrt_bucket{le=\"+Inf\"} 4\nrt_sum 1\nrt_count 1\n", None),
    ("DELETE", "/job/retyped", "", None),
    ("PUT", "/job/s", "# TYPE s summary\ns{quantile=\"0.50\"} 1\ns_sum 2\n", None),
    ("PUT", "/job/s2", "# TYPE s_sum gauge\ns_sum 1\n", None),
    ("PUT", "/job/le", "# TYPE g histogram\ng_bucket{le=\"x\"} 1\n", None),
    ("PUT", "/job/noinf", "# TYPE n histogram\nn_bucket{le=\"2\"} 1\nn_sum 4\nn_count 2\n", None),
    ("PUT", "/job/meta", "# HELP m text\n# TYPE m gauge\n", None),
    ("PUT", "/job/forged", FORGED, None),
    ("PUT", "/job/om", "# TYPE c counter\nc_total 1\n# EOF\n", None),
    ("PUT", "/job/values", "v1 NaN\nv2 +Inf\nv3 -Inf\nv4 1e-7\nv5 -0\n", None),
    ("PUT", "/job/escapes", "# HELP e a\\\\b\\nc\ne{x=\"a\\\\b\\nc\\\"d\"} 1\n", None),
    ("PUT", "/job/mixed", "m1 1\nm2 2\nm1{x=\"y\"} 3\n", None),
    ("PUT", "/job/l/le/1", "# TYPE le_h histogram\nle_h_bucket{le=\"+Inf\"} 1\nle_h_sum 1\nle_h_count 1\n",
        Some((400, "the real one takes it, and Prometheus then refuses the whole scrape"))),
    ("DELETE", "/job/l/le/1", "", None),
    ("PUT", "/job/bounds", "# TYPE w histogram\nw_bucket{le=\"1\"} 1\nw_bucket{le=\"1\"} 1\nw_bucket{le=\"+Inf\"} 1\nw_sum 1\nw_count 1\n",
        Some((400, "the real one shows the series twice"))),
    ("DELETE", "/job/bounds", "", None),
    ("PUT", "/job/h", "h 1\n", None),
    ("DELETE", "/job/h", "", None),
    ("PUT", "/%6aob/decoded", "y 1\n", None),
    ("PUT", "/job/x/%2e%2e/y", "y 1\n", None),
    ("PUT", "/job/x%2F%2Fy", "y 1\n", None),
    ("PUT", "/job/mixed2", "# TYPE x histogram\nx_bucket{l=\"a\",le=\"1\"} 1\nx_sum{l=\"a\"} 1\nx_count{l=\"a\"} 1\nx_bucket{l=\"b\",le=\"+Inf\"} 1\n", None),
    ("PUT", "/job/twin", "z 1\n", None),
    ("PUT", "/job/order", "# TYPE oh histogram\noh_bucket{a=\"1\",b=\"2\",le=\"1\"} 1\noh_sum{b=\"2\",a=\"1\"} 1\noh_count{b=\"2\",a=\"1\"} 1\n", None),
    ("PUT", "/job/far", "# TYPE f histogram\nf_bucket{le=\"1e400\"} 1\n", None),
    ("PUT", "/job/far", "# TYPE f histogram\nf_sum{le=\"x\"} 1\n", None),
    ("PUT", "/job/far", "# TYPE f summary\nf_sum{quantile=\"x\"} 1\n", None),
    ("PUT", "/job/far", "# TYPE f histogram\nf_sum{le=\"1\"} 1\nf_count 2\n", None),
    ("PUT", "/job/far", "# TYPE f histogram\nf_bucket{le=\"NaN\"} 1\nf_bucket{le=\"1\"} 1\nf_count 2\n", None),
    ("PUT", "/job/far", "# TYPE f histogram\nf_bucket{le=\"+NaN\"} 1\n", None),
    ("PUT", "/job/nan", "# TYPE fs summary\nfs{quantile=\"NaN\"} 1\nfs{quantile=\"0.5\"} 1\nfs_sum 2\nfs_count 1\n", None),
    ("PUT", "/job/again", "# TYPE ah histogram\nah_bucket{le=\"+Inf\"} 1\nah_sum 1\nah_sum 2\nah_count 1\nah_count 1\n", None),
    ("PUT", "/job/again", "# TYPE as summary\nas{quantile=\"0.5\"} 1\nas_sum 1\nas_sum 2\nas_count 1\nas_count 3\n", None),
    ("DELETE", "/job/again", "", None),
    ("PUT", "/job/signed", "g 1 -5\n", None),
    ("PUT", "/job/signed2", "g 1 +5\n", None),
    ("PUT", "/job/part", "# TYPE p_count gauge\n# TYPE p histogram\np_bucket{le=\"1\"} 1\np_count 1\n", None),
    ("PUT", "/job/part2", "# TYPE p histogram\np_bucket{le=\"1\"} 1\n# TYPE p_count gauge\np_count 1\n", None),
    ("PUT", "/job/part3", "# TYPE q histogram\n# HELP q_count text\nq_bucket{le=\"1\"} 1\nq_count 1\n", None),
    ("PUT", "/job/%ZZ", "d 1\n", None),
    ("PUT", "/job/names", "n{k=\"1\",k=\"\"} 1\n", None),
    ("PUT", "/job/names", "n{k=\"\",k=\"\"} 1\n", None),
    ("PUT", "/job/names", "n{k=\"\"} 1\nn 2\n", None),
    ("PUT", "/job/%", "d 1\n", None),
    ("PUT", "/job/a%2", "d 1\n", None),
    ("PUT", "/job@base64/YQ%0A", "bl 1\n", None),
    ("PUT", "/job@base64/Y%0D%0AQ/b@base64/Y%0AmI", "bl 1\n", None),
];

/// What is no push: method and path.
const ROUTES: &[(&str, &str)] = &[
    ("GET", "/metrics/"),
    ("GET", "/metrics/?a=b"),
    ("PUT", "/metrics/"),
    ("OPTIONS", "/metrics"),
    ("GET", "/metrics/job"),
    ("GET", "/metrics/job/"),
    ("PATCH", "/metrics/job/"),
    ("OPTIONS", "/metrics/job/"),
    ("POST", "/metrics/job/"),
    ("DELETE", "/metrics/job/"),
    ("GET", "/metrics/job@base64/"),
    ("GET", "/-/healthy/"),
    ("PUT", "/-/ready/"),
    ("GET", "/-/quit"),
    ("POST", "/-/quit/"),
    ("GET", "/status/"),
    ("GET", "/api/v1/admin/wipe"),
    ("PUT", "/api/v1/admin/wipe"),
    ("POST", "/api/v1/admin/wipe"),
    ("OPTIONS", "/api/v1/admin/wipe"),
    ("OPTIONS", "*"),
    ("OPTIONS", "/"),
    ("OPTIONS", "/nowhere"),
    ("GET", "/nowhere/"),
];

#[test]
fn routes_are_found_and_moved_as_the_real_one_does() {
    let ours = start(&[]);
    let real = peers::pushgateway();
    for (method, path) in ROUTES {
        let [we, they] = [&ours, &real].map(|peer| peers::request(peer.port, method, path, b"").unwrap());
        assert_eq!(we.0, they.0, "{method} {path}: ours {we:?}, real {they:?}");
    }
}

/// Two keys whose groups are shown with the same labels: the real one refuses the second, too, but
/// notes a failure that breaks its own scrape, so it is asked last and its scrape no more.
#[test]
fn a_key_without_instance_and_one_with_an_empty_instance_exclude_each_other() {
    let ours = start(&[]);
    let put = |path: &str| peers::request(ours.port, "PUT", path, b"a 1\n").unwrap().0;
    assert_eq!(put("/metrics/job/a"), 200);
    assert_eq!(put("/metrics/job/a/instance@base64/="), 400);
    assert_eq!(put("/metrics/job/b/instance@base64/="), 200);
    assert_eq!(put("/metrics/job/b"), 400);
    let page = super::scrape(&ours);
    assert_eq!(super::lines(&page, "push_time_seconds").len(), 2, "{page}");
    assert!(super::lines(&page, "push_failure_time_seconds").iter().all(|line| line.ends_with(" 0")));
}

#[test]
fn the_same_requests_get_the_same_answers_and_the_same_scrape() {
    // Of all that is asked of both in the same test.
    assert!(ROWS.len() + super::versus_raw::rows().len() >= 150);
    let ours = start(&[]);
    let real = peers::pushgateway();
    for (number, (method, path, body, difference)) in ROWS.iter().enumerate() {
        let path = format!("/metrics{path}");
        let [we, they] = [&ours, &real].map(|peer| {
            peers::request(peer.port, method, &path, body.as_bytes())
                .unwrap_or_else(|| panic!("row {number}: {method} {path}: no answer from {}", peer.port))
        });
        let row = format!("row {number}: {method} {path} {body:?}\nours {we:?}\nreal {they:?}");
        if let Some((status, why)) = difference {
            assert_eq!(we.0, *status, "{row}");
            assert_ne!(they.0, *status, "no longer a difference ({why}): {row}");
            // Ours noted a failure where the real one took the push; the next row ends both groups.
            continue;
        }
        assert_eq!(we.0, they.0, "{row}");
        same_in_time(&ours, &real, &row);
    }
}

/// Deletions are done later by the real one, so its scrape is asked until it agrees.
pub(crate) fn same_in_time(ours: &Peer, real: &Peer, row: &str) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let we = series(&super::scrape(ours)).unwrap();
        // Until it has deleted what only it takes, its page may be one that nobody can read.
        let they = series(&super::scrape(real)).unwrap_or_default();
        if we == they {
            return;
        }
        let only = |left: &BTreeSet<String>, right: &BTreeSet<String>| {
            left.difference(right).cloned().collect::<Vec<_>>()
        };
        assert!(
            std::time::Instant::now() < end,
            "{row}\nonly ours {:#?}\nonly real {:#?}",
            only(&we, &they),
            only(&they, &we)
        );
    }
}

/// All pushed series with type and value, times as whether they are set.
fn series(scrape: &str) -> Result<BTreeSet<String>, ParseError> {
    let page = Page::parse(scrape.to_owned(), &Limits::NONE)?;
    let mut all = BTreeSet::new();
    for family in page.families() {
        let own = ["go_", "process_", "promhttp_", "pushgateway_", "pushpull_"];
        for sample in family.samples() {
            let pushed = sample.label("job").is_some();
            if family.name() == "push_expires_time_seconds"
                || own.iter().any(|prefix| sample.name().starts_with(prefix)) && !pushed
            {
                continue;
            }
            let mut labels: Vec<_> =
                sample.labels().map(|label| format!("{}={:?}", label.name, label.value)).collect();
            labels.sort();
            let value = match family.name() {
                "push_time_seconds" | "push_failure_time_seconds" => {
                    f64::from(u8::from(sample.value() > 0.0))
                }
                // The real one loses the sign of zero.
                _ => sample.value() + 0.0,
            };
            all.insert(format!("{} {}{{{}}} {value}", family.kind(), sample.name(), labels.join(",")));
        }
    }
    Ok(all)
}
