//! Counters of an app that the agent has started: they begin with it.

use std::time::{SystemTime, UNIX_EPOCH};

use super::doubles::Double;
use super::exec::{free_port, with};
use super::process::eventually;
use super::strict::{Mode, Strict};

#[test]
fn counters_of_the_app_begin_when_it_was_started() {
    // It takes its time, and does not say when it began.
    const SLOW: &str = "import http.server, sys\nasked = 0\n\
        class Page(http.server.BaseHTTPRequestHandler):\n def do_GET(self):\n  global asked\n  asked += 1\n  \
        self.send_response(200 if asked > 3 else 503)\n  self.end_headers()\n  \
        self.wfile.write(b'# TYPE c counter\\nc 5\\n')\n def log_message(self, *_): pass\n\
        http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Page).serve_forever()\n";
    let written = |port: u16, begin: &str| {
        let (gateway, strict) = (Double::gateway(), Strict::new(Mode::Both));
        let receiver = format!("[[remote_write]]\nurl = \"{}\"\nprotocol = \"1.0\"\n", strict.url);
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let mut run =
            with(&gateway, port, &receiver, &["python3", "-c", &format!("{begin}{SLOW}"), &port.to_string()]);
        let taken = || strict.taken("c{instance=\"i\",job=\"j\"}");
        eventually("its counter", || !taken().is_empty());
        strict.clean(&run.said());
        let first = taken();
        run.signal("-TERM");
        assert_eq!(run.end(), Some(128 + 15), "{}", run.said());
        (i64::try_from(before).unwrap(), first)
    };
    let (before, points) = written(free_port(), "");
    let [zero, five, ..] = &points[..] else { panic!("{points:?}") };
    assert!(zero.bits == 0 && zero.at >= before && zero.at < five.at, "{points:?} since {before}");
    assert_eq!(five.bits, 5.0_f64.to_bits());
    // Somebody who was there before is not the app.
    let other = Double::page("# TYPE c counter\nc 5\n");
    let port = other.url.rsplit(':').next().unwrap().parse().unwrap();
    let (_, points) = written(port, "import threading\nthreading.Event().wait()\n");
    assert_eq!(points[0].bits, 5.0_f64.to_bits(), "{points:?}");
}
