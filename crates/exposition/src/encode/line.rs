//! The lines of text 0.0.4, written from the spans of a page.

use crate::kind::Kind;
use crate::labels;
use crate::page::{Family, Sample};

/// Writes the HELP and TYPE lines of a family in text 0.0.4; the help text comes unescaped.
pub fn header(name: &str, help: Option<&str>, kind: Kind, out: &mut Vec<u8>) {
    if let Some(help) = help {
        out.extend_from_slice(b"# HELP ");
        quoted_where_needed(name, out);
        out.push(b' ');
        labels::escape(help, false, out);
        out.push(b'\n');
    }
    out.extend_from_slice(b"# TYPE ");
    quoted_where_needed(name, out);
    out.push(b' ');
    out.extend_from_slice(kind.as_str().as_bytes());
    out.push(b'\n');
}

fn quoted_where_needed(name: &str, out: &mut Vec<u8>) {
    let quote: &[u8] = if crate::name::is_metric_name(name) { b"" } else { b"\"" };
    out.extend_from_slice(quote);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(quote);
}

/// The samples of one run: copied whole where the page is clean, line by line otherwise.
pub(crate) fn run(family: &Family<'_>, out: &mut Vec<u8>) {
    let page = family.page;
    if page.index.verbatim {
        let samples =
            &page.index.samples[family.span.samples.start as usize..family.span.samples.end as usize];
        if let (Some(first), Some(last)) = (samples.first(), samples.last()) {
            out.extend_from_slice(&page.text.as_bytes()[first.start as usize..last.end as usize]);
            out.push(b'\n');
        }
        return;
    }
    for sample in family.samples() {
        line(&sample, out);
    }
}

fn line(sample: &Sample<'_>, out: &mut Vec<u8>) {
    let name = sample.name();
    if crate::name::is_metric_name(name) {
        out.extend_from_slice(name.as_bytes());
        block(sample, None, out);
    } else {
        block(sample, Some(name), out);
    }
    out.push(b' ');
    out.extend_from_slice(sample.value_text().as_bytes());
    if let Some(stamp) = sample.timestamp_ms() {
        out.push(b' ');
        out.extend_from_slice(stamp.to_string().as_bytes());
    }
    out.push(b'\n');
}

fn block(sample: &Sample<'_>, quoted_name: Option<&str>, out: &mut Vec<u8>) {
    let mut before = b'{';
    if let Some(name) = quoted_name {
        out.extend_from_slice(b"{\"");
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
        before = b',';
    }
    for label in sample.labels() {
        out.push(std::mem::replace(&mut before, b','));
        let plain = crate::name::is_label_name(label.name);
        let quote: &[u8] = if plain { b"" } else { b"\"" };
        out.extend_from_slice(quote);
        out.extend_from_slice(label.name.as_bytes());
        out.extend_from_slice(quote);
        out.extend_from_slice(b"=\"");
        labels::escape(&label.value, true, out);
        out.push(b'"');
    }
    if before == b',' {
        out.push(b'}');
    }
}
