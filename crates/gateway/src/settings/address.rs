//! Addresses to listen on, as the real Pushgateway takes them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};

/// Reads an address as Go's `net.Listen` takes it: names are looked up.
pub(super) fn read(text: &str) -> Result<SocketAddr, String> {
    let wrong = || format!("expected an address such as :9091 or 127.0.0.1:9091, got `{text}`");
    if let Some(port) = text.strip_prefix(':') {
        return port.parse().map(|port| SocketAddr::new(everywhere(), port)).map_err(|_| wrong());
    }
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    // Of a name's addresses Go takes the first one of IPv4.
    let found: Vec<SocketAddr> = text.to_socket_addrs().map_err(|_| wrong())?.collect();
    found.iter().find(|address| address.is_ipv4()).or(found.first()).copied().ok_or_else(wrong)
}

/// All addresses of both kinds, as Go's listeners take them; of IPv4 only where there is no IPv6, or
/// where a socket for it would not answer to IPv4 as well.
fn everywhere() -> IpAddr {
    let both = std::fs::read_to_string("/proc/sys/net/ipv6/bindv6only").is_ok_and(|only| only.trim() == "0");
    if both && UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).is_ok() {
        Ipv6Addr::UNSPECIFIED.into()
    } else {
        Ipv4Addr::UNSPECIFIED.into()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn without_a_host_both_kinds_of_addresses_are_served() {
        let listener = TcpListener::bind(read(":0").unwrap()).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        let six = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
        assert_eq!(TcpStream::connect((Ipv6Addr::LOCALHOST, port)).is_ok(), six);
    }

    #[test]
    fn addresses_are_those_of_the_pushgateway() {
        assert_eq!(read("localhost:9091").unwrap(), read("127.0.0.1:9091").unwrap());
        assert_eq!(read("[::1]:9091").unwrap().ip(), Ipv6Addr::LOCALHOST);
        for wrong in [":", ":x", "9091", "no.such.host.invalid:9091", ":70000"] {
            assert!(read(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }
}
