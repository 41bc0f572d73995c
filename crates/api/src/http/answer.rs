//! Conditional requests (RFC 9110 §13): `ETag`, `If-Match`, `If-None-Match`.
//!
//! A stored resource's tag is `"<revision>.<hash>"`: the revision for `If-Match`, and a hash of the body, so that
//! `If-None-Match` notices whatever else the answer depends on (counts, today's date). A computed answer's tag is
//! `W/"<hash>"`. Compression on the way turns a strong tag into a weak one of the same text; since the text names the
//! revision, it is accepted in `If-Match` all the same.

use std::future::{Ready, ready};
use std::hash::BuildHasher as _;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, ResponseError as _};
use circadia_domain::revision::{Expected, Revision};
use foldhash::quality::FixedState;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::http::problem::{InputLocation, Problem};

/// The `If-Match` header.
#[derive(Debug)]
pub struct IfMatch(pub Expected);

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = ParameterBuilder::new()
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .name("If-Match")
            .description(Some("An earlier `ETag`: the request is refused (412) if the resource has changed since"))
            .build();
        vec![parameter]
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = header(request, &IF_MATCH).and_then(|text| if_match(text.as_deref()));
        ready(read.map(Self))
    }
}

fn if_match(header: Option<&str>) -> Result<Expected, Problem> {
    let Some(text) = header else { return Ok(Expected::Anything) };
    if text.trim() == "*" {
        return Ok(Expected::Existing);
    }
    let tags = tags(text).ok_or_else(|| malformed("if-match"))?;
    // A tag that names no revision matches nothing, as an outdated one would.
    let revisions = tags.iter().filter_map(|tag| tag.split('.').next()?.parse().ok()).map(Revision).collect();
    Ok(Expected::OneOf(revisions))
}

fn malformed(name: &str) -> Problem {
    let mut wrong = circadia_domain::violation::Violations::new();
    wrong.add(format!("/{name}"), "invalid_etag", "must be `*` or a list of entity tags such as `\"42.9f2c\"`");
    Problem::invalid(InputLocation::Header, wrong)
}

fn header(request: &HttpRequest, name: &HeaderName) -> Result<Option<String>, Problem> {
    let mut lines = Vec::new();
    for value in request.headers().get_all(name) {
        lines.push(value.to_str().map_err(|_| malformed(name.as_str()))?);
    }
    Ok(if lines.is_empty() { None } else { Some(lines.join(",")) })
}

/// The opaque parts of a list of entity tags.
fn tags(text: &str) -> Option<Vec<&str>> {
    let mut tags = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let opened = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (tag, after) = opened.split_once('"')?;
        tags.push(tag);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(tags)
}

/// Whether `If-None-Match` names the opaque part of a tag: the client has what it asks for.
///
/// # Errors
/// `validation_failed` at `/if-none-match`.
pub(crate) fn is_known(request: &HttpRequest, tag: &str) -> Result<bool, Problem> {
    match header(request, &IF_NONE_MATCH)? {
        None => Ok(false),
        Some(text) if text.trim() == "*" => Ok(true),
        Some(text) => Ok(tags(&text).ok_or_else(|| malformed("if-none-match"))?.contains(&tag)),
    }
}

/// A hash of a body, as tags have it.
pub(crate) fn hash(body: &[u8]) -> u64 {
    FixedState::with_seed(0x6369_7263_6164_6961).hash_one(body)
}

/// Bytes that most stored things fit in.
const STORED_CAPACITY: usize = 1_024;

/// Bytes that many views and lists fit in: a larger one makes its buffer grow.
const COMPUTED_CAPACITY: usize = 8_192;

fn json(value: &impl Serialize, capacity: usize) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::with_capacity(capacity);
    serde_json::to_writer(&mut body, value).map_err(|error| Problem::internal(&error))?;
    Ok(body)
}

/// An answer in the making: a JSON body, and the headers that go with it.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    body: Vec<u8>,
    etag: String,
    links: Vec<String>,
    location: Option<String>,
}

impl Answer {
    /// A stored resource.
    pub fn stored(resource: &impl Serialize, rev: Revision) -> Result<Self, Problem> {
        let body = json(resource, STORED_CAPACITY)?;
        let etag = format!("\"{rev}.{:x}\"", hash(&body));
        Ok(Self { status: StatusCode::OK, body, etag, links: Vec::new(), location: None })
    }

    /// What was written to a stored resource, with more that changed: tagged as the resource alone.
    pub fn written(whole: &impl Serialize, resource: &impl Serialize, rev: Revision) -> Result<Self, Problem> {
        let body = json(whole, STORED_CAPACITY)?;
        Ok(Self { body, ..Self::stored(resource, rev)? })
    }

    /// A computed view, or a list.
    pub fn computed(view: &impl Serialize) -> Result<Self, Problem> {
        let body = json(view, COMPUTED_CAPACITY)?;
        let etag = format!("W/\"{:x}\"", hash(&body));
        Ok(Self { status: StatusCode::OK, body, etag, links: Vec::new(), location: None })
    }

    /// Something that was made, and where it is.
    #[must_use]
    pub fn created(mut self, location: String) -> Self {
        self.status = StatusCode::CREATED;
        self.location = Some(location);
        self
    }

    /// Something that will be done, and where its state is.
    #[must_use]
    pub fn accepted(mut self, location: String) -> Self {
        self.status = StatusCode::ACCEPTED;
        self.location = Some(location);
        self
    }

    /// Adds a target of an RFC 8288 `Link` header.
    #[must_use]
    pub fn link(mut self, relation: &str, target: &str) -> Self {
        self.links.push(format!("<{target}>; rel=\"{relation}\""));
        self
    }

    /// The answer to this request: 304 if it is a read of what the client has.
    fn respond(self, request: &HttpRequest) -> Result<HttpResponse, Problem> {
        let tag = self.etag.trim_start_matches("W/").trim_matches('"');
        let matches = request.method().is_safe() && is_known(request, tag)?;
        let mut response = HttpResponse::build(if matches { StatusCode::NOT_MODIFIED } else { self.status });
        response.insert_header((ETAG, self.etag)).insert_header((CACHE_CONTROL, "no-store"));
        if !self.links.is_empty() {
            response.insert_header((LINK, self.links.join(", ")));
        }
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        Ok(if matches { response.finish() } else { response.content_type("application/json").body(self.body) })
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.respond(request).unwrap_or_else(|problem| problem.error_response())
    }
}

/// 204: it was done, and there is nothing to show.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

/// JSON that must not be stored, without a tag: secrets that are shown once, and states that change by themselves.
pub(crate) fn unstored(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_are_read_from_tags() {
        let of = |numbers: &[i64]| Expected::OneOf(numbers.iter().copied().map(Revision).collect());
        assert_eq!(if_match(None).unwrap(), Expected::Anything);
        assert_eq!(if_match(Some("*")).unwrap(), Expected::Existing);
        assert_eq!(if_match(Some("\"7.ab\"")).unwrap(), of(&[7]));
        assert_eq!(if_match(Some("W/\"7.ab\" , \"8\"")).unwrap(), of(&[7, 8]));
        assert_eq!(if_match(Some("\"nonsense\"")).unwrap(), of(&[]));
        for wrong in ["7", "\"7", "\"7\" \"8\"", "W/7"] {
            assert!(if_match(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_tag_changes_with_the_body_and_with_the_revision() {
        let tag = |body: &str, rev: i64| Answer::stored(&body, Revision(rev)).unwrap().etag;
        assert_eq!(tag("a", 1), tag("a", 1));
        assert_ne!(tag("a", 1), tag("b", 1));
        assert_ne!(tag("a", 1), tag("a", 2));
    }
}
