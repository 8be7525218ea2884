//! Each rule for one request of 2.0: its symbols, what refers to them, and native histograms.

use exposition::remote_write::message::{BucketSpan, Count, Histogram, v2};

use super::built::{NOW, head, packed_two, two};
use super::judged::rules;
use super::{Kind, Rule};

/// A change of a request, and the rule that it breaks.
type Change = (fn(&mut v2::Request), Rule);

#[test]
fn each_wrong_part_of_2_0_is_named() {
    let changes: [Change; 14] = [
        (|it| it.symbols[0] = "x".to_owned(), Rule::FirstSymbol),
        (|it| it.symbols.push("a".to_owned()), Rule::SymbolTwice),
        (|it| it.timeseries[0].labels_refs[3] = 8, Rule::Reference),
        (|it| it.timeseries[0].labels_refs.push(4), Rule::OddReferences),
        (|it| it.timeseries[0].labels_refs.clear(), Rule::NoLabels),
        (|it| it.timeseries[0].samples.clear(), Rule::NoPoints),
        (|it| it.timeseries[0].samples[0].start_timestamp = NOW + 1, Rule::StartTimestamp),
        (|it| it.timeseries[0].exemplars[0].timestamp = 0, Rule::Exemplar),
        (|it| it.timeseries[0].exemplars[0].labels_refs[1] = 0, Rule::LabelEmpty),
        (
            |it| it.timeseries[0].metadata = Some(v2::Metadata { kind: 8, ..Default::default() }),
            Rule::MetadataType,
        ),
        (
            |it| it.timeseries[0].metadata = Some(v2::Metadata { help_ref: 9, ..Default::default() }),
            Rule::Reference,
        ),
        (|it| it.timeseries.clear(), Rule::Empty),
        (|it| it.timeseries[0].histograms.push(histogram()), Rule::MixedPoints),
        (
            |it| {
                it.timeseries[0].samples.clear();
                it.timeseries[0].histograms.push(Histogram { positive_deltas: vec![1], ..histogram() });
            },
            Rule::HistogramShape,
        ),
    ];
    for (number, (change, rule)) in changes.into_iter().enumerate() {
        let mut request = two();
        change(&mut request);
        let found = rules(&head(Kind::V2), &packed_two(&request));
        assert!(found.contains(&rule), "{number}: {rule:?} in {found:?}");
    }
    let mut request = two();
    request.timeseries[0].samples.clear();
    request.timeseries[0].histograms.push(histogram());
    assert_eq!(rules(&head(Kind::V2), &packed_two(&request)), []);
}

fn histogram() -> Histogram {
    let positive_spans = vec![BucketSpan { offset: 0, length: 2 }];
    let count = Some(Count::Int(3));
    Histogram {
        count,
        sum: 1.0,
        positive_spans,
        positive_deltas: vec![1, 1],
        timestamp: NOW,
        ..Default::default()
    }
}
