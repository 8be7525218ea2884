//! Proxies that ask for a user and a password: HTTP (forwarding and CONNECT) and SOCKS5.
//!
//! They know where names that end in `.invalid` are: on this machine.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A running proxy, until the process ends.
pub(crate) struct Proxy {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// What it was asked for: `CONNECT a:1`, `PUT http://a/`, `a:1`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// HTTP, for the user `me` with the password `secret`.
    pub(crate) fn http() -> Self {
        Self::new(http)
    }

    /// The same for SOCKS5.
    pub(crate) fn socks5() -> Self {
        Self::new(socks5)
    }

    fn new(serve: fn(TcpStream, &Mutex<Vec<String>>) -> Option<()>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(stream, &kept));
            }
        });
        Self { address, asked }
    }
}

fn http(mut stream: TcpStream, asked: &Mutex<Vec<String>>) -> Option<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let (line, rest) = head.split_once("\r\n")?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    asked.lock().unwrap().push(format!("{method} {target}"));
    let wanted = format!("basic {}", STANDARD.encode("me:secret"));
    let given = rest.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization").then_some(value)
    });
    if !given.is_some_and(|given| given.eq_ignore_ascii_case(&wanted)) {
        let refused = "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n";
        return stream
            .write_all(format!("{refused}content-length: 0\r\nconnection: close\r\n\r\n").as_bytes())
            .ok();
    }
    if method == "CONNECT" {
        let there = connect(target)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
        return join(stream, there);
    }
    let (host, path) = target.strip_prefix("http://")?.split_once('/')?;
    let mut there = connect(host)?;
    // One exchange a connection: what comes next may be for another host.
    there.write_all(format!("{method} /{path} HTTP/1.1\r\nconnection: close\r\n{rest}").as_bytes()).ok()?;
    join(stream, there)
}

fn socks5(mut stream: TcpStream, asked: &Mutex<Vec<String>>) -> Option<()> {
    let count = usize::from(take(&mut stream, 2)?[1]);
    let methods = take(&mut stream, count)?;
    stream.write_all(&[5, if methods.contains(&2) { 2 } else { 0xff }]).ok()?;
    let length = usize::from(take(&mut stream, 2)?[1]);
    let user = take(&mut stream, length)?;
    let length = usize::from(take(&mut stream, 1)?[0]);
    let right = take(&mut stream, length)? == b"secret" && user == b"me";
    stream.write_all(&[1, u8::from(!right)]).ok()?;
    if !right {
        return None;
    }
    // An address of IPv4, or a name with its length before it.
    let host = if take(&mut stream, 4)?[3] == 1 {
        take(&mut stream, 4)?.iter().map(u8::to_string).collect::<Vec<_>>().join(".")
    } else {
        let length = usize::from(take(&mut stream, 1)?[0]);
        String::from_utf8(take(&mut stream, length)?).ok()?
    };
    let port = take(&mut stream, 2)?;
    let host = format!("{host}:{}", u16::from_be_bytes([port[0], port[1]]));
    let there = connect(&host)?;
    asked.lock().unwrap().push(host);
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).ok()?;
    join(stream, there)
}

fn take(stream: &mut TcpStream, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).ok().map(|()| bytes)
}

fn connect(host: &str) -> Option<TcpStream> {
    let (name, port) = host.rsplit_once(':')?;
    let name = if name.ends_with(".invalid") { "127.0.0.1" } else { name };
    TcpStream::connect(format!("{name}:{port}")).ok()
}

/// Both ways, until both are done.
fn join(here: TcpStream, there: TcpStream) -> Option<()> {
    let (mut from, mut to) = (here.try_clone().ok()?, there.try_clone().ok()?);
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let (mut from, mut to) = (there, here);
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Both);
    up.join().ok()
}
