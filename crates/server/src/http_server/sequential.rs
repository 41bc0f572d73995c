//! A stream that holds requests back which were sent ahead, until the one before them is answered.
//!
//! Left to itself, actix-http decodes whatever a client sends ahead: of each request it keeps some 7 kB, so that a client
//! that sends many and reads nothing costs hundreds of times what it sends. This stream ends each reading where a head
//! ends, and then gives no more than the body that the head announced until the answer was taken. Where it is mistaken
//! about the end of a head, only more or less is read at once: what is a request is decided by actix-http alone.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use actix_http::RequestHead;
use actix_web::http::header;
use actix_web::rt::net::TcpStream;
use actix_web::web::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::chunks::Chunks;

/// How much of a request's body is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    Bytes(u64),
    /// What comes in chunks, the last of which ends it.
    Chunked(Chunks),
}

/// Looks for the blank line that ends a head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum HeadEnd {
    #[default]
    InLine,
    /// After a line's end, and perhaps a carriage return.
    AtLineStart,
}

impl HeadEnd {
    /// How many bytes there are to the end of a head, that included, if it ends in them.
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, byte) in bytes.iter().enumerate() {
            *self = match (*self, byte) {
                (Self::AtLineStart, b'\n') => {
                    *self = Self::InLine;
                    return Some(index + 1);
                }
                (Self::AtLineStart, b'\r') | (Self::InLine, b'\n') => Self::AtLineStart,
                _ => Self::InLine,
            };
        }
        None
    }
}

/// What the connection is doing.
#[derive(Debug, Default)]
struct State {
    head_end: Cell<HeadEnd>,
    /// A head was just given: the connection has to look at it before it gets more.
    head_given: Cell<bool>,
    /// What was given after the last head.
    since_head: Cell<u64>,
    /// The body of the request that has its turn.
    answering: Cell<Option<Body>>,
    /// Woken at the end of a turn.
    waiting: RefCell<Option<Waker>>,
}

impl State {
    /// How many of these bytes may be given now, which are at least one.
    fn admit(&self, bytes: &[u8]) -> usize {
        match self.answering.get() {
            Some(Body::Bytes(left)) => {
                let admitted = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.answering.set(Some(Body::Bytes(left - count(admitted))));
                admitted
            }
            Some(Body::Chunked(mut chunks)) => {
                let end = chunks.find_end(bytes);
                self.answering.set(Some(if end.is_some() { Body::Bytes(0) } else { Body::Chunked(chunks) }));
                end.unwrap_or(bytes.len())
            }
            None => self.admit_head(bytes),
        }
    }

    /// How many of these bytes there are to the end of a head.
    fn admit_head(&self, bytes: &[u8]) -> usize {
        let mut head_end = self.head_end.get();
        let found = head_end.find(bytes);
        self.head_end.set(head_end);
        if let Some(end) = found {
            self.head_given.set(true);
            self.since_head.set(0);
            return end;
        }
        self.since_head.set(self.since_head.get().saturating_add(count(bytes.len())));
        bytes.len()
    }

    /// Whether the request that has its turn was read to its end.
    fn is_read(&self) -> bool {
        self.answering.get() == Some(Body::Bytes(0))
    }
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// The turns of a connection's requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Rc<State>);

impl Turns {
    /// Begins the turn of a request.
    pub(super) fn begin(&self, head: &RequestHead) -> Turn {
        let body = if head.headers().contains_key(header::TRANSFER_ENCODING) {
            // What came before the turn wasn't looked at.
            Body::Chunked(if self.0.since_head.get() == 0 { Chunks::BEGIN } else { Chunks::Malformed })
        } else {
            let length = head.headers().get(header::CONTENT_LENGTH);
            let length = length.and_then(|length| length.to_str().ok()?.trim().parse::<u64>().ok()).unwrap_or(0);
            Body::Bytes(length.saturating_sub(self.0.since_head.get()))
        };
        self.0.answering.set(Some(body));
        Turn(Rc::clone(&self.0))
    }
}

/// The turn of a request, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Rc<State>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.answering.set(None);
        self.0.head_end.set(HeadEnd::InLine);
        if let Some(waiting) = self.0.waiting.take() {
            waiting.wake();
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct SequentialStream {
    stream: TcpStream,
    /// What was read and is held back.
    held: BytesMut,
    state: Rc<State>,
}

impl SequentialStream {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, held: BytesMut::new(), state: Rc::default() }
    }

    pub(super) fn turns(&self) -> Turns {
        Turns(Rc::clone(&self.state))
    }

    /// Whether there is something to read, or the end.
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<Readable>> {
        if !self.held.is_empty() {
            return Poll::Ready(Ok(Readable::Bytes));
        }
        let mut byte = [0; 1];
        let read = ready!(self.stream.poll_peek(context, &mut ReadBuf::new(&mut byte)))?;
        Poll::Ready(Ok(if read == 0 { Readable::End } else { Readable::Bytes }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readable {
    Bytes,
    End,
}

impl AsyncRead for SequentialStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state.head_given.take() {
            ready!(this.poll_readable(context))?;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if this.state.is_read() {
            return match ready!(this.poll_readable(context))? {
                Readable::End => Poll::Ready(Ok(())),
                Readable::Bytes => {
                    this.state.waiting.replace(Some(context.waker().clone()));
                    Poll::Pending
                }
            };
        }
        if !this.held.is_empty() {
            let offered = this.held.len().min(buffer.remaining());
            let Some(offered) = this.held.get(..offered) else { return Poll::Ready(Ok(())) };
            let admitted = this.state.admit(offered);
            buffer.put_slice(&this.held.split_to(admitted));
            if this.held.is_empty() {
                this.held = BytesMut::new();
            }
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        if !read.is_empty() {
            let admitted = this.state.admit(read);
            this.held.extend_from_slice(read.get(admitted..).unwrap_or_default());
            buffer.set_filled(before + admitted);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SequentialStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces in which a text is given, if the connection looks at each head at once and answers nothing.
    fn pieces(text: &str) -> Vec<&str> {
        let (state, mut rest, mut pieces) = (State::default(), text, Vec::new());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(state.admit(rest.as_bytes()));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }

    #[test]
    fn each_head_is_a_piece() {
        assert_eq!(pieces("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b"), ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /b"]);
        assert_eq!(pieces("GET / HTTP/1.1\nHost: a\n\nGET /b"), ["GET / HTTP/1.1\nHost: a\n\n", "GET /b"]);
        assert_eq!(pieces("\r\n\r\nGET / HTTP/1.1\r\n\r\n"), ["\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"]);
        assert_eq!(pieces("no end\r\n\rof it\r\n"), ["no end\r\n\rof it\r\n"]);
    }

    #[test]
    fn an_end_is_found_wherever_the_readings_end() {
        let text = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for split in 0..text.len() {
            let (first, second) = text.split_at(split);
            let mut head_end = HeadEnd::default();
            assert_eq!(head_end.find(first), None, "{split}");
            assert_eq!(head_end.find(second), Some(second.len()), "{split}");
        }
    }

    #[test]
    fn a_turn_admits_its_body_and_no_more() {
        let turns = Turns::default();
        let state = Rc::clone(&turns.0);
        let head = "POST / HTTP/1.1\r\ncontent-length: 12\r\n\r\n";
        assert_eq!(state.admit(head.as_bytes()), head.len());
        assert!(state.head_given.take());
        // As after `Expect: 100-continue`: some of the body comes before the turn.
        assert_eq!(state.admit(b"one"), 3);
        let mut request = RequestHead::default();
        request.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("12"));
        let turn = turns.begin(&request);
        assert_eq!(state.admit(b"\r\n\r\n"), 4, "a blank line in a body ends no head");
        assert!(!state.is_read());
        assert_eq!(state.admit(b"67890GET /"), 5);
        assert!(state.is_read());
        drop(turn);
        assert!(!state.is_read());
        assert_eq!(state.admit(b"GET /"), 5);
    }

    #[test]
    fn a_turn_admits_its_chunks_and_no_more() {
        let turns = Turns::default();
        let mut request = RequestHead::default();
        request.headers_mut().insert(header::TRANSFER_ENCODING, header::HeaderValue::from_static("chunked"));
        let _turn = turns.begin(&request);
        assert_eq!(turns.0.admit(b"4\r\n\r\n\r\n\r\n"), 9, "a blank line in a chunk ends nothing");
        assert!(!turns.0.is_read());
        assert_eq!(turns.0.admit(b"0\r\n\r\nGET /"), 5);
        assert!(turns.0.is_read());
    }
}
