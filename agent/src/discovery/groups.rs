//! Prometheus' target groups: what `file_sd_configs` and `http_sd_configs` read.
//!
//! Each target has its address and the labels of its group. Labels that begin with `__` say how it is
//! scraped and go; all others become labels of its group at the gateway.

use std::collections::BTreeMap;

use exposition::GroupingKey;
use exposition::name::is_label_name;
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

/// Bytes of one list.
pub(super) const LONGEST: usize = 4 << 20;

/// Targets with labels in common.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    #[serde(default)]
    targets: Vec<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// One target: where it is, and its group at a gateway.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) key: GroupingKey,
    pub(super) url: Url,
}

/// Reads a list, as a whole or not at all.
pub(super) fn parse(text: &str, is_yaml: bool) -> Result<Vec<Group>, String> {
    if text.len() > LONGEST {
        return Err(format!("is over the limit of {LONGEST} bytes"));
    }
    let groups: Vec<Group> = if is_yaml {
        serde_saphyr::from_str(text)
            .map_err(|error| format!("expected target groups: {}", first_line(&error)))?
    } else {
        // What is no JSON at all is not said to be of a wrong type, as its first character would be.
        serde_json::from_str::<IgnoredAny>(text)
            .map_err(|error| format!("expected target groups in JSON: {error}"))?;
        serde_json::from_str(text).map_err(|error| format!("expected target groups: {error}"))?
    };
    let mut names = groups.iter().flat_map(|group| group.labels.keys());
    match names.find(|name| !is_label_name(name) || matches!(name.as_str(), "le" | "quantile")) {
        Some(name) => Err(format!("expected label names other than le and quantile, got \"{name}\"")),
        None => Ok(groups),
    }
}

fn first_line(error: &serde_saphyr::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

impl Group {
    /// Its targets; `form` and `key` are those of the settings, `wrong` gets what is no target.
    pub(super) fn targets(&self, form: &Url, key: &GroupingKey, wrong: &mut Vec<String>) -> Vec<Found> {
        let found = |address: &String| {
            self.target(address, form, key)
                .map_err(|why| wrong.push(format!("target \"{address}\": {why}")))
                .ok()
        };
        self.targets.iter().filter_map(found).collect()
    }

    fn target(&self, address: &str, form: &Url, key: &GroupingKey) -> Result<Found, String> {
        let url = self.url(address, form)?;
        let port = url.port_or_known_default().map_or(String::new(), |port| format!(":{port}"));
        let instance = if address.ends_with(&port) { address.to_owned() } else { format!("{address}{port}") };
        let set = |name: &str| self.labels.get(name).filter(|value| !value.is_empty());
        let mut labels = key.labels().clone();
        labels.insert("instance".to_owned(), instance);
        let own = self
            .labels
            .iter()
            .filter(|(name, value)| !name.starts_with("__") && name.as_str() != "job" && !value.is_empty());
        labels.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        let job = set("job").map_or(key.job(), String::as_str);
        let key = GroupingKey::new(job, labels).map_err(|error| error.to_string())?;
        Ok(Found { key, url })
    }

    /// `__scheme__`, `__metrics_path__` and `__param_*` in place of what the settings' URL has.
    fn url(&self, address: &str, form: &Url) -> Result<Url, String> {
        let set = |name: &str| self.labels.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let scheme = set("__scheme__").unwrap_or(form.scheme());
        if !matches!(scheme, "http" | "https") {
            return Err(format!("expected the scheme http or https, got \"{scheme}\""));
        }
        let expected = || "expected an address such as host:8000".to_owned();
        let at = Url::parse(&format!("{scheme}://{address}")).map_err(|_| expected())?;
        let is_address = !address.contains(['/', '@', '?', '#', '*']) && at.has_host();
        let mut url = form.clone();
        let placed = is_address && url.set_scheme(scheme).is_ok() && url.set_host(at.host_str()).is_ok();
        if !placed || url.set_port(at.port()).is_err() {
            return Err(expected());
        }
        if let Some(path) = set("__metrics_path__") {
            url.set_path(path);
        }
        let params: BTreeMap<&str, &str> = self
            .labels
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("__param_")?, value.as_str())))
            .collect();
        if !params.is_empty() {
            let own = form.query_pairs().filter(|(name, _)| !params.contains_key(name.as_ref()));
            let own: Vec<_> = own.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            url.query_pairs_mut().clear().extend_pairs(own).extend_pairs(params);
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(list: &str, is_yaml: bool) -> (Vec<String>, Vec<String>) {
        let form = Url::parse("http://u:p@*/metrics?a=1&b=2").unwrap();
        let key = "job/api/env/test/instance/*".parse().unwrap();
        let mut wrong = Vec::new();
        let groups = parse(list, is_yaml).unwrap();
        let found = groups.iter().flat_map(|group| group.targets(&form, &key, &mut wrong));
        (found.map(|found| format!("{} {}", found.url, found.key)).collect(), wrong)
    }

    #[test]
    fn json_and_yaml_say_the_same() {
        let json =
            r#"[{"targets":["a:1","b"],"labels":{"env":"prod","__meta_x":"y","job":"j"}},{"targets":[]}]"#;
        let yaml =
            "- targets: ['a:1', b]\n  labels:\n    env: prod\n    __meta_x: y\n    job: j\n- targets: []\n";
        let want = [
            "http://u:p@a:1/metrics?a=1&b=2 job/j/env/prod/instance/a%3A1",
            "http://u:p@b/metrics?a=1&b=2 job/j/env/prod/instance/b%3A80",
        ];
        for (list, is_yaml) in [(json, false), (yaml, true), (json, true)] {
            assert_eq!(found(list, is_yaml), (want.map(str::to_owned).to_vec(), Vec::new()));
        }
    }

    #[test]
    fn labels_say_how_a_target_is_scraped() {
        let list = r#"[{"targets":["a"],"labels":{"__scheme__":"https","__metrics_path__":"/x/y","__param_b":"3 4","instance":"own"}}]"#;
        assert_eq!(found(list, false).0, ["https://u:p@a/x/y?a=1&b=3+4 job/api/env/test/instance/own"]);
        assert_eq!(
            found(r#"[{"targets":["[::1]:9"]}]"#, false).0,
            ["http://u:p@[::1]:9/metrics?a=1&b=2 job/api/env/test/instance/%5B%3A%3A1%5D%3A9"]
        );
    }

    #[test]
    fn what_is_no_target_is_told_and_the_others_stay() {
        let (found, wrong) = found(
            r#"[{"targets":["a:1","b/c","a:x","u@h","",":1"]},{"targets":["a"],"labels":{"__scheme__":"ftp"}}]"#,
            false,
        );
        assert_eq!(found.len(), 1);
        assert_eq!(wrong.len(), 6, "{wrong:?}");
        assert_eq!(wrong[0], "target \"b/c\": expected an address such as host:8000");
    }

    #[test]
    fn a_list_with_a_fault_is_refused_as_a_whole() {
        for (list, is_yaml, part) in [
            (
                "[{\"targets\": [1]}]",
                false,
                "expected target groups: invalid type: integer `1`, expected a string at line 1 column 15",
            ),
            ("{}", false, "expected target groups: invalid type: map"),
            ("{bad", false, "expected target groups in JSON: key must be a string at line 1 column 2"),
            ("[{\"target\": []}]", false, "unknown field `target`"),
            ("[{\"labels\": {\"a-b\": \"c\"}}]", false, "got \"a-b\""),
            ("[{\"labels\": {\"le\": \"c\"}}]", false, "got \"le\""),
            ("- targets: [a\n", true, "expected target groups"),
            ("", false, "expected target groups"),
        ] {
            let error = parse(list, is_yaml).unwrap_err();
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}
