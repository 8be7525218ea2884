//! Whatever stands in job, instance and labels is one group of the real Pushgateway, with these very values.

use agent::config::Settings;
use agent::identity::Identity;
use exposition::{Limits, Page};
use rand::seq::IndexedRandom;

use super::doubles::Double;
use super::peers;
use super::process::{eventually, start_with};

/// What is special somewhere on the way: in URLs, in base64, in label values, in Go, in TOML.
const PARTS: [&str; 24] = [
    "a",
    "/",
    "//",
    ".",
    "..",
    "%2F",
    "%",
    "+",
    " ",
    "?ttl=1",
    "#",
    "&",
    "=",
    "@base64",
    "\\",
    "\"",
    "\n",
    "\u{e9}",
    "\u{1f980}",
    "\u{202e}",
    "*",
    "~",
    "job",
    "\u{301}",
];

fn value() -> String {
    let mut random = rand::rng();
    (0..rand::random_range(1..6)).map(|_| *PARTS.choose(&mut random).unwrap()).collect()
}

#[test]
fn any_value_is_one_group_with_this_value() {
    let gateway = peers::pushgateway();
    for _ in 0..60 {
        let (job, instance, label) = (value(), value(), value());
        let environment = |name: &str| match name {
            "JOB" => Some(job.clone()),
            "INSTANCE" => Some(instance.clone()),
            _ => Some(label.clone()),
        };
        let text = "[identity]\njob = \"{env:JOB}\"\ninstance = \"{env:INSTANCE}\"\nlabels = { zone = \"{env:L}\" }\n";
        let settings: Settings = toml::from_str(text).unwrap();
        let identity = Identity::resolve(&settings, &environment, &mut |key, why| panic!("{key}: {why}"));
        let path = format!("/metrics/{}", identity.targets[0]);
        let told = peers::request(gateway.port, "PUT", &path, b"a 1\n").unwrap();
        assert_eq!(told.0, 200, "{path} of {job:?} {instance:?} {label:?}: {}", told.1);
        let (_, page) = peers::request(gateway.port, "GET", "/metrics", b"").unwrap();
        let page = Page::parse(page, &Limits::NONE).unwrap();
        let found: Vec<_> = page.samples().filter(|sample| sample.name() == "a").collect();
        assert_eq!(found.len(), 1, "{path}");
        for (name, wanted) in [("job", &job), ("instance", &instance), ("zone", &label)] {
            assert_eq!(found[0].label(name).as_deref(), Some(wanted.as_str()), "{name} of {path}");
        }
        assert_eq!(peers::request(gateway.port, "DELETE", &path, b"").unwrap().0, 202, "{path}");
    }
}

#[test]
fn an_agent_pushes_them_and_explains_labels_that_clash() {
    let (gateway, target) = (peers::pushgateway(), Double::page("a{zone=\"own\"} 1\n"));
    let settings = format!(
        "interval = \"1h\"\n[identity]\njob = \"{{env:JOB}}\"\ninstance = \"../?#%2F\"\nlabels = {{ zone = \"\u{e9}/\" }}\n\
         [host]\nenabled = false\n[scrape]\nurl = \"{}/metrics\"\n[push]\nurl = \"http://127.0.0.1:{}\"\n",
        target.url, gateway.port
    );
    let agent = start_with(&settings, &[("JOB", "a/b c")]);
    let wanted = "a{exported_zone=\"own\",instance=\"../?#%2F\",job=\"a/b c\",zone=\"\u{e9}/\"} 1\n";
    let page = || peers::request(gateway.port, "GET", "/metrics", b"").unwrap().1;
    eventually("the page at the gateway", || page().contains(wanted));
    let said =
        "has, too: zone. The group's hold; the page's own are sent as exported_zone, as Prometheus does it";
    eventually("why it is called so", || agent.log().contains(said));
}
