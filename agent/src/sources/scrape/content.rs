//! What a target says that its answer is.

/// How an answer is to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Text 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// A page in a format that we did not ask for.
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
}
