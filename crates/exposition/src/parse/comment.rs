//! Lines that begin with `#` in text 0.0.4: HELP, TYPE, and free comments.
#![allow(clippy::cast_possible_truncation, reason = "`read` refuses texts whose offsets exceed 32 bits")]

use memchr::memchr;

use super::sample::shortened;
use super::{Dialect, Fault, Parser, Step};
use crate::error::Reason;
use crate::kind::Kind;
use crate::name;
use crate::page::Span;

impl Parser<'_> {
    pub(super) fn comment(&mut self) -> Step<()> {
        let start = self.at;
        let end = self.line_end(start);
        self.at = end + 1;
        let word = self.skip_blanks(start + 1);
        let keyword = match self.bytes.get(word..word + 4) {
            Some(b"HELP") => Keyword::Help,
            Some(b"TYPE") => Keyword::Type,
            _ => return self.free_comment(start, end),
        };
        let at = self.skip_blanks(word + 4);
        if at == word + 4 {
            return self.free_comment(start, end);
        }
        // A Pushgateway's reader takes `#HELP`, which for Prometheus is a free comment.
        if word == start + 1 {
            self.readers_differ = true;
            if self.dialect != Dialect::Pushed {
                return self.free_comment(start, end);
            }
        }
        if at == end {
            if self.dialect == Dialect::Pushed {
                self.readers_differ = true;
                return Ok(());
            }
            return Err(Fault::new(at, Reason::MetricName { found: self.found(at) }));
        }
        let (name, after) = self.described_name(at)?;
        let text = self.description(after, end)?;
        if self.is_described_as_part(name, &keyword) {
            return Ok(());
        }
        match keyword {
            Keyword::Help => self.help(name, text),
            Keyword::Type => self.kind(name, text)?,
        }
        Ok(())
    }

    #[allow(clippy::unnecessary_wraps, reason = "it is how a comment ends")]
    fn free_comment(&mut self, start: usize, end: usize) -> Step<()> {
        self.allow_broken(start, end);
        Ok(())
    }

    /// The name in a metadata line: its span, and the place behind it.
    pub(super) fn described_name(&mut self, at: usize) -> Step<(Span, usize)> {
        let (start, end, after) = if self.byte(at) == b'"' {
            let after = self.quoted_end(at)?;
            self.lenient(at, || Reason::MetricName { found: crate::Found::Char('"') });
            (at + 1, after - 1, after)
        } else {
            let awaited = self.awaited_name(at);
            let len = if awaited > 0 { awaited } else { name::metric_len(&self.bytes[at..]) };
            (at, at + len, at + len)
        };
        if start == end {
            return Err(Fault::new(at, Reason::MetricName { found: self.found(at) }));
        }
        if end - start > self.limits.name {
            return Err(Fault::limit(at, "metric name bytes", end - start, self.limits.name));
        }
        Ok((Span { start: start as u32, end: end as u32 }, after))
    }

    /// The text behind the name. Prometheus drops one byte, whatever it is; a Pushgateway all blanks.
    fn description(&mut self, after: usize, end: usize) -> Step<Span> {
        let blank = matches!(self.byte(after), b' ' | b'\t' | b'\n');
        if !blank {
            if self.dialect == Dialect::Pushed {
                return Err(Fault::new(after, Reason::MetricName { found: self.found(after) }));
            }
            self.lenient(after, || Reason::MetricName { found: crate::Found::EndOfLine });
        }
        let next = self.text[after..end].chars().next().map_or(0, char::len_utf8);
        let start = if self.dialect == Dialect::Pushed { self.skip_blanks(after) } else { after + next };
        Ok(Span { start: start.min(end) as u32, end: end as u32 })
    }

    /// To a Pushgateway's reader `x_count` is the summary or histogram `x` itself, once that was declared
    /// and nothing else has the name.
    fn is_described_as_part(&mut self, name: Span, keyword: &Keyword) -> bool {
        let Some(whole) = self.whole_of(name.of(self.text)) else { return false };
        let family = self.index.families[whole];
        self.readers_differ = true;
        let second = match keyword {
            Keyword::Type => Some("TYPE"),
            Keyword::Help => family.described().then_some("HELP"),
        };
        if let Some(what) = second {
            self.note_second(name.start as usize, what, family.name);
        }
        self.dialect == Dialect::Pushed
    }

    fn help(&mut self, name: Span, text: Span) {
        if self.dialect == Dialect::Pushed && text.start == text.end {
            return;
        }
        if memchr(b'\\', text.of(self.text).as_bytes()).is_some() {
            self.help_escapes(text);
        }
        let family = self.describe_family(name);
        let second = family.described();
        family.help = text;
        if second {
            self.note_second(name.start as usize, "HELP", name);
        }
    }

    /// Prometheus leaves unknown escapes in a help text as they stand; a Pushgateway refuses them.
    fn help_escapes(&mut self, text: Span) {
        let mut bytes = text.of(self.text).bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            if byte == b'\\' && !matches!(bytes.next(), Some((_, b'\\' | b'n'))) {
                let at = text.start as usize + at;
                let escaped = self.text[at + 1..].chars().next().unwrap_or('\n');
                self.lenient(at, || Reason::Escape(escaped));
                return;
            }
        }
    }

    fn kind(&mut self, name: Span, text: Span) -> Step<()> {
        let word = text.of(self.text);
        let kind = if self.dialect == Dialect::Pushed {
            let only = Kind::from_text(word).is_none() || text.start != name.end + 1;
            self.readers_differ |= only;
            if word.is_empty() {
                return Ok(());
            }
            Kind::from_pushed(word)
        } else {
            Kind::from_text(word)
        };
        let Some(kind) = kind else {
            return Err(Fault::new(text.start as usize, Reason::Type(shortened(word))));
        };
        let family = self.describe_family(name);
        family.kind = kind;
        if std::mem::replace(&mut family.typed, true) {
            self.note_second(name.start as usize, "TYPE", name);
        }
        Ok(())
    }
}

enum Keyword {
    Help,
    Type,
}
