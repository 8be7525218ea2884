//! For how long the dead still show, and how soon they are noticed.

use super::super::plot::Plot;
use super::super::plot::rows::{Row, Rows};
use super::super::pool::{Pool, Spread};
use super::super::shown;
use super::{row, way};

pub(super) fn ghosts(pool: &Pool) -> Option<Plot> {
    const MEASURE: &str = "ghost_max_seconds";
    let groups = [("kill", "killed"), ("term", "stopped in order")]
        .into_iter()
        .map(|(cohort, name)| {
            let one = |path: &String| Some(ghost(path, pool.get("ghosts", cohort, MEASURE, path)?));
            (name.to_owned(), pool.paths("ghosts").iter().filter_map(one).collect::<Vec<_>>())
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    Rows {
        named: [
            "ghosts".to_owned(),
            "For how long a dead instance still shows, at most".to_owned(),
            "Seconds from an instance's end to the last query that still returned its counter, by way, logarithmic. \
             An arrow marks those that had not ended when the run did."
                .to_owned(),
        ],
        axis: "seconds after its end, logarithmic; an arrow: still there when the run ended".to_owned(),
        log: true,
        groups,
        ..Rows::default()
    }
    .draw()
}

fn ghost(path: &str, of: &Spread) -> Row {
    let mut row = row("ghost_max_seconds", path, way(path), of);
    if of.censored > 0 {
        row.open = true;
        row.spread = None;
        let never = if of.side.unended { "none ended" } else { "not all ended" };
        row.text = format!("{} or more, {never}", shown::value("ghost_max_seconds", of.side.median));
    }
    row
}

pub(super) fn noticed(pool: &Pool) -> Option<Plot> {
    const MEASURE: &str = "detection_max_seconds";
    let what = [
        ("ghosts", "kill", "instance and agent are killed"),
        ("api-crash", "crash", "only the instance is killed"),
        ("agent-crash", "crash", "only the agent is killed"),
    ];
    let groups = what
        .into_iter()
        .map(|(scenario, cohort, name)| {
            let one = |path: &String| {
                let of = pool.get(scenario, cohort, MEASURE, path)?;
                let mut row = row(MEASURE, path, way(path), of);
                row.open = of.censored > 0;
                if row.open {
                    row.text = format!("{} or more: not noticed by all", row.text);
                }
                Some(row)
            };
            (name.to_owned(), pool.paths(scenario).iter().filter_map(one).collect::<Vec<_>>())
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    Rows {
        named: [
            "detection".to_owned(),
            "How soon a death is noticed, without a false alarm, at most".to_owned(),
            "Seconds from a death to the first sign that an alert can stand on, by way and by what died."
                .to_owned(),
        ],
        axis: "seconds".to_owned(),
        groups,
        ..Rows::default()
    }
    .draw()
}
