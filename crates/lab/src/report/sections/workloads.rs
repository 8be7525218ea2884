//! Workloads, and which measures decide for them: the first is what matters most. Data, without an outcome.

use super::super::judge::Measured;
use super::super::pool::{CPU, Pool};
use super::short;

/// A line of the decision table.
pub(super) struct Workload {
    /// As an operator would say it.
    pub(super) name: String,
    /// What decides, in order.
    pub(super) criteria: Vec<Measured>,
    /// What else one may have to give up.
    pub(super) prices: Vec<Measured>,
}

pub(super) fn all(pool: &Pool) -> Vec<Workload> {
    let m = Measured::new;
    let fresh = m("steady", "steady", "freshness_p50_seconds");
    let noticed = m("ghosts", "kill", "detection_max_seconds");
    let bytes = m("steady", "", "bytes_per_pod_minute");
    let cpu = m("steady", "", CPU);
    let ghost = |end| m("ghosts", end, "ghost_p50_seconds");
    let workload = |name: &str, criteria: Vec<Measured>, prices: Vec<Measured>| Workload {
        name: name.to_owned(),
        criteria,
        prices,
    };
    let job = |end: &str| {
        let captured =
            short(pool, end).map_or_else(|| m("lifetimes", end, "capture_ratio"), |(_, captured)| captured);
        let increase = Measured { measure: "increase_ratio".to_owned(), ..captured.clone() };
        vec![captured, increase]
    };
    vec![
        workload(
            "Long-lived, Prometheus can reach it",
            vec![m("steady", "steady", "capture_ratio"), fresh.clone(), noticed.clone()],
            vec![bytes.clone(), cpu.clone(), m("gateway-down", "through", "backfill_ratio")],
        ),
        workload(
            "Long-lived, behind NAT",
            vec![m("nat", "inside", "capture_ratio"), m("nat", "inside", "freshness_p50_seconds")],
            vec![ghost("kill"), noticed.clone(), bytes.clone()],
        ),
        workload(
            "Jobs within an interval that end in order",
            job("term"),
            vec![ghost("term"), fresh.clone(), cpu.clone()],
        ),
        workload(
            "Jobs within an interval that are killed",
            job("kill"),
            vec![ghost("kill"), noticed.clone(), cpu.clone()],
        ),
        workload(
            "Rolling deployments",
            vec![
                m("rolling", "replaced", "capture_ratio"),
                m("rolling", "replaced", "first_sample_p50_seconds"),
            ],
            vec![ghost("term"), noticed.clone(), cpu.clone()],
        ),
        workload(
            "Bursts: one instance becomes many, and one again",
            vec![m("burst", "burst", "capture_ratio"), m("burst", "burst", "first_sample_p50_seconds")],
            vec![ghost("term"), fresh.clone(), cpu.clone()],
        ),
        workload(
            "The machine with the gateway goes down for four intervals",
            vec![
                m("gateway-down", "ends-within", "capture_ratio"),
                m("gateway-down", "through", "gap_max_seconds"),
                m("gateway-down", "through", "rate_max_ratio"),
            ],
            vec![m("gateway-down", "through", "rate_min_ratio"), ghost("term"), fresh.clone()],
        ),
        workload(
            "An API that crashes, whose last events matter",
            vec![m("api-crash", "crash", "capture_ratio"), m("api-crash", "crash", "detection_max_seconds")],
            vec![ghost("kill"), fresh.clone(), cpu.clone()],
        ),
        workload(
            "An alert soon after a death",
            vec![noticed.clone(), m("api-crash", "crash", "detection_max_seconds")],
            vec![m("agent-crash", "crash", "detection_max_seconds"), ghost("kill"), bytes.clone()],
        ),
        workload(
            "Several replicas that were told one name",
            vec![
                m("one-identity", "replicas", "increase_ratio"),
                m("one-identity", "replicas", "capture_ratio"),
            ],
            vec![fresh, bytes.clone(), cpu.clone()],
        ),
        workload(
            "Thousands of instances (extrapolated from the few of `steady`)",
            vec![cpu, bytes, m("steady", "", "requests_per_minute")],
            vec![ghost("kill"), noticed],
        ),
    ]
}
