//! Several gateways, each with its share of the groups: what Prometheus sees, and what is lost with one.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{peers, start, watched};

/// The gateway of a group, as a load balancer chooses it by the path of a push.
fn place(path: &str, gateways: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    usize::try_from(hasher.finish() % gateways as u64).unwrap()
}

#[test]
fn gateways_behind_a_hash_of_the_path_hold_each_group_once() {
    let mut gateways = vec![start(&[]), start(&[])];
    let folder = tempfile::tempdir().unwrap();
    let prometheus = watched::prometheus(folder.path(), &[("first", &gateways[0]), ("second", &gateways[1])]);
    let mut share = [0.0, 0.0];
    for number in 0..40 {
        let path = format!("/metrics/job/j/instance/{number}");
        let at = place(&path, gateways.len());
        share[at] += 1.0;
        for _ in 0..2 {
            assert_eq!(peers::request(gateways[at].port, "PUT", &path, b"a 1\n").unwrap().0, 200);
        }
    }
    assert!(share[0] > 0.0 && share[1] > 0.0);
    watched::until(&prometheus, "count(a)", 40.0);
    assert_eq!(watched::value(&prometheus, "count(count by (instance) (a) == 1)"), Some(40.0));
    for (by, share) in [("first", share[0]), ("second", share[1])] {
        assert_eq!(watched::value(&prometheus, &format!("count(a{{by=\"{by}\"}})")), Some(share));
    }
    // With one gateway gone, its groups are, and no others: the scrape that fails ends its series.
    drop(gateways.pop());
    watched::until(&prometheus, "sum(up)", 1.0);
    watched::until(&prometheus, "count(a)", share[0]);
}

#[test]
fn one_group_in_two_gateways_is_two_values_of_one_series() {
    let gateways = [start(&[]), start(&[])];
    for (gateway, value) in gateways.iter().zip(["1", "2"]) {
        let body = format!("a {value}\n");
        peers::request(gateway.port, "PUT", "/metrics/job/j/instance/i", body.as_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let prometheus = watched::prometheus(folder.path(), &[("first", &gateways[0]), ("second", &gateways[1])]);
    // Told apart by a label of the target they are two series, and a sum counts the group twice …
    watched::until(&prometheus, "sum(a)", 3.0);
    // … and without such a label they would be one that jumps.
    watched::until(&prometheus, "count(max without (by) (a) != min without (by) (a))", 1.0);
}
