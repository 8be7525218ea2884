//! 2.0-rc.4, "Start Timestamp"; in 1.0 a zero where the counter began.

use agent::config::Origin;
use agent::sinks::remote_write::state::CounterOrigin;
use agent::snapshot::Counters;

use super::*;

const ALL: &str = "# TYPE c counter\nc 5\n# TYPE g gauge\ng 5\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 2\n\
    h_count 1\n# TYPE s summary\ns{quantile=\"1\"} 3\ns_sum 3\ns_count 1\n";

fn with_start(seconds: &str, page: &str) -> String {
    format!("process_start_time_seconds {seconds}\n{page}")
}

fn zeros(lines: &[String]) -> Vec<&str> {
    let zeros = lines.iter().filter(|line| line.ends_with("origin"));
    let mut zeros: Vec<_> = zeros.filter_map(|line| line.split_whitespace().next()).collect();
    zeros.sort_unstable();
    zeros
}

#[test]
fn what_counts_begins_with_a_process_that_is_younger_than_the_last_look() {
    let everything = ["c", "h_bucket{le=\"+Inf\"}", "h_count", "h_sum", "s_count", "s_sum"];
    let first = |start: &str, origin| {
        let mut state = State::new(Rules { origin, ..Rules::default() }, time(1_000));
        told(&mut state, At(3000, &with_start(start, ALL)))
    };
    assert_eq!(zeros(&first("2.5", CounterOrigin::Process)), everything);
    for (why, start, origin) in [
        ("older than the agent", "0.9", CounterOrigin::Process),
        ("not before the scrape", "3", CounterOrigin::Process),
        ("no time", "NaN", CounterOrigin::Process),
        ("not asked for", "2.5", CounterOrigin::Created),
        ("not asked for", "2.5", CounterOrigin::Off),
    ] {
        assert_eq!(zeros(&first(start, origin)), [""; 0], "{why}");
    }
}

#[test]
fn a_counter_begins_once_and_anew_with_each_process() {
    let counter = |value: u32| format!("# TYPE c counter\nc {value}\n");
    let page = |start, value| with_start(start, &counter(value));
    let (first, second, third, other) = (page("2.5", 5), page("2.5", 6), page("4.5", 2), page("6.5", 3));
    let start = |at: i64, seconds: f64| format!("process_start_time_seconds {seconds} @{at}");
    let starts = [start(3000, 2.5), start(4000, 2.5), start(5000, 4.5), start(7000, 6.5)];
    hold(
        &[Case {
            rule: "a zero at the start, and the start in each sample",
            readings: &[
                (At(3000, &first), &["c 0 @2500 since 2500 origin", "c 5 @3000 since 2500", &starts[0]]),
                (At(4000, &second), &["c 6 @4000 since 2500", &starts[1]]),
                // Fallen: another process, which is younger than the last look.
                (At(5000, &third), &["c 0 @4500 since 4500 origin", "c 2 @5000 since 4500", &starts[2]]),
                (Failed(6000), &["c stale @6000", "process_start_time_seconds stale @6000"]),
                // Not fallen: as an exporter shows the counters of others, which did not begin with it.
                (At(7000, &other), &["c 3 @7000", &starts[3]]),
            ],
        }],
        Rules::default,
    );
}

#[test]
fn a_target_that_was_not_there_begins_after_the_last_look_at_it() {
    let counter = "# TYPE c counter\nc 5\n";
    let [start_at_3000, start_at_4000] =
        [3000, 4000].map(|at| format!("process_start_time_seconds 1.5 @{at}"));
    hold(
        &[
            Case {
                rule: "never seen, refused at the last look",
                readings: &[
                    (Refused(2000), &[]),
                    (At(3000, counter), &["c 0 @2001 since 2001 origin", "c 5 @3000 since 2001"]),
                    (At(4000, counter), &["c 5 @4000 since 2001"]),
                ],
            },
            Case {
                rule: "a process that took longer to answer than the last look is ago",
                readings: &[
                    (Refused(2000), &[]),
                    (
                        At(3000, &with_start("1.5", counter)),
                        &["c 0 @2001 since 2001 origin", "c 5 @3000 since 2001", &start_at_3000],
                    ),
                    (At(4000, &with_start("1.5", counter)), &["c 5 @4000 since 2001", &start_at_4000]),
                ],
            },
            Case {
                rule: "one that is older than the agent, which may have been seen by another",
                readings: &[
                    (Refused(2000), &[]),
                    (
                        At(3000, &with_start("0.5", counter)),
                        &["c 5 @3000", "process_start_time_seconds 0.5 @3000"],
                    ),
                ],
            },
            Case {
                rule: "a failure is not an absence",
                readings: &[(Failed(2000), &[]), (At(3000, counter), &["c 5 @3000"])],
            },
            Case {
                rule: "one that was there before may have gone on counting",
                readings: &[
                    (At(2000, counter), &["c 5 @2000"]),
                    (Refused(3000), &["c stale @3000"]),
                    (At(4000, counter), &["c 5 @4000"]),
                ],
            },
        ],
        Rules::default,
    );
}

#[test]
fn openmetrics_created_is_believed_of_each_series() {
    let page = |value: u32, created: &str| {
        format!("# TYPE c counter\nc_total{{x=\"1\"}} {value}\nc_created{{x=\"1\"}} {created}\n# EOF\n")
    };
    let (old, young) = (page(5, "0.5"), page(1, "2.5"));
    let (anew, later) = ([page(5, "1.9"), page(6, "2.9"), page(7, "3.9")], page(9, "3.5"));
    hold(
        &[
            Case {
                rule: "one that is computed anew for each page is none: the value went on",
                readings: &[
                    (
                        At(2000, &anew[0]),
                        &[
                            "c_total{x=\"1\"} 0 @1900 since 1900 origin",
                            "c_total{x=\"1\"} 5 @2000 since 1900",
                        ],
                    ),
                    (At(3000, &anew[1]), &["c_total{x=\"1\"} 6 @3000"]),
                    (At(4000, &anew[2]), &["c_total{x=\"1\"} 7 @4000"]),
                ],
            },
            Case {
                rule: "one that stood still and moves is another process, though its value is beyond the old one",
                readings: &[
                    (At(2000, &old), &["c_total{x=\"1\"} 5 @2000 since 500"]),
                    (At(3000, &old), &["c_total{x=\"1\"} 5 @3000 since 500"]),
                    (
                        At(4000, &later),
                        &[
                            "c_total{x=\"1\"} 0 @3500 since 3500 origin",
                            "c_total{x=\"1\"} 9 @4000 since 3500",
                        ],
                    ),
                ],
            },
            Case {
                rule: "a start with each sample, a zero only after what was sent before",
                readings: &[
                    (At(2000, &old), &["c_total{x=\"1\"} 5 @2000 since 500"]),
                    (
                        At(3000, &young),
                        &[
                            "c_total{x=\"1\"} 0 @2500 since 2500 origin",
                            "c_total{x=\"1\"} 1 @3000 since 2500",
                        ],
                    ),
                    (At(4000, &young), &["c_total{x=\"1\"} 1 @4000 since 2500"]),
                ],
            },
        ],
        || Rules { origin: CounterOrigin::Created, ..Rules::default() },
    );
}

#[test]
fn an_exporter_that_starts_while_the_agent_runs_does_not_begin_what_others_count() {
    let node = "# TYPE node_exporter_build_info gauge\nnode_exporter_build_info{version=\"1\"} 1\n\
        # TYPE node_cpu_seconds_total counter\nnode_cpu_seconds_total 86400\n";
    let named = node.replace("node_exporter_build_info", "app_build_info");
    let of = |origin| Counters { origin, ..Counters::default() };
    for (why, page, origin, begins) in [
        ("an exporter", node, None, false),
        ("one whose settings say that it is to be believed", node, Some(Origin::Process), true),
        ("an app", &named, None, true),
        ("one of which nothing is to be believed", &named, Some(Origin::Off), false),
        ("one of which only its own word counts", &named, Some(Origin::Created), false),
    ] {
        let want: &[&str] = if begins { &["node_cpu_seconds_total"] } else { &[] };
        let mut state = State::new(Rules::default(), time(1_000));
        let lines = told(&mut state, Known(3000, &with_start("2.5", page), of(origin)));
        assert_eq!(zeros(&lines), want, "{why}");
        // The same of one that was not there at the last look.
        let mut state = State::new(Rules::default(), time(1_000));
        told(&mut state, Refused(2000));
        let lines = told(&mut state, Known(3000, page, of(origin)));
        assert_eq!(zeros(&lines), want, "{why}, absent before");
    }
    // What the settings of a target say holds over those of the endpoint.
    let mut state = State::new(Rules { origin: CounterOrigin::Off, ..Rules::default() }, time(1_000));
    let lines = told(&mut state, Known(3000, &with_start("2.5", &named), of(Some(Origin::Process))));
    assert_eq!(zeros(&lines), ["node_cpu_seconds_total"]);
}

#[test]
fn an_app_that_the_agent_started_begins_when_it_was_started() {
    let counter = "# TYPE c counter\nc 5\n";
    let app = Counters { since: Some(time(5_001)), ..Counters::default() };
    let two = with_start("4.9", &with_start("5.2", counter)).replacen("seconds ", "seconds{pid=\"2\"} ", 1);
    let (started, other) = ("c 0 @5001 since 5001 origin", "c 0 @9500 since 9500 origin");
    for (why, page, zero) in [
        ("it does not say when", counter.to_owned(), Some(started)),
        ("it says so in whole seconds of the kernel", with_start("4.2", counter), Some(started)),
        ("its second process", with_start("9.5", counter), Some(other)),
        ("not the app, but somebody who is older", with_start("0.9", counter), None),
        ("several", two, None),
    ] {
        let mut state = State::new(Rules::default(), time(5_000));
        let lines = told(&mut state, Known(20_000, &page, app));
        assert_eq!(lines.iter().find(|line| line.ends_with("origin")).map(String::as_str), zero, "{why}");
    }
    // Nobody saw what it counted before its first page, whatever it answered until then.
    let mut state = State::new(Rules::default(), time(5_000));
    told(&mut state, Failed(8_000));
    let lines = told(&mut state, Known(20_000, counter, app));
    assert_eq!(lines[0], "c 0 @8001 since 8001 origin", "{lines:?}");
}
