//! Go's regular expressions and their templates in the spelling of Rust's.
//!
//! Both are RE2: what differs is that Go's `\d`, `\s`, `\w` and `\b` are ASCII, that `[` and `&&` mean
//! nothing in a class there, that `\Q…\E` quotes, and how a `$` is read that begins no reference.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

use regex::{Captures, Regex};

/// The expression, anchored at both ends as Prometheus does it.
pub(super) fn compile(go: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?:{})$", translate(go))).map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("expected a regular expression (RE2), got \"{go}\": {last}")
    })
}

fn translate(go: &str) -> String {
    let mut out = String::with_capacity(go.len());
    let mut chars = go.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(&mut chars, false, &mut out),
            '[' => class(&mut chars, &mut out),
            _ => out.push(c),
        }
    }
    out
}

fn escape(chars: &mut Peekable<Chars<'_>>, in_class: bool, out: &mut String) {
    match chars.next() {
        Some('d') => out.push_str("[0-9]"),
        Some('D') => out.push_str("[^0-9]"),
        Some('s') => out.push_str("[\\t\\n\\f\\r ]"),
        Some('S') => out.push_str("[^\\t\\n\\f\\r ]"),
        Some('w') => out.push_str("[0-9A-Za-z_]"),
        Some('W') => out.push_str("[^0-9A-Za-z_]"),
        Some('b') if !in_class => out.push_str("(?-u:\\b)"),
        Some('Q') if !in_class => {
            let rest: String = chars.collect();
            let (quoted, after) = rest.split_once("\\E").unwrap_or((&rest, ""));
            out.push_str(&regex::escape(quoted));
            out.push_str(&translate(after));
        }
        // Rust reads these as the ends of words.
        Some(c @ ('<' | '>')) => out.push(c),
        Some(c) => out.extend(['\\', c]),
        None => out.push('\\'),
    }
}

/// The rest of a class, whose bracket was read.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    if chars.next_if_eq(&']').is_some() {
        // First in a class it is a character.
        out.push_str("\\]");
    }
    let mut last = ' ';
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(chars, true, out),
            ']' => return out.push(']'),
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                // `[:alpha:]` is the same in both.
                for c in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' => out.extend(['\\', c]),
            '-' if last == '-' => out.push_str("\\-"),
            _ => out.push(c),
        }
        last = c;
    }
}

/// A template for [`Captures::expand`]: a `$` that begins no reference of Go's stands for itself.
pub(super) fn template(go: &str) -> String {
    let mut out = String::with_capacity(go.len());
    let mut rest = go;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let word = |text: &str| {
            text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum()
        };
        let braced: usize = after.strip_prefix('{').map_or(0, word);
        let plain: usize = word(after);
        let taken = if after.starts_with('$') {
            out.push_str("$$");
            1
        } else if braced > 0 && after[1 + braced..].starts_with('}') {
            out.push_str(&format!("${{{}}}", &after[1..=braced]));
            braced + 2
        } else if plain > 0 {
            out.push_str(&format!("${{{}}}", &after[..plain]));
            plain
        } else {
            out.push_str("$$");
            0
        };
        rest = &after[taken..];
    }
    out.push_str(rest);
    out
}

/// The template filled in.
pub(super) fn expand<'t>(template: &'t str, captures: &Captures<'_>) -> Cow<'t, str> {
    if !template.contains('$') {
        return Cow::Borrowed(template);
    }
    let mut out = String::new();
    captures.expand(template, &mut out);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_mean_what_they_mean_in_go() {
        for (go, text, matches) in [
            (r"\d+", "12", true),
            (r"\d+", "१२", false),
            (r"\w", "é", false),
            (r"\W", "é", true),
            (r"[\w.]+", "a.b", true),
            (r"[^\d]", "1", false),
            (r"[[]", "[", true),
            (r"[]a]+", "]a", true),
            (r"[a&&b]+", "a&b", true),
            (r"[[:alpha:]_]+", "a_", true),
            (r"\Qa.b\E.", "a.bc", true),
            (r"\Qa.b\E", "axb", false),
            (r"a\<b", "a<b", true),
            (r"a|b", "ab", false),
            (r"(?i)ABC", "abc", true),
            ("a.b", "a\nb", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(compile(go).unwrap().is_match(text), matches, "{go} on {text}");
        }
        let error = compile("a(").unwrap_err();
        assert!(error.contains("got \"a(\"") && error.contains("unclosed group"), "{error}");
    }

    #[test]
    fn templates_mean_what_they_mean_in_go() {
        let regex = compile("(a)(?P<rest>.*)").unwrap();
        let captures = regex.captures("abc").unwrap();
        for (go, want) in [
            ("$1-$2", "a-bc"),
            ("${1}x", "ax"),
            ("$1x", ""),
            ("${rest}", "bc"),
            ("$9", ""),
            ("$$1", "$1"),
            ("$", "$"),
            ("${", "${"),
            ("${ 1 }", "${ 1 }"),
            ("$-", "$-"),
            ("plain", "plain"),
        ] {
            assert_eq!(expand(&template(go), &captures), want, "{go}");
        }
    }
}
