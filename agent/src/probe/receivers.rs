//! Asking every receiver of remote write whether it is there and takes what we write, by an empty write.

use futures_util::future::join_all;

use super::{Finding, LONGEST, advice};
use crate::config::{Dialect, RemoteWrite};
use crate::plan::Plan;
use crate::sinks::remote_write::{Written, look};
use crate::spool::{self, OpenError};

pub(super) async fn ask(plan: &Plan) -> Vec<Finding> {
    let found = join_all(plan.receivers.values().map(|receiver| async {
        let mut found = vec![one(receiver).await];
        found.extend(place(receiver));
        found
    }));
    found.await.into_iter().flatten().collect()
}

async fn one(receiver: &RemoteWrite) -> Finding {
    let name = receiver.label();
    match tokio::time::timeout(LONGEST, look(receiver)).await {
        Ok(Ok(written)) => answered(&name, receiver, &written),
        Ok(Err(why)) => Finding::fail(&name, &why, advice::of(&why)),
        Err(_) => {
            let why = format!("no answer within {LONGEST:?}");
            Finding::fail(&name, &why, advice::of(&why))
        }
    }
}

fn answered(name: &str, receiver: &RemoteWrite, written: &Written) -> Finding {
    let Written { status, words, protocol, is_lost } = written;
    let knows = receiver.username.is_some()
        || receiver.bearer_token.is_some()
        || receiver.bearer_token_file.is_some();
    let why = if words.is_empty() { status.to_string() } else { format!("{status}: {words}") };
    let protocol = protocol.as_str();
    if *is_lost {
        let why =
            format!("{status}, without a word of what it wrote: it does not speak remote write {protocol}");
        return Finding::fail(name, why, "set protocol = \"auto\", or nothing would be stored");
    }
    let is_set = receiver.protocol != Dialect::Auto;
    let then = match status.as_u16() {
        200..=299 => return Finding::ok(name, format!("it takes writes, by remote write {protocol}")),
        300..=399 => "writes do not follow redirects: put the address that it redirects to into url",
        401 if knows => {
            "it does not take this user or token: correct username and password_file, or bearer_token_file"
        }
        401 => {
            "it wants to know who writes: set username and password_file, or bearer_token_file; Mimir: headers = { X-Scope-OrgID = … }"
        }
        403 => "it knows who writes and does not allow it: ask whoever runs it for the right to write",
        404 | 405 => {
            "see that url is the whole one: /api/v1/write of a Prometheus with --web.enable-remote-write-receiver or of VictoriaMetrics, /api/v1/push of Mimir"
        }
        400 | 415 if is_set => "it does not take this protocol: set protocol = \"auto\"",
        415 => {
            "it takes neither remote write 2.0 nor 1.0: see that url is that of a receiver of remote write"
        }
        429 => "it is asked too often: raise interval, or its limits",
        500.. => "it is there, but not ready: look into its log, or wait",
        _ => "it refuses even an empty write: see that url is that of a receiver of remote write",
    };
    Finding::fail(name, why, then)
}

/// A directory that cannot be opened ends the agent; in one that cannot be written to nothing waits but in memory.
fn place(receiver: &RemoteWrite) -> Option<Finding> {
    let dir = receiver.spool.dir.as_ref()?;
    let what = format!("spool {}", dir.display());
    // The nearest that is there: the agent makes the rest.
    let there = dir.ancestors().find(|folder| folder.exists())?;
    match spool::attempt(dir) {
        Ok(()) => {}
        Err(OpenError::InUse { .. }) => {
            let then = "nothing, if that is this agent; another needs a spool.dir of its own";
            return Some(Finding::warn(what, "an agent that runs has it", then));
        }
        Err(OpenError::Dir { error, .. }) => {
            let then = "choose another spool.dir, or give the agent's user the right to make and read it";
            return Some(Finding::fail(what, format!("it cannot be opened: {error}"), then));
        }
        Err(error) => return Some(Finding::fail(what, error.to_string(), "correct spool")),
    }
    let access = rustix::fs::access(there, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
    Some(match access {
        Ok(()) => Finding::ok(what, "it can be written to"),
        Err(error) => Finding::fail(
            what,
            format!("{} cannot be written to: {error}", there.display()),
            "give the agent's user the right to write there, or choose another spool.dir",
        ),
    })
}
