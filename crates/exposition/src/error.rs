//! What can be wrong with a page, and where.

use thiserror::Error;

/// Why a page was refused, with the place of the first fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct ParseError {
    /// Line of the fault, from 1.
    pub line: u32,
    /// Column of the fault in characters, from 1.
    pub column: u32,
    /// What was expected and what was found.
    pub reason: Reason,
}

/// What is wrong at that place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each variant's message is its documentation")]
pub enum Reason {
    #[error("expected a metric name, got {found}")]
    MetricName { found: Found },
    #[error("expected a label name or `}}`, got {found}")]
    LabelName { found: Found },
    #[error("expected `=` after the label name, got {found}")]
    Equal { found: Found },
    #[error("expected a label value in double quotes, got {found}")]
    Quote { found: Found },
    #[error("label value is not closed by a double quote")]
    OpenLabelValue,
    #[error("expected `,` or `}}` after the label value, got {found}")]
    CommaOrBrace { found: Found },
    #[error("expected a value after the series, got {found}")]
    Value { found: Found },
    #[error("expected a float as value, got `{0}`")]
    Float(String),
    #[error("value `{0}` is out of the range of a 64-bit float")]
    FloatRange(String),
    #[error("expected a timestamp in milliseconds, got `{0}`")]
    Timestamp(String),
    #[error("expected a timestamp in seconds, got `{0}`")]
    TimestampSeconds(String),
    #[error("expected the end of the line, got {found}")]
    Trailing { found: Found },
    #[error("unknown metric type `{0}`")]
    Type(String),
    #[error("expected `HELP`, `TYPE`, `UNIT` or `EOF` after `# `, as OpenMetrics has no free comments")]
    Comment,
    #[error("label name `{0}` stands twice in one series")]
    DuplicateLabel(String),
    #[error("label name `__name__` is reserved for the metric name")]
    ReservedName,
    #[error("a second metric name in one series")]
    SecondName,
    #[error("a quoted name with an escape is not supported: `{0}`")]
    EscapedName(String),
    #[error("invalid UTF-8 (byte 0x{0:02x})")]
    Utf8(u8),
    #[error("invalid escape sequence `\\{0}`")]
    Escape(char),
    #[error("a line break inside a label value must be written `\\n`")]
    LineBreak,
    #[error("the last line does not end in a line break")]
    LastLine,
    #[error("second {what} line for metric name `{name}`, or {what} after its samples")]
    Second { what: &'static str, name: String },
    #[error("the page does not end with `# EOF`")]
    MissingEof,
    #[error("data after `# EOF`")]
    AfterEof,
    #[error("unit `{unit}` is not a suffix of metric name `{name}`")]
    Unit { unit: String, name: String },
    #[error("{what} of {found} is over the limit of {limit}")]
    Limit { what: &'static str, found: usize, limit: usize },
}

impl Reason {
    /// The name of the limit, if it was a limit of the caller's that was broken.
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::Limit { what, .. } => Some(what),
            _ => None,
        }
    }
}

/// What stood where something else was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// This character.
    Char(char),
    /// The end of the line, or of the page.
    EndOfLine,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Char('`') => f.write_str("a backtick"),
            Self::Char(c) => write!(f, "`{}`", c.escape_debug()),
            Self::EndOfLine => f.write_str("the end of the line"),
        }
    }
}

/// A page would be longer than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("page with all its labels is over the limit of {limit} bytes")]
pub struct TooLarge {
    /// Bytes that it may have.
    pub limit: usize,
}
