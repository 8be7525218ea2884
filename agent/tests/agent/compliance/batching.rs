//! How much goes into a request, and how many are under way.

use std::collections::HashSet;
use std::time::Duration;

use super::super::process::{eventually, start};
use super::super::strict::{Answer, Mode, Strict};
use super::site::{TEXT, Target, receiver, settings};

fn page() -> String {
    let families = (0..20).map(|family| {
        let series = (0..15).map(|series| format!("f{family}{{n=\"{series}\"}} {series}\n"));
        format!("# TYPE f{family} gauge\n{}", series.collect::<String>())
    });
    families.collect()
}

/// 2.0 Partial Write: SHOULD send multiple series in a request; ours: never more samples than was set.
#[test]
fn requests_have_many_series_and_no_more_than_was_set() {
    let target = Target::new(TEXT, &page());
    let (v1, v2) = (Strict::new(Mode::Both), Strict::new(Mode::Both));
    let more = |protocol: &str| format!("protocol = \"{protocol}\"\nmax_samples_per_send = 100");
    let tables = [receiver(&v1, &more("1.0")), receiver(&v2, &more("2.0"))];
    let mut agent = start(&settings("300ms", &[target.table("i1", ""), tables.concat()]));
    let whole = |strict: &Strict| {
        let names = strict.names("f");
        names.len() == 300 && names.iter().all(|name| strict.taken(name).len() >= 3)
    };
    eventually("all series three times", || whole(&v1) && whole(&v2));
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    for (of, strict) in [("1.0", &v1), ("2.0", &v2)] {
        strict.clean(of);
        let seen = strict.seen();
        let sizes: Vec<usize> = seen.iter().map(|seen| seen.message.samples()).collect();
        assert!(sizes.iter().all(|size| *size <= 100), "{of}: {sizes:?}");
        let samples: usize = sizes.iter().sum();
        assert!(samples >= 20 * seen.len(), "{of}: {samples} samples in {} requests", seen.len());
        // Every series of a scrape once in it.
        for seen in &seen {
            let keys: HashSet<String> =
                seen.message.series.iter().map(super::super::strict::Series::key).collect();
            assert_eq!(keys.len(), seen.message.series.len(), "{of}");
        }
    }
}

/// 1.0 Ordering, Out of Scope (Sharding), 2.0 Samples: MAY send requests for different series in parallel, and
/// MUST keep the order of each series; the strict receiver names what overtakes.
#[test]
fn parallel_requests_keep_the_order_of_each_series() {
    let target = Target::new(TEXT, &page());
    // Every third request waits, so that what is behind it could pass.
    let slow = (0..60).map(|number| match number % 3 {
        0 => Answer::Usual.after(Duration::from_millis(150)),
        1 => Answer::Status(503),
        _ => Answer::Usual,
    });
    let strict = Strict::new(Mode::Both).then(slow);
    let more = "max_samples_per_send = 60\nshards = { min = 4, max = 4 }";
    let mut agent = start(&settings("200ms", &[target.table("i1", ""), receiver(&strict, more)]));
    eventually("all series, after what was slow", || {
        let names = strict.names("f");
        strict.seen().len() > 70
            && names.len() == 300
            && names.iter().all(|name| strict.taken(name).len() >= 4)
    });
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    strict.clean("four shards");
    assert!(strict.owed().is_empty(), "{:?}", strict.owed());
    let connections: HashSet<usize> = strict.seen().iter().map(|seen| seen.connection).collect();
    assert!(connections.len() >= 2, "nothing was parallel: {connections:?}");
    // Each scrape whole: every series has the same times.
    let times = |name: &String| strict.taken(name).iter().map(|point| point.at).collect::<Vec<_>>();
    let all: HashSet<Vec<i64>> = strict.names("f").iter().map(times).collect();
    assert_eq!(all.len(), 1, "series of one page have {} different histories", all.len());
}
