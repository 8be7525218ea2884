//! The server: reads requests, has them judged, and answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::head::Head;
use super::history::Outcome;
use super::judge::judge;
use super::rule::{Found, told};
use super::script::Answer;
use super::{Kind, Message, Seen, Strict};

/// Takes connections while the receiver is not down, until its test is over: hundreds of them that look on
/// would take the time of all other tests.
pub(crate) fn listen(strict: &Strict, first: TcpListener) {
    let address = first.local_addr().unwrap();
    let mut listener = Some(first);
    // Weak: a connection is over when its thread is, and only then reset.
    let mut open: Vec<Weak<TcpStream>> = Vec::new();
    let connections = AtomicUsize::new(0);
    // One hold is this thread's own.
    while Arc::strong_count(&strict.state) > 1 {
        if strict.lock().down {
            listener = None;
            for stream in open.drain(..).filter_map(|stream| stream.upgrade()) {
                let _ = stream.shutdown(std::net::Shutdown::Both);
            }
        } else if let Some(listener) = &listener {
            listener.set_nonblocking(true).unwrap();
            if let Ok((stream, _)) = listener.accept() {
                stream.set_nonblocking(false).unwrap();
                let stream = Arc::new(stream);
                open.retain(|stream| stream.strong_count() > 0);
                open.push(Arc::downgrade(&stream));
                let (served, number) = (strict.clone(), connections.fetch_add(1, Ordering::SeqCst));
                std::thread::spawn(move || while request(&served, &stream, number).is_some() {});
                continue;
            }
        } else {
            listener = TcpListener::bind(address).ok();
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// Nothing where the connection is over.
fn request(strict: &Strict, stream: &TcpStream, connection: usize) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        if reader.read_line(&mut text).ok()? == 0 {
            return None;
        }
    }
    let head = Head::parse(text.trim_end());
    if head.method == "GET" && head.path.contains("get_vm_proto_version=") {
        let said = super::answers::version(strict.mode);
        return (&mut &*stream).write_all(said.text.as_bytes()).ok();
    }
    let answer = strict.lock().script.take();
    let (wait, answer) = match answer {
        Answer::After(wait, answer) => (wait, *answer),
        answer => (Duration::ZERO, answer),
    };
    let mut body = vec![0; head.length()];
    match answer {
        Answer::ResetBeforeBody => return reset(strict, stream),
        Answer::ResetInBody => {
            let half = body.len() / 2;
            reader.read_exact(&mut body[..half]).ok()?;
            return reset(strict, stream);
        }
        _ => reader.read_exact(&mut body).inspect_err(|_| strict.lock().torn += 1).ok()?,
    }
    let (message, found) = judge(&head, &body);
    let kind = head.kind();
    let (number, refused) = strict.arrived(head, &message, body, connection, found);
    std::thread::park_timeout(wait);
    let said = super::answers::choose(strict.mode, kind, &message, refused.as_deref(), &answer);
    strict.settled(number, kind, &message, said.status, said.outcome);
    if answer == Answer::ResetAfterBody {
        return reset(strict, stream);
    }
    if answer == Answer::Hangs {
        // Until the sender closes its end.
        let _ = reader.read(&mut [0]);
        return None;
    }
    (&mut &*stream).write_all(said.text.as_bytes()).ok()?;
    (!matches!(answer, Answer::Closes | Answer::CutOff | Answer::Garbage)).then_some(())
}

/// Closed with bytes unread, or with no time to linger, it is a reset.
fn reset(strict: &Strict, stream: &TcpStream) -> Option<()> {
    strict.lock().torn += 1;
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
    None
}

impl Strict {
    /// The number of the request, and what it breaks.
    fn arrived(
        &self,
        head: Head,
        message: &Message,
        bytes: Vec<u8>,
        connection: usize,
        mut found: Found,
    ) -> (usize, Option<String>) {
        let mut state = self.lock();
        let (number, kind) = (state.seen.len(), head.kind());
        state.history.arrive(kind, message, &mut found);
        let violations = found.of(number);
        let refused = (!violations.is_empty()).then(|| told(&violations));
        state.violations.extend(violations);
        let (message, at) = (message.clone(), Instant::now());
        state.seen.push(Seen { head, kind, message, bytes, at, status: 0, connection });
        (number, refused)
    }

    fn settled(&self, number: usize, kind: Kind, message: &Message, status: u16, outcome: Outcome) {
        let mut state = self.lock();
        state.history.settle(kind, message, outcome);
        state.seen[number].status = status;
    }
}
