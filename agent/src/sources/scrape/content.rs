//! What a target says that its answer is.

/// How an answer is to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Text 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Messages, which are asked for only where that is set.
    Protobuf,
    /// No page at all, but something for people or programs.
    NoPage,
    /// Prometheus 3 refuses these; older ones read them as text, and so do we.
    Unknown,
}

impl Content {
    /// By the header's media type; neither its case nor its parameters matter.
    pub(super) fn of(content_type: &str) -> Self {
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "text/plain" => Self::Text,
            "application/openmetrics-text" => Self::OpenMetrics,
            "application/vnd.google.protobuf" | "application/x-protobuf" | "application/protobuf" => {
                Self::Protobuf
            }
            "text/html" | "application/xhtml+xml" | "application/json" | "application/xml" | "text/xml" => {
                Self::NoPage
            }
            _ => Self::Unknown,
        }
    }
}

/// Whether messages are such as are asked for: families, each behind its length.
pub(super) fn is_delimited(content_type: &str) -> bool {
    let parameters = content_type.split(';').skip(1).filter_map(|one| one.split_once('='));
    let says = |name: &str, value: &str| {
        let mut all = parameters.clone().map(|(name, value)| (name.trim(), value.trim().trim_matches('"')));
        all.any(|(found, said)| found.eq_ignore_ascii_case(name) && said.eq_ignore_ascii_case(value))
    };
    says("encoding", "delimited") && says("proto", "io.prometheus.client.MetricFamily")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_known_in_any_case_with_any_parameters() {
        for (header, want) in [
            ("text/plain", Content::Text),
            ("Text/Plain; Version=0.0.4; charset=UTF-8", Content::Text),
            ("text/plain;version=1.0.0;escaping=allow-utf-8", Content::Text),
            (" APPLICATION/OpenMetrics-Text ; version=\"1.0.0\"", Content::OpenMetrics),
            ("application/vnd.google.protobuf;proto=x;encoding=delimited", Content::Protobuf),
            ("TEXT/HTML;charset=utf-8", Content::NoPage),
            ("application/octet-stream", Content::Unknown),
            ("", Content::Unknown),
        ] {
            assert_eq!(Content::of(header), want, "{header}");
        }
    }

    #[test]
    fn messages_are_families_behind_their_lengths() {
        for (header, is) in [
            (exposition::protobuf::CONTENT_TYPE, true),
            (
                "application/vnd.google.protobuf;Encoding=\"delimited\";proto=io.prometheus.client.MetricFamily",
                true,
            ),
            ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", false),
            ("application/vnd.google.protobuf", false),
        ] {
            assert_eq!(is_delimited(header), is, "{header}");
        }
    }
}
