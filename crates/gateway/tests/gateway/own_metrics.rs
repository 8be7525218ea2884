//! The gateway's own metrics beside those of the real one.

use std::collections::{BTreeMap, BTreeSet};

use exposition::{Limits, Page};

use super::{peers, scrape, start};

/// What only the real one has, and why.
const ONLY_REAL: &[(&str, &str)] = &[("go_", "no Go made ours")];

/// Each family's type and the sets of label names of its samples.
fn families(scrape: String) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = Page::parse(scrape, &Limits::NONE).unwrap();
    let own = |name: &str| !name.starts_with("push_") && name != "a_bytes";
    let families = page.families().filter(|family| own(family.name()));
    let described = families.map(|family| {
        let labels = |sample: &exposition::Sample<'_>| {
            let mut names: Vec<_> = sample.labels().map(|label| label.name.to_owned()).collect();
            names.sort();
            format!("{}{{{}}}", sample.name(), names.join(","))
        };
        let shapes = family.samples().map(|sample| labels(&sample)).collect();
        (family.name().to_owned(), (family.kind().to_string(), shapes))
    });
    described.collect()
}

#[test]
fn own_families_have_the_real_ones_names_types_and_labels() {
    let ours = start(&[]);
    let real = peers::pushgateway();
    let [we, they] = [&ours, &real].map(|peer| {
        for method in ["PUT", "POST"] {
            let body = b"# HELP a_bytes A gauge.\n# TYPE a_bytes gauge\na_bytes 1\n";
            assert_eq!(peers::request(peer.port, method, "/metrics/job/j", body).unwrap().0, 200);
        }
        families(scrape(peer))
    });
    for (name, shape) in &they {
        if ONLY_REAL.iter().any(|(prefix, _)| name.starts_with(prefix)) {
            assert!(!we.contains_key(name), "{name} is no difference any more");
            continue;
        }
        assert_eq!(we.get(name), Some(shape), "{name}");
    }
    // What is only ours says so in its name, or is the client libraries'.
    let more = we.keys().filter(|name| !they.contains_key(*name));
    let more: Vec<_> = more.filter(|name| !name.starts_with("pushpull_gateway_")).collect();
    assert_eq!(more, ["process_threads"]);
    let (success, printed) = peers::run("promtool", &["check", "metrics"], scrape(&ours).as_bytes());
    assert!(success && printed.is_empty(), "{printed}");
}
