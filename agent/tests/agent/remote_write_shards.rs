//! Shards by need: more where the receiver is slower than what comes, fewer when that is over, each series in
//! its order all the while. The agent's clocks go faster, as it decides in ten seconds and in minutes.

use std::process::Command;
use std::time::Duration;

use super::compliance::site::{TEXT, Target, receiver, samples, settings};
use super::process::{eventually, start_with};
use super::strict::{Answer, Mode, Strict};

/// So many seconds of the agent pass in one.
const FASTER: u32 = 40;

#[test]
fn shards_grow_with_what_waits_and_go_when_little_comes() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("faster.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/agent/faster.c");
    let made = Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(source).status();
    assert!(made.is_ok_and(|status| status.success()), "cc is needed, as for Rust's own linking");
    // Eight requests of 50 ms a scrape, and one each 200 ms: one shard is too slow, and so are two.
    let page: String = (0..400).map(|at| format!("f{{at=\"{at}\"}} {at}\n")).collect();
    let (target, strict) = (Target::new(TEXT, &page), Strict::new(Mode::Both));
    strict.always(Answer::Usual.after(Duration::from_millis(50)));
    let more = "max_samples_per_send = 50\ntimeout = \"1h\"\nshards = { min = 1, max = 4 }";
    let tables = [target.table("i1", ""), receiver(&strict, more)];
    let text = settings("8s", &tables).replace("\"200ms\"\n\n", "\"8s\"\n").replace("\"5s\"", "\"400s\"");
    let faster = FASTER.to_string();
    let mut agent = start_with(&text, &[("LD_PRELOAD", library.to_str().unwrap()), ("FASTER", &faster)]);
    let shards = || agent.value("pushpull_agent_remote_write_shards");
    eventually("one shard", || shards() == Some(1.0));
    eventually("four shards", || shards() == Some(4.0));
    let least = || {
        let names = strict.names("f");
        let least = names.iter().map(|name| samples(&strict, name).len()).min().unwrap_or(0);
        if names.len() == 400 { least } else { 0 }
    };
    let before = least();
    eventually("samples of theirs", || least() >= before + 2);
    target.shows("f{at=\"0\"} 0\n");
    strict.always(Answer::Usual);
    eventually("one shard again", || shards() == Some(1.0));
    let one = || samples(&strict, "f{at=\"0\",instance=\"i1\",job=\"j\"}").len();
    let before = one();
    eventually("samples of its", || one() >= before + 2);
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    let log = agent.log();
    for change in ["from=1 to=2", "from=2 to=4", "from=4 to=2", "from=2 to=1"] {
        assert!(log.contains(change), "{change}\nin\n{log}");
    }
    // What overtook another sample of its series is named by the receiver.
    strict.clean("shards by need");
    assert!(strict.owed().is_empty(), "{:?}", strict.owed());
    // Every scrape whole: all series of the page have the same times, but for the one that stayed.
    let times = |name: &String| strict.taken(name).iter().map(|point| point.at).collect::<Vec<_>>();
    let names = strict.names("f");
    let all: std::collections::HashSet<Vec<i64>> =
        names.iter().filter(|name| !name.contains("at=\"0\"")).map(times).collect();
    assert_eq!(all.len(), 1, "series of one page have {} different histories", all.len());
}
