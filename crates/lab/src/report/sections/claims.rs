//! The article's claims beside what was measured: holds, does not hold, or holds only because of something.

use super::super::document::id;
use super::super::markup::link;
use super::super::pool::{Pool, Spread};
use super::super::{shown, words};

/// Below this a rate was not reached.
const REACHED: f64 = 0.98;
/// What the article says: below 500 ms, and 2–3 %.
const SECONDS: f64 = 0.5;
const SHARE: f64 = 0.03;
const NEAR: f64 = 0.02;
const LEAST: f64 = 0.02;
/// What a request of the article takes, in seconds: its sleep is uniform from 0.1 to 0.5.
const REQUEST: f64 = 0.3;

/// A line of the table: what is claimed, of what, what was measured, and whether it holds.
pub(super) type Claim = [String; 4];

pub(super) fn all(pool: &Pool) -> Vec<Claim> {
    let mut claims = Vec::new();
    for path in ["article-app", "our-api"] {
        claims.extend(script(pool, path));
    }
    for path in ["article-app", "our-api"] {
        claims.extend(latency(pool, path));
    }
    for (scenario, path) in ratios(pool) {
        claims.extend(ratio(pool, &scenario, &path));
    }
    for path in ["article-app", "our-api"] {
        claims.extend(instances(pool, path));
    }
    claims
}

/// The claim of 2–3 % in sentences.
pub(super) fn overhead(pool: &Pool) -> Vec<String> {
    let each = ratios(pool).into_iter().filter_map(|(scenario, path)| ratio(pool, &scenario, &path));
    each.map(|[_, of, measured, verdict]| format!("{of}: {measured}. The article's 2–3 %: **{verdict}**."))
        .collect()
}

/// All cells that have a ratio of CPU.
fn ratios(pool: &Pool) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for scenario in pool.named("overhead/") {
        let mut keys: Vec<_> =
            pool.all(scenario).filter(|(key, _)| key.measure == "cpu_ratio").map(|(key, _)| key).collect();
        keys.sort_by_key(|key| (key.path.clone(), key.cohort.clone()));
        all.extend(
            keys.into_iter().map(|key| (scenario.to_owned(), format!("{}\n{}", key.path, key.cohort))),
        );
    }
    all
}

/// The load was the one that the article names.
fn script(pool: &Pool, path: &str) -> Option<Claim> {
    let rates = pool.named("article/").into_iter().filter_map(|scenario| {
        let get = |measure| pool.get(scenario, "script", measure, path).map(|of| of.side.median);
        Some((scenario, get("achieved_rate")?, get("requested_rate")?))
    });
    let rates: Vec<(&str, f64, f64)> = rates.collect();
    let each = rates.iter().map(|(scenario, sent, asked)| {
        let (sent, asked) = (shown::value("achieved_rate", *sent), shown::value("requested_rate", *asked));
        link(&format!("{sent} of {asked}"), &id(&[scenario]))
    });
    let measured: Vec<String> = each.collect();
    let holds = rates.iter().all(|(_, sent, asked)| *sent >= REACHED * asked);
    let verdict = if holds { "holds" } else { "does not hold: the script sends fewer" };
    (!rates.is_empty()).then(|| {
        let claim = "its script loads at the rates that are named";
        [claim.to_owned(), words::path(path).to_owned(), measured.join("; "), verdict.to_owned()]
    })
}

fn latency(pool: &Pool, path: &str) -> Option<Claim> {
    const HIGH: &str = "article/high";
    let get = |cohort: &str, measure: &str| pool.get(HIGH, cohort, measure, path);
    let told = |cohort: &str| {
        let (rate, p99) = (get(cohort, "achieved_rate")?, get(cohort, "latency_p99_seconds")?);
        let asked = get(cohort, "requested_rate").map_or(100.0, |asked| asked.side.median);
        // What failed was not answered, however soon.
        let answered = get(cohort, "success_ratio").map_or(1.0, |share| share.side.median);
        Some((rate.side.median * answered, asked, p99.side.median))
    };
    let say = |(rate, asked, p99): (f64, f64, f64)| {
        format!(
            "{} of {} answered, p99 {}",
            shown::value("achieved_rate", rate),
            shown::value("requested_rate", asked),
            shown::value("latency_p99_seconds", p99)
        )
    };
    let (script, open) = (told("script"), told("open-asked"));
    let holds = |(rate, asked, p99): (f64, f64, f64)| rate >= REACHED * asked && p99 < SECONDS;
    let verdict = match (script, open) {
        // The sleep alone is up to 500 ms: what is nearer than this is decided by chance.
        (_, Some(open)) if holds(open) && open.2 > SECONDS - NEAR => {
            "holds, barely: nearly all of it is the request's own sleep of up to 500 ms".to_owned()
        }
        (_, Some(open)) if holds(open) => "holds".to_owned(),
        (Some((rate, asked, p99)), Some(open)) if p99 < SECONDS && rate < REACHED * asked => format!(
            "holds only because the script sent {} instead of {}; at the rate asked for: {}",
            shown::value("achieved_rate", rate),
            shown::value("requested_rate", asked),
            say(open)
        ),
        (_, Some((rate, asked, _))) if rate < REACHED * asked => {
            "does not hold: the rate is not reached".to_owned()
        }
        (_, Some(_)) => "does not hold: p99 is above 500 ms".to_owned(),
        (Some(script), None) if holds(script) => "holds, by the article's own script".to_owned(),
        (Some(_), None) => "cannot be told: only the article's script was run".to_owned(),
        (None, None) => return None,
    };
    let measured = [("its script", script), ("an open loop", open)];
    let measured: Vec<String> = measured
        .into_iter()
        .filter_map(|(name, one)| one.map(|one| format!("{name}: {}", say(one))))
        .collect();
    Some([
        "below 500 ms at 100 requests a second".to_owned(),
        words::path(path).to_owned(),
        link(&measured.join("; "), &id(&[HIGH])),
        verdict,
    ])
}

fn ratio(pool: &Pool, scenario: &str, cell: &str) -> Option<Claim> {
    let (path, cohort) = cell.split_once('\n')?;
    let of = pool.get(scenario, cohort, "cpu_ratio", path)?;
    let (low, high) = bounds(of);
    let added = |value: f64| format!("{:+.1} %", (value - 1.0) * 100.0).replace('-', "−");
    // The article measures the time of a request, most of which is its own sleep.
    let time = |measure: &str| pool.get(scenario, cohort, measure, path).map(|of| of.side.median);
    let of_time = time("cpu_per_request_seconds")
        .zip(time("cpu_per_request_bare_seconds"))
        .map(|(with, bare)| (with - bare) / REQUEST);
    let verdict = if low > 1.0 + SHARE {
        match of_time {
            Some(share) if share < LEAST => {
                "does not hold: of the CPU of a request it is more, of its time far less"
            }
            _ => "does not hold: it is more",
        }
    } else if high <= 1.0 + SHARE {
        "holds: it is not more"
    } else {
        "cannot be told: the interval has both"
    };
    let name = scenario.trim_start_matches("overhead/");
    let name = if cohort.is_empty() { name.to_owned() } else { format!("{name}, {cohort}") };
    let mut measured = format!("CPU {} ({} to {})", added(of.side.median), added(low), added(high));
    if let Some(share) = of_time {
        measured.push_str(
            &format!(", of the 300 ms of the article's request {:+.2} %", share * 100.0).replace('-', "−"),
        );
    }
    Some([
        "instruments add 2–3 %".to_owned(),
        super::super::markup::plain(&name),
        link(&measured, &id(&[scenario])),
        verdict.to_owned(),
    ])
}

/// The interval of a single repeat, else the range over repeats.
fn bounds(of: &Spread) -> (f64, f64) {
    of.interval.map_or((of.least, of.most), |[low, high]| (low, high))
}

fn instances(pool: &Pool, path: &str) -> Option<Claim> {
    const MANY: &str = "article/instances";
    // The cohorts begin with how many there are, or are just that.
    let count =
        |cohort: &str| cohort.chars().filter(char::is_ascii_digit).collect::<String>().parse::<f64>().ok();
    let mut all: Vec<(f64, &Spread, String)> = Vec::new();
    for (key, of) in pool.all(MANY).filter(|(key, _)| key.path == path && key.measure == "achieved_rate") {
        all.extend(count(&key.cohort).map(|count| (count, of, key.cohort.clone())));
    }
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let ((one, alone, _), (most, together, cohort)) = (all.first()?, all.last()?);
    let asked = pool.get(MANY, cohort, "requested_rate", path);
    let each = |count: f64, of: &Spread| of.side.median / count;
    let expected = asked.map_or(each(*one, alone) * most, |asked| asked.side.median);
    let up = pool.get(MANY, cohort, "up", path)?.side.median >= 1.0;
    let answered = pool.get(MANY, cohort, "success_ratio", path).map_or(1.0, |share| share.side.median);
    let scales = together.side.median * answered >= REACHED * expected;
    let measured = format!(
        "{one} instance: {}; {most} instances: {} of {}",
        shown::value("achieved_rate", alone.side.median),
        shown::value("achieved_rate", together.side.median),
        shown::value("requested_rate", expected)
    );
    let verdict = match (scales, up) {
        (true, true) => "holds",
        (false, _) => "does not hold here: the rate is not reached",
        (true, false) => "does not hold: an instance was not scraped",
    };
    Some([
        "several instances without a loss".to_owned(),
        words::path(path).to_owned(),
        link(&measured, &id(&[MANY])),
        verdict.to_owned(),
    ])
}
