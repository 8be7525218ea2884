//! The answer to a request, and what it means for its samples.

use super::history::Outcome;
use super::mode::{Kind, Mode, Verdict};
use super::script::Answer;
use super::series::Message;

pub(crate) struct Said {
    /// 0 for none.
    pub(crate) status: u16,
    pub(crate) outcome: Outcome,
    pub(crate) text: String,
}

/// `refused`: what the request breaks.
pub(crate) fn choose(
    mode: Mode,
    kind: Kind,
    message: &Message,
    refused: Option<&str>,
    answer: &Answer,
) -> Said {
    match answer {
        Answer::Status(status) => whole(*status, "", "", outcome(kind, *status, "")),
        Answer::Says(status, headers, body) => whole(*status, headers, body, outcome(kind, *status, headers)),
        Answer::CutOff => said(0, Outcome::Unheard, "HTTP/1.1 2".to_owned()),
        Answer::Garbage => said(0, Outcome::Owed, "\u{1}\u{2} no answer at all\r\n\r\n".to_owned()),
        Answer::Hangs | Answer::ResetBeforeBody | Answer::ResetInBody | Answer::ResetAfterBody => {
            said(0, Outcome::Owed, String::new())
        }
        Answer::Usual | Answer::Closes | Answer::After(..) => usual(mode, kind, message, refused),
    }
}

fn usual(mode: Mode, kind: Kind, message: &Message, refused: Option<&str>) -> Said {
    match (mode.verdict(kind), refused) {
        (Verdict::Takes, Some(broken)) => whole(400, "", broken, Outcome::Dropped),
        (Verdict::Takes, None) if kind == Kind::V2 => {
            let headers = written(message.samples(), message.histograms(), message.exemplars());
            whole(204, &headers, "", Outcome::Taken)
        }
        (Verdict::Takes, None) => whole(204, "", "", Outcome::Taken),
        // A success of which nothing is kept: 2.0 tells senders to take it for a 415.
        (Verdict::Loses, _) => whole(204, "", "", Outcome::Owed),
        (Verdict::Refuses(status), _) => whole(status, "", "not this protocol", Outcome::Owed),
    }
}

/// To the question of VictoriaMetrics' agents which version of its variant is understood.
pub(crate) fn version(mode: Mode) -> Said {
    match mode {
        Mode::VictoriaMetrics => whole(200, "", "1", Outcome::Dropped),
        _ => whole(405, "", "only POST", Outcome::Dropped),
    }
}

/// What 2.0 (Required `Written` Response Headers) has in each answer.
pub(crate) fn written(samples: usize, histograms: usize, exemplars: usize) -> String {
    [("samples", samples), ("histograms", histograms), ("exemplars", exemplars)]
        .map(|(kind, count)| format!("x-prometheus-remote-write-{kind}-written: {count}\r\n"))
        .concat()
}

/// What a status says of all samples of its request.
fn outcome(kind: Kind, status: u16, headers: &str) -> Outcome {
    match status {
        // 2.0 (Required `Written` Response Headers): a success that says nothing of them counts as a 415.
        200..=299 if kind == Kind::V2 && !headers.contains("-written:") => Outcome::Owed,
        200..=299 => Outcome::Taken,
        415 | 429 | 500..=599 | 408 => Outcome::Owed,
        _ => Outcome::Dropped,
    }
}

fn whole(status: u16, headers: &str, body: &str, outcome: Outcome) -> Said {
    // 204 and 304 have no body, and so no length.
    let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    said(status, outcome, format!("HTTP/1.1 {status} Told\r\n{headers}{length}\r\n{body}"))
}

fn said(status: u16, outcome: Outcome, text: String) -> Said {
    Said { status, outcome, text }
}
