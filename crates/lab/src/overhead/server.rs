//! A process that is measured: started on a free port, asked what it used, ended.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Client;
use tokio_util::sync::CancellationToken;

use super::cpu::{self, Used};
use crate::compare::costs::usage;
use crate::process::{Log, Process};
use crate::programs::Program;

/// What one may take to end; after that it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// A running one.
#[derive(Debug)]
pub struct Server {
    process: Process,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
}

/// What all servers are started with.
#[derive(Debug)]
pub struct Place {
    /// Asks whether they are ready.
    pub client: Client,
    /// Where they write.
    pub log: Log,
    /// Everything ends.
    pub stop: CancellationToken,
}

impl Server {
    /// Starts what `program` makes of a free port, and waits until this path answers.
    ///
    /// # Errors
    ///
    /// Where it cannot be started, dies, or does not answer in time.
    pub async fn start(
        name: &'static str,
        place: &Place,
        ready: &str,
        program: impl FnOnce(u16) -> anyhow::Result<Program>,
    ) -> anyhow::Result<Self> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = free.context("no free port on the loopback")?.port();
        let url = format!("http://127.0.0.1:{port}");
        let mut process = Process::start(name, &program(port)?, &place.log)?;
        let ready = format!("{url}{ready}");
        tokio::select! {
            answered = process.ready(&place.client, &ready) => answered?,
            () = place.stop.cancelled() => bail!("stopped before {name} was ready"),
        }
        Ok(Self { process, url })
    }

    /// CPU time until now.
    ///
    /// # Errors
    ///
    /// Where it has ended.
    pub fn used(&self) -> anyhow::Result<Used> {
        let name = self.process.name;
        let pid = self.process.id().with_context(|| format!("{name} has ended"))?;
        cpu::used(pid).with_context(|| format!("what {name} ({pid}) has used"))
    }

    /// Resident bytes.
    pub fn memory(&self) -> Option<f64> {
        Some(usage(self.process.id()?)?.memory)
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.process.name
    }

    /// Ends it.
    pub async fn stop(mut self) {
        self.process.stop(GRACE).await;
    }
}
