//! The pages of all sources as one that every reader of text takes.
//!
//! One target may have a histogram `h` and another a gauge `h_count`. Readers of text count samples of
//! `h_count` to the histogram, and a TYPE line for them is a second one: they refuse the whole page.

use std::collections::HashMap;

use exposition::merge::{self, Merged};
use exposition::{Kind, Page};

/// Writes the pages as one, with one TYPE line for each name in every reading.
pub(super) fn text<'a>(pages: impl IntoIterator<Item = &'a Page>, out: &mut Vec<u8>) {
    let mut families = merge::families(pages);
    let owners = owners(&families);
    for at in 0..families.len() {
        let Some(owner) = owner(&owners, &families[at].name).filter(|owner| *owner != at) else { continue };
        let parts = std::mem::take(&mut families[at].parts);
        families[owner].parts.extend(parts);
    }
    for family in families.iter().filter(|family| !family.parts.is_empty()) {
        family.text(out);
    }
}

/// Who owns which names of samples.
fn owners(families: &[Merged<'_>]) -> HashMap<String, usize> {
    let mut owners = HashMap::new();
    for (at, family) in families.iter().enumerate() {
        let suffixes: &[&str] = match family.kind {
            Kind::Histogram | Kind::GaugeHistogram => &["_bucket", "_sum", "_count"],
            Kind::Summary => &["_sum", "_count"],
            _ => continue,
        };
        owners.extend(suffixes.iter().map(|suffix| (format!("{}{suffix}", family.name), at)));
    }
    owners
}

/// The family that a name belongs to in the end: that of `h_count_sum` may be `h_count`, which is `h`'s.
fn owner(owners: &HashMap<String, usize>, name: &str) -> Option<usize> {
    let found = *owners.get(name)?;
    let cut = name.rfind('_').map_or("", |at| &name[..at]);
    owner(owners, cut).or(Some(found))
}

#[cfg(test)]
mod tests {
    use exposition::Limits;

    use super::*;

    fn joined(pages: &[&str]) -> String {
        let parsed = |page: &&str| Page::parse((*page).to_owned(), &Limits::NONE).unwrap();
        let pages: Vec<Page> = pages.iter().map(parsed).collect();
        let mut out = Vec::new();
        text(&pages, &mut out);
        String::from_utf8(out).unwrap()
    }

    const HISTOGRAM: &str = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n";

    #[test]
    fn what_readers_count_to_a_histogram_has_no_type_of_its_own_in_whatever_order() {
        let gauge = "# TYPE h_count gauge\nh_count{t=\"2\"} 5\n";
        for pages in [[HISTOGRAM, gauge], [gauge, HISTOGRAM]] {
            assert_eq!(joined(&pages), format!("{HISTOGRAM}h_count{{t=\"2\"}} 5\n"));
        }
        let summary = "# TYPE h_count summary\nh_count{t=\"2\",quantile=\"0\"} 5\nh_count_sum{t=\"2\"} 5\n";
        let counter = "# TYPE h_count_sum counter\nh_count_sum{t=\"3\"} 6\n";
        let text = joined(&[counter, HISTOGRAM, summary]);
        assert_eq!(text.matches("# TYPE").count(), 1, "{text}");
        assert_eq!(text.lines().count(), 7, "{text}");
    }

    #[test]
    fn a_name_that_only_looks_like_a_part_stays_a_family() {
        let pages = ["# TYPE g gauge\ng 1\n", "# TYPE g_count gauge\ng_count 1\n"];
        assert_eq!(joined(&pages), pages.concat());
    }
}
