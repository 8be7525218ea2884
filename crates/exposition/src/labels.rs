//! The labels of one series, read from their validated block on demand.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// One label of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value, escapes undone.
    pub value: Cow<'a, str>,
}

impl PartialEq<(&str, &str)> for Label<'_> {
    fn eq(&self, (name, value): &(&str, &str)) -> bool {
        self.name == *name && self.value == *value
    }
}

/// Iterator over the labels of a series.
#[derive(Debug, Clone)]
pub struct Labels<'a> {
    /// From somewhere inside the braces on; empty when done.
    rest: &'a str,
}

impl<'a> Labels<'a> {
    /// The labels of the block that begins at `at`, if one does, but for blanks.
    ///
    /// The parser has checked the block, so nothing is checked again here.
    pub(crate) fn after(text: &'a str, at: usize) -> Self {
        let rest = text[at..].trim_start_matches([' ', '\t']);
        Self { rest: rest.strip_prefix('{').unwrap_or_default() }
    }

    /// Writes them as the block that they were read from: `{a="1"}`.
    pub(crate) fn block(mut self, out: &mut String) {
        out.push('{');
        let mut before = "";
        while let Some((name, raw)) = self.next_raw() {
            for piece in [before, name, "=\"", raw, "\""] {
                out.push_str(piece);
            }
            before = ",";
        }
        out.push('}');
    }

    /// The next label with its value as written, escapes and all.
    pub(crate) fn next_raw(&mut self) -> Option<(&'a str, &'a str)> {
        loop {
            let rest = self.rest.trim_start_matches([' ', '\t', ',']);
            if rest.starts_with('}') || rest.is_empty() {
                self.rest = "";
                return None;
            }
            let (name, after) = match rest.strip_prefix('"') {
                Some(quoted) => split_quoted(quoted),
                None => rest.split_at(rest.find(['=', ' ', '\t']).unwrap_or(rest.len())),
            };
            let after = after.trim_start_matches([' ', '\t']);
            let Some(after) = after.strip_prefix('=') else {
                // A quoted string without a value is the metric's name (text 1.0.0).
                self.rest = after;
                continue;
            };
            let value = after.trim_start_matches([' ', '\t']);
            let (value, after) = split_quoted(value.strip_prefix('"').unwrap_or_default());
            self.rest = after;
            return Some((name, value));
        }
    }
}

impl<'a> Iterator for Labels<'a> {
    type Item = Label<'a>;

    fn next(&mut self) -> Option<Label<'a>> {
        self.next_raw().map(|(name, raw)| Label { name, value: unescape(raw, true) })
    }
}

/// Splits after the closing quote of a string whose opening quote is already gone.
fn split_quoted(text: &str) -> (&str, &str) {
    let mut from = 0;
    while let Some(found) = memchr2(b'"', b'\\', &text.as_bytes()[from..]) {
        let at = from + found;
        if text.as_bytes()[at] == b'"' {
            return (&text[..at], &text[at + 1..]);
        }
        from = (at + 2).min(text.len());
    }
    (text, "")
}

/// The metric name inside a block such as `{"my.name",job="api"}`.
pub(crate) fn quoted_name(text: &str, at: usize) -> &str {
    let mut rest = text[at..].trim_start_matches('{');
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => split_quoted(quoted),
            None => rest.split_at(rest.find(['=', ' ', '\t', '}']).unwrap_or(rest.len())),
        };
        let after = after.trim_start_matches([' ', '\t']);
        let Some(value) = after.strip_prefix('=') else { return word };
        let value = value.trim_start_matches([' ', '\t']);
        rest = split_quoted(value.strip_prefix('"').unwrap_or_default()).1;
    }
}

/// Undoes `\\`, `\n`, and where `quotes` also `\"`; leaves what is no escape as it stands,
/// as Prometheus does.
pub(crate) fn unescape(raw: &str, quotes: bool) -> Cow<'_, str> {
    let Some(first) = memchr(b'\\', raw.as_bytes()) else {
        return Cow::Borrowed(raw);
    };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut chars = raw[first..].chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.clone().next() {
            Some('\\') => text.push('\\'),
            Some('n') => text.push('\n'),
            Some('"') if quotes => text.push('"'),
            _ => {
                text.push('\\');
                continue;
            }
        }
        chars.next();
    }
    Cow::Owned(text)
}

/// Writes a value with its escapes: `\`, line break, and where `quotes` also `"`.
pub(crate) fn escape(value: &str, quotes: bool, out: &mut Vec<u8>) {
    let mut rest = value.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\n') || quotes && *byte == b'"')
    {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            _ => b"\\\"",
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_escapes_are_undone() {
        assert_eq!(unescape(r#"a\\b\nc\"d\qe\"#, true), "a\\b\nc\"d\\qe\\");
        assert_eq!(unescape(r#"\""#, false), r#"\""#);
    }
}
