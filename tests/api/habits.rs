//! How tests of this workspace wait and listen: for conditions, and on free ports.
//!
//! A fixed time is too short on a busy machine and too long on every other; a fixed port is somebody's.

use std::path::{Path, PathBuf};

/// All Rust files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The lines of all tests, with where they stand and the line before each.
fn lines_of_tests() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let crates = std::fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    for package in [root.to_owned(), root.join("agent")].into_iter().chain(crates) {
        for folder in ["src", "tests"].map(|name| package.join(name)).into_iter().filter(|path| path.is_dir())
        {
            sources(&folder, &mut files);
        }
    }
    let mut lines = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let shown = file.strip_prefix(root).unwrap().display().to_string();
        // This file names what it looks for.
        if shown.ends_with("habits.rs") {
            continue;
        }
        let mut testing = shown.contains("tests/");
        let mut before = String::new();
        for (at, line) in text.lines().enumerate() {
            testing |= line.contains("#[cfg(test)]") || line.contains("#[cfg(all(test,");
            if testing {
                lines.push((format!("{shown}:{}: {line}", at + 1), line.to_owned(), before.clone()));
            }
            line.clone_into(&mut before);
        }
    }
    assert!(lines.len() > 1000, "only {} lines of tests were found", lines.len());
    lines
}

#[test]
fn no_test_waits_for_a_fixed_time() {
    // What a double does may take its time; the line above says so.
    let waits = lines_of_tests().into_iter().filter(|(_, line, before)| {
        line.contains("sleep(")
            && !line.trim_start().starts_with("//")
            && !before.trim_start().starts_with("//")
    });
    assert_eq!(waits.map(|(shown, ..)| shown).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn no_test_listens_on_a_fixed_port() {
    let hosts = ["127.0.0.1:", "localhost:", "0.0.0.0:", "[::1]:", "127, 0, 0, 1], ", "\"127.0.0.1\", "];
    let fixed = |line: &str| {
        hosts.iter().any(|host| {
            line.match_indices(host).any(|(at, _)| {
                let digits = line[at + host.len()..].chars().take_while(char::is_ascii_digit);
                // Nobody listens on the ports 1 and 9: they stand for a gateway that is not there.
                digits.collect::<String>().parse::<u16>().is_ok_and(|port| ![0, 1, 9].contains(&port))
            })
        })
    };
    // Beside the sources are tests of pure values, to which an address is only a text.
    let opens = |line: &str| ["bind(", "connect(", "listen"].iter().any(|word| line.contains(word));
    let found = lines_of_tests()
        .into_iter()
        .filter(|(shown, line, _)| fixed(line) && (shown.contains("tests/") || opens(line)));
    assert_eq!(found.map(|(shown, ..)| shown).collect::<Vec<_>>(), Vec::<String>::new());
}
