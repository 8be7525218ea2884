//! Two servers of an app, with instruments and without, and rounds on both.

use std::time::Duration;

use anyhow::Context;

use super::arguments::Part;
use super::python::{INSTALL, Python};
use super::rounds::{Round, alternate};
use super::serve::Switch;
use super::server::{Place, Server};
use super::slice::Load;
use crate::programs::Program;

/// Starts both, loads them in turn, and ends them.
///
/// # Errors
///
/// Where a server does not start, or ends.
pub async fn turns(
    part: Part,
    work: Switch,
    (load, time, rounds): (Load, Duration, u32),
    place: &Place,
    python: Option<&Python>,
) -> anyhow::Result<Vec<Round>> {
    let on = app(part, Switch::On, work, place, python).await?;
    let off = app(part, Switch::Off, work, place, python).await?;
    let rounds = alternate([&on, &off], load, time, rounds, &place.stop).await?;
    futures_util::future::join(on.stop(), off.stop()).await;
    Ok(rounds)
}

async fn app(
    part: Part,
    instruments: Switch,
    work: Switch,
    place: &Place,
    python: Option<&Python>,
) -> anyhow::Result<Server> {
    if part == Part::Fastapi {
        let python = python.context(INSTALL)?;
        let program = |port| Ok(python.app(port, instruments, work));
        return Server::start("fastapi", place, "/metrics", program).await;
    }
    let lab = std::env::current_exe().context("cannot find the lab's own binary")?;
    Server::start("api", place, "/-/ready", |port| {
        let listen = format!("127.0.0.1:{port}");
        let flags = ["--listen", &listen, "--instruments", instruments.name(), "--work", work.name()];
        Ok(Program::new(&lab, std::iter::once("serve-api").chain(flags)))
    })
    .await
}
