//! What a connection is doing, seen from both of its ends: the bytes that come, and the answers that go.
//!
//! hyper has one time limit for all waiting between requests. We need to tell a client that
//! keeps a connection for later from one that began a head and does not end it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::stall::Stall;

const WORKING: u64 = 0;
const IDLE: u64 = 1;
/// Larger values: a head is being read since so many nanoseconds, less these two.
const READING: u64 = 2;

/// The phase of one connection. A new one owes a head at once.
#[derive(Debug, Clone)]
pub(super) struct Phase {
    began: Instant,
    now: Arc<AtomicU64>,
}

impl Phase {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), now: Arc::new(AtomicU64::new(READING)) }
    }

    /// A request is being answered, until its answer's body is dropped.
    pub(super) fn working(&self) -> Working {
        self.now.store(WORKING, Ordering::Release);
        Working(self.clone())
    }

    fn bytes_came(&self) {
        if self.now.load(Ordering::Acquire) == IDLE {
            let since = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX - READING);
            self.now.store(READING + since, Ordering::Release);
        }
    }

    fn reading_since(&self) -> Option<Instant> {
        let since = self.now.load(Ordering::Acquire).checked_sub(READING)?;
        Some(self.began + Duration::from_nanos(since))
    }

    /// Waits until a head has been incomplete for so long.
    pub(super) async fn overdue(&self, limit: Duration) {
        loop {
            // A head that begins while this sleeps is due after its end.
            let due = self.reading_since().unwrap_or_else(Instant::now) + limit;
            tokio::time::sleep_until(due).await;
            if self.reading_since().is_some_and(|since| since.elapsed() >= limit) {
                return;
            }
        }
    }

    /// Ready at once while no request has fully come, else never.
    pub(super) async fn no_request(&self) {
        if self.reading_since().is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Ends the work on a request when it is dropped.
#[derive(Debug)]
pub(super) struct Working(Phase);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.now.store(IDLE, Ordering::Release);
    }
}

pin_project! {
    /// The body of an answer, which is work until it is gone.
    pub(super) struct Answer<B> {
        #[pin]
        pub(super) body: B,
        pub(super) working: Working,
    }
}

impl<B: Body> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().body.poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that notes when bytes come, and ends when none go that should.
pub(super) struct Watched<I> {
    pub(super) stream: I,
    pub(super) phase: Phase,
    pub(super) stall: Stall,
}

impl<I: AsyncRead + Unpin> AsyncRead for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.phase.bytes_came();
        }
        read
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.stall.check(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        // With TLS this writes, too; without, it is done at once and says nothing of the writes.
        if flushed.is_ready() { flushed } else { self.stall.check(context, flushed) }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.stall.check(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
