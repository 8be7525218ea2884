//! The table of symbols of 2.0.

use std::collections::HashSet;

use super::run::judged;

/// 2.0 Symbols: MUST begin with the empty one, MUST have each once, and references MUST point into it; the
/// strict receiver judges each. Here: that it has nothing that nobody refers to.
#[test]
fn symbols_are_those_that_are_used() {
    for seen in judged().v2.seen() {
        let mut used: HashSet<&str> = HashSet::from([""]);
        for series in &seen.message.series {
            let exemplars = series.exemplars.iter().flat_map(|exemplar| &exemplar.labels);
            for (name, value) in series.labels.iter().chain(exemplars) {
                used.extend([name.as_str(), value.as_str()]);
            }
            if let Some(family) = &series.family {
                used.extend([family.help.as_str(), family.unit.as_str()]);
            }
        }
        assert_eq!(seen.message.symbols.first().map(String::as_str), Some(""));
        let unused: Vec<_> = seen.message.symbols.iter().filter(|it| !used.contains(it.as_str())).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }
}

/// 2.0 Symbols (interning): fewer bytes than the same texts written out, which is what the table is for.
#[test]
fn symbols_are_shared_between_series() {
    let seen = judged().v2.seen();
    let widest = seen.iter().max_by_key(|seen| seen.message.series.len()).unwrap();
    let labels: usize = widest.message.series.iter().map(|series| series.labels.len() * 2).sum();
    assert!(widest.message.symbols.len() * 2 < labels, "{} for {labels}", widest.message.symbols.len());
}

/// 1.0 Protocol: the message of 1.0 has labels written out and no starts; the list's "not used" cases.
#[test]
fn messages_of_1_0_have_no_symbols_and_no_starts() {
    for strict in [&judged().v1, &judged().zstd] {
        for seen in strict.seen() {
            assert!(seen.message.symbols.is_empty());
            assert!(seen.message.series.iter().all(|it| it.points.iter().all(|point| point.start == 0)));
        }
    }
}
