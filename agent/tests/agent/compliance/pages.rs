//! The pages of the run that most cases look at.

/// In text: values, labels, types. `@` stands for a time of a minute ago.
pub(crate) const PLAIN: &str = r#"# HELP requests_total All of them,\nwith a \\ and "quotes".
# TYPE requests_total counter
requests_total{zone="b",Mid="1",_x="2"} 123.45
requests_total{zone="a",Mid="1",_x="2"} 1
# HELP temperature_celsius Of the room.
# TYPE temperature_celsius gauge
temperature_celsius -15.5
# HELP latency_seconds Of requests.
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 1
latency_seconds_bucket{le="2.50"} 100000000
latency_seconds_bucket{le="+Inf"} 1000000000
latency_seconds_sum 250.5
latency_seconds_count 1000000000
# TYPE size_bytes summary
size_bytes{quantile="0.5"} 7
size_bytes_sum 70
size_bytes_count 10
untold 42
zero 0
minus_zero -0
infinite +Inf
minus_infinite -Inf
no_number NaN
largest 1.7976931348623157e308
smallest 5e-324
scientific 1.23e-4
exact 0.1234567890123456789
namespace:subsystem:rate5m 1
of_text{value="São Paulo 東京 🚀",path="C:\\a",said="\"hi\"\nthere"} 1
of_empty{gone="",there="x"} 1
of_clash{job="own",instance="elsewhere"} 1
of_reserved{__meta_x="y",kept="z"} 1
explicit 7 @
"#;

/// In OpenMetrics: exemplars, starts, units.
pub(crate) const OPEN: &str = r#"# HELP jobs Done.
# TYPE jobs counter
jobs_total 17 # {trace_id="abc",span_id="s"} 0.5 1767225600.125
jobs_created 1767225600.5
# HELP wait_seconds Time \"until\" then.
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{le="0.1"} 1 # {my_label="m"} 0.05
wait_seconds_bucket{le="+Inf"} 3
wait_seconds_sum 4.5
wait_seconds_count 3
wait_seconds_created 1767225600.5
# TYPE build info
build_info{version="1.2"} 1
# EOF
"#;

/// What is on the page that cannot be all of it: a label of its own longer than most.
pub(crate) fn long() -> String {
    let (name, value) = ("n".repeat(200), "v".repeat(1500));
    let many: String = (10..40).map(|number| format!("l{number}=\"{number}\",")).collect();
    format!("{name}_total 1\nof_long{{{name}=\"{value}\"}} 1\nof_many{{{many}}} 1\n")
}
