//! What is wrong with receivers of remote write, as a running agent has it.

use serde_json::Value;

use crate::probe::Finding;

/// What becomes of samples that were given up, and what to do.
const GIVEN_UP: &[(&str, &str)] = &[
    ("bytes", "the spool was full: raise spool.max_bytes"),
    ("age", "they waited for too long: raise spool.max_age"),
    ("disk", "the spool's disk took nothing: see that it has room and works"),
    ("broken", "the spool's disk gave back other bytes than were written: check the disk"),
    ("intake", "the spool's disk is slower than what is read: read less often, or take another disk"),
    ("out_of_order", "the clock went back, or a page shows old timestamps: honor_timestamps = false"),
    ("duplicate", "two lines of a page are one series: look at its labels, and at write_relabel_configs"),
    ("labels", "labels that no receiver takes: look at write_relabel_configs"),
    ("too_large", "series that no record has room for: drop them by write_relabel_configs"),
];

/// One finding for each that does not take everything.
pub(super) fn check(status: &Value) -> Vec<Finding> {
    let all = status["receivers"].as_array().into_iter().flatten();
    all.flat_map(one).collect()
}

fn one(receiver: &Value) -> Vec<Finding> {
    let what = format!("writes to {}", receiver["name"].as_str().unwrap_or_default());
    // Its words, and not the fields of the agent's log after them.
    let words = receiver["last_error"].as_str().unwrap_or_default();
    let words = words.split(" endpoint=").next().unwrap_or_default();
    let waiting = match receiver["oldest_time_seconds"].as_f64() {
        Some(_) => format!("{} samples wait", receiver["waiting"]),
        None => "samples wait".to_owned(),
    };
    let mut found = Vec::new();
    let mut fails = |why, then: &str| found.push(Finding::fail(what.clone(), why, then));
    match receiver["state"].as_str() {
        Some("held") => {
            let why = format!("it does not let the agent in, and {waiting}: {words}");
            fails(why, "correct the user or token of this endpoint");
        }
        Some("retrying") => {
            let why = format!("the last one failed, and {waiting}");
            fails(why, "its line below says why; where that is ok, the agent's log («write failed»)");
        }
        Some("refusing") => {
            let then = "look into its log: what it refuses for good is lost";
            fails(format!("it refuses samples: {words}"), then);
        }
        _ => {}
    }
    if let Some(trouble) = receiver["spool_trouble"].as_str() {
        let why = format!("its spool is in memory alone: {trouble}");
        fails(why, "see that the disk of spool.dir has room and can be written to");
    }
    for (reason, samples) in receiver["dropped_by_reason"].as_object().into_iter().flatten() {
        let known = GIVEN_UP.iter().find(|(known, _)| known == reason);
        let then = known.map_or("look into the agent's log", |(_, then)| then);
        let why = format!("{samples} samples were given up since the agent started ({reason})");
        found.push(Finding::warn(what.clone(), why, then));
    }
    found
}
