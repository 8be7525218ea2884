//! What the lab promises, and the main job end to end, one module a promise.
#![allow(clippy::unwrap_used, reason = "a failed test helper is a failed test")]

mod agent_page;
mod article;
mod browser;
mod compare;
mod demo;
mod diff;
mod doubles;
mod gateway_page;
mod habits;
mod load;
mod main_job;
mod native;
mod overhead;
#[path = "../../../exposition/tests/exposition/peers.rs"]
#[allow(dead_code, reason = "shared with the tests of exposition, which use all of it")]
mod peers;
mod report;
mod shipped;
mod signals;
mod stage;
mod started;
mod watchers;

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One of our binaries: Cargo builds all of them before it runs the tests of a workspace.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let file = test.parent().and_then(|deps| deps.parent()).unwrap().join(name);
    assert!(
        file.is_file(),
        "{} is not built: run `cargo build --workspace` or `cargo test --workspace`",
        file.display()
    );
    file
}

/// Waits for a condition, and says what it is where it does not come.
fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !condition() {
        assert!(Instant::now() < end, "never came: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
