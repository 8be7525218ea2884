//! Settings: layers, places, and every mistake in one run.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::config::{ByteSize, Layers, Loaded, Mistakes, OneOrMany, Secret, load, load_checked};
use service::logs::directives;

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    #[serde(with = "service::config::duration")]
    interval: Duration,
    strict: bool,
    identity: Identity,
    scrape: OneOrMany<Scrape>,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Identity {
    job: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Secret>,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Scrape {
    url: String,
    #[serde(default = "ten")]
    samples: usize,
    #[serde(default = "mebibyte")]
    body: ByteSize,
}

fn ten() -> usize {
    10
}

fn mebibyte() -> ByteSize {
    ByteSize(1 << 20)
}

impl Default for Settings {
    fn default() -> Self {
        let scrape = OneOrMany(vec![Scrape { url: "http://a".to_owned(), samples: 10, body: mebibyte() }]);
        Self { interval: Duration::from_secs(15), strict: false, identity: Identity::default(), scrape }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self { job: "api".to_owned(), password: None }
    }
}

fn layers(text: &str, env: &[(&str, &str)]) -> (Layers, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("a.toml");
    std::fs::write(&file, text).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    (Layers { file: Some(file), env_prefix: "T", env, ..Layers::default() }, folder)
}

fn loaded(text: &str, env: &[(&str, &str)]) -> Result<Loaded<Settings>, Mistakes> {
    let (layers, _folder) = layers(text, env);
    load(&layers)
}

fn mistakes(text: &str, env: &[(&str, &str)]) -> Vec<String> {
    let lines = loaded(text, env).unwrap_err().to_string();
    // Without the folder, which differs from run to run.
    lines.lines().map(|line| line.split_once("a.toml").map_or(line, |(_, rest)| rest).to_owned()).collect()
}

#[test]
fn nothing_set_means_the_defaults() {
    let layers = Layers { env_prefix: "T", ..Layers::default() };
    assert_eq!(load::<Settings>(&layers).unwrap().settings, Settings::default());
}

#[test]
fn later_layers_win_and_places_are_known() {
    let text =
        "interval = \"1m30s\"\n[identity]\njob = \"file\"\n[[scrape]]\nurl = \"http://b\"\nbody = \"2KiB\"\n";
    let env =
        [("T__IDENTITY__JOB", "12"), ("T__SCRAPE__0__SAMPLES", "7"), ("T__STRICT", "true"), ("TX__A", "b")];
    let (layers, _folder) = layers(text, &env);
    let Loaded { settings, places } =
        load::<Settings>(&layers.flag("--job", "identity.job", Some("flag"))).unwrap();
    assert_eq!(settings.interval, Duration::from_secs(90));
    assert_eq!((settings.identity.job.as_str(), settings.strict), ("flag", true));
    let scrape = &settings.scrape.0[0];
    assert_eq!((scrape.url.as_str(), scrape.samples, scrape.body), ("http://b", 7, ByteSize(2048)));
    assert!(places.of("interval").to_string().ends_with("a.toml:1:1"));
    assert!(places.of("scrape[0].url").to_string().ends_with("a.toml:5:1"));
    assert_eq!(places.of("scrape[0].samples").to_string(), "environment variable T__SCRAPE__0__SAMPLES");
    assert_eq!(places.of("identity.job").to_string(), "flag --job");
    assert_eq!(places.of("identity.password").to_string(), "default");
}

#[test]
fn a_single_table_is_a_list_of_one() {
    let settings = loaded("[scrape]\nurl = \"http://c\"\n", &[]).unwrap().settings;
    assert_eq!(settings.scrape.0.len(), 1);
    let settings = loaded("", &[("T__SCRAPE__0__SAMPLES", "3")]).unwrap().settings;
    assert_eq!((settings.scrape.0[0].url.as_str(), settings.scrape.0[0].samples), ("http://a", 3));
    let settings = loaded("", &[("T__SCRAPE__SAMPLES", "4")]).unwrap().settings;
    assert_eq!(settings.scrape.0[0].samples, 4);
    let single = "[scrape]\nurl = \"http://c\"\n";
    let settings = loaded(single, &[("T__SCRAPE__0__SAMPLES", "5")]).unwrap().settings;
    assert_eq!((settings.scrape.0[0].url.as_str(), settings.scrape.0[0].samples), ("http://c", 5));
    let env = [("T__SCRAPE__1__URL", "http://f"), ("T__SCRAPE__1__SAMPLES", "4")];
    let settings = loaded("[[scrape]]\nurl = \"http://c\"\n", &env).unwrap().settings;
    assert_eq!((settings.scrape.0.len(), settings.scrape.0[1].samples), (2, 4));
    let env = [("T__SCRAPE", "[{url = \"http://d\"}, {url = \"http://e\", samples = 3}]")];
    let settings = loaded("", &env).unwrap().settings;
    assert_eq!((settings.scrape.0[1].url.as_str(), settings.scrape.0[1].samples), ("http://e", 3));
}

#[test]
fn all_mistakes_are_told_at_once_with_line_and_nearest_name() {
    let text = "intervall = \"1s\"\nstrict = \"yes\"\n[identity]\njob = 5\nzzz = 1\n[[scrape]]\nurl = \"http://a\"\nsamples = -1\n[[scrape]]\nsamples = 5\n";
    let env = [("T__INTERVAL", "soon"), ("T__IDENTITY__JOBB", "x"), ("T__SCRAPE__0__SAMPLES", "many")];
    let found = mistakes(text, &env);
    let want = [
        ":1:1: unknown key `intervall`: did you mean `interval`?",
        ":2:10: strict: invalid type: string \"yes\", expected a boolean",
        ":4:7: identity.job: invalid type: integer `5`, expected a string",
        ":5:1: unknown key `zzz`: expected one of job, password",
        ":8:11: scrape[0].samples: invalid value: integer `-1`, expected usize",
        ":9:1: scrape[1]: missing field `url`",
        "environment variable T__IDENTITY__JOBB: unknown key `jobb`: did you mean `job`?",
    ];
    for line in want {
        assert!(found.iter().any(|found| found == line), "{line}\nin\n{}", found.join("\n"));
    }
    let env = |name: &str| found.iter().any(|line| line.starts_with(&format!("environment variable {name}")));
    assert!(env("T__INTERVAL") && env("T__SCRAPE__0__SAMPLES"), "{found:?}");
    assert_eq!(found.len(), 9, "{}", found.join("\n"));
}

#[test]
fn what_a_check_of_all_finds_is_told_with_the_rest() {
    let check = |loaded: &Loaded<Settings>| {
        let Loaded { settings, places } = loaded;
        let mut mistakes = Mistakes::default();
        for (at, scrape) in settings.scrape.0.iter().enumerate() {
            if !scrape.url.starts_with("http") {
                let key = format!("scrape[{at}].url");
                mistakes.add(&places.of(&key), &key, format!("no URL: {}", scrape.url));
            }
        }
        if settings.interval.as_secs() < 60 {
            let place = places.of("interval");
            mistakes.add(&places.of("identity.job"), "identity.job", format!("15s is short ({place})"));
            mistakes.add(&place, "interval", "short");
        }
        mistakes.into_result()
    };
    let told = |text: &str, env: &[(&str, &str)]| {
        let (layers, folder) = layers(text, env);
        let told = load_checked(&layers, check).map(|_| ()).unwrap_err().to_string();
        told.replace(&format!("{}/", folder.path().display()), "")
    };
    // The second item is left out, and those behind it keep their numbers.
    let text = "intervall = \"1s\"\n[[scrape]]\nurl = \"a\"\n[[scrape]]\nsamples = 1\n[[scrape]]\nurl = \"b\"\nsamples = -1\n[[scrape]]\nurl = \"c\"\n";
    let want = [
        "a.toml:1:1: unknown key `intervall`: did you mean `interval`?",
        "a.toml:8:11: scrape[2].samples: invalid value: integer `-1`, expected usize",
        "a.toml:4:1: scrape[1]: missing field `url`",
        "environment variable T__STRICT: strict: expected true or false, got \"maybe\"",
        "a.toml:3:1: scrape[0].url: no URL: a",
        "a.toml:7:1: scrape[2].url: no URL: b",
        "a.toml:10:1: scrape[3].url: no URL: c",
        "default: identity.job: 15s is short (default)",
        "default: interval: short",
    ];
    let mut found: Vec<String> = told(text, &[("T__STRICT", "maybe")]).lines().map(str::to_owned).collect();
    let mut want = want.map(str::to_owned);
    found.sort();
    want.sort();
    assert_eq!(found, want);
    // What is said only because a value was left out is not said.
    assert_eq!(told("interval = \"1mm\"\n", &[]).lines().count(), 1);
    assert_eq!(told("", &[("T__INTERVAL", "1mm")]).lines().count(), 1);
}

#[test]
fn text_of_the_environment_must_read_as_what_the_field_is() {
    for (variable, text, want) in [
        ("T__SCRAPE__0__SAMPLES", "yes", "scrape[0].samples: expected a whole number from 0, got \"yes\""),
        ("T__SCRAPE__0__SAMPLES", "1.5", "scrape[0].samples: expected a whole number from 0, got \"1.5\""),
        ("T__SCRAPE__0__SAMPLES", "-1", "scrape[0].samples: expected a whole number from 0, got \"-1\""),
        ("T__STRICT", "on", "strict: expected true or false, got \"on\""),
        ("T__STRICT", "1", "strict: expected true or false, got \"1\""),
    ] {
        let found = mistakes("", &[(variable, text)]);
        assert_eq!(found, [format!("environment variable {variable}: {want}")]);
    }
    let settings =
        loaded("", &[("T__IDENTITY__JOB", "yes"), ("T__SCRAPE__0__SAMPLES", " 12 ")]).unwrap().settings;
    assert_eq!((settings.identity.job.as_str(), settings.scrape.0[0].samples), ("yes", 12));
}

#[test]
fn a_level_is_one_or_the_nearest_is_named() {
    for good in ["info", "WARN", "info,agent=debug", "off", "warn,service::server=trace"] {
        assert_eq!(directives(good).as_deref(), Ok(good));
    }
    for (bad, hint) in [
        ("inof", ": did you mean \"info\"?"),
        ("a=b=c", ""),
        ("", ""),
        ("info,agent", ""),
        ("info,agent=verbos", ""),
    ] {
        let told = directives(bad).unwrap_err();
        let want = format!("directives such as \"info,agent=debug\", got \"{bad}\"{hint}");
        assert!(told.ends_with(&want), "{told}");
    }
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    let found = mistakes("interval = \n", &[]);
    assert!(found[0].starts_with(":1:1"), "{found:?}");
    let missing = Layers { file: Some("/nowhere/agent.toml".into()), env_prefix: "T", ..Layers::default() };
    let told = load::<Settings>(&missing).unwrap_err().to_string();
    assert!(told.starts_with("/nowhere/agent.toml: cannot be read: No such file"), "{told}");
}

#[test]
fn secrets_are_never_shown() {
    let Loaded { settings, places } = loaded("[identity]\npassword = \"hunter2\"\n", &[]).unwrap();
    let shown = format!("{settings:?}{}", places.describe(&settings).unwrap());
    assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
    assert_eq!(settings.identity.password.unwrap().expose(), "hunter2");
}

#[test]
fn what_is_described_can_be_read_again() {
    let Loaded { settings, places } = loaded("interval = \"2s\"\n", &[]).unwrap();
    let described = places.describe(&settings).unwrap();
    assert!(described.contains("a.toml:1:1") && described.contains("# default"), "{described}");
    assert_eq!(loaded(&described, &[]).unwrap().settings.interval, settings.interval);
}

#[test]
fn a_far_index_is_a_mistake_and_no_list_of_that_length() {
    for index in ["1000", "100000000", "99999999999999999999999"] {
        let name = format!("T__SCRAPE__{index}__URL");
        let said = mistakes("", &[(&name, "http://a")]);
        let want = format!(
            "environment variable {name}: scrape[{index}].url: expected an index below 1000, got {index}"
        );
        assert_eq!(said, [want]);
    }
}

#[test]
fn a_password_may_look_like_a_list_or_a_table() {
    for password in ["[1, 2]", "{a = 1}", "[\"x\"]", "[", "{"] {
        let loaded = loaded("", &[("T__IDENTITY__PASSWORD", password)]).unwrap();
        assert_eq!(loaded.settings.identity.password, Some(Secret::new(password)));
    }
}

#[test]
fn a_secret_of_the_wrong_kind_is_not_shown() {
    for value in ["123456789", "12345.6789", "true", "[123456789]", "{ a = 123456789 }", "2024-01-02"] {
        let said = mistakes(&format!("[identity]\npassword = {value}\n"), &[]);
        assert_eq!(said, [":2:12: identity.password: expected text in quotes"], "{value}");
    }
}

#[test]
fn variables_that_begin_as_settings_do_and_are_none_are_mistakes_with_what_was_meant() {
    for (name, meant) in [
        ("T_INTERVAL", "T__INTERVAL"),
        ("T_IDENTITY_JOB", "T__IDENTITY__JOB"),
        ("T_IDENTITY__JOB", "T__IDENTITY__JOB"),
        ("t__interval", "T__INTERVAL"),
        ("T_Identity_Job", "T__IDENTITY__JOB"),
        // Not among the defaults.
        ("T_IDENTITY_PASSWORD", "T__IDENTITY__PASSWORD"),
        ("T_SCRAPE_URL", "T__SCRAPE__URL"),
        ("T_SCRAPE_0_URL", "T__SCRAPE__0__URL"),
        ("T_INTERVALL", "T__INTERVAL"),
        ("T_IDENTTY_JOB", "T__IDENTITY__JOB"),
    ] {
        let said = mistakes("", &[(name, "hunter2")]);
        assert_eq!(said, [format!("environment variable {name}: unknown name: did you mean {meant}?")]);
    }
    for name in ["T_ZZZ", "T_PORT", "T_SCRAPE_999999999_URL", "T_A_B_C_D_E_F_G_H_I_J_K", "T_", "T_é"] {
        let said = mistakes("", &[(name, "hunter2")]).join("\n");
        assert!(said.starts_with(&format!("environment variable {name}: unknown name: ")), "{said}");
    }
    // All at once, beside other mistakes.
    assert_eq!(mistakes("intervall = 1\n", &[("T_B", ""), ("T_A", ""), ("T__STRICT", "x")]).len(), 4);
}

#[test]
fn what_kubernetes_says_of_services_is_no_mistake() {
    let links = ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP_METRICS", "PORT", "PORT_91_TCP"];
    let more = ["PORT_91_TCP_ADDR", "PORT_53_UDP_PROTO", "METRICS_SERVICE_HOST", "METRICS_PORT_91_TCP_PORT"];
    let names: Vec<String> = links.iter().chain(&more).map(|link| format!("T_{link}")).collect();
    let env: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "tcp://10.0.0.1:91")).collect();
    // Neither is what only looks like ours.
    let env = [&env[..], &[("T", "x"), ("TA_B", "x"), ("T-A", "x"), ("é_", "x")]].concat();
    assert_eq!(loaded("", &env).unwrap().settings, Settings::default());
}

#[test]
fn a_setting_whose_value_is_no_text_is_a_mistake() {
    let (layers, _folder) = layers("", &[]);
    let garbled = vec!["T__INTERVAL".to_owned(), "PATH".to_owned()];
    let said = load::<Settings>(&Layers { garbled, ..layers }).unwrap_err().to_string();
    assert_eq!(said, "environment variable T__INTERVAL: expected UTF-8, got other bytes");
}

#[test]
fn a_file_without_end_is_a_mistake() {
    let layers = Layers { file: Some("/dev/zero".into()), env_prefix: "T", ..Layers::default() };
    let said = load::<Settings>(&layers).unwrap_err().to_string();
    assert_eq!(said, "/dev/zero: is too long: expected at most 16MiB");
}
