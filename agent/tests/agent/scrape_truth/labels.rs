//! Remote write 1.0 and 2.0-rc.4, "Labels".

use agent::config::{Action, RelabelConfig};
use agent::sinks::remote_write::state::NotSent;

use super::*;

fn rules(write_relabel_configs: Vec<RelabelConfig>) -> Rules {
    let external = [("cluster", "c"), ("job", "e"), ("none", "")];
    let labels = external.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Rules { labels: External { labels, write_relabel_configs }, ..Rules::default() }
}

#[test]
fn label_sets_are_complete_and_external_labels_are_on_all_but_over_none() {
    let cases = [
        ("external labels on a bare series", "a 1\n", "a{cluster=\"c\",job=\"e\"} 1 @2000"),
        ("never over its own", "a{job=\"own\"} 1\n", "a{cluster=\"c\",job=\"own\"} 1 @2000"),
        ("an empty label is none", "a{job=\"\",x=\"\"} 1\n", "a{cluster=\"c\",job=\"e\"} 1 @2000"),
        (
            "names by their bytes",
            "a{b=\"1\",B=\"2\",_c=\"3\"} 1\n",
            "a{B=\"2\",_c=\"3\",b=\"1\",cluster=\"c\",job=\"e\"} 1 @2000",
        ),
        ("no label of Prometheus' own", "a{__tmp=\"1\"} 1\n", "a{cluster=\"c\",job=\"e\"} 1 @2000"),
        (
            "escapes undone once",
            "a{x=\"1\\\\n\\\"\"} 1\n",
            "a{cluster=\"c\",job=\"e\",x=\"1\\\\n\\\"\"} 1 @2000",
        ),
    ];
    for (rule, page, want) in cases {
        let mut state = State::new(rules(Vec::new()), time(1_000));
        let mut lines = told(&mut state, At(2000, page));
        lines.sort();
        assert_eq!(lines, [want, "up{cluster=\"c\",job=\"e\"} 1 @2000"], "{rule}");
        let ends = told(&mut state, Gone(3000));
        assert!(ends.iter().all(|line| line.contains("cluster=\"c\"")), "{rule}: markers too: {ends:?}");
    }
}

#[test]
fn write_relabel_configs_see_external_labels_and_may_drop() {
    let name = "__name__".to_owned();
    let drop = |regex: &str| RelabelConfig {
        source_labels: vec![name.clone()],
        regex: Some(regex.to_owned()),
        action: Action::Drop,
        ..RelabelConfig::default()
    };
    let one = RelabelConfig {
        regex: Some("x|job".to_owned()),
        action: Action::LabelDrop,
        ..RelabelConfig::default()
    };
    let mut state = State::new(rules(vec![drop("up|b"), one]), time(1_000));
    let page = "a{x=\"1\"} 1\na{x=\"2\"} 2\nb 1\n";
    assert_eq!(told(&mut state, At(2000, page)), ["a{cluster=\"c\"} 1 @2000"]);
    assert_eq!(told(&mut state, At(3000, page)), ["a{cluster=\"c\"} 1 @3000"]);
    assert_eq!(state.not_sent(), NotSent { duplicate: 2, ..NotSent::default() });
    assert_eq!(told(&mut state, Failed(4000)), ["a{cluster=\"c\"} stale @4000"]);
}
