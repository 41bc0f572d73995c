//! The middleware around every request: its id, its log line, and the headers of every answer.

use std::time::Instant as Stopwatch;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::Method;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, ETAG, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, ResponseError as _};

use crate::http::state::AppState;
use circadia_app::SPAN_TARGET;
use circadia_app::database_use::DatabaseUse;
use circadia_domain::code::Code;
use circadia_domain::words::Words;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::http::caller::authenticate;
use crate::http::client_address::{client_address, is_https};
use crate::http::context;
use crate::http::pieces::in_pieces;
use crate::http::problem::Problem;
use crate::http::request_measures::{NO_ROUTE, RequestMeasures};
use crate::http::routing::RoutingTree;

/// Gives a request its id and context, logs it, and completes its answer's headers. Outermost.
pub(crate) async fn serve(
    state: Data<AppState>,
    routes: Data<RoutingTree>,
    measures: Data<RequestMeasures>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (begun, _in_flight) = (Stopwatch::now(), measures.in_flight.enter());
    let id = request_id(request.headers()).unwrap_or_else(|| state.app.context.ids.fresh().to_string());
    let method = request.method().clone();
    // A HEAD is a GET whose body the connection leaves out.
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let matched = routes.find(request.method(), request.match_info().as_str());
    let (route, operation, routed_method) = (matched.template.clone(), matched.operation, request.method().clone());
    request.extensions_mut().insert(matched);
    let address = client_address(request.head(), &state.settings);
    let span = request_span(&method, route.as_deref().unwrap_or(NO_ROUTE), &id);
    if let Some(take_over) = state.settings.trace_parent {
        take_over(&span, request.headers());
    }
    let served = context::serve(id.clone(), async {
        if requires_https(&state, &request) {
            let refused = Problem::of(Code::HttpsRequired, "Plain HTTP is not served: use HTTPS.").error_response();
            return Ok(request.into_response(refused));
        }
        next.call(request).await.map(ServiceResponse::map_into_boxed_body)
    });
    let (outcome, database, noted) = served.instrument(span.clone()).await;
    // Routes and middleware answer with problems rather than fail; holding on to the request to answer for them here
    // would keep it from being routed.
    let mut response = outcome?;
    complete_headers(response.headers_mut(), &state, &id, database);
    if !state.readiness.is_ready() {
        // About to stop: a connection that stayed open could be closed just when its next request comes.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let (duration, status) = (begun.elapsed(), response.status());
    measures.note(operation, &routed_method, status, duration);
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    if let Some(limit) = noted.refused_by {
        measures.refusals.increment(limit);
    }
    tracing::info!(
        target: "circadia::request",
        request_id = %id,
        %method,
        // Not the path: strangers write what they like in it, and users what is to be secret.
        route = route.as_deref().unwrap_or(NO_ROUTE),
        status = status.as_u16(),
        micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        statements = database.statements,
        user = noted.user.map(tracing::field::display),
        refused_by = noted.refused_by.map(Words::as_str),
        address = address.map(tracing::field::display),
        "served"
    );
    Ok(response.map_body(|_, body| match body.size() {
        // A stream might never end, and its length isn't known.
        BodySize::Stream if method == Method::HEAD => BoxBody::new(actix_web::body::None::new()),
        _ => in_pieces(body),
    }))
}

/// The span of a request, for traces.
fn request_span(method: &Method, route: &str, id: &str) -> Span {
    tracing::info_span!(
        target: SPAN_TARGET,
        "request",
        otel.name = format_args!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
        circadia.request_id = id,
    )
}

/// The id that a client gave, if it is fit for a log: up to 64 letters, digits, `-`, `_`, `.`.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("x-request-id")?.to_str().ok()?;
    let sane = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    sane.then(|| text.to_owned())
}

/// Production serves HTTPS only, as reported by a trusted proxy. Health checks are exempt.
fn requires_https(state: &AppState, request: &ServiceRequest) -> bool {
    state.settings.production && !request.path().starts_with("/health/") && !is_https(request.head(), &state.settings)
}

fn complete_headers(headers: &mut HeaderMap, state: &AppState, id: &str, database: DatabaseUse) {
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(HeaderName::from_static("x-request-id"), id);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    set(REFERRER_POLICY, "no-referrer");
    if state.settings.production {
        set(STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains; preload");
    } else if database != DatabaseUse::default() {
        let DatabaseUse { units, statements, round_trips, micros } = database;
        let millis = format!("{}.{:03}", micros / 1000, micros % 1000);
        let text = format!(
            "db;dur={millis};desc=\"{statements} statements in {units} units of work, {round_trips} round trips\""
        );
        set(HeaderName::from_static("server-timing"), &text);
    }
    // Routes may say otherwise.
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-site"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    weaken_tag(headers);
}

/// A compressed body no longer matches its strong tag byte for byte (RFC 9110 §8.8.3).
fn weaken_tag(headers: &mut HeaderMap) {
    if !headers.contains_key(CONTENT_ENCODING) {
        return;
    }
    let weak = headers.get(ETAG).and_then(|tag| tag.to_str().ok()).filter(|tag| tag.starts_with('"'));
    if let Some(weak) = weak.and_then(|tag| HeaderValue::from_str(&format!("W/{tag}")).ok()) {
        headers.insert(ETAG, weak);
    }
}

/// Authenticates the request, before limits and routes need its user.
pub(crate) async fn identify(
    state: Data<AppState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let authentication = authenticate(&state, request.request()).await;
    request.extensions_mut().insert(authentication);
    next.call(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sane_request_ids_are_taken_over() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static("x-request-id"), HeaderValue::from_static(value));
            request_id(&headers)
        };
        assert_eq!(with("abc-1_2.3").as_deref(), Some("abc-1_2.3"));
        assert_eq!(with(""), None);
        assert_eq!(with("a b"), None);
        assert_eq!(with("a\"}"), None);
        assert_eq!(with("0123456789012345678901234567890123456789012345678901234567890123456789"), None);
    }

    #[test]
    fn compressed_answers_carry_weak_tags() {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, HeaderValue::from_static("\"7.ab\""));
        weaken_tag(&mut headers);
        assert_eq!(headers.get(ETAG).unwrap(), "\"7.ab\"");
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        weaken_tag(&mut headers);
        assert_eq!(headers.get(ETAG).unwrap(), "W/\"7.ab\"");
    }
}
