//! What a check found, in one line that says what, why, and what to do.

use std::fmt;
use std::process::ExitCode;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are shown as they are called")]
pub enum Level {
    Ok,
    Warn,
    Fail,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at.
    pub what: String,
    /// What was seen.
    pub why: String,
    /// What to do, empty where there is nothing to do.
    pub then: String,
}

impl Finding {
    /// All is well.
    pub fn ok(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { level: Level::Ok, what: what.into(), why: why.into(), then: String::new() }
    }

    /// It works, but not as one may think.
    pub fn warn(what: impl Into<String>, why: impl Into<String>, then: impl Into<String>) -> Self {
        Self { level: Level::Warn, what: what.into(), why: why.into(), then: then.into() }
    }

    /// It does not work.
    pub fn fail(what: impl Into<String>, why: impl Into<String>, then: impl Into<String>) -> Self {
        Self { level: Level::Fail, what: what.into(), why: why.into(), then: then.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        // One line, whatever a gateway said.
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        write!(f, "{level:<4}  {} — {}", line(&self.what), line(&self.why))?;
        if self.then.is_empty() { Ok(()) } else { write!(f, " — {}", line(&self.then)) }
    }
}

/// 0 where nothing failed, else 1.
pub fn exit_code(findings: &[Finding]) -> ExitCode {
    let failed = findings.iter().any(|finding| finding.level == Level::Fail);
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
