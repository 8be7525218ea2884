//! What a client can take: content types by `Accept` (RFC 9110 section 12.5.1), gzip by `Accept-Encoding`.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Response};

/// A format of a metrics page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text 0.0.4, the one that everyone reads.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Delimited `io.prometheus.client.MetricFamily`.
    Protobuf,
}

/// All lines of a header as one (RFC 9110 section 5.3), without those that are not readable text.
pub fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// The format that the client likes best of those that are `offered`; text where it names none.
pub fn format(accept: Option<&str>, offered: &[Format]) -> Format {
    let mut best = (Format::Text, 0.0);
    for part in split(accept.unwrap_or_default(), ',') {
        let (media, parameters) = media(part);
        let parameter =
            |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let version = parameter("version");
        let found = match media.as_str() {
            "text/plain" if matches!(version, None | Some("0.0.4")) => Format::Text,
            "application/openmetrics-text" if matches!(version, None | Some("1.0.0")) => Format::OpenMetrics,
            "application/vnd.google.protobuf"
                if parameter("proto") == Some("io.prometheus.client.MetricFamily")
                    && parameter("encoding") == Some("delimited") =>
            {
                Format::Protobuf
            }
            _ => continue,
        };
        let weight: f64 = parameter("q").map_or(1.0, |q| q.parse().unwrap_or(0.0));
        if weight > best.1 && (found == Format::Text || offered.contains(&found)) {
            best = (found, weight);
        }
    }
    best.0
}

/// A media type in lower case with its parameters, as `Content-Type` has one (RFC 9110 section 8.3.1).
pub fn media(text: &str) -> (String, Vec<(String, String)>) {
    let mut parts = split(text, ';');
    let media = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    (media, parts.filter_map(parameter).collect())
}

/// A parameter's name in lower case, and its value without quotes.
fn parameter(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=')?;
    let value = value.trim();
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let value = quoted.map_or_else(|| value.to_owned(), |quoted| quoted.replace('\\', ""));
    Some((name.trim().to_ascii_lowercase(), value))
}

/// Splits at separators that do not stand in quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

/// Whether the client takes gzip: named, or meant by `*` where it is not.
pub fn wants_gzip(accept_encoding: Option<&str>) -> bool {
    let mut others = false;
    for part in accept_encoding.unwrap_or_default().split(',') {
        let (coding, q) = part.split_once(';').unwrap_or((part, ""));
        let q = q.trim().to_ascii_lowercase();
        let taken = q.strip_prefix("q=").is_none_or(|q| q.trim().parse() != Ok(0.0));
        match coding.trim() {
            "*" => others = taken,
            coding if coding.eq_ignore_ascii_case("gzip") => return taken,
            _ => {}
        }
    }
    others
}

/// A metrics page as an answer, packed where the client takes that.
pub fn page(body: Vec<u8>, content_type: &'static str, accept_encoding: Option<&str>) -> Response<Vec<u8>> {
    let packed = wants_gzip(accept_encoding);
    described(Response::new(if packed { gzip(&body) } else { body }), content_type, packed)
}

/// The same for a body that is there already.
pub fn described<B>(mut response: Response<B>, content_type: &'static str, packed: bool) -> Response<B> {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
    if packed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Packs a body.
pub fn gzip(body: &[u8]) -> Vec<u8> {
    gzip_pieces([body])
}

/// Packs a body that comes in pieces.
pub fn gzip_pieces(body: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    for piece in body {
        // Writing to a `Vec` cannot fail.
        let _ = packer.write_all(piece.as_ref());
    }
    packer.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Format] = &[Format::OpenMetrics, Format::Protobuf];

    #[test]
    fn the_highest_weight_wins_and_text_is_the_fallback() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let protobuf =
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
        let rows = [
            (None, Format::Text),
            (Some("*/*"), Format::Text),
            (Some("text/html"), Format::Text),
            (Some(prometheus), Format::OpenMetrics),
            (Some(protobuf), Format::Protobuf),
            (Some("application/vnd.google.protobuf"), Format::Text),
            (Some("application/openmetrics-text;q=0.1, text/plain"), Format::Text),
            (Some("application/openmetrics-text; version=0.0.1, text/plain;q=0.5"), Format::Text),
            (
                Some("Application/OpenMetrics-Text; VERSION=\"1.0.0\"; Q=0.9, text/plain;q=0.5"),
                Format::OpenMetrics,
            ),
            (Some("text/html;x=\"a,b;q=1\", application/openmetrics-text"), Format::OpenMetrics),
        ];
        for (accept, want) in rows {
            assert_eq!(format(accept, ALL), want, "{accept:?}");
        }
        assert_eq!(format(Some(protobuf), &[]), Format::Text);
    }

    #[test]
    fn a_header_is_all_of_its_readable_lines() {
        let mut headers = HeaderMap::new();
        assert_eq!(header(&headers, http::header::ACCEPT), None);
        for line in [&b"text/html"[..], b"\xff\xfe", b"application/openmetrics-text"] {
            headers.append(http::header::ACCEPT, HeaderValue::from_bytes(line).unwrap());
        }
        let joined = header(&headers, http::header::ACCEPT);
        assert_eq!(joined.as_deref(), Some("text/html,application/openmetrics-text"));
        assert_eq!(format(joined.as_deref(), ALL), Format::OpenMetrics);
    }

    #[test]
    fn gzip_is_used_only_where_it_is_taken() {
        for (header, want) in [
            (None, false),
            (Some("gzip"), true),
            (Some("br, GZIP;q=0.5"), true),
            (Some("gzip;q=0"), false),
            (Some("identity"), false),
            (Some("*"), true),
            (Some("identity, *;q=0.1"), true),
            (Some("gzip;q=0, *"), false),
            (Some("*;q=0"), false),
        ] {
            assert_eq!(wants_gzip(header), want, "{header:?}");
        }
    }
}
