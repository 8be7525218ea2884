//! The text of a series selector without a metric name, as `PromQL` writes it.

use regex::{Regex, RegexBuilder};

use super::{Matcher, Room, SelectorError, Test};

/// Bytes that a compiled pattern may take; Prometheus itself has no bound.
const PATTERN: usize = 1 << 20;

/// Reads all matchers between the braces.
pub(super) fn read(text: &str, room: &mut Room) -> Result<Vec<Matcher>, SelectorError> {
    let mut reader = Reader { text, at: 0 };
    reader.take("{", "`{`")?;
    let mut matchers = Vec::new();
    while !reader.skip("}") {
        if !matchers.is_empty() {
            reader.take(",", "`,` or `}`")?;
            if reader.skip("}") {
                break;
            }
        }
        room.matcher()?;
        matchers.push(reader.matcher(room)?);
    }
    reader.space();
    if reader.at < text.len() { Err(reader.wrong("nothing more")) } else { Ok(matchers) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, expected: &'static str) -> SelectorError {
        SelectorError::Syntax { expected, at: self.at, text: self.text.to_owned() }
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn skip(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn take(&mut self, token: &str, expected: &'static str) -> Result<(), SelectorError> {
        if self.skip(token) { Ok(()) } else { Err(self.wrong(expected)) }
    }

    fn matcher(&mut self, room: &mut Room) -> Result<Matcher, SelectorError> {
        let name = self.name()?;
        // The longer ones first: each begins like a shorter one.
        let operators = ["=~", "!~", "!=", "="];
        let Some(operator) = operators.into_iter().find(|operator| self.skip(operator)) else {
            return Err(self.wrong("`=`, `!=`, `=~` or `!~`"));
        };
        self.space();
        let Some(value) = self.quoted()? else { return Err(self.wrong("a quoted value")) };
        let test = match operator {
            "=" => Test::Is(value),
            "!=" => Test::IsNot(value),
            "=~" => Test::Like(pattern(&value, room)?),
            _ => Test::Unlike(pattern(&value, room)?),
        };
        Ok(Matcher { name, test })
    }

    fn name(&mut self) -> Result<String, SelectorError> {
        self.space();
        if let Some(name) = self.quoted()? {
            return Ok(name);
        }
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.wrong("a label name"));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    /// A string in any of Go's three kinds of quotes; none where no quote stands.
    fn quoted(&mut self) -> Result<Option<String>, SelectorError> {
        let Some(quote) = self.rest().chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else {
            return Ok(None);
        };
        self.at += 1;
        let mut value = String::new();
        loop {
            let Some(next) = self.rest().chars().next() else {
                return Err(self.wrong("a closing quote"));
            };
            if next == quote {
                self.at += 1;
                return Ok(Some(value));
            }
            if next == '\\' && quote != '`' {
                value.push(self.escape()?);
            } else {
                self.at += next.len_utf8();
                value.push(next);
            }
        }
    }

    /// An escape as Go's string literals have it, but for octal and for bytes that are no text.
    fn escape(&mut self) -> Result<char, SelectorError> {
        let wrong = |reader: &Self| reader.wrong("an escape such as \\n or \\\"");
        let mut chars = self.rest().chars().skip(1);
        let (c, digits) = match chars.next() {
            Some(c @ ('\\' | '"' | '\'')) => (Some(c), 0),
            Some('n') => (Some('\n'), 0),
            Some('r') => (Some('\r'), 0),
            Some('t') => (Some('\t'), 0),
            Some('x') => (None, 2),
            Some('u') => (None, 4),
            Some('U') => (None, 8),
            _ => return Err(wrong(self)),
        };
        let code = self.rest().get(2..2 + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let coded = code.filter(|code| digits > 2 || *code < 0x80).and_then(char::from_u32);
        let c = c.or(coded).ok_or_else(|| wrong(self))?;
        self.at += 2 + digits;
        Ok(c)
    }
}

/// Anchored at both ends, and a dot is any character, as in Prometheus 3.
fn pattern(text: &str, room: &mut Room) -> Result<Regex, SelectorError> {
    room.pattern()?;
    let built = RegexBuilder::new(&format!("^(?s:{text})$")).size_limit(PATTERN).build();
    built.map_err(|error| {
        let said = error.to_string();
        // Over several lines, with the pattern underlined: the last one says what is wrong.
        let reason = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        SelectorError::Pattern { pattern: text.to_owned(), reason }
    })
}
