//! A body that is a file, of any size: read in pieces.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use circadia_domain::code::Code;
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::body::{content_length, incomplete, refuse_compressed};
use crate::http::problem::Problem;

/// How long the next piece may take to arrive.
const PIECE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the whole file may take: at 5 Mbit/s, a gigabyte does.
const FILE_TIMEOUT: Duration = Duration::from_mins(30);

/// The body of a request that is a file, whatever its type.
pub struct FileBody {
    accepted: Result<(), Problem>,
    length: Option<u64>,
    payload: Payload,
    /// Bytes that may still come.
    left: u64,
    ends: Instant,
}

impl std::fmt::Debug for FileBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileBody").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}

fn too_large() -> Problem {
    Problem::of(Code::PayloadTooLarge, "The file is larger than is accepted.")
}

impl FileBody {
    /// Refuses what can be refused before the file is read, and what is larger than `max` bytes.
    ///
    /// # Errors
    /// `unsupported_media_type`, `payload_too_large`.
    pub fn ensure_accepted(&mut self, max: u64) -> Result<(), Problem> {
        std::mem::replace(&mut self.accepted, Ok(()))?;
        self.left = max;
        if self.length.is_some_and(|length| length > max) { Err(too_large()) } else { Ok(()) }
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// `payload_too_large`, `request_timeout`, `incomplete_body`.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let until = self.ends.min(Instant::now() + PIECE_TIMEOUT);
        let slow = |_| Problem::of(Code::RequestTimeout, "The file didn't arrive in time.");
        let Some(piece) = tokio::time::timeout_at(until, self.payload.next()).await.map_err(slow)? else {
            return Ok(None);
        };
        let piece = piece.map_err(|_| incomplete())?;
        let count = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(count).ok_or_else(too_large)?;
        Ok(Some(piece))
    }
}

impl FromRequest for FileBody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_form = content_type.trim_start().to_ascii_lowercase().starts_with("multipart/");
        let accepted = match refuse_compressed(request) {
            Ok(()) if is_form => Err(Problem::of(
                Code::UnsupportedMediaType,
                "The body must be the file itself, not a form that has it.",
            )),
            checked => checked,
        };
        ready(Ok(Self {
            accepted,
            length: content_length(request),
            payload: payload.take(),
            left: 0,
            ends: Instant::now() + FILE_TIMEOUT,
        }))
    }
}
