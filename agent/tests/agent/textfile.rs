//! Files with pages: read as `node_exporter`'s textfile collector reads them, and none takes another with it.

use std::path::Path;
use std::time::Instant;

use super::doubles::Double;
use super::peers;
use super::process::{eventually, run, start};

fn settings(gateway: &Double, path: &Path, more: &str) -> String {
    format!(
        "interval = \"500ms\"\nscrape = []\n[identity]\ninstance = \"i\"\n[host]\nenabled = false\n\
         [[push]]\nurl = \"{}\"\n[[textfile]]\npath = \"{}\"\n{more}",
        gateway.url,
        path.display()
    )
}

fn last(gateway: &Double) -> String {
    gateway.seen_of("PUT /metrics/job/textfile/instance/i").pop().map_or(String::new(), |put| put.body)
}

fn pipe(path: &Path) {
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn files_that_are_broken_are_named_and_the_others_go_on() {
    let (gateway, folder) = (Double::gateway(), tempfile::tempdir().unwrap());
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.prom"), "# HELP a One.\n# TYPE a counter\na{job=\"own\"} 1\n").unwrap();
    std::fs::write(at("b.prom"), "a{job=\"own\"} 2\n").unwrap();
    std::fs::write(at("c.prom"), "# TYPE c counter\nc 3\nup 7\n").unwrap();
    std::fs::write(at("d.prom"), "# TYPE c counter\nc 4\nd 4\n").unwrap();
    std::fs::write(at("no.txt"), "x 1\n").unwrap();
    std::fs::write(at("syntax.prom"), "x{ 1\n").unwrap();
    std::fs::write(at("stamped.prom"), "x 1 1700000000000\n").unwrap();
    std::fs::File::create(at("huge.prom")).unwrap().set_len(1 << 40).unwrap();
    std::fs::create_dir(at("folder.prom")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", at("zero.prom")).unwrap();
    std::os::unix::fs::symlink(at("nowhere"), at("gone.prom")).unwrap();
    pipe(&at("pipe.prom"));
    let agent = start(&settings(&gateway, folder.path(), "limits = { body = \"1MiB\" }\n"));
    eventually("a push", || !last(&gateway).is_empty());
    let page = last(&gateway);
    for line in ["a{exported_job=\"own\"} 1\n", "c 3\n", "d 4\n", "up 1\n", "node_textfile_scrape_error 1\n"]
    {
        assert!(page.contains(line), "{line} in {page}");
    }
    let mtime = format!("node_textfile_mtime_seconds{{file=\"{}\"}} 1", at("a.prom").display());
    assert!(page.contains(&mtime) && page.matches("node_textfile_mtime_seconds{").count() == 3, "{page}");
    assert!(!page.contains("x ") && !page.contains("c 4") && !page.contains("up 7"), "{page}");
    let log = agent.log();
    for (name, why) in [
        ("b.prom", "says that a is a untyped, in "),
        ("syntax.prom", "line 1, column 4"),
        ("stamped.prom", "has timestamps"),
        ("huge.prom", "is over the limit of "),
        ("folder.prom", "is no regular file"),
        ("zero.prom", "is no regular file"),
        ("gone.prom", "cannot be read: No such file"),
        ("pipe.prom", "is no regular file"),
    ] {
        let named =
            log.lines().any(|line| line.contains(&at(name).display().to_string()) && line.contains(why));
        assert!(named, "{name} {why} in {log}");
    }
    assert!(log.contains("samples are left out: up{} of "), "{log}");
    // Once they are gone, all is well.
    let good = ["a.prom", "no.txt"];
    for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
        if entry.path().is_dir() && !entry.path().is_symlink() {
            std::fs::remove_dir(entry.path()).unwrap();
        } else if !good.iter().any(|good| entry.file_name() == *good) {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    eventually("no errors", || last(&gateway).contains("node_textfile_scrape_error 0\n"));
    assert!(!last(&gateway).contains("c 3"), "{}", last(&gateway));
}

#[test]
fn a_file_that_is_not_there_is_down_until_it_is() {
    let (gateway, folder) = (Double::gateway(), tempfile::tempdir().unwrap());
    let file = folder.path().join("page");
    let agent = start(&settings(&gateway, &file, "job = \"textfile\"\n"));
    eventually("down", || last(&gateway).contains("up 0\n"));
    assert!(last(&gateway).contains("node_textfile_scrape_error 1\n"), "{}", last(&gateway));
    let failures = "pushpull_agent_collection_failures_total{";
    let named = |line: &str| {
        line.starts_with(failures) && line.contains("reason=\"no_file\"") && !line.ends_with(" 0")
    };
    eventually("the reason", || agent.metrics().lines().any(named));
    std::fs::write(&file, "a 1\n").unwrap();
    eventually("up", || last(&gateway).contains("up 1\n") && last(&gateway).contains("a 1\n"));
    // A pipe in its place hangs whoever opens it.
    std::fs::remove_file(&file).unwrap();
    pipe(&file);
    eventually("down again", || last(&gateway).contains("up 0\n"));
    let began = Instant::now();
    assert_eq!(peers::request(agent.port, "POST", "/-/flush", b"").unwrap().0, 200);
    assert!(began.elapsed().as_secs() < 3);
}

#[test]
fn groups_of_files_are_their_own() {
    let text = "[host]\nenabled = false\n[[textfile]]\npath = \"/tmp/a\"\n[[textfile]]\npath = \"/tmp/b\"\n\
                [[textfile]]\npath = \"/tmp/c\"\njob = \"node\"\n[[scrape]]\nurl = \"http://a\"\n\
                discovery = \"dns\"\nexit_file = \"/tmp/x\"\n";
    let (code, said) = run(text, &["check"], &[]);
    assert_eq!(code, Some(2), "{said}");
    for part in [
        "agent.toml:6:1: textfile[1].path: the group job/textfile/instance/",
        "give one of them a job or an instance",
        "textfile[2].job: the group job/node/instance/",
        "exit_file: set beside discovery: one file cannot be that of several targets",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// Families by name with type and help, and samples as name, file and value.
fn told(text: &str) -> (Vec<String>, Vec<(String, f64)>) {
    let page = exposition::Page::parse(text.to_owned(), &exposition::Limits::NONE).unwrap();
    let ours = |name: &str| name.starts_with("node_textfile_") || name.starts_with("batch_");
    let families = page.families().filter(|family| ours(family.name()));
    let mut families: Vec<String> =
        families.map(|family| format!("{} {} {:?}", family.name(), family.kind(), family.help())).collect();
    let samples = page.samples().filter(|sample| ours(sample.name()));
    let mut samples: Vec<(String, f64)> = samples
        .map(|sample| (format!("{} {:?}", sample.name(), sample.label("file")), sample.value()))
        .collect();
    families.sort();
    samples.sort_by(|left, right| left.0.cmp(&right.0));
    (families, samples)
}

#[test]
fn the_real_collector_says_the_same_of_these_files() {
    let (gateway, folder) = (Double::gateway(), tempfile::tempdir().unwrap());
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("a.prom", "# HELP batch_ok Whether it worked.\n# TYPE batch_ok gauge\nbatch_ok{file=\"x\"} 1\n");
    file("b.prom", "# HELP batch_runs_total Runs.\n# TYPE batch_runs_total counter\nbatch_runs_total 7\n");
    file(
        "stamped.prom",
        "# HELP batch_stamped S.\n# TYPE batch_stamped gauge\nbatch_stamped 1 1700000000000\n",
    );
    file("syntax.prom", "batch_broken{ 1\n");
    let arguments = |port| {
        let textfile = format!("--collector.textfile.directory={}", folder.path().display());
        let listen = format!("--web.listen-address=127.0.0.1:{port}");
        vec!["--collector.disable-defaults".to_owned(), "--collector.textfile".to_owned(), textfile, listen]
    };
    let real = peers::start("prometheus-node-exporter", arguments, "/metrics");
    let agent = start(&settings(&gateway, folder.path(), ""));
    eventually("a push", || !last(&gateway).is_empty());
    let real = told(&peers::request(real.port, "GET", "/metrics", b"").unwrap().1);
    let ours = told(&last(&gateway));
    assert_eq!(ours.0, real.0, "{}", agent.log());
    let names = |samples: &[(String, f64)]| samples.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&ours.1), names(&real.1));
    // node_exporter 1.5 cuts modification times to whole seconds.
    assert!(
        ours.1.iter().zip(&real.1).all(|(ours, real)| (ours.1 - real.1).abs() < 1.0),
        "{ours:?} {real:?}"
    );
    assert_eq!(ours.1.len(), 5, "{ours:?}");
}
