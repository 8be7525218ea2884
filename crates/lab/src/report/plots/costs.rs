//! What an instance costs, in bytes and in CPU.

use super::super::plot::Plot;
use super::super::plot::rows::Rows;
use super::super::pool::{CPU, Pool};
use super::super::words;
use super::{row, way};

/// The pictures that have figures.
pub fn all(pool: &Pool, paths: &[String]) -> Vec<Plot> {
    [bytes(pool, paths), cpu(pool, paths)].into_iter().flatten().collect()
}

fn bytes(pool: &Pool, paths: &[String]) -> Option<Plot> {
    const MEASURE: &str = "bytes_per_pod_minute";
    let rows = paths
        .iter()
        .filter_map(|path| Some(row(MEASURE, path, way(path), pool.get("steady", "", MEASURE, path)?)));
    Rows {
        named: [
            "bytes".to_owned(),
            "Bytes for one instance in a minute".to_owned(),
            "Bytes of both hops with Ethernet headers, for an instance and a minute, by way.".to_owned(),
        ],
        axis: "bytes for an instance and a minute, both hops".to_owned(),
        groups: vec![(String::new(), rows.collect())],
        ..Rows::default()
    }
    .draw()
}

fn cpu(pool: &Pool, paths: &[String]) -> Option<Plot> {
    let parts =
        ["agent", "gateway", "prometheus"].map(|part| (format!("cpu_{part}_seconds_per_minute"), part));
    let mut groups: Vec<_> = parts
        .iter()
        .map(|(measure, part)| {
            let rows = paths.iter().filter_map(|path| {
                Some(row(measure, path, way(path), pool.get("steady", "", measure, path)?))
            });
            (words::program(part).to_owned(), rows.collect::<Vec<_>>())
        })
        .collect();
    let rows =
        paths.iter().filter_map(|path| Some(row(CPU, path, way(path), pool.get("steady", "", CPU, path)?)));
    groups.push(("together".to_owned(), rows.collect()));
    groups.retain(|(_, rows)| !rows.is_empty());
    Rows {
        named: [
            "cpu".to_owned(),
            "CPU of each part in a minute, all instances together".to_owned(),
            "Seconds of CPU, user and system, that agents, gateway and Prometheus need in a minute, by way."
                .to_owned(),
        ],
        axis: "seconds of CPU a minute".to_owned(),
        groups,
        ..Rows::default()
    }
    .draw()
}
