//! The two apps as processes on free ports, with what they use.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use reqwest::Client;

use crate::compare::costs::{Usage, usage};
use crate::overhead::python::{INSTALL, Python};
use crate::overhead::serve::Switch;
use crate::process::{Log, Process};
use crate::programs::{self, Program};
use crate::settings::write;

/// What an app may take to end.
const GRACE: Duration = Duration::from_secs(3);

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The article's, under uvicorn with one worker.
    Article,
    /// Ours.
    Ours,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Article, Self::Ours];

    /// Its name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Article => "article-app",
            Self::Ours => "our-api",
        }
    }
}

/// The programs, and the article's files where Python finds them.
#[derive(Debug)]
pub struct Programs {
    /// What runs the article's app and its load test.
    pub python: Python,
    /// The article's load test.
    pub script: PathBuf,
    api: PathBuf,
}

impl Programs {
    /// Finds them, and writes the article's files into a folder.
    pub fn find(folder: &Path) -> anyhow::Result<Self> {
        let (python, api) = (Python::find(folder)?.context(INSTALL)?, programs::ours("pushpull-api")?);
        let script = write(folder, "load_test.py", include_str!("../../article/load_test.py"))?;
        Ok(Self { python, script, api })
    }

    fn program(&self, kind: Kind, port: u16) -> Program {
        match kind {
            Kind::Article => self.python.app(port, Switch::On, Switch::On),
            Kind::Ours => Program {
                environment: vec![("PUSHPULL_API__LOG__LEVEL", "error".to_owned())],
                ..Program::new(&self.api, ["--listen".to_owned(), format!("127.0.0.1:{port}")])
            },
        }
    }
}

/// A running app.
#[derive(Debug)]
pub struct App {
    process: Process,
    /// Its port on the loopback.
    pub port: u16,
}

impl App {
    /// Starts it, and waits until it answers.
    pub async fn start(kind: Kind, programs: &Programs, client: &Client, log: &Log) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = port.context("no free port on the loopback")?.port();
        let process = Process::start(kind.name(), &programs.program(kind, port), log)?;
        let mut app = Self { process, port };
        let metrics = format!("{}/metrics", app.url());
        app.process.ready(client, &metrics).await?;
        Ok(app)
    }

    /// Its URL without a path.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has used until now.
    pub fn usage(&self) -> Usage {
        self.process.id().and_then(usage).unwrap_or_default()
    }

    /// Ends it.
    pub async fn stop(mut self) {
        self.process.stop(GRACE).await;
    }
}
