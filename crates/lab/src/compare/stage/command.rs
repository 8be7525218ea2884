//! `ip`, `nft` and `tc`, as the stage calls them: quick, with a limit, and with errors that say what was asked.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::programs::on_path;

/// What none of them takes; coreutils' `timeout` ends them then.
const SECONDS: &str = "20";

/// Runs a program with this on its standard input; returns what it wrote.
pub(super) fn run(program: &str, arguments: &[&str], input: &str) -> anyhow::Result<String> {
    let Some(path) = on_path(program) else {
        bail!("{program} is not on the PATH");
    };
    let mut child = Command::new("timeout")
        .args(["--kill-after=1", SECONDS])
        .arg(path)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A terminal's Ctrl-C is for the lab: cut short, it would look as if the machine could not.
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start timeout (of coreutils) with {program}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ended early says why on its own.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().with_context(|| format!("cannot wait for {program}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let asked = arguments.join(" ");
        bail!("{program} {asked} failed ({}): {}\nit was told:\n{input}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Many `ip` commands at once, one a line; in a namespace where one is named.
pub(super) fn ip(namespace: Option<&str>, lines: &str) -> anyhow::Result<String> {
    match namespace {
        Some(name) => run("ip", &["-n", name, "-batch", "-"], lines),
        None => run("ip", &["-batch", "-"], lines),
    }
}

/// A file of `nft` commands in a namespace; all of it applies, or none.
pub(super) fn nft(namespace: &str, lines: &str) -> anyhow::Result<String> {
    run("ip", &["netns", "exec", namespace, "nft", "-f", "-"], lines)
}
