//! The two programs that are loaded: the article's app under uvicorn, and our API as it is released.

use super::Lab;
use crate::programs::{Program, ours};
use crate::python;
use crate::subject::Subject;

/// Which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum App {
    Article,
    Ours,
}

impl App {
    pub(super) const ALL: [Self; 2] = [Self::Article, Self::Ours];

    /// Its name in results.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Article => "article-app",
            Self::Ours => "our-api",
        }
    }

    /// Starts one, with the article's work of 100 to 500 ms.
    pub(super) async fn start(self, lab: &Lab<'_>) -> anyhow::Result<Subject> {
        let program = |port: u16| match self {
            Self::Article => Ok(Program::new(&lab.python, python::uvicorn(lab.folder.path(), port))),
            Self::Ours => Ok(Program::new(&ours("pushpull-api")?, [format!("--listen=127.0.0.1:{port}")])),
        };
        Subject::start(self.name(), program, "/metrics", &lab.client, &lab.log).await
    }
}
