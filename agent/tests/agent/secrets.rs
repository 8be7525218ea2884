//! No password and no token is shown, wherever it stands.

use super::process::run;

#[test]
fn check_shows_settings_places_and_groups_but_no_secrets() {
    let settings = "[scrape]\nurl = \"http://me:hunter2@127.0.0.1:9/m\"\n[push]\nurl = \"http://127.0.0.1:9\"\nusername = \"u\"\npassword = \"hunter2\"\n[identity]\njob = \"{env:JOB}\"\n";
    let env = [("JOB", "a/b"), ("PUSHPULL_AGENT__INTERVAL", "30s")];
    let (code, said) = run(settings, &["check"], &env);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("hunter2") && said.contains("password = \"***\""), "{said}");
    assert!(said.contains("# environment variable PUSHPULL_AGENT__INTERVAL"), "{said}");
    assert!(said.contains("# group /metrics/job@base64/YS9i/instance/"), "{said}");
}

#[test]
fn check_shows_no_token_that_stands_in_a_url() {
    let settings = "[scrape]\nurl = \"http://hunter2@127.0.0.1:9/m?token=hunter2\"\nhonor_labels = true\n\
                    [push]\nurl = \"http://hunter2@127.0.0.1:9\"\n";
    let (code, said) = run(settings, &["check"], &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("hunter2") && said.contains("\"http://***@127.0.0.1:9/m?token=***\""), "{said}");
}

#[test]
fn what_is_no_url_is_told_without_its_password() {
    let settings = "[scrape]\nurl = \"http://u:hunter2@:99999/\"\n[push]\nurl = \"ftp://u:hunter2@a\"\n";
    let (code, said) = run(settings, &[], &[]);
    assert_eq!(code, Some(2));
    assert!(!said.contains("hunter2") && said.contains("got \"http://***@:99999/\""), "{said}");
}
