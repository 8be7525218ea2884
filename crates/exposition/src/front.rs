//! Front coding: each of many texts as what it has other than the one before it. Lines that stand together mostly
//! differ in one value, so that a tenth of the bytes is left.

use crate::remote_write::wire::{Input, put_varint};

/// One text by the one before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step<'a> {
    /// Bytes in common at the beginning.
    pub(crate) prefix: usize,
    /// Bytes in common at the end, beside those.
    suffix: usize,
    /// What stands between.
    own: &'a [u8],
}

impl<'a> Step<'a> {
    fn between(before: &[u8], text: &'a [u8]) -> Self {
        let same = |(one, other): &(&u8, &u8)| one == other;
        let prefix = before.iter().zip(text).take_while(same).count();
        let (before, rest) = (&before[prefix..], &text[prefix..]);
        let suffix = before.iter().rev().zip(rest.iter().rev()).take_while(same).count();
        Self { prefix, suffix, own: &rest[..rest.len() - suffix] }
    }

    /// The next one of those that [`put`] wrote.
    #[inline]
    pub(crate) fn take(coded: &mut &'a [u8]) -> Option<Self> {
        let mut input = Input(coded);
        let mut number = || usize::try_from(input.varint()?).ok();
        let (prefix, suffix) = (number()?, number()?);
        let own = input.piece()?;
        *coded = input.0;
        Some(Self { prefix, suffix, own })
    }

    /// Makes this one of the text before. None where that is not the one that it was made by.
    #[inline]
    pub(crate) fn apply(&self, text: &mut Vec<u8>) -> Option<()> {
        let Self { prefix, own, .. } = *self;
        let end = text.len().checked_sub(self.suffix)?;
        match text.get_mut(prefix..end)? {
            // The same length as before: mostly another number.
            stretch if stretch.len() == own.len() => stretch.copy_from_slice(own),
            _ => drop(text.splice(prefix..end, own.iter().copied())),
        }
        Some(())
    }

    /// This one at the start of `text`, if it stands there; `before`: the one before.
    #[inline]
    pub(crate) fn find<'t>(&self, text: &'t [u8], before: &[u8]) -> Option<&'t [u8]> {
        let Self { prefix, suffix, own } = *self;
        let found = text.get(..prefix + own.len() + suffix)?;
        let (start, rest) = found.split_at(prefix);
        let (middle, end) = rest.split_at(own.len());
        let same = middle == own
            && start == before.get(..prefix)?
            && end == before.get(before.len().checked_sub(suffix)?..)?;
        same.then_some(found)
    }
}

/// Writes a text by the one before; the first one is whole by none.
pub(crate) fn put(out: &mut Vec<u8>, before: &[u8], text: &[u8]) {
    let Step { prefix, suffix, own } = Step::between(before, text);
    for length in [prefix, suffix, own.len()] {
        put_varint(out, length as u64);
    }
    out.extend_from_slice(own);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_made_of_the_one_before_and_found_by_it() {
        let long = "x".repeat(400);
        let texts =
            ["a{x=\"1\"} ", "a{x=\"2\"} ", "a{x=\"10\"} ", "a{x=\"10\"} ", "b ", "", &long, &long[..300]];
        let (mut coded, mut before) = (Vec::new(), "");
        for text in texts {
            put(&mut coded, before.as_bytes(), text.as_bytes());
            before = text;
        }
        let (mut rest, mut text, mut before) = (coded.as_slice(), Vec::new(), Vec::new());
        for wanted in texts {
            let step = Step::take(&mut rest).unwrap();
            step.apply(&mut text).unwrap();
            assert_eq!(text, wanted.as_bytes());
            let line = format!("{wanted}7\n");
            assert_eq!(step.find(line.as_bytes(), &before), Some(wanted.as_bytes()));
            let other = line.replace('x', "y");
            assert_eq!(step.find(other.as_bytes(), &before).is_some(), other == line, "{other}");
            before.clone_from(&text);
        }
        assert!(rest.is_empty() && Step::take(&mut rest).is_none());
        let three = Step { prefix: 3, suffix: 0, own: b"" };
        assert!(three.apply(&mut vec![1, 2]).is_none() && three.find(b"abcd", b"ab").is_none());
    }
}
