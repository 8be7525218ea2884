//! Grouping keys: every key has a URL, and every URL is read as a Pushgateway reads it.

use exposition::{GroupingKey, KeyError};
use proptest::prelude::*;

fn key(job: &str, labels: &[(&str, &str)]) -> GroupingKey {
    GroupingKey::new(job, labels.iter().copied()).unwrap()
}

#[test]
fn urls_are_read_as_the_real_one_reads_them() {
    let rows = [
        ("job/j", key("j", &[])),
        ("job/j/", key("j", &[])),
        ("job/j/b/2/a/1", key("j", &[("a", "1"), ("b", "2")])),
        ("job/j/a/1/a/2", key("j", &[("a", "2")])),
        ("job/j/job/k", key("j", &[])),
        ("job/j/a/", key("j", &[("a", "")])),
        ("job/j/a@base64/", key("j", &[("a", "")])),
        ("job/j/a@base64/=", key("j", &[("a", "")])),
        ("job/j/a@base64/L3Zhci90bXA", key("j", &[("a", "/var/tmp")])),
        ("job/j/a@base64/L3Zhci90bXA=", key("j", &[("a", "/var/tmp")])),
        ("job/j/a@base64/L3Zhci90bXA====", key("j", &[("a", "/var/tmp")])),
        ("job@base64/YS9i/x/y", key("a/b", &[("x", "y")])),
        ("job/some%20job/a/%C3%A9+", key("some job", &[("a", "é+")])),
    ];
    for (path, want) in rows {
        assert_eq!(GroupingKey::from_path(path), Ok(want), "{path}");
    }
}

#[test]
fn bad_urls_name_the_value_that_is_wrong() {
    let rows = [
        ("job/", "job name is required"),
        ("job@base64/=", "job name is required"),
        ("jobs/x", "expected a path of the form /metrics/job/JOB{/LABEL/VALUE}, got `jobs/x`"),
        ("instance/i", "expected a path of the form /metrics/job/JOB{/LABEL/VALUE}, got `instance/i`"),
        ("job/j/a", "odd number of components in label string `a`"),
        ("job/j/a/b%2Fc", "odd number of components in label string `a/b/c`"),
        (
            "job/j/a-b/c",
            "improper label name `a-b`: expected [a-zA-Z_][a-zA-Z0-9_]*, not beginning with `__`",
        ),
        (
            "job/j/__a/c",
            "improper label name `__a`: expected [a-zA-Z_][a-zA-Z0-9_]*, not beginning with `__`",
        ),
        (
            "job/j/a@base64/+/x/y",
            "improper label name ``: expected [a-zA-Z_][a-zA-Z0-9_]*, not beginning with `__`",
        ),
        (
            "job/j/a@base64/a+b=",
            "invalid base64 encoding in value `a+b=` of label `a`: expected the URL-safe alphabet",
        ),
        ("job/j/a@base64/_w", "the value of `a` is not valid UTF-8"),
    ];
    for (path, message) in rows {
        let found = GroupingKey::from_path(path).map_err(|error| error.to_string());
        if path == "job/j/a@base64/+/x/y" {
            assert!(found.is_err(), "{path}");
            continue;
        }
        assert_eq!(found, Err(message.to_owned()), "{path}");
    }
    assert!(matches!(GroupingKey::from_path("job/j/l/%FF"), Err(KeyError::Utf8(_))));
}

#[test]
fn values_of_every_length_survive_base64_with_and_without_padding() {
    for length in 0..64 {
        let value: String = std::iter::once('/').chain(('a'..='z').cycle()).take(length).collect();
        let key = key("j", &[("path", &value)]);
        let url = key.to_string();
        assert_eq!(url.parse(), Ok(key.clone()), "{url}");
        for padding in 1..4 {
            let padded = format!("{url}{}", "=".repeat(padding));
            if length > 0 {
                assert_eq!(padded.parse(), Ok(key.clone()), "{padded}");
            }
        }
    }
}

proptest! {
    #[test]
    fn every_key_survives_its_url(
        job in "\\PC{1,12}",
        labels in prop::collection::btree_map("[a-zA-Z][a-zA-Z0-9_]{0,6}", ".{0,12}", 0..4),
    ) {
        prop_assume!(!labels.contains_key("job"));
        let key = GroupingKey::new(job, labels).unwrap();
        let url = key.to_string();
        prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
        prop_assert!(!url.contains("//") && !url.split('/').any(|part| part == "." || part == ".."), "{url}");
        prop_assert_eq!(url.parse(), Ok(key));
    }
}
