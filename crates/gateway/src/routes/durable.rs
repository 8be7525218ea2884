//! What a client is told of the disk.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use warp::reply::Response;

use super::Gateway;
use super::answers::plain;
use crate::persistence::Journal;

impl Gateway {
    /// Waits while too much is waiting for the disk.
    pub(super) async fn room(&self) {
        if let Some(journal) = self.store.journal() {
            journal.room().await;
        }
    }

    /// Whether there is none too much.
    pub(super) fn has_room(&self) -> bool {
        self.store.journal().is_none_or(Journal::has_room)
    }

    /// The answer once what was changed is as safe as was asked for. Where it cannot be, it is 202: taken, but
    /// not for good. Clients of the real gateway take that as success, too.
    pub(super) async fn durable(&self, answer: Response) -> Response {
        let Some(journal) = self.store.journal().filter(|_| answer.status().is_success()) else {
            return answer;
        };
        match journal.durable().await {
            Ok(()) => answer,
            Err(problem) => {
                let json = |kind: &HeaderValue| kind.as_bytes().ends_with(b"json");
                let mut answer = answer;
                if !answer.headers().get(CONTENT_TYPE).is_some_and(json) {
                    let message = format!("taken, but a restart would lose it: {problem}");
                    let said = plain(StatusCode::ACCEPTED, &message);
                    let (head, body) = said.into_parts();
                    answer.headers_mut().extend(head.headers);
                    *answer.body_mut() = body;
                }
                *answer.status_mut() = StatusCode::ACCEPTED;
                answer
            }
        }
    }

    /// The health turns where groups are not kept: somebody has to look after the disk.
    pub(super) fn healthy(&self) -> Response {
        match self.problem() {
            Some(problem) => {
                let said = format!("pushes are served from memory, but a restart would lose some: {problem}");
                plain(StatusCode::SERVICE_UNAVAILABLE, &said)
            }
            None => plain(StatusCode::OK, "OK"),
        }
    }

    /// It still takes pushes then: to send them elsewhere would lose them.
    pub(super) fn ready(&self) -> Response {
        let said = self.problem().map(|problem| format!("OK, but groups are not kept: {problem}"));
        plain(StatusCode::OK, said.as_deref().unwrap_or("OK"))
    }

    fn problem(&self) -> Option<String> {
        self.store.journal()?.status().problem()
    }
}
