//! The article's own table of results, done again.

use super::super::document::{Block, Table};
use super::super::plots;
use super::super::pool::Pool;
use super::{claims, heading, overhead};

pub(super) fn add(pool: &Pool, blocks: &mut Vec<Block>) {
    blocks.push(heading(2, "article", "The article's results, measured again"));
    let scenarios = pool.named("article/");
    let claims = claims::all(pool);
    if scenarios.is_empty() && claims.is_empty() {
        blocks.push(Block::Text(
            "The article's scenarios are not in these results: `pushpull-lab article` runs them.".to_owned(),
        ));
        return;
    }
    blocks.push(Block::Text(
        "Its four scenarios on its app and on our API, by three loads: its own script (`script`), an open loop at the rate \
         that was asked for (`open-asked`), and an open loop at the rate that the script really sent (`open-sent`). \
         Latency is from the planned start, so that a server that is behind is seen to be."
            .to_owned(),
    ));
    let head = ["Claim", "Of", "Measured", "It"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = claims
        .into_iter()
        .map(|[claim, of, measured, verdict]| vec![claim, of, measured, format!("**{verdict}**")])
        .collect();
    if !rows.is_empty() {
        blocks.push(Block::Table(Table {
            id: "claims".to_owned(),
            caption: String::new(),
            head,
            rows,
            prose: true,
        }));
    }
    blocks.extend(plots::loads::all(pool, &scenarios).into_iter().map(Block::Plot));
    for scenario in scenarios {
        overhead::each(pool, scenario, blocks);
    }
}
