//! Labels of a page that are labels of its group, too: what becomes of them surprises whoever looks for them.

use std::collections::BTreeSet;

use exposition::{Clash, GroupingKey, Page};

/// What is said of them once; nothing where there are none.
pub(super) fn explained(page: &Page, key: &GroupingKey, clash: Clash) -> Option<String> {
    let names: BTreeSet<&str> = key.iter().map(|(name, _)| name).collect();
    let labels = page.samples().flat_map(|sample| sample.labels());
    let found: BTreeSet<&str> = labels.filter_map(|label| names.get(label.name).copied()).collect();
    if found.is_empty() {
        return None;
    }
    let list =
        |prefix: &str| found.iter().map(|name| format!("{prefix}{name}")).collect::<Vec<_>>().join(", ");
    let begin = format!("the page has labels that its group /metrics/{key} has, too: {}", list(""));
    Some(match clash {
        Clash::Export => format!(
            "{begin}. The group's hold; the page's own are sent as {}, as Prometheus does it",
            list("exported_")
        ),
        _ => format!(
            "{begin}. Pulls show the page's own (honor_labels = true); a Pushgateway puts the group's in their \
             place, and of series that differ in nothing else the first is pushed"
        ),
    })
}

#[cfg(test)]
mod tests {
    use exposition::Limits;

    use super::*;

    #[test]
    fn labels_that_clash_are_named_with_what_becomes_of_them() {
        let key = "job/j/instance/i".parse().unwrap();
        let page = |text: &str| Page::parse(text.to_owned(), &Limits::NONE).unwrap();
        assert_eq!(explained(&page("a{b=\"1\"} 1\n"), &key, Clash::Export), None);
        let clashing = page("a{job=\"x\"} 1\na{instance=\"y\",b=\"1\"} 1\na{job=\"z\"} 1\n");
        let said = explained(&clashing, &key, Clash::Export).unwrap();
        assert!(said.contains("/metrics/job/j/instance/i has, too: instance, job."), "{said}");
        assert!(said.contains("sent as exported_instance, exported_job"), "{said}");
        let said = explained(&clashing, &key, Clash::Keep).unwrap();
        assert!(said.contains("a Pushgateway puts the group's in their place"), "{said}");
    }
}
