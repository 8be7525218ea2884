//! A stage without namespaces: everything on the loopback, where each pod has an address of its own, too.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::bail;

/// Any port above the privileged ones will do; it only says that a block is taken.
const MARK: u16 = 45_678;

/// A /16 out of 127/8, held by listening on its last address: other labs on this machine take others.
#[derive(Debug)]
pub(super) struct Loopback {
    second: u8,
    _held: TcpListener,
}

impl Loopback {
    pub(super) fn take() -> anyhow::Result<Self> {
        for second in 1..=254 {
            if let Ok(held) = TcpListener::bind((Ipv4Addr::new(127, second, 255, 254), MARK)) {
                return Ok(Self { second, _held: held });
            }
        }
        bail!("no free block of addresses on the loopback: port {MARK} is taken from 127.1 to 127.254")
    }

    pub(super) fn pod(&self, number: usize) -> Ipv4Addr {
        // Below the last /24, where the mark is; above the first, which looks like an ordinary address.
        let [high, low] = u16::try_from(number % 64_000 + 256).unwrap_or(256).to_be_bytes();
        Ipv4Addr::new(127, self.second, high, low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_stages_have_different_pods_and_all_of_one_differ() {
        let (one, other) = (Loopback::take().unwrap(), Loopback::take().unwrap());
        assert_ne!(one.pod(0), other.pod(0));
        assert_ne!(one.pod(0), one.pod(63_999));
        assert!(one.pod(63_999).octets()[2] < 255);
        TcpListener::bind((one.pod(300), 0)).unwrap();
    }
}
