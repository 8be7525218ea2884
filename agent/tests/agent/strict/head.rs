//! The line and the headers of a request.

use super::mode::Kind;
use super::rule::{Found, Rule};

#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
}

/// The one content type that is 2.0's; 1.0 has two spellings.
const OF_2_0: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
const OF_1_0: [&str; 2] = ["application/x-protobuf", "application/x-protobuf;proto=prometheus.WriteRequest"];

impl Head {
    /// Without the empty line at its end.
    pub(crate) fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_lowercase(), value.trim().to_owned()))
        };
        Self { method, path, headers: lines.filter_map(header).collect() }
    }

    /// The first of this name; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn length(&self) -> usize {
        self.get("content-length").parse().unwrap_or(0)
    }

    /// What the request says that it is.
    pub(crate) fn kind(&self) -> Kind {
        match self.content_type() {
            _ if self.get("content-encoding") == "zstd" => Kind::Zstd,
            kind if kind.contains("io.prometheus.write.v2.Request") => Kind::V2,
            _ => Kind::V1,
        }
    }

    /// RFC 9110 lets spaces stand around the semicolon.
    fn content_type(&self) -> String {
        self.get("content-type").split(';').map(str::trim).collect::<Vec<_>>().join(";")
    }

    pub(crate) fn judge(&self, found: &mut Found) {
        let kind = self.kind();
        found.unless(self.method == "POST", Rule::Method, || self.method.clone());
        let encoding = self.get("content-encoding");
        let expected = if kind == Kind::Zstd { "zstd" } else { "snappy" };
        found.unless(encoding == expected, Rule::ContentEncoding, || format!("{encoding:?}"));
        let content_type = self.content_type();
        let known = match kind {
            Kind::V2 => content_type == OF_2_0,
            Kind::V1 | Kind::Zstd => OF_1_0.contains(&content_type.as_str()),
        };
        found.unless(known, Rule::ContentType, || format!("{content_type:?} with {kind:?}"));
        let (name, expected) = match kind {
            Kind::V1 => ("x-prometheus-remote-write-version", "0.1.0"),
            Kind::V2 => ("x-prometheus-remote-write-version", "2.0.0"),
            Kind::Zstd => ("x-victoriametrics-remote-write-version", "1"),
        };
        let version = self.get(name);
        found.unless(version == expected, Rule::Version, || format!("{version:?} with {kind:?}"));
        let agent = self.get("user-agent");
        found.unless(is_product(agent), Rule::UserAgent, || format!("{agent:?}"));
        for name in ["content-encoding", "content-type", "user-agent", "x-prometheus-remote-write-version"] {
            let times = self.headers.iter().filter(|(found, _)| found == name).count();
            found.unless(times < 2, Rule::HeaderTwice, || format!("{name} {times} times"));
        }
    }
}

/// `name/version`, with what one likes after it.
fn is_product(agent: &str) -> bool {
    let first = agent.split(' ').next().unwrap_or_default();
    first.split_once('/').is_some_and(|(name, version)| !name.is_empty() && !version.is_empty())
}
