//! The addresses of a stage: a block of /16 that nothing on this machine has a route to.
//!
//! The lower half is the pods'. Above are the links: the lab to `core`, the lab to `site`, and the wire.

use std::net::Ipv4Addr;

use super::command::run;

/// Pods that differ in their address: what the lower half holds without its first addresses.
const PODS: usize = 32_000;

/// A /16, by its first address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block(u32);

impl Block {
    fn new(first: u8, second: u8) -> Self {
        Self(Ipv4Addr::new(first, second, 0, 0).to_bits())
    }

    /// Those that are free, best first: private networks, and at last the ones meant for benchmarks.
    pub(super) fn free() -> anyhow::Result<Vec<Self>> {
        let routes = run("ip", &["-4", "route", "show", "table", "all"], "")?;
        let taken: Vec<_> = routes.lines().filter_map(route).collect();
        let private = (0..=255).rev().map(|second| Self::new(10, second));
        let rest = (18..=19).map(|second| Self::new(198, second));
        let all = private.chain((16..=31).rev().map(|second| Self::new(172, second))).chain(rest);
        Ok(all.filter(|block| taken.iter().all(|other| !block.overlaps(*other))).collect())
    }

    fn overlaps(self, (address, bits): (u32, u32)) -> bool {
        // Both start alike, as far as the shorter prefix says.
        let mask = u32::MAX.checked_shl(32 - bits.min(16)).unwrap_or(0);
        (self.0 ^ address) & mask == 0
    }

    fn at(self, offset: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.0 + offset)
    }

    /// All pods: `10.255.0.0/17`.
    pub(super) fn pods(self) -> String {
        format!("{}/17", self.at(0))
    }

    /// Where the instances' machine sends from.
    pub(super) fn site(self) -> Ipv4Addr {
        self.at(1)
    }

    /// One pod's own.
    pub(super) fn pod(self, number: usize) -> Ipv4Addr {
        self.at(256 + u32::try_from(number % PODS).unwrap_or_default())
    }

    /// `core`'s own, by which everybody reaches it.
    pub(super) fn core(self) -> Ipv4Addr {
        self.at(0xff01)
    }

    /// Both ends of a link, each with its `/30`: 0 the lab to `core`, 1 the lab to `site`, 2 the wire.
    pub(super) fn link(self, number: u32) -> [Ipv4Addr; 2] {
        let first = 0xfe00 + 4 * number;
        [self.at(first + 1), self.at(first + 2)]
    }
}

/// The destination of a line of `ip route show table all`; none for the default route, which is no obstacle.
fn route(line: &str) -> Option<(u32, u32)> {
    let kinds =
        ["local", "broadcast", "unicast", "unreachable", "blackhole", "prohibit", "throw", "multicast"];
    let word = line.split_whitespace().find(|word| !kinds.contains(word))?;
    let (address, bits) = word.split_once('/').unwrap_or((word, "32"));
    Some((
        address.parse::<Ipv4Addr>().ok()?.to_bits(),
        bits.parse().ok().filter(|bits| (1..=32).contains(bits))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_any_route_touches_is_not_free() {
        let block = Block::new(10, 255);
        for (line, touches) in [
            ("default via 192.0.2.1 dev eth0", false),
            ("10.255.3.0/24 dev tun0 proto kernel", true),
            ("10.0.0.0/8 via 192.0.2.7 dev eth0", true),
            ("10.254.0.0/16 dev docker0", false),
            ("local 10.255.0.9 dev lo table local", true),
            ("broadcast 10.255.255.255 dev eth1 table local", true),
            ("unreachable 10.252.0.0/14", true),
            ("fe80::/64 dev eth0", false),
            ("", false),
        ] {
            assert_eq!(route(line).is_some_and(|other| block.overlaps(other)), touches, "{line}");
        }
    }

    #[test]
    fn pods_have_addresses_of_their_own_that_no_link_has() {
        let block = Block::new(10, 7);
        assert_eq!(block.pods(), "10.7.0.0/17");
        assert_eq!(block.pod(0), Ipv4Addr::new(10, 7, 1, 0));
        assert!(block.pod(PODS - 1) < Ipv4Addr::new(10, 7, 128, 0));
        assert_eq!(block.link(2), [Ipv4Addr::new(10, 7, 254, 9), Ipv4Addr::new(10, 7, 254, 10)]);
        assert_eq!(block.core(), Ipv4Addr::new(10, 7, 255, 1));
    }
}
