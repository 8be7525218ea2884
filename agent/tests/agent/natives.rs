//! Native histograms from a target to receivers: whole, in order, ended by markers, and through an outage.

mod target;

use exposition::protobuf::model::MetricType;
use exposition::remote_write::STALE;
use exposition::remote_write::message::{self, Count};

use super::compliance::site::{receiver, settings};
use super::doubles::Double;
use super::process::{Agent, eventually, start};
use super::receivers::{Kind, Receiver};
use super::strict::{Mode, Strict};
use target::{Shown, family, float, native};

const SERIES: &str = "rtt_seconds{instance=\"i\",job=\"j\",path=\"/\"}";

fn page() -> Vec<exposition::protobuf::MetricFamily> {
    let mut dropped = family("secret_seconds", MetricType::Histogram, native(1));
    dropped.metric[0].label.clear();
    vec![
        family("rtt_seconds", MetricType::Histogram, native(6)),
        family("load", MetricType::GaugeHistogram, float(2.5)),
        dropped,
    ]
}

/// The histograms of a series in the order in which they came.
fn histograms(strict: &Strict, name: &str) -> Vec<message::Histogram> {
    let series =
        strict.seen().into_iter().filter(|seen| seen.status < 300).flat_map(|seen| seen.message.series);
    series.filter(|one| one.label("__name__") == Some(name)).flat_map(|one| one.histograms).collect()
}

fn at(shown: &Shown, receivers: &[String]) -> Agent {
    let drop = "[[scrape.metric_relabel_configs]]\nsource_labels = [\"__name__\"]\nregex = \"secret_seconds\"\n\
                action = \"drop\"\n";
    let tables = [&[shown.table(drop)], receivers].concat();
    let mut text = settings("200ms", &tables);
    if text.contains("[[push]]") {
        text = text.replace("push = []\n", "");
    }
    start(&text)
}

#[test]
fn both_protocols_bring_native_histograms_whole_and_end_them() {
    let shown = Shown::new(&page());
    let (one, two) = (Strict::new(Mode::Both), Strict::new(Mode::Both));
    let site = "external_labels = { site = \"s\" }";
    let agent = at(
        &shown,
        &[receiver(&one, "protocol = \"1.0\""), receiver(&two, &format!("protocol = \"2.0\"\n{site}"))],
    );
    for (of, strict) in [("1.0", &one), ("2.0", &two)] {
        eventually(of, || {
            histograms(strict, "rtt_seconds").len() > 2 && histograms(strict, "load").len() > 2
        });
        let histogram = histograms(strict, "rtt_seconds").remove(0);
        let start = if of == "2.0" { target::BEGAN * 1000 } else { 0 };
        assert_eq!(histogram.start_timestamp, start, "{of}");
        let times = message::Histogram { timestamp: 0, start_timestamp: 0, ..histogram };
        assert_eq!(times, message::Histogram::of(&native(6), exposition::Kind::Histogram), "{of}");
        let load = histograms(strict, "load").remove(0);
        assert_eq!(
            (load.count, load.reset_hint, load.start_timestamp),
            (Some(Count::Float(2.5)), 3, 0),
            "{of}"
        );
        // The classic parts go as ever, but for what the rules drop of either.
        assert!(
            !strict.names("rtt_seconds_count{").is_empty()
                && !strict.names("secret_seconds_count{").is_empty()
        );
        assert!(histograms(strict, "secret_seconds").is_empty(), "{of}");
        let all: Vec<_> = strict.seen().into_iter().flat_map(|seen| seen.message.series).collect();
        let exemplars = all.iter().filter(|one| !one.histograms.is_empty()).flat_map(|one| &one.exemplars);
        assert_eq!(
            exemplars.filter(|it| it.labels[0].1 == "t1").count(),
            1,
            "{of}: once, however often it is read"
        );
    }
    let series = SERIES.replace("path", "path=\"/\",site").replace("site=\"/\"", "site=\"s\"");
    let at_the_same_time = two.taken("up{instance=\"i\",job=\"j\",site=\"s\"}");
    assert!(two.taken(&series).iter().all(|point| at_the_same_time.iter().any(|up| up.at == point.at)));
    let kinds: Vec<_> = two.seen().into_iter().flat_map(|seen| seen.message.series).collect();
    for (name, kind) in [("rtt_seconds", 3), ("load", 4)] {
        let mut of = kinds.iter().filter(|one| one.label("__name__") == Some(name));
        assert!(of.all(|one| one.family.as_ref().is_some_and(|family| family.kind == kind)), "{name}");
    }
    // It leaves the page, comes back, and the scrape fails.
    let marked = |times: usize| {
        [&one, &two].iter().all(|strict| {
            let all = histograms(strict, "rtt_seconds");
            all.iter().filter(|it| it.sum.to_bits() == STALE && it.count == Some(Count::Int(0))).count()
                == times
        })
    };
    shown.shows(&page()[1..]);
    eventually("a marker for what left", || marked(1));
    shown.shows(&page());
    let before = histograms(&one, "rtt_seconds").len();
    eventually("its return", || {
        histograms(&one, "rtt_seconds").len() > before && histograms(&two, "rtt_seconds").len() > before
    });
    shown.fails();
    eventually("a marker for a failed scrape", || marked(2));
    let loads = histograms(&two, "load");
    assert!(loads.last().is_some_and(|it| it.sum.to_bits() == STALE && it.count == Some(Count::Float(0.0))));
    drop(agent);
    one.clean("native histograms by 1.0");
    two.clean("native histograms by 2.0");
}

#[test]
fn a_push_has_their_classic_parts_and_what_it_leaves_out_is_counted() {
    let (shown, gateway) = (Shown::new(&page()), Double::gateway());
    let push = format!("[[push]]\nurl = \"{}\"\n", gateway.url);
    let agent = at(&shown, &[push]);
    let counted = || agent.value("pushpull_agent_unpushed_native_histograms_total").unwrap_or_default();
    eventually("pushes", || gateway.seen_of("PUT /metrics/job/j/instance/i").len() > 2 && counted() >= 4.0);
    let body = &gateway.seen_of("PUT /metrics/job/j/instance/i")[0].body;
    for line in [
        "rtt_seconds_bucket{path=\"/\",le=\"0.5\"} 2\n",
        "rtt_seconds_count{path=\"/\"} 6\n",
        "load_sum{path=\"/\"} 1.5\n",
    ] {
        assert!(body.contains(line), "{line} in {body}");
    }
    assert!(!body.contains("\nrtt_seconds{"), "{body}");
    // Eleven lines of text, and three native histograms, of which the rules leave two.
    for line in ["scrape_samples_scraped 14\n", "scrape_samples_post_metric_relabeling 13\n"] {
        assert!(body.contains(line), "{line} in {body}");
    }
    assert_eq!(agent.log().matches("native histograms are left out").count(), 1, "{}", agent.log());
}

#[test]
fn prometheus_answers_queries_of_what_was_written_and_refuses_no_more_than_what_is_wrong() {
    let mut families = page();
    let mut old = family("old", MetricType::Histogram, native(6));
    // A time that is too long ago for any receiver.
    old.metric[0].timestamp_ms = Some(1_000_000_000_000);
    families.insert(0, old);
    let (shown, prometheus) = (Shown::new(&families), Receiver::new(Kind::Prometheus));
    let agent = at(
        &shown,
        &[format!("[[remote_write]]\nurl = \"{}\"\nbatch_deadline = \"100ms\"\n", prometheus.url())],
    );
    let now = |query: &str| prometheus.now(&format!("{query}(rtt_seconds{{job=\"j\"}})"));
    eventually("a native histogram", || now("histogram_count") == Some(6.0));
    assert_eq!(now("histogram_sum"), Some(3.0));
    let median = prometheus.now("histogram_quantile(0.5,rtt_seconds{job=\"j\"})");
    // Six observations: one near 0, two from 0.25 to 0.5, three from 0.5 to 1.
    assert!(median.is_some_and(|median| (0.25..=0.5).contains(&median)), "{median:?}");
    assert_eq!(prometheus.now("histogram_count(load)"), Some(2.5));
    let failed = "pushpull_agent_remote_write_samples_failed_total{endpoint=";
    eventually("what is too old", || {
        agent
            .metrics()
            .lines()
            .any(|line| line.starts_with(failed) && line.contains("400") && !line.ends_with(" 0"))
    });
    shown.shows(&families[2..]);
    eventually("its end", || now("histogram_count").is_none());
}

#[test]
fn a_victoria_metrics_that_knows_none_takes_what_stands_beside_them() {
    let (shown, victoria) = (Shown::new(&page()), Receiver::new(Kind::Victoria));
    let agent = at(
        &shown,
        &[format!("[[remote_write]]\nurl = \"{}\"\nbatch_deadline = \"100ms\"\n", victoria.url())],
    );
    eventually("their classic parts", || victoria.samples("rtt_seconds_count").len() > 2);
    assert_eq!(victoria.samples("rtt_seconds"), []);
    assert_eq!(
        agent.value("pushpull_agent_remote_write_samples_failed_total").unwrap_or_default().to_bits(),
        0
    );
}

#[test]
fn what_was_spooled_before_a_kill_arrives_after_it() {
    let (shown, strict) = (Shown::new(&page()), Strict::new(Mode::Both));
    let folder = tempfile::tempdir().unwrap();
    let spool = format!("spool = {{ dir = \"{}\" }}", folder.path().join("s").display());
    let agent = at(&shown, &[receiver(&strict, &spool)]);
    // Its answer, too: what was taken without one comes again, and rightly so.
    let taken = || agent.value("pushpull_agent_remote_write_samples_total").unwrap_or_default();
    eventually("the first", || !histograms(&strict, "rtt_seconds").is_empty() && taken() > 0.0);
    strict.down(true);
    let waiting = || agent.value("pushpull_agent_remote_write_samples_pending").unwrap_or_default();
    eventually("an outage", || waiting() > 60.0);
    let before = histograms(&strict, "rtt_seconds").len();
    agent.signal("-KILL");
    drop(agent);
    // What is scraped now is something else, so all others come from the spool.
    shown.shows(&page()[1..]);
    let _agent = at(&shown, &[receiver(&strict, &spool)]);
    strict.down(false);
    eventually("what had waited", || histograms(&strict, "rtt_seconds").len() > before + 1);
    strict.clean("native histograms from a spool");
}
