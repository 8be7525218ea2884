//! What is asked for on the command line.

use std::time::Duration;

use clap::Args;
use glob::Pattern;

use super::{Orders, Rules};
use crate::config::ReapSettings;

/// Flags of `pushpull-agent reap`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Lifetime of all groups since their last push, such as 5m; else the settings hold.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    older_than: Option<Duration>,
    /// Only groups whose job fits this pattern with * and ?.
    #[arg(long, value_name = "GLOB")]
    job: Option<Pattern>,
    /// Only groups with this label; may be given several times.
    #[arg(long = "match", value_name = "LABEL=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Delete them.
    #[arg(long)]
    yes: bool,
    /// Go on at each interval; says of itself at /metrics on --listen.
    #[arg(long)]
    watch: bool,
}

impl Arguments {
    /// What is to be done; nothing where nobody says how long groups live.
    pub fn orders(self, settings: &ReapSettings) -> Option<Orders> {
        let rules = Rules::new(settings, self.older_than, self.job, self.labels)?;
        Some(Orders { rules, yes: self.yes, watch: self.watch })
    }
}

/// `LABEL=VALUE`.
fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected LABEL=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
