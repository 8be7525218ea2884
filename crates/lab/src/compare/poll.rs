//! What a user would see at each moment: one query to each Prometheus every quarter of a second.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::observed::{Poll, Seen};
use super::path::Path;
use super::pod::now;
use crate::prometheus::{Point, Prometheus};

/// Between two polls of one Prometheus.
const EVERY: Duration = Duration::from_millis(250);
/// The counter, what says whether an instance lives, and when its group was pushed or its last `up` was written.
const QUERY: &str = "{__name__=~\"app_requests_total|up|push_time_seconds\", job=\"api\"}";

/// The place of an instance by its label, which differs between ways.
pub type Places = HashMap<String, usize>;

/// The same where nothing pushes a time: the sample of `up` has one. `or` looks at labels without the name, hence one more.
const QUERY_WRITTEN: &str = "{__name__=~\"app_requests_total|up\", job=\"api\"} or label_replace(label_replace(\
                             timestamp(up{job=\"api\"}), \"of\", \"up\", \"\", \"\"), \"__name__\", \"push_time_seconds\", \"\", \"\")";

/// The polls of all ways.
#[derive(Debug)]
pub struct Polling {
    tasks: JoinSet<(Path, Vec<Poll>, usize)>,
    stop: CancellationToken,
}

impl Polling {
    /// Begins; a slow Prometheus delays nobody but itself.
    pub fn begin(servers: Vec<(Path, Prometheus, Places)>) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for (path, prometheus, places) in servers {
            tasks.spawn(poll(path, prometheus, places, stop.clone()));
        }
        Self { tasks, stop }
    }

    /// Ends, and returns all in the order of time, with notes of those that failed.
    pub async fn end(mut self) -> (Vec<Poll>, Vec<String>) {
        self.stop.cancel();
        let (mut all, mut notes) = (Vec::new(), Vec::new());
        while let Some(ended) = self.tasks.join_next().await {
            let Ok((path, polls, failed)) = ended else { continue };
            if failed > 0 {
                notes.push(format!("{}: {failed} of {} polls failed", path.name(), failed + polls.len()));
            }
            all.extend(polls);
        }
        all.sort_by(|one, other| one.ended.total_cmp(&other.ended));
        (all, notes)
    }
}

async fn poll(
    path: Path,
    prometheus: Prometheus,
    places: Places,
    stop: CancellationToken,
) -> (Path, Vec<Poll>, usize) {
    let mut ticks = tokio::time::interval(EVERY);
    // A slow answer is followed by the next poll in its turn, not by all that were due meanwhile.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut polls, mut failed) = (Vec::new(), 0);
    let query = if path == Path::RemoteWrite { QUERY_WRITTEN } else { QUERY };
    loop {
        tokio::select! {
            () = stop.cancelled() => return (path, polls, failed),
            _ = ticks.tick() => {}
        }
        let began = now();
        match prometheus.query(query).await {
            Ok(points) => polls.push(Poll { path, began, ended: now(), seen: seen(&points, &places) }),
            Err(_) => failed += 1,
        }
    }
}

/// What the answer says of each instance; series of others, such as the gateway's own, are left out.
fn seen(points: &[Point], places: &Places) -> Vec<Seen> {
    let mut by_pod: HashMap<usize, Seen> = HashMap::new();
    for point in points {
        let label = |name: &str| point.labels.get(name).and_then(|value| value.as_str()).unwrap_or("");
        let Some(&pod) = places.get(label("instance")) else { continue };
        let seen = by_pod.entry(pod).or_insert(Seen { pod, ..Seen::default() });
        match label("__name__") {
            "app_requests_total" => seen.value = Some(point.value),
            "up" => seen.up = Some(point.value),
            _ => seen.pushed = Some(point.value),
        }
    }
    let mut seen: Vec<Seen> = by_pod.into_values().collect();
    seen.sort_by_key(|seen| seen.pod);
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_one_line_for_each_instance_and_others_are_left_out() {
        let point = |name: &str, instance: &str, value| Point {
            labels: [("__name__", name), ("instance", instance)]
                .map(|(name, value)| (name.to_owned(), value.into()))
                .into_iter()
                .collect(),
            value,
        };
        let places = Places::from([("a".to_owned(), 4), ("b".to_owned(), 2)]);
        let points = [
            point("app_requests_total", "a", 7.0),
            point("up", "a", 1.0),
            point("up", "b", 0.0),
            point("up", "the gateway", 1.0),
            point("push_time_seconds", "a", 99.5),
        ];
        let seen = seen(&points, &places);
        assert_eq!(seen.len(), 2);
        assert_eq!((seen[0].pod, seen[0].value, seen[0].up, seen[0].pushed), (2, None, Some(0.0), None));
        assert_eq!(
            (seen[1].pod, seen[1].value, seen[1].up, seen[1].pushed),
            (4, Some(7.0), Some(1.0), Some(99.5))
        );
    }
}
