//! Which groups are meant: by labels that are equal, or by Prometheus' series selectors.
//!
//! A label that a group does not have counts as an empty one, as it does in `PromQL`.

mod matchers;
mod room;

use exposition::GroupingKey;
use regex::Regex;
use thiserror::Error;

pub use self::room::Room;

/// Groups that fit any of some lists of matchers.
#[derive(Debug, Clone)]
pub struct Selector {
    any: Vec<Vec<Matcher>>,
}

/// One label, and what its value must be.
#[derive(Debug, Clone)]
pub struct Matcher {
    name: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Is(String),
    IsNot(String),
    Like(Regex),
    Unlike(Regex),
}

/// Why a text selects nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SelectorError {
    /// Something else had to stand there.
    #[error("expected {expected} at byte {at} of `{text}`")]
    Syntax {
        /// What had to stand there.
        expected: &'static str,
        /// Where.
        at: usize,
        /// The whole text.
        text: String,
    },
    /// A regular expression that is none, or too large.
    #[error("regular expression `{pattern}`: {reason}")]
    Pattern {
        /// As it was given.
        pattern: String,
        /// In the parser's words, on one line.
        reason: String,
    },
    /// More than one query may have.
    #[error("expected at most {limit} {what} in one query")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// Labels that any group could be without.
    #[error("expected at least one matcher that an empty value does not fit, as in {{job=\"x\"}}")]
    Everything,
}

impl Selector {
    /// Groups that have all of these labels with these values.
    pub fn equal(labels: impl IntoIterator<Item = (String, String)>) -> Self {
        let matchers = labels.into_iter().map(|(name, value)| Matcher { name, test: Test::Is(value) });
        Self { any: vec![matchers.collect()] }
    }

    /// No group.
    pub fn none() -> Self {
        Self { any: Vec::new() }
    }

    /// Reads `{job="x",instance=~"a.*"}`.
    pub fn read(text: &str) -> Result<Self, SelectorError> {
        Self::read_within(text, &mut Room::default())
    }

    /// The same for one of several of a query, which share their room.
    pub fn read_within(text: &str, room: &mut Room) -> Result<Self, SelectorError> {
        Ok(Self { any: vec![matchers::read(text, room)?] })
    }

    /// Also what another one selects.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.any.extend(other.any);
        self
    }

    /// An error where it could fit a group by labels that the group does not have. Prometheus asks the same of
    /// the selectors of its own API: a variable that is empty by mistake must not select everything.
    pub fn is_specific(&self) -> Result<(), SelectorError> {
        let specific = self.any.iter().all(|all| all.iter().any(|matcher| !matcher.fits("")));
        if specific { Ok(()) } else { Err(SelectorError::Everything) }
    }

    /// Whether a group is meant.
    pub fn matches(&self, key: &GroupingKey) -> bool {
        let value = |name: &str| match name {
            "job" => key.job(),
            _ => key.labels().get(name).map_or("", String::as_str),
        };
        self.any.iter().any(|all| all.iter().all(|matcher| matcher.fits(value(&matcher.name))))
    }
}

impl Matcher {
    fn fits(&self, value: &str) -> bool {
        match &self.test {
            Test::Is(other) => value == other,
            Test::IsNot(other) => value != other,
            Test::Like(pattern) => pattern.is_match(value),
            Test::Unlike(pattern) => !pattern.is_match(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_fit_what_prometheus_would_find() {
        let key = GroupingKey::from_path("job/a%22b/instance/web-1/empty@base64/=").unwrap();
        for (selector, fits) in [
            (r#"{job="a\"b"}"#, true),
            (r#"{ job = 'a"b' , }"#, true),
            (r#"{job=`a"b`,instance=~"web-.",nothing=""}"#, true),
            (r#"{job=~".+",instance=~"web"}"#, false),
            (r#"{job=~".+",instance!~"web|db"}"#, true),
            (r#"{job!="a"}"#, true),
            (r#"{"job"="a\u0022b"}"#, true),
            (r#"{job="a\x22b",empty=""}"#, true),
            (r#"{instance=~""}"#, false),
            ("{}", true),
        ] {
            assert_eq!(Selector::read(selector).unwrap().matches(&key), fits, "{selector}");
        }
    }

    #[test]
    fn selectors_that_any_group_could_fit_are_not_specific() {
        for selector in ["{}", r#"{instance=""}"#, r#"{instance=~".*"}"#, r#"{job!="x"}"#, r#"{a!~"b"}"#] {
            assert_eq!(
                Selector::read(selector).unwrap().is_specific(),
                Err(SelectorError::Everything),
                "{selector}"
            );
        }
        for selector in [r#"{job=~".+"}"#, r#"{job="x",instance=""}"#, r#"{job!=""}"#] {
            assert_eq!(Selector::read(selector).unwrap().is_specific(), Ok(()), "{selector}");
        }
        let one = Selector::read(r#"{job="x"}"#).unwrap();
        assert!(one.or(Selector::read("{}").unwrap()).is_specific().is_err());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (selector, said) in [
            ("", "expected `{` at byte 0"),
            ("up{job=\"x\"}", "expected `{` at byte 0"),
            ("{job}", "expected `=`, `!=`, `=~` or `!~` at byte 4"),
            ("{job=x}", "expected a quoted value at byte 5"),
            ("{job=\"x}", "expected a closing quote at byte 8"),
            ("{job=\"x\"", "expected `,` or `}` at byte 8"),
            ("{job=\"x\" a=\"b\"}", "expected `,` or `}` at byte 9"),
            ("{job=\"x\"} or", "expected nothing more at byte 10"),
            ("{9=\"x\"}", "expected a label name at byte 1"),
            ("{a=\"\\q\"}", "expected an escape such as \\n or \\\" at byte 4"),
            ("{a=\"\\ud800\"}", "expected an escape such as \\n or \\\" at byte 4"),
            ("{a=~\"(\"}", "regular expression `(`:"),
            ("{a=~\"((((a{100}){100}){100}){100})\"}", "regular expression"),
        ] {
            let error = Selector::read(selector).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains('\n'), "{selector}: {error}");
        }
    }
}
