//! Answers that refuse: RFC 9457 `application/problem+json`, from one table of codes.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use circadia_domain::error::StoreError;
use circadia_domain::violation::Violations;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::context;

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Every code there is: its status, its title, and when it is answered.
pub const CODES: &[(&str, u16, &str)] = &[
    ("malformed_json", 400, "The body is not valid JSON"),
    ("incomplete_body", 400, "The body is incomplete"),
    ("invalid_cursor", 400, "The cursor is not one that was given out"),
    ("google_code_invalid", 400, "The code is not valid"),
    ("google_code_refused", 400, "Google did not let it happen"),
    ("google_state_invalid", 400, "The sign-in was not begun here"),
    ("authentication_required", 401, "Sign in first"),
    ("invalid_credentials", 401, "The credentials are wrong"),
    ("token_invalid", 401, "The token is not valid"),
    ("token_expired", 401, "The token has expired"),
    ("token_revoked", 401, "The session has ended"),
    ("session_invalid", 401, "The cookie's session has ended"),
    ("google_token_invalid", 401, "The answer of Google is not valid"),
    ("csrf_failed", 403, "The request may come from somebody else's page"),
    ("google_denied", 403, "The sign-in was called off"),
    ("google_email_unverified", 403, "The address is not verified"),
    ("google_account_inactive", 403, "The account may not sign in"),
    ("google_link_expired", 403, "The session has ended"),
    ("email_not_verified", 403, "The e-mail address is not verified yet"),
    ("wrong_code", 401, "The code is wrong"),
    ("second_factor_required", 401, "A second factor is needed"),
    ("challenge_expired", 401, "The challenge has expired"),
    ("wrong_password", 403, "The password is wrong"),
    ("reauthentication_required", 403, "Prove again who you are"),
    ("insufficient_scope", 403, "The token may not do this"),
    ("https_required", 403, "Only HTTPS is served"),
    ("not_found", 404, "There is nothing here"),
    ("google_disabled", 404, "Signing in with Google is not configured"),
    ("google_not_linked", 404, "No Google account is linked"),
    ("user_not_found", 404, "No such user"),
    ("session_not_found", 404, "No such session"),
    ("personal_token_not_found", 404, "No such personal access token"),
    ("theme_not_found", 404, "No such theme"),
    ("habit_not_found", 404, "No such habit"),
    ("entry_not_found", 404, "No such entry"),
    ("pause_not_found", 404, "No such pause"),
    ("sleep_log_not_found", 404, "No such log of sleep"),
    ("mood_not_found", 404, "No such mood"),
    ("mood_moment_not_found", 404, "No such moment"),
    ("task_not_found", 404, "No such task"),
    ("time_entry_not_found", 404, "No such time entry"),
    ("timer_not_found", 404, "No timer runs"),
    ("mail_disabled", 404, "No mail is sent here"),
    ("method_not_allowed", 405, "The method is not allowed here"),
    ("request_timeout", 408, "The request took too long to arrive"),
    ("id_taken", 409, "The id is taken"),
    ("username_taken", 409, "The user name is taken"),
    ("email_taken", 409, "The e-mail address is taken"),
    ("google_account_exists", 409, "There is an account with this address"),
    ("google_subject_taken", 409, "The Google account is linked elsewhere"),
    ("google_already_linked", 409, "A Google account is linked already"),
    ("google_last_way_in", 409, "It is the only way into the account"),
    ("changed_meanwhile", 409, "Somebody else was faster"),
    ("theme_name_taken", 409, "The theme name is taken"),
    ("habit_ended", 409, "The habit has ended"),
    ("sleep_overlap", 409, "The sleep overlaps others"),
    ("illegal_transition", 409, "The task can't go there from where it is"),
    ("timer_running", 409, "A timer runs already"),
    ("timer_not_running", 409, "No timer runs"),
    ("password_not_set", 409, "The account has no password"),
    ("last_superuser", 409, "It is the last superuser"),
    ("totp_not_set_up", 409, "There is no second factor"),
    ("totp_active", 409, "There is a second factor already"),
    ("limit_reached", 409, "There are too many of them already"),
    ("precondition_failed", 412, "It was changed in the meantime"),
    ("payload_too_large", 413, "The body is too large"),
    ("unsupported_media_type", 415, "The media type is not supported"),
    ("validation_failed", 422, "Parts of the request are wrong"),
    ("rate_limited", 429, "Too many requests"),
    ("internal_error", 500, "Something went wrong here"),
    ("google_unavailable", 503, "Google can not be reached"),
    ("unavailable", 503, "Not available at the moment"),
];

/// Where a wrong value stood.
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

/// One wrong value of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where the value stood.
    #[serde(rename = "in")]
    pub place: InputLocation,
    /// JSON pointer (RFC 6901) to the value within that place: `/schedule/weekdays/1` in a body, `/from` in a query.
    #[schema(example = "/name")]
    pub pointer: String,
    /// Stable machine code.
    #[schema(example = "too_long")]
    pub code: &'static str,
    /// What was wrong, and what is allowed; for people.
    #[schema(value_type = String, example = "must have at most 100 characters, but has 101")]
    pub detail: Cow<'static, str>,
}

/// The body of every refusal (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// A URN that identifies the kind of problem; ends with `code`.
    #[serde(rename = "type")]
    #[schema(example = "urn:circadia:problem:validation_failed")]
    pub kind: String,
    /// What it is, in words that don't vary.
    #[schema(example = "Parts of the request are wrong")]
    pub title: &'a str,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What happened this time; for people.
    #[schema(example = "One field is wrong: /name must have at most 100 characters, but has 101.")]
    pub detail: &'a str,
    /// The request's id, as in the `X-Request-Id` header.
    #[schema(example = "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b")]
    pub instance: String,
    /// Stable machine code; all of them are listed in this document's description.
    #[schema(example = "validation_failed")]
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

/// A refusal.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
    headers: Vec<(&'static str, String)>,
    members: Map<String, Value>,
}

impl Problem {
    /// A problem with a code of the table.
    pub fn of(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let (status, title) = CODES
            .iter()
            .find(|(known, _, _)| *known == code)
            .map_or((500, "Something went wrong here"), |(_, status, title)| (*status, *title));
        Self(Box::new(Inner {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            headers: Vec::new(),
            members: Map::new(),
        }))
    }

    /// Wrong values in one place of the request.
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
            1 => "One value is wrong".to_owned(),
            count => format!("{count} values are wrong"),
        };
        let first = errors.first().map_or(String::new(), |error| format!(": {} {}", error.pointer, error.detail));
        let mut problem = Self::of("validation_failed", format!("{count}{first}."));
        problem.0.errors = errors;
        problem
    }

    /// Something that must not happen: logged in full, answered without a word about it.
    pub fn internal(cause: &dyn fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::of("internal_error", "The request could not be completed because of a defect; it has been logged.")
    }

    /// Something needed isn't there at the moment.
    pub fn unavailable(detail: &'static str) -> Self {
        Self::of("unavailable", detail).with_retry_after(1)
    }

    /// Says when to try again, in seconds.
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

    /// The text of a member of its own.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.0.members.get(name)?.as_str()
    }

    /// Says of the values at a pointer that they stood in another place.
    #[must_use]
    pub fn with_place(mut self, pointer: &str, place: InputLocation) -> Self {
        for error in self.0.errors.iter_mut().filter(|error| error.pointer == pointer) {
            error.place = place;
        }
        self
    }

    /// What happened this time.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The machine code.
    pub fn code(&self) -> &'static str {
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
            title: self.0.title,
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            instance,
            code: self.0.code,
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
                "token_invalid" | "token_expired" | "token_revoked" => "Bearer error=\"invalid_token\"",
                _ => "Bearer",
            };
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        for (name, value) in &self.0.headers {
            response.insert_header((*name, value.as_str()));
        }
        let body = serde_json::to_vec(&self.body(context::request_id())).unwrap_or_default();
        response.content_type(MEDIA_TYPE).body(body)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "database unavailable");
                Self::unavailable("The database can't be reached at the moment. Nothing was stored; try again.")
            }
            // The account was deleted while its token was still good.
            StoreError::NoSuchUser => Self::of("token_revoked", "The account no longer exists."),
            error => Self::internal(&error),
        }
    }
}

impl From<circadia_domain::Error> for Problem {
    fn from(error: circadia_domain::Error) -> Self {
        use circadia_domain::{Entity, Error};
        match error {
            Error::NotFound(entity) => {
                let code = match entity {
                    Entity::User => "user_not_found",
                    Entity::Session => "session_not_found",
                    Entity::PersonalToken => "personal_token_not_found",
                    Entity::Theme => "theme_not_found",
                    Entity::Habit => "habit_not_found",
                    Entity::Entry => "entry_not_found",
                    Entity::Pause => "pause_not_found",
                    Entity::SleepLog => "sleep_log_not_found",
                    Entity::Mood => "mood_not_found",
                    Entity::MoodMoment => "mood_moment_not_found",
                    Entity::Task => "task_not_found",
                    Entity::TimeEntry => "time_entry_not_found",
                    Entity::Timer => "timer_not_found",
                };
                Self::of(code, format!("There is no such {}.", entity.word()))
            }
            Error::Invalid(wrong) => Self::invalid(InputLocation::Body, wrong),
            Error::Conflict { code, detail } => Self::of(code, detail),
            Error::SleepOverlap { conflicts } => {
                let others = match conflicts.len() {
                    1 => "another log".to_owned(),
                    count => format!("{count} other logs"),
                };
                let detail =
                    format!("It overlaps {others}: change it, or put it in their place (`?on_overlap=replace`).");
                Self::of("sleep_overlap", detail).with_member("conflicts", &conflicts)
            }
            Error::Stale { current: Some(current) } => Self::of(
                "precondition_failed",
                format!("It is now at revision {current}, which `If-Match` does not name: fetch it and try again."),
            ),
            Error::Stale { current: None } => {
                Self::of("precondition_failed", "There is nothing here yet that `If-Match` could name.")
            }
            Error::Store(error) => error.into(),
        }
    }
}

impl circadia_domain::unit_of_work::Refusal for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_listed_once_with_a_status_that_exists() {
        for (index, (code, status, _)) in CODES.iter().enumerate() {
            assert!(StatusCode::from_u16(*status).is_ok());
            assert!(CODES[..index].iter().all(|(other, _, _)| other != code), "{code} is listed twice");
        }
    }

    #[test]
    fn violations_become_errors_with_pointers() {
        let mut wrong = Violations::new();
        wrong.add("/a", "required", "is required");
        wrong.add("/b/0", "too_long", "is too long");
        let problem = Problem::invalid(InputLocation::Body, wrong);
        let body = serde_json::to_value(problem.body("r".into())).unwrap();
        assert_eq!(body["status"], 422);
        assert_eq!(body["detail"], "2 values are wrong: /a is required.");
        assert_eq!(body["errors"][1]["pointer"], "/b/0");
        assert_eq!(body["errors"][1]["in"], "body");
    }

    #[test]
    fn a_problem_can_have_members_of_its_own() {
        let problem = Problem::of("sleep_overlap", "It overlaps another log.").with_member("conflicts", &["a"]);
        let body = serde_json::to_value(problem.body("r".into())).unwrap();
        assert_eq!((&body["conflicts"], &body["code"]), (&serde_json::json!(["a"]), &"sleep_overlap".into()));
        let without = Problem::of("not_found", "Nothing.");
        let body = serde_json::to_value(without.body("r".into())).unwrap();
        assert_eq!(body.as_object().unwrap().len(), 6);
    }

    #[test]
    fn a_defect_says_nothing_of_its_cause() {
        let problem = Problem::from(StoreError::Defect("SELECT secret FROM /var/lib".into()));
        assert_eq!(problem.status(), 500);
        assert!(!problem.detail().contains("SELECT"));
    }
}
