//! What the gateway says that it needs is enough.

use super::peers::{self, Peer};
use super::start;

/// The README's formula, in bytes, without the gateway itself.
fn formula(groups: usize, families: usize, series: usize, text: usize) -> f64 {
    (groups * 1_300 + families * 160 + series * 48 + text) as f64
}

fn resident(gateway: &Peer) -> f64 {
    let page = super::scrape(gateway);
    let line = super::lines(&page, "process_resident_memory_bytes")[0];
    line.split_once(' ').unwrap().1.parse().unwrap()
}

#[test]
fn a_filled_store_stays_under_the_formula_also_once_all_is_replaced() {
    const GROUPS: usize = 1_500;
    const FAMILIES: usize = 30;
    let gateway = start(&[]);
    let fill = |round: usize| {
        for group in 0..GROUPS {
            let body: String = (0..FAMILIES)
                .map(|family| {
                    format!("family_{family}{{a=\"1\"}} {round}\nfamily_{family}{{a=\"2\"}} {round}\n")
                })
                .collect();
            let path = format!("/metrics/job/j/instance/host-{group:05}");
            assert_eq!(peers::request(gateway.port, "PUT", &path, body.as_bytes()).unwrap().0, 200);
        }
    };
    let empty = resident(&gateway);
    fill(1);
    let page = super::scrape(&gateway);
    let text: usize =
        page.lines().filter(|line| line.starts_with("family_")).map(|line| line.len() + 1).sum();
    let families = GROUPS * FAMILIES;
    let most = formula(GROUPS, families, families * 2, text);
    for round in 2..4 {
        // What threads keep for bodies and answers is no part of what is stored.
        let used = resident(&gateway) - empty - 4e6;
        assert!(used < most, "{used} bytes, and {most} by the formula");
        fill(round);
    }
}
