//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that is sent again is carried out once.
//!
//! One place for all operations: their policies say which take a key. The first request claims it and its answer is kept;
//! the others get that answer, or are told what became of the first.

use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION, SET_COOKIE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpResponse, ResponseError as _};
use circadia_app::idempotent_requests::{Begun, RunningAttempt};
use circadia_domain::code::Code;
use circadia_domain::idempotency_keys::{CLAIM_SECONDS, IdempotencyKey, KEY_SECONDS, MAX_ANSWER_BYTES};
use circadia_domain::violation::Violations;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::http::caller::admitted;
use crate::http::input::read_body;
use crate::http::problem::{InputLocation, Problem};
use crate::http::routing::matched;
use crate::http::state::AppState;

/// The name of the header in the document.
pub(crate) const PARAMETER: &str = "Idempotency-Key";

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The headers of an answer that are kept with it. The others are about the request that was sent.
const KEPT_HEADERS: [HeaderName; 5] = [CACHE_CONTROL, CONTENT_TYPE, ETAG, LINK, LOCATION];

/// The header as a parameter of operations.
pub(crate) fn parameter() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(512));
    ParameterBuilder::new()
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(schema))
        .name(PARAMETER)
        .description(Some(format!(
            "1 to 255 characters of the client's choice, in quotes or bare: for {} hours the same request with the same \
             key is carried out once, and answered like the first time (with `Idempotency-Replayed: true`)",
            KEY_SECONDS / 3_600
        )))
        .build()
}

/// What is done with a request that has a key.
enum Prepared {
    /// It is carried out.
    Run(RunningAttempt),
    /// It is answered.
    Answer(HttpResponse),
}

/// Carries out a request with a key once, and any other as it is.
pub(crate) async fn once(
    state: Data<AppState>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let attempt = match prepare(&state, &mut request).await {
        Ok(None) => return next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        Ok(Some(Prepared::Run(attempt))) => attempt,
        Ok(Some(Prepared::Answer(answer))) => return Ok(request.into_response(answer)),
        Err(problem) => return Ok(request.into_response(problem.error_response())),
    };
    let response = attempt.carry_out(next.call(request)).await?;
    let (status, headers) = (response.status(), response.headers());
    let fits = match response.response().body().size() {
        BodySize::None => true,
        BodySize::Sized(length) => usize::try_from(length).is_ok_and(|length| length <= MAX_ANSWER_BYTES),
        BodySize::Stream => false,
    };
    // A cookie is for the one who asked only.
    if !is_final(status) || !fits || headers.contains_key(SET_COOKIE) {
        attempt.release().await;
        return Ok(response.map_into_boxed_body());
    }
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let body = match to_bytes(body).await {
        Ok(body) => body,
        Err(error) => {
            let error: Box<dyn std::error::Error> = error.into();
            return Ok(ServiceResponse::new(request, Problem::internal(&error).error_response()));
        }
    };
    attempt.keep(&KeptAnswer::of(status, head.headers()).to_bytes(&body)?).await;
    Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(body))))
}

/// Whether the same request, sent again, is to be answered like this. Not what depends on who asks and how often, nor what
/// failed.
fn is_final(status: StatusCode) -> bool {
    const PASSING: [StatusCode; 4] =
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
    status.is_success() || status.is_client_error() && !PASSING.contains(&status)
}

/// Reads the key and the body, and claims the key.
async fn prepare(state: &AppState, request: &mut ServiceRequest) -> Result<Option<Prepared>, Problem> {
    let Some(key) = key(request)? else { return Ok(None) };
    // Who isn't let in is refused by the route.
    let Ok(principal) = admitted(request.request()) else { return Ok(None) };
    let (sender, payload) = request.parts_mut();
    let body = read_body(sender, &mut payload.take()).await?.freeze();
    let mut hash = Sha256::new();
    for part in [request.method().as_str(), "\n", &request.uri().to_string(), "\n"] {
        hash.update(part);
    }
    hash.update(&body);
    request.set_payload(whole(body));
    let key = Sha256::digest(key.as_str());
    let begun = state.app.idempotent_requests.begin(principal.user, key.into(), hash.finalize().into()).await?;
    match begun {
        Begun::Now(attempt) => Ok(Some(Prepared::Run(attempt))),
        Begun::Before(answer) => KeptAnswer::replay(&answer).map(|answer| Some(Prepared::Answer(answer))),
        Begun::InUse => Err(Problem::of(
            Code::IdempotencyKeyInUse,
            format!(
                "A request with this key is being carried out. Send it again in a moment; if the server broke off, within \
                 {CLAIM_SECONDS} s."
            ),
        )
        .with_retry_after(1)),
        Begun::WithoutAnswer => Err(Problem::of(
            Code::IdempotencyAnswerLost,
            "The request with this key was carried out, but its answer is not known any more: read what it changed, \
             instead of sending it again.",
        )),
        Begun::Reused => {
            let detail = "was used for another request: choose a new one";
            Err(wrong_key("idempotency_key_reused", detail).with_code(Code::IdempotencyKeyReused))
        }
    }
}

/// The problem for a wrong key.
fn wrong_key(code: &'static str, detail: &'static str) -> Problem {
    let mut wrong = Violations::new();
    wrong.add("/idempotency-key", code, detail);
    Problem::invalid(InputLocation::Header, wrong)
}

/// The key of a request; `None` if it has none, or nothing would be carried out.
///
/// # Errors
/// `validation_failed` at `/idempotency-key`.
fn key(request: &ServiceRequest) -> Result<Option<IdempotencyKey>, Problem> {
    let mut lines = request.headers().get_all(&IDEMPOTENCY_KEY);
    let Some(line) = lines.next().filter(|_| request.method() == Method::POST) else { return Ok(None) };
    let Some((known, takes_key)) =
        matched(request).map(|matched| (matched.operation.is_some(), matched.policy.takes_idempotency_key))
    else {
        return Ok(None);
    };
    if !known {
        return Ok(None);
    }
    if !takes_key {
        return Err(wrong_key("idempotency_key_not_supported", "can't be used here: send the request without"));
    }
    let key = line.to_str().ok().filter(|_| lines.next().is_none()).and_then(IdempotencyKey::parse);
    match key {
        Some(key) => Ok(Some(key)),
        None => Err(wrong_key(
            "invalid_idempotency_key",
            "must be one key of 1 to 255 printable ASCII characters, in quotes or without blanks, commas and semicolons",
        )),
    }
}

/// A payload of bytes that were read.
fn whole(body: Bytes) -> Payload {
    Payload::Stream { payload: Box::pin(futures_util::stream::once(std::future::ready(Ok(body)))) }
}

/// The head of an answer that is kept: a line of JSON, which the body follows.
#[derive(Debug, Serialize, Deserialize)]
struct KeptAnswer {
    status: u16,
    headers: Vec<(String, String)>,
}

impl KeptAnswer {
    fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let mut kept = Vec::new();
        for name in &KEPT_HEADERS {
            let texts = headers.get_all(name).filter_map(|value| value.to_str().ok());
            kept.extend(texts.map(|text| (name.as_str().to_owned(), text.to_owned())));
        }
        Self { status: status.as_u16(), headers: kept }
    }

    fn to_bytes(&self, body: &[u8]) -> Result<Vec<u8>, Problem> {
        let mut bytes = serde_json::to_vec(self).map_err(|error| Problem::internal(&error))?;
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
        Ok(bytes)
    }

    /// Answers as the first time.
    fn replay(bytes: &[u8]) -> Result<HttpResponse, Problem> {
        let unreadable = || Problem::internal(&"the answer that was kept can't be read");
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(unreadable)?;
        let (head, body) = bytes.split_at_checked(end).ok_or_else(unreadable)?;
        let head: Self = serde_json::from_slice(head).map_err(|_| unreadable())?;
        let status = StatusCode::from_u16(head.status).map_err(|_| unreadable())?;
        let mut response = HttpResponse::build(status);
        for (name, value) in head.headers {
            response.append_header((name, value));
        }
        response.insert_header((IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true")));
        let body = body.get(1..).unwrap_or_default();
        Ok(if status == StatusCode::NO_CONTENT { response.finish() } else { response.body(body.to_vec()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_with_what_matters_of_its_head() {
        let first = HttpResponse::Created()
            .insert_header((ETAG, "\"1.2\""))
            .insert_header(("x-request-id", "7"))
            .content_type("application/json")
            .finish();
        let kept = KeptAnswer::of(first.status(), first.headers()).to_bytes(b"{}\n{}").unwrap();
        let again = KeptAnswer::replay(&kept).unwrap();
        assert_eq!((again.status(), again.headers().get(ETAG).unwrap().as_bytes()), (first.status(), &b"\"1.2\""[..]));
        assert_eq!(again.headers().len(), 3);
        let body = futures_util::FutureExt::now_or_never(to_bytes(again.into_body())).unwrap().unwrap();
        assert_eq!(body, &b"{}\n{}"[..]);
    }

    #[test]
    fn what_may_end_otherwise_next_time_is_not_final() {
        for (status, expected) in
            [(200, true), (204, true), (304, false), (404, true), (409, true), (412, true), (422, true)]
                .into_iter()
                .chain([401, 403, 408, 429, 500, 503].map(|status| (status, false)))
        {
            assert_eq!(is_final(StatusCode::from_u16(status).unwrap()), expected, "{status}");
        }
    }
}
