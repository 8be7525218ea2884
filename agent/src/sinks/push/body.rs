//! A snapshot as a Pushgateway takes it: without timestamps, and without the labels of the key,
//! which it puts on by itself.

use std::collections::{BTreeSet, HashMap};

use exposition::{Page, Rewrite, Sample, merge};

use super::quarantine;
use crate::series::{Series, shown};
use crate::snapshot::Snapshot;

/// The body of a push.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) text: Vec<u8>,
    /// Samples that differ from others only in labels of the key.
    pub(super) left_out: usize,
    /// The series of the first of them.
    pub(super) first: Option<String>,
}

/// With `honor_labels` two series may differ in their `instance` alone: to a gateway they are one,
/// and it would refuse the whole page. The first stays.
/// `signed` comes first, so that nothing in the page takes its place.
/// Families `without` are left out.
pub(super) fn body(snapshot: &Snapshot, signed: &Page, without: &BTreeSet<String>) -> Body {
    if let Some(text) = as_put_on(snapshot, signed, without) {
        return Body { text, left_out: 0, first: None };
    }
    let names: Vec<&str> = snapshot.key.iter().map(|(name, _)| name).collect();
    let how = Rewrite { drop: &names, ..Rewrite::default() };
    let series = Series::default();
    let mut owners = HashMap::new();
    let mut body = Body { text: Vec::new(), left_out: 0, first: None };
    let mut first = |sample: &Sample<'_>| {
        if !without.is_empty() && quarantine::has(without, sample.name()) {
            return false;
        }
        // Buckets and quantiles of one histogram belong together, or it would be made of two.
        let part = if sample.name().ends_with("_bucket") { "le" } else { "quantile" };
        let apart = series.of_where(sample, |label| label != part && !names.contains(&label));
        let owner = series.of_where(sample, |label| names.contains(&label));
        let is_first = *owners.entry(apart).or_insert(owner) == owner;
        if !is_first {
            body.left_out += 1;
            body.first.get_or_insert_with(|| shown(sample));
        }
        is_first
    };
    let pages = snapshot.written(0);
    let pages: Vec<Page> = std::iter::once(signed)
        .chain(pages.iter().map(AsRef::as_ref))
        .map(|page| page.rewrite_where(&how, &mut first))
        .collect();
    merge::text(&pages, &mut body.text);
    body
}

/// The usual case: all samples have the labels of the key, just as they were put on, so none differ in them.
fn as_put_on(snapshot: &Snapshot, signed: &Page, without: &BTreeSet<String>) -> Option<Vec<u8>> {
    if !without.is_empty() {
        return None;
    }
    let labels: Vec<(&str, &str)> = snapshot.key.iter().collect();
    let mut pages = vec![signed.clone()];
    for page in &snapshot.pages {
        pages.push(page.without_ending(&labels)?);
    }
    let mut text = Vec::with_capacity(pages.iter().map(|page| page.text().len()).sum());
    merge::text(&pages, &mut text);
    Some(text)
}

#[cfg(test)]
mod tests {
    use exposition::Limits;

    use super::*;

    fn pushed(page: &str) -> (String, usize, Option<String>) {
        let page = Page::parse(page.to_owned(), &Limits::NONE).unwrap();
        let key = "job/j/instance/i".parse().unwrap();
        let taken_at = std::time::SystemTime::UNIX_EPOCH;
        let source = "s".to_owned();
        let Body { text, left_out, first } =
            body(&Snapshot::new(source, key, taken_at, vec![page]), &Page::empty(), &BTreeSet::new());
        (String::from_utf8(text).unwrap(), left_out, first)
    }

    #[test]
    fn series_that_differ_in_labels_of_the_key_alone_are_one() {
        let (text, left_out, first) =
            pushed("d{instance=\"1\",job=\"j\"} 1\nd{instance=\"2\",job=\"j\"} 2\ne{instance=\"2\"} 3\n");
        assert!(text.contains("d 1\n") && !text.contains("d 2") && text.contains("e 3\n"), "{text}");
        assert_eq!((left_out, first.as_deref()), (1, Some("d{instance=\"2\",job=\"j\"}")));
    }

    #[test]
    fn a_histogram_is_never_made_of_two() {
        let page = "# TYPE h histogram\nh_bucket{instance=\"1\",le=\"1\"} 1\nh_bucket{instance=\"1\",le=\"+Inf\"} 1\n\
            h_sum{instance=\"1\"} 1\nh_count{instance=\"1\"} 1\nh_bucket{instance=\"2\",le=\"5\"} 7\n\
            h_bucket{instance=\"2\",le=\"+Inf\"} 7\nh_sum{instance=\"2\"} 7\nh_count{instance=\"2\"} 7\n";
        let (text, left_out, _) = pushed(page);
        assert!(!text.contains('7') && text.contains("h_bucket{le=\"1\"} 1\n"), "{text}");
        assert_eq!(left_out, 4);
    }
}
