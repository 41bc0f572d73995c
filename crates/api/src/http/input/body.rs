//! The JSON body of a request.

use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use actix_web::web::{BytesMut, Data};
use actix_web::{FromRequest, HttpRequest};
use circadia_domain::code::Code;
use circadia_domain::ids::IdSource;
use futures_util::StreamExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Decode, Fields, Origin, Raw, json};
use crate::http::problem::{InputLocation, Problem};
use crate::http::state::AppState;

/// The most bytes a JSON body may have.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// The most bytes a form may have.
const MAX_FORM_BYTES: usize = 16 * 1024;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A decoded JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: Decode> Body<T> {
    fn from_bytes(bytes: &[u8], ids: Option<&dyn IdSource>) -> Result<Self, Problem> {
        let value = json::parse(bytes)?;
        let origin = Origin { digest: digest_of(&value), ids };
        let members = Raw { value: &value, textual: false }.members();
        let decoded = members.and_then(|members| Fields::read_from(members, false, origin));
        decoded.map(Self).map_err(|wrong| Problem::invalid(InputLocation::Body, wrong))
    }
}

/// SHA-256 of a body's canonical form (members sorted, no white space): the same request again has the same. What is
/// null might as well be absent, and an id is the same in capitals: neither makes another request of it.
pub fn digest_of(value: &Value) -> [u8; 32] {
    let mut canonical = value.clone();
    if let Value::Object(members) = &mut canonical {
        members.retain(|_, member| !member.is_null());
        if let Some(Value::String(id)) = members.get_mut("id") {
            id.make_ascii_lowercase();
        }
    }
    Sha256::digest(canonical.to_string().as_bytes()).into()
}

impl<T: Decode + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let accepted = accepts(request).and_then(|()| check_length(request, MAX_BODY_BYTES));
        let state = request.app_data::<Data<AppState>>().cloned();
        let mut payload = payload.take();
        Box::pin(async move {
            accepted?;
            let bytes = read_all(&mut payload, MAX_BODY_BYTES, BODY_TIMEOUT).await?;
            let ids = state.as_ref().map(|state| &*state.app.context.ids);
            Self::from_bytes(&bytes, ids)
        })
    }
}

/// A decoded JSON body that may be missing altogether.
#[derive(Debug)]
pub struct OptionalBody<T>(pub Option<T>);

impl<T: Decode + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let chunked = request.headers().contains_key(TRANSFER_ENCODING);
        if content_length(request).unwrap_or(0) == 0 && !chunked {
            return Box::pin(ready(Ok(Self(None))));
        }
        let body = Body::<T>::from_request(request, payload);
        Box::pin(async move { Ok(Self(Some(body.await?.0))) })
    }
}

/// Reads the whole body of a request that may have one of JSON.
///
/// # Errors
/// `payload_too_large`, `request_timeout`, `incomplete_body`.
pub(crate) async fn read_body(request: &HttpRequest, payload: &mut Payload) -> Result<BytesMut, Problem> {
    check_length(request, MAX_BODY_BYTES)?;
    read_all(payload, MAX_BODY_BYTES, BODY_TIMEOUT).await
}

/// The most bytes of a document to import: 32 MiB.
pub const MAX_DOCUMENT_BYTES: usize = 32 * 1024 * 1024;
/// How long one may take to arrive: at 5 Mbit/s, the largest does.
const DOCUMENT_TIMEOUT: Duration = Duration::from_mins(1);

/// The checked beginning of a request whose JSON body may be a large document.
pub struct DocumentBody {
    accepted: Result<(), Problem>,
    payload: Payload,
}

impl std::fmt::Debug for DocumentBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocumentBody").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}

impl DocumentBody {
    /// Refuses what can be refused before the body is read.
    ///
    /// # Errors
    /// `unsupported_media_type`, `payload_too_large`.
    pub fn ensure_accepted(&mut self) -> Result<(), Problem> {
        std::mem::replace(&mut self.accepted, Ok(()))
    }

    /// Reads it.
    ///
    /// # Errors
    /// `payload_too_large`, `request_timeout`, `incomplete_body`.
    pub async fn read(mut self) -> Result<BytesMut, Problem> {
        read_all(&mut self.payload, MAX_DOCUMENT_BYTES, DOCUMENT_TIMEOUT).await
    }
}

impl FromRequest for DocumentBody {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let accepted = accepts(request).and_then(|()| check_length(request, MAX_DOCUMENT_BYTES));
        ready(Ok(Self { accepted, payload: payload.take() }))
    }
}

/// Reads a form (`application/x-www-form-urlencoded`) as the text that it is.
///
/// # Errors
/// `unsupported_media_type`, `payload_too_large`, `request_timeout`, `incomplete_body`.
pub async fn read_form(request: &HttpRequest, mut payload: Payload) -> Result<String, Problem> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Problem::of(Code::UnsupportedMediaType, "The body must be `application/x-www-form-urlencoded`."));
    }
    check_length(request, MAX_FORM_BYTES)?;
    let bytes = read_all(&mut payload, MAX_FORM_BYTES, BODY_TIMEOUT).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn content_length(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Refuses a body that is announced as too large, before it is read.
pub(super) fn check_length(request: &HttpRequest, limit: usize) -> Result<(), Problem> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    if content_length(request).is_some_and(|length| length > most) { Err(too_large(limit)) } else { Ok(()) }
}

pub(super) async fn read_all(payload: &mut Payload, limit: usize, timeout: Duration) -> Result<BytesMut, Problem> {
    let read = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| incomplete())?;
            if bytes.len() + chunk.len() > limit {
                return Err(too_large(limit));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let slow = |_| {
        let detail = format!("The body didn't arrive within {} seconds.", timeout.as_secs());
        Problem::of(Code::RequestTimeout, detail)
    };
    tokio::time::timeout(timeout, read).await.map_err(slow)?
}

pub(super) fn incomplete() -> Problem {
    Problem::of(Code::IncompleteBody, "The body ended early or can't be read.")
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("The body is larger than {} KiB, the most that is accepted.", limit / 1024);
    Problem::of(Code::PayloadTooLarge, detail)
}

/// # Errors
/// `unsupported_media_type`.
pub(super) fn refuse_compressed(request: &HttpRequest) -> Result<(), Problem> {
    match request.headers().get("content-encoding") {
        Some(encoding) if encoding != "identity" => {
            Err(Problem::of(Code::UnsupportedMediaType, "The body must not be compressed."))
        }
        _ => Ok(()),
    }
}

/// Only `application/json`, in UTF-8, not compressed.
fn accepts(request: &HttpRequest) -> Result<(), Problem> {
    refuse_compressed(request)?;
    let refuse = |detail: &'static str| Err(Problem::of(Code::UnsupportedMediaType, detail));
    let Some(content_type) = request.headers().get(CONTENT_TYPE) else {
        return refuse("The header `Content-Type: application/json` is missing.");
    };
    let text = content_type.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let json = essence == "application/json" || essence == "application/merge-patch+json";
    let utf8 = parts.all(|parameter| {
        !parameter.starts_with("charset=") || matches!(parameter, "charset=utf-8" | "charset=\"utf-8\"")
    });
    if json && utf8 { Ok(()) } else { refuse("Bodies must be `application/json` in UTF-8.") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_digest_does_not_depend_on_order_or_white_space() {
        let digest = |text: &str| digest_of(&json::parse(text.as_bytes()).unwrap());
        assert_eq!(digest(r#"{"a":1,"b":[1, 2]}"#), digest(r#"{ "b":[1,2], "a":1 }"#));
        assert_ne!(digest(r#"{"a":1}"#), digest(r#"{"a":2}"#));
        assert_eq!(digest(r#"{"a":1,"b":null,"id":"0A"}"#), digest(r#"{"a":1,"id":"0a"}"#));
        assert_eq!(digest_of(&json!({})), digest("{}"));
    }
}
