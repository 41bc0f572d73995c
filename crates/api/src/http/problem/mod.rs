//! Error responses: RFC 9457 `application/problem+json`.

mod conversions;
mod status;

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use circadia_domain::code::Code;
use circadia_domain::violation::{CODES, Violations};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use self::status::status_of;
use crate::http::request_id;
use crate::http::schemas::one_of;

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The part of the request that contains a wrong value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputLocation {
    /// In the JSON body.
    Body,
    /// In the query string.
    Query,
    /// In the path.
    Path,
    /// In a header.
    Header,
}

one_of! {
    /// Why a request was refused. There may be more in later versions.
    pub ErrorCode: Code::ALL.iter().map(|code| code.as_str()), such as "validation_failed"
}

one_of! {
    /// What is wrong with a value. There may be more in later versions.
    pub FieldErrorCode: CODES.iter().copied(), such as "too_long"
}

/// One wrong value of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The part of the request that contains the value.
    #[serde(rename = "in")]
    pub place: InputLocation,
    /// JSON pointer (RFC 6901) to the value within that part: `/schedule/weekdays/1` in a body, `/from` in a query.
    #[schema(example = "/name")]
    pub pointer: String,
    /// Stable machine code.
    #[schema(value_type = FieldErrorCode)]
    pub code: &'static str,
    /// What is wrong and what is allowed, for people.
    #[schema(value_type = String, example = "must have at most 100 characters, but has 101")]
    pub detail: Cow<'static, str>,
}

/// The body of every error response (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// A URN that identifies the kind of problem; ends with `code`.
    #[serde(rename = "type")]
    #[schema(example = "urn:circadia:problem:validation_failed")]
    pub kind: String,
    /// A short summary, the same for every problem of this kind.
    #[schema(example = "The request contains invalid values")]
    pub title: &'a str,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What happened in this case, for people.
    #[schema(example = "One field is wrong: /name must have at most 100 characters, but has 101.")]
    pub detail: &'a str,
    /// The request's id, as in the `X-Request-Id` header.
    #[schema(example = "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b")]
    pub instance: String,
    /// Stable machine code; this document's description has the meanings.
    #[schema(value_type = ErrorCode)]
    pub code: &'a str,
    /// Every wrong value, for `validation_failed`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    pub errors: &'a [FieldError],
    /// Members that only this kind of problem has (RFC 9457 §3.2), such as the `conflicts` of `sleep_overlap`.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: &'a Map<String, Value>,
}

/// [`ProblemBody`] as the documentation refers to it.
pub type ProblemDoc = ProblemBody<'static>;

/// An error response.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
    headers: Vec<(&'static str, String)>,
    members: Map<String, Value>,
}

/// With a capital at its beginning and a full stop at its end.
fn sentence(text: Cow<'static, str>) -> Cow<'static, str> {
    let begins = text.chars().next();
    let is_begun = begins.is_none_or(|first| !first.is_ascii_lowercase());
    let is_ended = text.ends_with(['.', '!', '?', ':']);
    if text.is_empty() || (is_begun && is_ended) {
        return text;
    }
    let mut whole = text.into_owned();
    if let Some(first) = whole.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !is_ended {
        whole.push('.');
    }
    whole.into()
}

impl Problem {
    /// A problem with the status and the title of `code`. `detail` becomes a sentence if it is only a part of one.
    pub fn of(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            status: status_of(code.class()),
            code,
            detail: sentence(detail.into()),
            errors: Vec::new(),
            retry_after: None,
            headers: Vec::new(),
            members: Map::new(),
        }))
    }

    /// `validation_failed` for wrong values in one part of the request.
    pub fn invalid(place: InputLocation, wrong: Violations) -> Self {
        let errors: Vec<FieldError> = wrong
            .into_iter()
            .map(|violation| FieldError {
                place,
                pointer: violation.path,
                code: violation.code,
                detail: violation.detail,
            })
            .collect();
        let count = match errors.len() {
            1 => "One value is wrong:".to_owned(),
            count => format!("{count} values are wrong. The first:"),
        };
        let whole = if place == InputLocation::Body { "the body" } else { "it" };
        let first = errors.first().map_or(String::new(), |error| {
            let pointer = if error.pointer.is_empty() { whole } else { &error.pointer };
            format!(" {pointer} {}", error.detail)
        });
        let mut problem = Self::of(Code::ValidationFailed, format!("{count}{first}"));
        problem.0.errors = errors;
        problem
    }

    /// The same with another code, and its status and title.
    #[must_use]
    pub(crate) fn with_code(mut self, code: Code) -> Self {
        (self.0.code, self.0.status) = (code, status_of(code.class()));
        self
    }

    /// The same, whose wrong values are in another part of the request.
    #[must_use]
    pub fn found_in(mut self, place: InputLocation) -> Self {
        self.0.errors.iter_mut().for_each(|error| error.place = place);
        self
    }

    /// A defect. Its cause is logged and not shown to the client.
    pub fn internal(cause: &dyn fmt::Display) -> Self {
        tracing::error!(request_id = request_id(), %cause, "internal error");
        Self::of(Code::InternalError, "The request could not be completed because of a defect; it has been logged.")
    }

    /// A dependency is unavailable at the moment.
    pub fn unavailable(detail: &'static str) -> Self {
        Self::of(Code::Unavailable, detail).with_retry_after(1)
    }

    /// Sets `Retry-After`, in seconds.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds a member to the body that only this kind of problem has (RFC 9457 §3.2).
    #[must_use]
    pub fn with_member(mut self, name: &'static str, value: &impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => {
                self.0.members.insert(name.to_owned(), value);
                self
            }
            Err(error) => Self::internal(&error),
        }
    }

    /// The text of an additional member.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.0.members.get(name)?.as_str()
    }

    /// Changes the location of the values at a pointer.
    #[must_use]
    pub fn with_place(mut self, pointer: &str, place: InputLocation) -> Self {
        for error in self.0.errors.iter_mut().filter(|error| error.pointer == pointer) {
            error.place = place;
        }
        self
    }

    /// Changes the location of all wrong values to the query.
    #[must_use]
    pub fn in_query(mut self) -> Self {
        for error in &mut self.0.errors {
            error.place = InputLocation::Query;
        }
        self
    }

    /// The detail text.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The machine code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The wrong values.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status.as_u16()
    }

    /// The body for a request id.
    pub fn body(&self, instance: String) -> ProblemBody<'_> {
        ProblemBody {
            kind: format!("urn:circadia:problem:{}", self.0.code),
            title: self.0.code.title(),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            instance,
            code: self.0.code.as_str(),
            errors: &self.0.errors,
            members: &self.0.members,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.status.as_u16(), self.0.code, self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.0.status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.0.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3: no error code where no token was presented.
            let challenge = match self.0.code {
                Code::TokenInvalid | Code::TokenExpired | Code::TokenRevoked => "Bearer error=\"invalid_token\"",
                _ => "Bearer",
            };
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        for (name, value) in &self.0.headers {
            response.insert_header((*name, value.as_str()));
        }
        let body = serde_json::to_vec(&self.body(request_id())).unwrap_or_default();
        response.content_type(MEDIA_TYPE).body(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_become_errors_with_pointers() {
        let mut wrong = Violations::new();
        wrong.add("/a", "required", "is required");
        wrong.add("/b/0", "too_long", "is too long");
        let problem = Problem::invalid(InputLocation::Body, wrong);
        let body = serde_json::to_value(problem.body("r".into())).unwrap();
        assert_eq!(body["status"], 422);
        assert_eq!(body["detail"], "2 values are wrong. The first: /a is required.");
        assert_eq!(body["errors"][1]["pointer"], "/b/0");
        assert_eq!(body["errors"][1]["in"], "body");
    }

    #[test]
    fn details_are_sentences() {
        for (detail, expected) in [
            ("another account has this name", "Another account has this name."),
            ("Each is good once. Start again.", "Each is good once. Start again."),
            ("`date` is fixed", "`date` is fixed."),
            ("état", "état."),
            ("", ""),
        ] {
            assert_eq!(sentence(detail.into()), expected);
        }
    }

    #[test]
    fn a_problem_can_have_members_of_its_own() {
        let problem = Problem::of(Code::SleepOverlap, "It overlaps another log.").with_member("conflicts", &["a"]);
        let body = serde_json::to_value(problem.body("r".into())).unwrap();
        assert_eq!((&body["conflicts"], &body["code"]), (&serde_json::json!(["a"]), &"sleep_overlap".into()));
        let without = Problem::of(Code::NotFound, "Nothing.");
        let body = serde_json::to_value(without.body("r".into())).unwrap();
        assert_eq!(body.as_object().unwrap().len(), 6);
    }
}
