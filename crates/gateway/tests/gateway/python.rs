//! Python's official client pushes to our gateway.

use super::{lines, peers, scrape, start};

const SCRIPT: &str = "
import sys
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client import push_to_gateway, pushadd_to_gateway, delete_from_gateway
gateway = '127.0.0.1:' + sys.argv[1]
registry = CollectorRegistry()
Counter('c', 'A counter.', ['x'], registry=registry).labels('y').inc(3)
Gauge('g', 'A \"gauge\"\\nof two lines.', registry=registry).set(float('-inf'))
Histogram('h', 'A histogram.', registry=registry).observe(0.2)
Summary('s', 'A summary.', registry=registry).observe(1)
push_to_gateway(gateway, job='a/b', registry=registry, grouping_key={'path': '/var/tmp', 'empty': '', 'text': 'é +%'})
push_to_gateway(gateway, job='gone', registry=registry)
delete_from_gateway(gateway, job='gone')
first, second = CollectorRegistry(), CollectorRegistry()
Gauge('first', 'f', registry=first).set(1)
Gauge('second', 's', registry=second).set(2)
push_to_gateway(gateway, job='added', registry=first)
pushadd_to_gateway(gateway, job='added', registry=second)
";

#[test]
fn pythons_client_pushes_adds_and_deletes() {
    let gateway = start(&[]);
    let python = peers::PYTHON;
    let (success, printed) = peers::run(python, &["-c", SCRIPT, &gateway.port.to_string()], b"");
    assert!(success, "{printed}");
    let page = scrape(&gateway);
    let labels = "empty=\"\",instance=\"\",job=\"a/b\",path=\"/var/tmp\",text=\"é +%\"";
    let counter = lines(&page, "c_total");
    assert_eq!(counter.len(), 1, "{page}");
    for label in labels.split(',') {
        assert!(counter[0].contains(label), "{label} in {}", counter[0]);
    }
    assert!(counter[0].contains("x=\"y\"") && counter[0].ends_with("} 3.0"), "{}", counter[0]);
    assert!(lines(&page, "g{")[0].ends_with(" -Inf"));
    assert_eq!(lines(&page, "h_bucket").len(), 15);
    assert_eq!(lines(&page, "first").len() + lines(&page, "second").len(), 2);
    assert!(!page.contains("job=\"gone\""));
    assert!(page.contains("# HELP g A \"gauge\"\\nof two lines.\n"));
}
