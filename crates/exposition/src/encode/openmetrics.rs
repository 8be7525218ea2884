//! OpenMetrics 1.0 text, with what it asks beyond text 0.0.4: counters that end in `_total`,
//! float bounds, seconds, `# EOF`.

use std::collections::HashSet;

use super::float;
use crate::kind::Kind;
use crate::labels::{self, Labels};
use crate::merge::{self, Merged};
use crate::name;
use crate::page::{Page, Sample};
use crate::rewrite::Rewrite;

/// Writes a page as OpenMetrics 1.0.
///
/// Exemplars are kept; `_created` lines too. Only a page with UTF-8 names, which that format does not
/// have, is first rewritten with classic ones and loses both.
pub fn openmetrics(page: &Page, out: &mut Vec<u8>) {
    let classic = page.samples().all(|sample| {
        name::is_metric_name(sample.name()) && sample.labels().all(|label| name::is_label_name(label.name))
    });
    if classic && page.families().all(|family| name::is_metric_name(family.name())) {
        families(page, out);
    } else {
        families(&page.rewrite(&Rewrite { keep_timestamps: true, ..Rewrite::default() }), out);
    }
    out.extend_from_slice(b"# EOF\n");
}

fn families(page: &Page, out: &mut Vec<u8>) {
    let families = merge::families([page]);
    let names: HashSet<&str> = families.iter().map(|family| family.name.as_ref()).collect();
    for family in families.iter().filter(|family| gauge_histogram(family, &families).is_none()) {
        let (name, kind) = name_and_kind(family, &names);
        metadata("TYPE", name, out);
        out.extend_from_slice(kind.as_openmetrics().as_bytes());
        out.push(b'\n');
        if let Some(unit) = family.parts.iter().find_map(crate::Family::unit) {
            metadata("UNIT", name, out);
            out.extend_from_slice(unit.as_bytes());
            out.push(b'\n');
        }
        if let Some(help) = &family.help {
            metadata("HELP", name, out);
            labels::escape(help, true, out);
            out.push(b'\n');
        }
        let mut samples: Vec<_> = family.parts.iter().flat_map(crate::Family::samples).collect();
        if kind == Kind::GaugeHistogram {
            let others = families.iter().filter(|other| gauge_histogram(other, &families) == Some(name));
            samples.extend(others.flat_map(|other| &other.parts).flat_map(crate::Family::samples));
            // As they stood: those of one label set belong together.
            samples.sort_by_key(|sample| sample.at);
        }
        for sample in samples {
            line(&sample, kind, out);
        }
        let created = page.created().filter(|created| created.family.text_name() == family.name);
        for created in created.filter(|_| kind != Kind::Untyped) {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"_created");
            block(created.labels, Kind::Untyped, out);
            out.push(b' ');
            float(created.seconds, out);
            out.push(b'\n');
        }
    }
}

/// The gauge histogram that this family is a part of: `_gsum` and `_gcount` are families of their own
/// in a page, since text 0.0.4 does not know them, and are not in OpenMetrics.
fn gauge_histogram<'a>(family: &'a Merged<'_>, families: &[Merged<'_>]) -> Option<&'a str> {
    let stem = ["_gsum", "_gcount"].iter().find_map(|suffix| family.name.strip_suffix(suffix))?;
    let is_one = |other: &Merged<'_>| other.kind == Kind::GaugeHistogram && other.name == stem;
    (family.kind == Kind::Untyped && families.iter().any(is_one)).then_some(stem)
}

/// The family's name without the suffix of its samples.
///
/// A counter without `_total` in its name becomes `unknown`: with the suffix it would be another
/// series than the one that text 0.0.4 shows. So does one whose stem is another family's name
/// already, as in Go's `go_memstats_alloc_bytes` and `go_memstats_alloc_bytes_total`: one name may
/// have one TYPE line only.
fn name_and_kind<'a>(family: &'a Merged<'_>, names: &HashSet<&str>) -> (&'a str, Kind) {
    let full: &str = &family.name;
    match family.kind {
        Kind::Counter => match full.strip_suffix("_total") {
            Some(stem) if !names.contains(stem) => (stem, Kind::Counter),
            _ => (full, Kind::Untyped),
        },
        Kind::Info => (full.strip_suffix("_info").unwrap_or(full), Kind::Info),
        kind => (full, kind),
    }
}

pub(crate) fn metadata(keyword: &str, name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"# ");
    out.extend_from_slice(keyword.as_bytes());
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.push(b' ');
}

fn line(sample: &Sample<'_>, kind: Kind, out: &mut Vec<u8>) {
    out.extend_from_slice(sample.name().as_bytes());
    block(sample.labels(), kind, out);
    out.push(b' ');
    value(sample, out);
    if let Some(stamp) = sample.timestamp_ms() {
        out.push(b' ');
        seconds(stamp, out);
    }
    if let Some(exemplar) = sample.exemplar() {
        out.extend_from_slice(b" # ");
        if exemplar.labels.clone().next().is_none() {
            out.extend_from_slice(b"{}");
        }
        block(exemplar.labels, Kind::Untyped, out);
        out.push(b' ');
        float(exemplar.value, out);
        if let Some(stamp) = exemplar.timestamp_ms {
            out.push(b' ');
            seconds(stamp, out);
        }
    }
    out.push(b'\n');
}

fn value(sample: &Sample<'_>, out: &mut Vec<u8>) {
    if sample.value().is_finite() {
        out.extend_from_slice(sample.value_text().as_bytes());
    } else {
        float(sample.value(), out);
    }
}

fn block(all: Labels<'_>, kind: Kind, out: &mut Vec<u8>) {
    let mut before = b'{';
    for label in all {
        out.push(std::mem::replace(&mut before, b','));
        out.extend_from_slice(label.name.as_bytes());
        out.extend_from_slice(b"=\"");
        let bound = matches!((kind, label.name), (Kind::Histogram, "le") | (Kind::Summary, "quantile"));
        match label.value.parse::<f64>() {
            Ok(number) if bound => canonical(number, out),
            _ => labels::escape(&label.value, true, out),
        }
        out.push(b'"');
    }
    if before == b',' {
        out.push(b'}');
    }
}

/// Bounds are floats: `1` is written `1.0` (OpenMetrics 1.0, "Considerations: Canonical Numbers").
pub(crate) fn canonical(number: f64, out: &mut Vec<u8>) {
    let start = out.len();
    float(number, out);
    if number.is_finite() && !out[start..].iter().any(|byte| matches!(byte, b'.' | b'e')) {
        out.extend_from_slice(b".0");
    }
}

pub(crate) fn seconds(milliseconds: i64, out: &mut Vec<u8>) {
    let sign = if milliseconds < 0 { "-" } else { "" };
    let magnitude = milliseconds.unsigned_abs();
    out.extend_from_slice(format!("{sign}{}.{:03}", magnitude / 1000, magnitude % 1000).as_bytes());
}
