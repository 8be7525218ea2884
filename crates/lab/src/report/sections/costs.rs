//! What each way costs while nothing happens.

use super::super::document::Block;
use super::super::plots;
use super::super::pool::{CPU, Pool};
use super::{figures, heading};

pub(super) fn add(pool: &Pool, blocks: &mut Vec<Block>) {
    blocks.push(heading(2, "costs", "What each way costs"));
    let has = |path: &String| pool.all("steady").any(|(key, _)| key.cohort.is_empty() && key.path == *path);
    let paths: Vec<String> = pool.paths("steady").into_iter().filter(has).collect();
    if paths.is_empty() {
        blocks.push(Block::Text(
            "Costs were not measured: the scenario `steady` is not in these results.".to_owned(),
        ));
        return;
    }
    blocks.push(Block::Text(
        "From the scenario `steady`, which runs with nothing beside it. Bytes are those of both hops with Ethernet headers; \
         an agent scrapes its API without the wire. CPU is user and system time of all processes of a part. The API itself \
         serves all ways at once, so that its own cost stands alone."
            .to_owned(),
    ));
    blocks.extend(plots::costs::all(pool, &paths).into_iter().map(Block::Plot));
    let mut table = figures::by_measure(
        pool,
        "steady",
        "",
        &paths,
        "**Costs**, of all instances together unless it says otherwise",
    );
    // One figure each repeat: its n says nothing.
    table.head.pop();
    table.rows.iter_mut().for_each(|row| {
        row.pop();
    });
    blocks.push(Block::Table(table));
    if pool.get("steady", "", "bytes_per_minute", "pull-static").is_none() {
        blocks
            .push(Block::Text("Bytes were not counted: that needs root and network namespaces.".to_owned()));
    }
    if pool.get("steady", "", CPU, "pull-static").is_some() {
        blocks.push(Block::Text(
            "The CPU of all but the API is the sum of the rows above it; all else is as measured.".to_owned(),
        ));
    }
}
