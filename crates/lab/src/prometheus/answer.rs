//! Vectors and matrices of Prometheus' answers. Values are text in them, since JSON has no NaN.

use anyhow::{Context, bail};
use serde_json::{Map, Value};

/// One series of an instant query.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its labels.
    pub labels: Map<String, Value>,
    /// Its value.
    pub value: f64,
}

/// One series with more than one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: Map<String, Value>,
    /// Unix time in seconds and value, oldest first.
    pub samples: Vec<(f64, f64)>,
}

/// An instant vector.
pub(super) fn points(data: &Value) -> anyhow::Result<Vec<Point>> {
    let point = |result: &Value| Ok(Point { labels: labels(result), value: sample(&result["value"])?.1 });
    results(data, "vector")?.iter().map(point).collect()
}

/// A range vector, or the answer of a range query.
pub(super) fn series(data: &Value) -> anyhow::Result<Vec<Series>> {
    let series = |result: &Value| {
        let samples = result["values"].as_array().context("a series without values")?;
        Ok(Series { labels: labels(result), samples: samples.iter().map(sample).collect::<Result<_, _>>()? })
    };
    results(data, "matrix")?.iter().map(series).collect()
}

fn results<'a>(data: &'a Value, kind: &str) -> anyhow::Result<&'a [Value]> {
    if data["resultType"] != kind {
        bail!("expected a {kind}, got {}", data["resultType"]);
    }
    Ok(data["result"].as_array().map(Vec::as_slice).unwrap_or_default())
}

fn labels(result: &Value) -> Map<String, Value> {
    result["metric"].as_object().cloned().unwrap_or_default()
}

fn sample(pair: &Value) -> anyhow::Result<(f64, f64)> {
    let time = pair[0].as_f64().with_context(|| format!("a sample without a time: {pair}"))?;
    let value = pair[1].as_str().with_context(|| format!("a sample without a value: {pair}"))?;
    Ok((time, value.parse().with_context(|| format!("value {value}"))?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_with_their_times_and_labels() {
        let metric = json!({"__name__": "up", "instance": "a"});
        let data = json!({"resultType": "vector", "result": [{"metric": metric, "value": [1.5, "+Inf"]}]});
        let read = points(&data).unwrap();
        assert_eq!(read[0].labels["instance"], "a");
        assert!(read[0].value.is_infinite());
        let values = json!([[1, "2"], [1.25, "NaN"]]);
        let data = json!({"resultType": "matrix", "result": [{"metric": metric, "values": values}]});
        let read = series(&data).unwrap();
        assert_eq!(format!("{:?}", read[0].samples[0]), "(1.0, 2.0)");
        assert!(read[0].samples[1].1.is_nan());
    }

    #[test]
    fn an_answer_of_another_kind_is_no_empty_answer() {
        let vector = json!({"resultType": "vector", "result": []});
        assert_eq!(series(&vector).unwrap_err().to_string(), "expected a matrix, got \"vector\"");
        assert!(points(&vector).unwrap().is_empty());
        let broken = json!({"resultType": "vector", "result": [{"metric": {}, "value": [1, 2]}]});
        assert!(points(&broken).unwrap_err().to_string().contains("without a value"));
    }
}
