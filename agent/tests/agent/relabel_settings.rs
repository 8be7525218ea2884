//! Rules that are wrong: told at the start, with their place; `promtool` refuses the same.

use super::peers;
use super::process::run;

#[test]
fn rules_that_prometheus_refuses_are_mistakes_with_their_place() {
    for (rule, part) in [
        (
            "action = \"dropp\"",
            "agent.toml:4:10: scrape[0].metric_relabel_configs[0].action: unknown variant `dropp`",
        ),
        ("regexp = \"a\"", "agent.toml:4:1: unknown key `regexp`: did you mean `regex`?"),
        ("regex = \"a(\"", "agent.toml:3:1: scrape[0].metric_relabel_configs[0]: target_label: missing"),
        (
            "target_label = \"a\"\nregex = \"a(\"",
            "agent.toml:5:1: scrape[0].metric_relabel_configs[0].regex: expected a regular expression (RE2), got \"a(\": unclosed group",
        ),
        (
            "target_label = \"a-b\"",
            "metric_relabel_configs[0].target_label: expected a label name, got \"a-b\"",
        ),
        (
            "target_label = \"a\"\nsource_labels = [\"b c\"]",
            "source_labels: expected label names, got \"b c\"",
        ),
        ("target_label = \"a\"\naction = \"hashmod\"", "modulus: expected a whole number from 1 for hashmod"),
        (
            "target_label = \"a\"\naction = \"labeldrop\"",
            "target_label: set beside an action that takes only regex",
        ),
        (
            "target_label = \"a\"\naction = \"uppercase\"\nreplacement = \"b\"",
            "replacement: set beside an action that takes no replacement",
        ),
        (
            "target_label = \"a\"\naction = \"keepequal\"\nregex = \"b\"",
            "regex: set beside an action that takes only source_labels and target_label",
        ),
        (
            "action = \"labelmap\"\nreplacement = \"a-$1\"",
            "replacement: expected a label name or such as \"$1\", got \"a-$1\"",
        ),
    ] {
        let settings =
            format!("[[scrape]]\nurl = \"http://a/m\"\n[[scrape.metric_relabel_configs]]\n{rule}\n");
        let (code, said) = run(&settings, &["check"], &[]);
        assert_eq!(code, Some(2), "{settings}{said}");
        assert!(said.contains(part), "{part}\nin\n{said}");
        // Prometheus itself is asked whether it refuses the same.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prometheus.yml");
        let rule: toml::Table = toml::from_str(rule).unwrap();
        let rule = serde_json::to_string(&rule).unwrap();
        let config = format!("scrape_configs: [{{job_name: a, metric_relabel_configs: [{rule}]}}]\n");
        std::fs::write(&file, config).unwrap();
        let (passes, said) = peers::run("promtool", &["check", "config", file.to_str().unwrap()], b"");
        assert!(!passes, "{rule}: {said}");
    }
}

#[test]
fn check_shows_the_rules_with_their_places() {
    let settings = "[[scrape]]\nurl = \"http://a/m\"\n[[scrape.metric_relabel_configs]]\nregex = \"go_.*\"\nsource_labels = [\"__name__\"]\naction = \"drop\"\n";
    let (code, said) = run(settings, &["check"], &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("[[scrape.metric_relabel_configs]]\naction = \"drop\""), "{said}");
    let line = said.lines().find(|line| line.starts_with("regex = \"go_.*\"")).unwrap();
    assert!(line.ends_with("agent.toml:4:1"), "{line}");
}
