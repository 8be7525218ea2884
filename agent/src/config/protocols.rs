//! What a target is asked for, under Prometheus' own names.

use serde::{Deserialize, Serialize};

/// A format of pages (Prometheus: `scrape_protocols`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScrapeProtocol {
    /// Delimited protobuf: the only one with native histograms.
    #[serde(rename = "PrometheusProto")]
    Protobuf,
    /// OpenMetrics 1.0.0: exemplars, and when counters began.
    #[serde(rename = "OpenMetricsText1.0.0")]
    OpenMetrics1,
    /// OpenMetrics 0.0.1, its draft.
    #[serde(rename = "OpenMetricsText0.0.1")]
    OpenMetrics0,
    /// Text 0.0.4.
    #[serde(rename = "PrometheusText0.0.4")]
    Text,
}

use ScrapeProtocol::{OpenMetrics0, OpenMetrics1, Protobuf, Text};

impl ScrapeProtocol {
    /// How many there are.
    pub const COUNT: usize = 4;

    /// Where samples go to a receiver of remote write, as Prometheus asks.
    pub const FOR_SAMPLES: &[Self] = &[OpenMetrics1, OpenMetrics0, Text];

    /// The same where native histograms are wanted.
    pub const FOR_NATIVES: &[Self] = &[Protobuf, OpenMetrics1, OpenMetrics0, Text];

    /// Where pages go to gateways and pulls only, see `docs/decisions/0100-what-a-scrape-asks-for.md`.
    pub const FOR_PAGES: &[Self] = &[Text, OpenMetrics1, OpenMetrics0];

    /// What is asked for where nobody says it: with native histograms or not, written to receivers or not.
    pub fn usual(natives: bool, writes: bool) -> &'static [Self] {
        match (natives, writes) {
            (true, _) => Self::FOR_NATIVES,
            (false, true) => Self::FOR_SAMPLES,
            (false, false) => Self::FOR_PAGES,
        }
    }

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Protobuf => "PrometheusProto",
            OpenMetrics1 => "OpenMetricsText1.0.0",
            OpenMetrics0 => "OpenMetricsText0.0.1",
            Text => "PrometheusText0.0.4",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Protobuf => {
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            }
            OpenMetrics1 => "application/openmetrics-text;version=1.0.0",
            OpenMetrics0 => "application/openmetrics-text;version=0.0.1",
            Text => "text/plain;version=0.0.4",
        }
    }

    /// The `Accept` header for these, the first preferred, as Prometheus builds it (`scrape/scrape.go`,
    /// `acceptHeader`): weights fall by a tenth from the number of known formats, and anything will do at last.
    pub fn accept(wanted: &[Self]) -> String {
        let highest = Self::COUNT + 1;
        let weights = (0..=highest).rev();
        let media_types = wanted.iter().map(|one| one.media_type()).chain(["*/*"]);
        let each = media_types.zip(weights).map(|(media_type, weight)| format!("{media_type};q=0.{weight}"));
        each.collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_falls_in_weight_as_prometheus_has_it() {
        assert_eq!(
            ScrapeProtocol::accept(ScrapeProtocol::FOR_SAMPLES),
            "application/openmetrics-text;version=1.0.0;q=0.5,\
             application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
        );
        assert_eq!(ScrapeProtocol::accept(&[Text]), "text/plain;version=0.0.4;q=0.5,*/*;q=0.4");
        let all = ScrapeProtocol::accept(ScrapeProtocol::FOR_NATIVES);
        assert!(all.starts_with("application/vnd.google.protobuf;proto=") && all.ends_with("*/*;q=0.1"));
    }

    #[test]
    fn names_are_those_of_the_settings() {
        for one in ScrapeProtocol::FOR_NATIVES {
            assert_eq!(toml::Value::try_from(one).unwrap().as_str(), Some(one.name()));
        }
    }
}
