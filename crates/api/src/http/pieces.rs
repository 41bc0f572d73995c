//! Large bodies in pieces: a connection takes the next one when it has sent what it holds, so that a client which doesn't
//! read makes it hold little.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

/// The size of a piece. Smaller bodies are sent as they are.
const PIECE_BYTES: usize = 8 * 1024;

struct Pieces {
    body: BoxBody,
    /// What it gave last, and isn't taken yet.
    rest: Bytes,
}

impl MessageBody for Pieces {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(context)) {
                Some(Ok(bytes)) => self.rest = bytes,
                ended => return Poll::Ready(ended),
            }
        }
        let length = self.rest.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

/// The same body.
pub(crate) fn in_pieces(body: BoxBody) -> BoxBody {
    let small = u64::try_from(PIECE_BYTES).unwrap_or(u64::MAX);
    match body.size() {
        BodySize::None => body,
        BodySize::Sized(length) if length <= small => body,
        BodySize::Sized(_) | BodySize::Stream => BoxBody::new(Pieces { body, rest: Bytes::new() }),
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn the_pieces_are_the_whole_and_none_is_large() {
        for length in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 7] {
            let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let mut body = in_pieces(BoxBody::new(bytes.clone()));
            assert_eq!(body.size(), BodySize::Sized(length.try_into().unwrap()));
            let mut sent = Vec::new();
            while let Poll::Ready(Some(Ok(piece))) =
                Pin::new(&mut body).poll_next(&mut Context::from_waker(Waker::noop()))
            {
                assert!(piece.len() <= PIECE_BYTES);
                sent.extend_from_slice(&piece);
            }
            assert_eq!(sent, bytes);
        }
    }
}
