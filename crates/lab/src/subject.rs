//! A server that is measured: a process of its own on a free port, with what it has used so far.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Client;

use crate::compare::costs;
use crate::process::{Log, Process};
use crate::programs::Program;

/// Somebody else may take the port between our look and the server's bind.
const TRIES: u32 = 3;
/// Nothing is left to be written by those that are measured.
const GRACE: Duration = Duration::from_secs(3);

/// It ends with this value.
#[derive(Debug)]
pub struct Subject {
    /// Where it is, without a path.
    pub url: String,
    process: Process,
}

impl Subject {
    /// Starts it on a free port, and waits until it answers on the path `ready`.
    ///
    /// # Errors
    ///
    /// Where it cannot be started, ends, or does not answer within 30 s; with its last lines.
    pub async fn start(
        name: &'static str,
        program: impl Fn(u16) -> anyhow::Result<Program>,
        ready: &str,
        client: &Client,
        log: &Log,
    ) -> anyhow::Result<Self> {
        let mut tries = 1;
        loop {
            let port = free_port()?;
            let url = format!("http://127.0.0.1:{port}");
            let mut process = Process::start(name, &program(port)?, log)?;
            match process.ready(client, &format!("{url}{ready}")).await {
                Ok(()) => return Ok(Self { url, process }),
                Err(_) if tries < TRIES && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() => {}
                Err(error) => return Err(error),
            }
            tries += 1;
        }
    }

    /// CPU time of all its threads so far, in seconds. The kernel counts nanoseconds there; the usual
    /// counters are in hundredths of a second, too coarse for short slices.
    ///
    /// # Errors
    ///
    /// Where it has ended.
    pub fn cpu(&self) -> anyhow::Result<f64> {
        let tasks = format!("/proc/{}/task", self.id()?);
        let mut nanos = 0;
        for task in fs::read_dir(&tasks).with_context(|| format!("{tasks}: it has ended"))?.flatten() {
            // A thread may end meanwhile; servers keep theirs.
            let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else { continue };
            nanos += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(Duration::from_nanos(nanos).as_secs_f64())
    }

    /// Its resident memory in bytes.
    ///
    /// # Errors
    ///
    /// Where it has ended.
    pub fn memory(&self) -> anyhow::Result<f64> {
        let usage = costs::usage(self.id()?).filter(|usage| !usage.ended);
        Ok(usage.with_context(|| format!("{} has ended", self.process.name))?.memory)
    }

    /// Asks it to end, then ends it.
    pub async fn stop(mut self) {
        self.process.stop(GRACE).await;
    }

    fn id(&self) -> anyhow::Result<u32> {
        match self.process.id() {
            Some(id) => Ok(id),
            None => bail!("{} has ended", self.process.name),
        }
    }
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// A client for subjects: on this machine, and never for long.
///
/// # Errors
///
/// Where TLS cannot be set up.
pub fn client() -> anyhow::Result<Client> {
    let (connect, all) = (Duration::from_secs(2), Duration::from_secs(5));
    Ok(service::client::builder(connect, all, false).no_proxy().build()?)
}
