//! Who judges the judge: senders of others, whose faults are known.

use super::super::doubles::Double;
use super::super::peers;
use super::super::process::eventually;
use super::{Mode, Rule, Strict};

const PAGE: &str = "# TYPE c counter\nc{b=\"1\",Mid=\"2\"} 1\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\n\
                    h_count 1\nnot NaN\n";

fn scrape(target: &Double) -> String {
    let address = target.url.trim_start_matches("http://");
    format!(
        "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\n\
         scrape_configs: [{{job_name: j, static_configs: [{{targets: [\"{address}\"]}}]}}]\n"
    )
}

#[test]
fn prometheus_breaks_no_rule_of_1_0() {
    let (target, folder) = (Double::page(PAGE), tempfile::tempdir().unwrap());
    let strict = Strict::new(Mode::V1);
    let writes = format!(
        "remote_write: [{{url: \"{}\", queue_config: {{batch_send_deadline: 100ms}}}}]\n",
        strict.url
    );
    let peer = peers::prometheus(folder.path(), &(scrape(&target) + &writes));
    eventually("Prometheus' samples", || {
        strict.names("c{").first().is_some_and(|name| strict.taken(name).len() >= 5)
    });
    drop(peer);
    strict.clean("Prometheus");
    assert!(strict.names("up{").len() == 1 && strict.names("not{").len() == 1);
}

/// It names itself without a version, sorts labels only where it is told to, and its queues share one list, so that
/// a later sample may overtake an earlier one.
#[test]
fn vmagent_breaks_the_rules_that_it_is_known_to_break() {
    let (target, folder) = (Double::page(PAGE), tempfile::tempdir().unwrap());
    let strict = Strict::new(Mode::IgnoresType);
    let file = folder.path().join("scrape.yml");
    std::fs::write(&file, scrape(&target)).unwrap();
    let arguments = |port| {
        vec![
            format!("-promscrape.config={}", file.display()),
            format!("-remoteWrite.url={}", strict.url),
            format!("-remoteWrite.tmpDataPath={}", folder.path().join("data").display()),
            "-remoteWrite.flushInterval=100ms".to_owned(),
            format!("-httpListenAddr=127.0.0.1:{port}"),
        ]
    };
    let _peer = peers::start("vmagent", arguments, "/health");
    eventually("vmagent's requests", || strict.seen().iter().any(|seen| seen.message.named("c").is_some()));
    let rules: std::collections::HashSet<Rule> = strict.violations().iter().map(|it| it.rule).collect();
    assert!(rules.contains(&Rule::UserAgent), "{rules:?}");
    let known = [Rule::UserAgent, Rule::LabelsUnsorted, Rule::InFlight, Rule::Overtaken, Rule::OutOfOrder];
    let unknown: Vec<_> = rules.iter().filter(|rule| !known.contains(rule)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
