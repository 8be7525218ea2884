//! The page of a target.

/// Ten families with four labels a series; values move with each reading.
pub(crate) fn page(series: usize, round: u64) -> String {
    let mut text = String::with_capacity(series * 96);
    for number in 0..series {
        let family = number % 10;
        if number < 10 {
            text.push_str(&format!(
                "# HELP requests_{family}_total Requests.\n# TYPE requests_{family}_total counter\n"
            ));
            // All of a family stand together.
            for member in (number..series).step_by(10) {
                text.push_str(&format!(
                    "requests_{family}_total{{method=\"GET\",route=\"/api/v1/things/{member}\",status=\"200\",zone=\"eu\"}} {}\n",
                    round + member as u64
                ));
            }
        }
    }
    text
}
