//! Whoever reads a scrape sees one moment, and holds nobody up.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime};

use exposition::{GroupingKey, Limits, Page};
use gateway::groups::{Groups, Method, Moment};
use gateway::page::{Metrics, metrics};
use gateway::policy::Manner;
use gateway::push::prepare;
use gateway::store::Store;

use super::{peers, start};

fn key(group: usize) -> GroupingKey {
    GroupingKey::new("j", [("instance", format!("i{group}"))]).unwrap()
}

fn put(groups: &mut Groups, group: usize, families: usize, value: usize) {
    let body: String = (0..families).map(|family| format!("family_{family} {value}\n")).collect();
    let push = prepare(body.into(), &key(group), &Limits::NONE).unwrap();
    let now = Moment { wall: SystemTime::UNIX_EPOCH, steady: Instant::now() };
    groups.push(Method::Put, &key(group), push, None, now).unwrap();
}

#[test]
fn a_scrape_that_is_under_way_shows_the_moment_that_it_began() {
    const GROUPS: usize = 150;
    let mut groups = Groups::new([].into(), 1_000);
    (0..GROUPS).for_each(|group| put(&mut groups, group, 40, 1));
    let whole = metrics(&groups, &Page::empty());
    let mut pieces = Metrics::new(groups.snapshot(), &Page::empty());
    let mut read = pieces.next().unwrap().to_vec();
    // All that can happen to a group: other values, fewer and more families, an end, a new one.
    for group in 0..GROUPS {
        match group % 4 {
            0 => put(&mut groups, group, 40, 2),
            1 => put(&mut groups, group, 3, 2),
            2 => put(&mut groups, group, 60, 2),
            _ => assert!(groups.delete(&key(group))),
        }
        put(&mut groups, GROUPS + group, 10, 2);
    }
    let mut count = 1;
    for piece in pieces {
        assert!(piece.len() < 65 << 10, "{}", piece.len());
        read.extend_from_slice(&piece);
        count += 1;
    }
    assert!(count > 3 && read == whole, "{count} pieces, {} of {} bytes", read.len(), whole.len());
    assert_ne!(whole, metrics(&groups, &Page::empty()));
    groups.wipe();
    assert_eq!((groups.len(), groups.series(), groups.bytes(), groups.families().count()), (0, 0, 0, 0));
}

#[test]
fn pushes_go_on_while_a_large_scrape_is_not_read() {
    let gateway = start(&[]);
    let body = |value: usize| -> String {
        let label = "x".repeat(200);
        (0..60_000).map(|number| format!("large{{number=\"{number}\",l=\"{label}\"}} {value}\n")).collect()
    };
    let push = |path: &str, body: &str| peers::request(gateway.port, "PUT", path, body.as_bytes()).unwrap().0;
    assert_eq!(push("/metrics/job/large", &body(1)), 200);
    let mut scrape = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
    scrape.write_all(b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    // The first bytes are here, and the rest is more than what the kernel keeps for us.
    let mut first = [0; 1024];
    scrape.read_exact(&mut first).unwrap();
    assert_eq!(push("/metrics/job/large", "small 1\n"), 200);
    assert_eq!(push("/metrics/job/other", "other 1\n"), 200);
    let mut read = first.to_vec();
    scrape.read_to_end(&mut read).unwrap();
    let read = String::from_utf8(read).unwrap();
    assert_eq!(read.matches("large{").count(), 60_000);
    assert!(!read.contains("small{"), "what was pushed later is in an older scrape");
    assert!(super::scrape(&gateway).contains("small{"));
}

#[test]
fn a_group_is_there_to_its_last_moment_and_then_gone() {
    let store = Store::new(Groups::new([].into(), 10));
    for life in [1, 30, 60, 90].map(Duration::from_millis) {
        let push = prepare("a 1\n".into(), &key(1), &Limits::NONE).unwrap();
        let before = Instant::now();
        let manner = Manner { life: Some(life), ..Manner::default() };
        store.push(Method::Put, &key(1), push, &manner, None).unwrap();
        let after = Instant::now();
        loop {
            let asked = Instant::now();
            let held = !store.snapshot().is_empty();
            // Whatever a busy machine does in between, this holds.
            assert!(!held || asked < after + life, "held {:?} after a life of {life:?}", asked - before);
            assert!(held || Instant::now() >= before + life, "gone {:?} into {life:?}", before.elapsed());
            if !held {
                break;
            }
        }
    }
    assert_eq!(store.lock().expired(), 4);
}
