//! What a receiver is told to answer.

use std::collections::VecDeque;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Answer {
    /// What its mode and the rules want.
    #[default]
    Usual,
    /// This status; nothing is taken unless it is a success.
    Status(u16),
    /// The same with lines of headers, each with its end, and a body.
    Says(u16, String, String),
    /// Another answer after a while.
    After(Duration, Box<Answer>),
    /// None, until the sender goes.
    Hangs,
    /// The connection is reset when the head was read.
    ResetBeforeBody,
    /// The same in the middle of the body.
    ResetInBody,
    /// The same after the body: nothing is taken.
    ResetAfterBody,
    /// All is taken, but the answer ends in its first line.
    CutOff,
    /// Bytes that are no answer; nothing is taken.
    Garbage,
    /// As usual, and the connection is closed without a word in the answer.
    Closes,
}

impl Answer {
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self::After(wait, Box::new(self))
    }

    /// This status and a `Retry-After`.
    pub(crate) fn retry_after(status: u16, when: &str) -> Self {
        Self::Says(status, format!("retry-after: {when}\r\n"), String::new())
    }

    /// This status with a text.
    pub(crate) fn body(status: u16, body: &str) -> Self {
        Self::Says(status, String::new(), body.to_owned())
    }
}

#[derive(Debug, Default)]
pub(crate) struct Script {
    next: VecDeque<Answer>,
    always: Answer,
}

impl Script {
    pub(crate) fn next(&mut self, answers: impl IntoIterator<Item = Answer>) {
        self.next.extend(answers);
    }

    pub(crate) fn always(&mut self, answer: Answer) {
        self.always = answer;
    }

    pub(crate) fn take(&mut self) -> Answer {
        self.next.pop_front().unwrap_or_else(|| self.always.clone())
    }
}
