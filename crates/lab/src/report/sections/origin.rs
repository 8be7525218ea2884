//! Where each figure comes from: the files, their sums, the machines, versions and settings.

use super::super::document::{Block, Table};
use super::super::markup::plain;
use super::super::source::Source;
use super::heading;

pub(super) fn add(sources: &[Source], blocks: &mut Vec<Block>) {
    blocks.push(heading(2, "origin", "Where the figures come from"));
    blocks.push(Block::Text("Each figure is a median over the runs of these files; a run's scenario, cohort, way and measure name its cell.".to_owned()));
    for source in sources {
        let of = &source.results;
        let machine = &of.machine;
        let pairs = |pairs: &std::collections::BTreeMap<String, String>| {
            let each = pairs.iter().map(|(name, value)| format!("{} {}", plain(name), plain(value)));
            each.collect::<Vec<_>>().join(", ")
        };
        let loads = of
            .runs
            .iter()
            .flat_map(|run| run.load_average)
            .fold((f64::INFINITY, 0.0_f64), |(low, high), load| (low.min(load), high.max(load)));
        let gigabytes = machine.memory_bytes as f64 / f64::from(1 << 30);
        let mut rows = vec![
            ("File", format!("`{}`, by `pushpull-lab {}`", source.name, of.command)),
            ("SHA-256", format!("`{}`", source.sum)),
            ("Made", plain(&of.made)),
            (
                "Machine",
                format!("{}, {} cores, {gigabytes:.1} GiB", plain(&machine.processor), machine.cores),
            ),
            ("System", format!("{}, {}", plain(&machine.system), plain(&machine.kernel))),
            ("Versions", pairs(&of.versions)),
            ("Settings", pairs(&of.settings)),
            ("Seed", of.seed.to_string()),
        ];
        if loads.0.is_finite() {
            rows.push(("Runs", format!("{}, at a load of {:.1} to {:.1}", of.runs.len(), loads.0, loads.1)));
        }
        let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
        let head = vec![String::new(), String::new()];
        blocks.push(Block::Table(Table {
            id: String::new(),
            caption: String::new(),
            head,
            rows,
            prose: true,
        }));
    }
}
