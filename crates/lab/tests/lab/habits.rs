//! Tests wait for conditions and take free ports; this reads their source and says where one does not.

use std::path::{Path, PathBuf};

const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Sleeps that are no waiting: parts of a double that is slow on purpose, moments of chance, and time that is
/// simulated. File, and a part of the line.
const NO_WAITING: &[(&str, &str)] = &[
    ("crates/service/tests/service/servers.rs", "from_millis(milliseconds)"),
    ("agent/tests/agent/flow.rs", "from_millis(130)"),
    ("agent/tests/agent/last_breath.rs", "sleep(phase)"),
    ("agent/tests/agent/fleet.rs", "tokio::time::sleep("),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|name| name == "rs") {
            found.push(path);
        }
    }
}

/// Each line of each file below a folder `tests`, as `file:line: text`.
fn faults(wrong: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut files = Vec::new();
    sources(Path::new(PROJECT), &mut files);
    files.sort();
    let mut read = 0;
    let mut faults = Vec::new();
    for file in files {
        let name = file.strip_prefix(PROJECT).unwrap().display().to_string();
        if !name.split('/').any(|part| part == "tests") || name.ends_with("habits.rs") {
            continue;
        }
        read += 1;
        for (number, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            if wrong(&name, line) {
                faults.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(read > 20, "only {read} files of tests were found");
    faults
}

/// A port that an ordinary user can listen on, written out behind an address of this machine.
fn fixed_port(line: &str) -> bool {
    ["127.0.0.1:", "localhost:", "0.0.0.0:", "[::1]:", "127.0.0.1\", ", "LOCALHOST, "].iter().any(|host| {
        line.split(host).skip(1).any(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u32>().is_ok_and(|port| port >= 1024)
        })
    })
}

#[test]
fn no_test_sleeps_a_fixed_time() {
    let excused =
        |name: &str, line: &str| NO_WAITING.iter().any(|(file, part)| name == *file && line.contains(part));
    let faults = faults(|name, line| line.contains("sleep(") && !excused(name, line));
    assert!(faults.is_empty(), "wait for a condition instead of a time:\n{}", faults.join("\n"));
}

#[test]
fn no_test_has_a_port_of_its_own() {
    for (line, wrong) in [
        ("bind(\"127.0.0.1:8000\")", true),
        ("connect((\"127.0.0.1\", 9091))", true),
        ("(Ipv4Addr::LOCALHOST, 4278)", true),
        ("bind(\"127.0.0.1:0\")", false),
        ("http://127.0.0.1:9/nobody", false),
        ("format!(\"127.0.0.1:{port}\")", false),
    ] {
        assert_eq!(fixed_port(line), wrong, "{line}");
    }
    let faults = faults(|_, line| fixed_port(line));
    assert!(faults.is_empty(), "take port 0 and ask which it is:\n{}", faults.join("\n"));
}
