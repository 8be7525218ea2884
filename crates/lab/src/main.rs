//! `pushpull-lab`: the demonstration, the whole stack without containers, the load generator, and results compared.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use lab::compare::diff;
use lab::demo::{self, Demo};
use lab::native::{self, Native};
use lab::ports::Choice;
use lab::{article, compare, load, overhead, report};
use service::{crypto, stop};

/// Everything of pushpull in one terminal.
#[derive(Debug, Parser)]
#[command(name = "pushpull-lab", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start gateway, API, agent, a light load, and Prometheus where it is installed.
    Demo {
        #[command(flatten)]
        common: Common,
        /// How often the agent pushes, in seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
        interval: u64,
        /// Leave Prometheus out even where it is installed.
        #[arg(long)]
        without_prometheus: bool,
    },
    /// Start the whole stack without containers, from Debian's packages, Grafana where it is installed.
    Native {
        #[command(flatten)]
        common: Common,
        /// The gateway: the real Pushgateway, or ours in its place.
        #[arg(long, value_name = "real|ours", default_value = "real", value_parser = ["real", "ours"])]
        gateway: String,
        /// Seconds between pushes, scrapes and evaluations of rules; alerts are made for 15.
        #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=60))]
        interval: u64,
        /// The project's folder, with gateway-config and grafana-provisioning.
        #[arg(long, value_name = "DIR", default_value = ".")]
        project: PathBuf,
        /// Where everything is stored.
        #[arg(long, value_name = "DIR", default_value = "var/native")]
        data: PathBuf,
    },
    /// Send requests at planned times, and measure from those.
    ///
    /// Latency counts from the planned start, with the wait for a connection. `requests` are those that are over.
    /// Latencies are of all answers, and of requests that timed out; other failures have none.
    /// `achieved_rate` is what was really sent up to the last start, in a closed loop what was answered.
    /// `not_sent` are requests that found no connection before the drain's end; they count against
    /// success and percentiles in --expect. Ends with 0; 1 where --expect is missed or the URL cannot be
    /// reached; 2 for what cannot be meant; 130 after Ctrl-C, with the partial result.
    Load(Box<load::arguments::Arguments>),
    /// Measure what pull and push deliver, side by side, over real processes.
    ///
    /// Every instance is watched by all ways at once, each with a Prometheus of its own, and writes down
    /// itself what it served. As root the parts are in network namespaces, whose bytes are counted; without
    /// root what needs them is skipped. Ends with 0; 1 where a run failed or nothing could begin;
    /// 130 after Ctrl-C, with all finished runs kept.
    Compare(Box<compare::arguments::Arguments>),
    /// Say what changed between two files of results, beyond noise.
    ///
    /// Compared are medians over repeats, for each scenario, path, cohort and measure. A change is larger than
    /// all of: Student's t at 99.9 % times the standard error by the spread over repeats; 3.29 times that by
    /// the figures' own errors; 1 % of the larger value (10 % where neither is known: one repeat, no error);
    /// and 0.25 s for times that polls measure. So about one figure in a thousand changes by chance.
    /// Settings, versions and machines that differ come first, then what is worse, what is better, and what
    /// is only in one file. Ends with 0 where nothing changed; 1 where something did or is only in one file;
    /// 2 where a file cannot be read.
    Diff(diff::Arguments),
    /// Write the report of results: Markdown with pictures, and one HTML file that needs nothing else.
    ///
    /// Figures are medians over the repeats of all files, with the least and the most. Ends with 0; 1 where a
    /// file cannot be read, files cannot be merged, or nothing can be written; 2 without a file.
    Report(report::Arguments),
    /// Measure what instruments cost, and an agent beside the API, with and without them by turns.
    ///
    /// Our API and the article's app with instruments and without: CPU for a request where as many go as can,
    /// and the latency that is added at a rate. Then our API alone and with an agent beside it. Figures are
    /// medians over rounds, with an interval. Without Python's parts the article's app is skipped.
    /// Ends with 0; 1 where a server fails; 130 after Ctrl-C, with the partial result.
    Overhead(overhead::arguments::Arguments),
    /// Do the article's load tests again, on its app and on our API, and judge its claims.
    ///
    /// Each scenario by three loads: the article's script, which waits for each batch; an open loop at the
    /// asked rate; and one at the rate that the script has really sent. Then several instances that Prometheus
    /// scrapes at once. Ends with 0, whatever holds; 1 where something is missing or fails; 130 after Ctrl-C,
    /// with the partial result.
    Article(article::arguments::Arguments),
    /// Our API for `overhead`, which starts the lab as a child.
    #[command(hide = true)]
    ServeApi(overhead::serve::Arguments),
}

#[derive(Debug, Args)]
struct Common {
    /// Move all usual ports (api 8000, gateway 9091, agent 9102, Prometheus 9090, …) by so many.
    #[arg(long, value_name = "N", default_value_t = 0)]
    port_offset: u16,
    /// `auto` takes free ports.
    #[arg(long, value_name = "auto", value_parser = ["auto"], conflicts_with = "port_offset")]
    ports: Option<String>,
    /// Requests a second to the API.
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = rate)]
    rate: f64,
}

impl Common {
    fn ports(&self) -> Choice {
        if self.ports.is_some() { Choice::Auto } else { Choice::Offset(self.port_offset) }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.01..=1000.0).contains(&rate) => Ok(rate),
        _ => Err(format!("expected a number from 0.01 to 1000, got `{text}`")),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    crypto::install();
    match run(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("pushpull-lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let stop = stop::signals()?;
    match command {
        Command::Demo { common, interval, without_prometheus } => {
            let (ports, rate) = (common.ports(), common.rate);
            demo::run(&Demo { ports, interval, rate, without_prometheus }, stop).await?;
        }
        Command::Native { common, gateway, interval, project, data } => {
            let (ports, rate) = (common.ports(), common.rate);
            let our_gateway = gateway == "ours";
            native::run(&Native { ports, our_gateway, interval, rate, project, data }, stop).await?;
        }
        Command::Compare(arguments) => return compare::command::command(&arguments, stop).await,
        Command::Load(arguments) => return load::command(&arguments, stop).await,
        Command::Diff(arguments) => return diff::command(&arguments),
        Command::Report(arguments) => return report::command(&arguments),
        Command::Overhead(arguments) => return overhead::command(&arguments, stop).await,
        Command::Article(arguments) => return article::command(&arguments, stop).await,
        Command::ServeApi(arguments) => return overhead::serve::command(&arguments, stop).await,
    }
    Ok(ExitCode::SUCCESS)
}
