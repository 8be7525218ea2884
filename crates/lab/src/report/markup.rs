//! The little markup of text in a report, which is Markdown's: `**strong**`, `` `code` ``, `[text](#id)`, and a line's end
//! within a cell.
//! What comes from a file goes through [`plain`] first, and is then only text.

/// Text as it is, whatever is in it.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_control() {
            out.push(' ');
            continue;
        }
        if "\\`*_[]<>|#&~".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// A link to a table or heading.
pub fn link(text: &str, id: &str) -> String {
    format!("[{text}](#{id})")
}

/// The same as HTML.
pub fn html(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let (mut strong, mut code) = (false, false);
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        if character == '\\' && !code {
            let escaped = after.chars().next();
            if let Some(one) = escaped {
                push(&mut out, one);
            }
            rest = &after[escaped.map_or(0, char::len_utf8)..];
            continue;
        }
        if character == '`' {
            out.push_str(if code { "</code>" } else { "<code>" });
            code = !code;
        } else if !code && rest.starts_with("**") {
            out.push_str(if strong { "</strong>" } else { "<strong>" });
            strong = !strong;
            rest = &rest[2..];
            continue;
        } else if let Some((label, target, more)) =
            (!code && character == '[').then(|| parts(after)).flatten()
        {
            out.push_str(&format!("<a href=\"{}\">{}</a>", attribute(target), html(label)));
            rest = more;
            continue;
        } else {
            push(&mut out, character);
        }
        rest = after;
    }
    out
}

/// A link's label, its target, and what is behind it.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (label, rest) = text.split_once("](")?;
    let (target, rest) = rest.split_once(')')?;
    (!label.contains(']')).then_some((label, target, rest))
}

/// Text for an element or an attribute, with nothing but text in it.
pub fn attribute(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '\n' => out.push('\n'),
            other => push(&mut out, other),
        }
    }
    out
}

fn push(out: &mut String, character: char) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\n' => out.push_str("<br>"),
        other => out.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_elements_and_what_is_escaped_stays_text() {
        assert_eq!(
            html("**a** `b<c` [d](#e)"),
            "<strong>a</strong> <code>b&lt;c</code> <a href=\"#e\">d</a>"
        );
        let hostile = "<script>*x* [a](javascript:b) `c` | d\n";
        assert_eq!(html(&plain(hostile)), "&lt;script&gt;*x* [a](javascript:b) `c` | d ");
        assert!(!plain(hostile).contains('\n'));
    }
}
