//! The clock of one connection: a bound on the time to the end of the headers, and one on the pause between requests.

use crate::config::Limits;
use http::Request;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use tower::Service;

/// What a connection is doing, and since when.
pub(super) struct Pace {
    http1: bool,
    header_timeout: Duration,
    idle_timeout: Duration,
    now: Mutex<Doing>,
}

struct Doing {
    /// Requests whose head is read and whose answer is not made. While there is one, nothing here is overdue: bodies and
    /// answers have bounds of their own.
    requests: usize,
    /// Whether a head has begun to arrive.
    head: bool,
    /// Since when there is no request, or the head is arriving.
    since: Instant,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// A head that began and does not end.
    Head,
    /// The pause between two requests.
    Idle,
}

impl Pace {
    /// A connection that has just said its first bytes.
    pub(super) fn new(http1: bool, limits: &Limits) -> Self {
        let now = Doing { requests: 0, head: true, since: Instant::now() };
        let (header_timeout, idle_timeout) = (limits.header_timeout, limits.idle_timeout);
        Self { http1, header_timeout, idle_timeout, now: Mutex::new(now) }
    }

    /// What has taken too long by now.
    pub(super) fn overdue(&self) -> Option<Overdue> {
        let now = self.now();
        let (most, what) =
            if now.head { (self.header_timeout, Overdue::Head) } else { (self.idle_timeout, Overdue::Idle) };
        (now.requests == 0 && now.since.elapsed() >= most).then_some(what)
    }

    /// How long to wait before asking again: a head may begin meanwhile and is then at most half its time late.
    pub(super) fn nap(&self) -> Duration {
        self.header_timeout.min(self.idle_timeout) / 2
    }

    /// Bytes have arrived. Between requests of HTTP/1 they are a head; HTTP/2 has other things to say.
    fn arrived(&self) {
        let mut now = self.now();
        if self.http1 && now.requests == 0 && !now.head {
            now.head = true;
            now.since = Instant::now();
        }
    }

    fn begin(&self) {
        let mut now = self.now();
        now.requests += 1;
        now.head = false;
    }

    fn end(&self) {
        let mut now = self.now();
        now.requests -= 1;
        now.since = Instant::now();
    }

    fn now(&self) -> MutexGuard<'_, Doing> {
        // Nothing panics under this lock.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A service that tells the clock when requests begin and end.
#[derive(Clone)]
pub(super) struct Timed<S> {
    service: S,
    pace: Arc<Pace>,
}

impl<S> Timed<S> {
    pub(super) fn new(service: S, pace: Arc<Pace>) -> Self {
        Self { service, pace }
    }
}

impl<S, B> Service<Request<B>> for Timed<S>
where
    S: Service<Request<B>, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.pace.begin();
        let running = Running(Arc::clone(&self.pace));
        let answer = self.service.call(request);
        Box::pin(async move {
            let answer = answer.await;
            drop(running);
            answer
        })
    }
}

/// A request that ends when it is dropped, also where it is cancelled.
struct Running(Arc<Pace>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A socket that tells the clock when bytes arrive.
pub(super) struct Paced<T> {
    socket: TokioIo<T>,
    pace: Arc<Pace>,
}

impl<T> Paced<T> {
    pub(super) fn new(socket: T, pace: Arc<Pace>) -> Self {
        Self { socket: TokioIo::new(socket), pace }
    }
}

impl<T: AsyncRead + Unpin> Read for Paced<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if matches!(read, Poll::Ready(Ok(()))) {
            self.pace.arrived();
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> Write for Paced<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(http1: bool) -> Pace {
        let (header_timeout, idle_timeout) = (Duration::from_secs(10), Duration::from_secs(120));
        Pace::new(http1, &Limits { header_timeout, idle_timeout, ..Limits::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn heads_and_pauses_have_their_own_times() {
        let pace = pace(true);
        let wait = |seconds| tokio::time::advance(Duration::from_secs(seconds));
        wait(10).await;
        assert_eq!(pace.overdue(), Some(Overdue::Head), "the first head");
        pace.begin();
        wait(1000).await;
        assert_eq!(pace.overdue(), None, "a request is under way");
        pace.end();
        wait(119).await;
        assert_eq!(pace.overdue(), None, "a pause");
        pace.arrived();
        wait(9).await;
        pace.arrived();
        assert_eq!(pace.overdue(), None, "a second head");
        wait(1).await;
        assert_eq!(pace.overdue(), Some(Overdue::Head), "drop by drop");
    }

    #[tokio::test(start_paused = true)]
    async fn http2_may_say_other_things_between_requests() {
        let pace = pace(false);
        pace.begin();
        pace.end();
        pace.arrived();
        tokio::time::advance(Duration::from_secs(119)).await;
        assert_eq!(pace.overdue(), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(pace.overdue(), Some(Overdue::Idle));
    }
}
