//! The host's metrics: every collector gives something sensible, under `node_exporter`'s names where it can.

use exposition::{Kind, PageBuilder};

use agent::sources::host::{COLLECTORS, Machine};

use super::doubles::Double;
use super::peers;
use super::process::{eventually, start};

fn machine(procfs: &str) -> Machine {
    Machine::new(procfs.into(), "/sys".into(), "/".into())
}

#[test]
fn every_collector_writes_families_with_help() {
    for (name, collect) in COLLECTORS {
        let mut machine = machine("/proc");
        let mut page = PageBuilder::new();
        collect(&mut machine, &mut page).unwrap_or_else(|message| panic!("{name}: {message}"));
        let page = page.finish();
        // Virtual machines have no sensors.
        assert!(page.sample_count() > 0 || *name == "temperature", "{name}");
        for family in page.families() {
            assert!(family.help().is_some_and(|help| !help.is_empty()), "{}", family.name());
            let total = family.name().ends_with("_total");
            assert_eq!(family.kind() == Kind::Counter, total, "{}", family.name());
        }
    }
}

#[test]
fn a_collector_that_cannot_read_says_what() {
    let mut machine = machine("/nowhere");
    let collect = COLLECTORS.iter().find(|(name, _)| *name == "network").unwrap().1;
    let message = collect(&mut machine, &mut PageBuilder::new()).unwrap_err();
    assert!(message.starts_with("/nowhere/net/dev cannot be read: No such file"), "{message}");
}

#[test]
fn names_types_and_labels_are_node_exporters_own() {
    let theirs = |port| vec![format!("--web.listen-address=127.0.0.1:{port}")];
    let exporter = peers::start("prometheus-node-exporter", theirs, "/");
    let (_, text) = peers::request(exporter.port, "GET", "/metrics", b"").unwrap();
    let theirs = exposition::Page::parse(text, &exposition::Limits::default()).unwrap();
    let mut page = PageBuilder::new();
    let mut machine = machine("/proc");
    for (_, collect) in COLLECTORS {
        collect(&mut machine, &mut page).unwrap();
    }
    let ours = page.finish();
    let mut compared = 0;
    for family in ours.families().filter(|family| family.name().starts_with("node_")) {
        let Some(their) = theirs.families().find(|their| their.name() == family.name()) else {
            // Devices that node_exporter leaves out by default, and sensors.
            assert!(["node_hwmon_temp_celsius"].contains(&family.name()), "{} is not theirs", family.name());
            continue;
        };
        assert_eq!(family.kind(), their.kind(), "{}", family.name());
        let names = |family: &exposition::Family<'_>| {
            let mut names: Vec<String> =
                family.samples().next().unwrap().labels().map(|label| label.name.to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&family), names(&their), "{}", family.name());
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
}

fn first_pushes(host: &str) -> (Double, super::process::Agent) {
    let gateway = Double::gateway();
    let agent = start(&format!(
        "interval = \"1h\"\nscrape = []\n[identity]\ninstance = \"i\"\n[push]\nurl = \"{}\"\n[host]\n{host}\n",
        gateway.url
    ));
    eventually("both groups", || gateway.seen().len() >= 2);
    (gateway, agent)
}

#[test]
fn the_host_and_the_agent_have_an_up_of_their_own() {
    let (gateway, agent) = first_pushes("");
    for job in ["node", "pushpull-agent"] {
        let put = &gateway.seen_of(&format!("PUT /metrics/job/{job}/instance/i"))[0];
        assert!(put.body.contains("\nup 1\n"), "{}", put.body);
        assert_eq!(agent.value(&format!("up{{job=\"{job}\",instance=\"i\"}}")), Some(1.0));
    }
    // The first reading knows no share yet: that since the start of the machine would be none.
    let host = &gateway.seen_of("PUT /metrics/job/node")[0].body;
    assert!(host.contains("node_cpu_seconds_total{") && !host.contains("host_cpu_"), "{host}");
}

#[test]
fn a_host_of_which_nothing_can_be_read_is_down() {
    let (gateway, _agent) = first_pushes("collectors = [\"network\", \"disk\"]\nprocfs = \"/nowhere\"");
    let put = &gateway.seen_of("PUT /metrics/job/node")[0];
    assert!(put.body.contains("\nup 0\n"), "{}", put.body);
    let (gateway, _agent) = first_pushes("collectors = [\"network\", \"load\"]\nprocfs = \"/nowhere\"");
    assert!(gateway.seen_of("PUT /metrics/job/node")[0].body.contains("\nup 1\n"));
}
