//! Answers that refuse: RFC 9457 `application/problem+json`, from one table of codes.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use circadia_auth::tokens::TokenError;
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;
use circadia_domain::violation::Violations;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::{limits, request_id};

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The HTTP status and the title of a code.
pub const fn status_and_title(code: Code) -> (u16, &'static str) {
    match code {
        Code::MalformedJson => (400, "The body is not valid JSON"),
        Code::IncompleteBody => (400, "The body is incomplete"),
        Code::InvalidCursor => (400, "The cursor is not one that was given out"),
        Code::GoogleCodeInvalid => (400, "The code is not valid"),
        Code::GoogleCodeRefused => (400, "Google did not let it happen"),
        Code::GoogleStateInvalid => (400, "The sign-in was not begun here"),
        Code::AuthenticationRequired => (401, "Sign in first"),
        Code::InvalidCredentials => (401, "The credentials are wrong"),
        Code::TokenInvalid => (401, "The token is not valid"),
        Code::TokenExpired => (401, "The token has expired"),
        Code::TokenRevoked => (401, "The session has ended"),
        Code::SessionInvalid => (401, "The cookie's session has ended"),
        Code::GoogleTokenInvalid => (401, "The answer of Google is not valid"),
        Code::CsrfFailed => (403, "The request may come from somebody else's page"),
        Code::GoogleDenied => (403, "The sign-in was called off"),
        Code::GoogleEmailUnverified => (403, "The address is not verified"),
        Code::GoogleAccountInactive => (403, "The account may not sign in"),
        Code::GoogleLinkExpired => (403, "The session has ended"),
        Code::EmailNotVerified => (403, "The e-mail address is not verified yet"),
        Code::WrongCode => (401, "The code is wrong"),
        Code::SecondFactorRequired => (401, "A second factor is needed"),
        Code::ChallengeExpired => (401, "The challenge has expired"),
        Code::WrongPassword => (403, "The password is wrong"),
        Code::ReauthenticationRequired => (403, "Prove again who you are"),
        Code::InsufficientScope => (403, "The token may not do this"),
        Code::HttpsRequired => (403, "Only HTTPS is served"),
        Code::NotFound => (404, "There is nothing here"),
        Code::GoogleDisabled => (404, "Signing in with Google is not configured"),
        Code::GoogleNotLinked => (404, "No Google account is linked"),
        Code::UserNotFound => (404, "No such user"),
        Code::SessionNotFound => (404, "No such session"),
        Code::PersonalTokenNotFound => (404, "No such personal access token"),
        Code::ThemeNotFound => (404, "No such theme"),
        Code::HabitNotFound => (404, "No such habit"),
        Code::EntryNotFound => (404, "No such entry"),
        Code::PauseNotFound => (404, "No such pause"),
        Code::SleepLogNotFound => (404, "No such log of sleep"),
        Code::MoodNotFound => (404, "No such mood"),
        Code::MoodMomentNotFound => (404, "No such moment"),
        Code::TaskNotFound => (404, "No such task"),
        Code::TimeEntryNotFound => (404, "No such time entry"),
        Code::TimerNotFound => (404, "No timer runs"),
        Code::MailDisabled => (404, "No mail is sent here"),
        Code::MethodNotAllowed => (405, "The method is not allowed here"),
        Code::RequestTimeout => (408, "The request took too long to arrive"),
        Code::IdTaken => (409, "The id is taken"),
        Code::UsernameTaken => (409, "The user name is taken"),
        Code::EmailTaken => (409, "The e-mail address is taken"),
        Code::GoogleAccountExists => (409, "There is an account with this address"),
        Code::GoogleSubjectTaken => (409, "The Google account is linked elsewhere"),
        Code::GoogleAlreadyLinked => (409, "A Google account is linked already"),
        Code::GoogleLastWayIn => (409, "It is the only way into the account"),
        Code::ChangedMeanwhile => (409, "Somebody else was faster"),
        Code::ThemeNameTaken => (409, "The theme name is taken"),
        Code::HabitEnded => (409, "The habit has ended"),
        Code::SleepOverlap => (409, "The sleep overlaps others"),
        Code::IllegalTransition => (409, "The task can't go there from where it is"),
        Code::TimerRunning => (409, "A timer runs already"),
        Code::TimerNotRunning => (409, "No timer runs"),
        Code::PasswordNotSet => (409, "The account has no password"),
        Code::LastSuperuser => (409, "It is the last superuser"),
        Code::TotpNotSetUp => (409, "There is no second factor"),
        Code::TotpActive => (409, "There is a second factor already"),
        Code::LimitReached => (409, "There are too many of them already"),
        Code::PreconditionFailed => (412, "It was changed in the meantime"),
        Code::PayloadTooLarge => (413, "The body is too large"),
        Code::UnsupportedMediaType => (415, "The media type is not supported"),
        Code::ValidationFailed => (422, "Parts of the request are wrong"),
        Code::RateLimited => (429, "Too many requests"),
        Code::InternalError => (500, "Something went wrong here"),
        Code::GoogleUnavailable => (503, "Google can not be reached"),
        Code::Unavailable => (503, "Not available at the moment"),
    }
}

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
    code: Code,
    title: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
    headers: Vec<(&'static str, String)>,
    members: Map<String, Value>,
}

impl Problem {
    /// A problem with a code of the table.
    pub fn of(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let (status, title) = status_and_title(code);
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
        let mut problem = Self::of(Code::ValidationFailed, format!("{count}{first}."));
        problem.0.errors = errors;
        problem
    }

    /// Something that must not happen: logged in full, answered without a word about it.
    pub fn internal(cause: &dyn fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::of(Code::InternalError, "The request could not be completed because of a defect; it has been logged.")
    }

    /// Something needed isn't there at the moment.
    pub fn unavailable(detail: &'static str) -> Self {
        Self::of(Code::Unavailable, detail).with_retry_after(1)
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

    /// Says of all wrong values that they stood in the query.
    #[must_use]
    pub fn in_query(mut self) -> Self {
        for error in &mut self.0.errors {
            error.place = InputLocation::Query;
        }
        self
    }

    /// What happened this time.
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
            title: self.0.title,
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

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "database unavailable");
                Self::unavailable("The database can't be reached at the moment. Nothing was stored; try again.")
            }
            StoreError::Busy => Self::unavailable("All database connections are busy. Nothing was stored; try again."),
            // The account was deleted while its token was still good.
            StoreError::NoSuchUser => Self::of(Code::TokenRevoked, "The account no longer exists."),
            error => Self::internal(&error),
        }
    }
}

impl From<circadia_domain::Error> for Problem {
    fn from(error: circadia_domain::Error) -> Self {
        use circadia_domain::Error;
        match error {
            Error::NotFound { code, label } => Self::of(code, format!("There is no such {label}.")),
            Error::Invalid(wrong) => Self::invalid(InputLocation::Body, wrong),
            Error::Conflict { code, detail } => Self::of(code, detail),
            Error::SleepOverlap { conflicts } => {
                let others = match conflicts.len() {
                    1 => "another log".to_owned(),
                    count => format!("{count} other logs"),
                };
                let detail =
                    format!("It overlaps {others}: change it, or put it in their place (`?on_overlap=replace`).");
                Self::of(Code::SleepOverlap, detail).with_member("conflicts", &conflicts)
            }
            Error::Stale { current: Some(current) } => Self::of(
                Code::PreconditionFailed,
                format!("It is now at revision {current}, which `If-Match` does not name: fetch it and try again."),
            ),
            Error::Stale { current: None } => {
                Self::of(Code::PreconditionFailed, "There is nothing here yet that `If-Match` could name.")
            }
            Error::Store(error) => error.into(),
        }
    }
}

impl From<circadia_app::Error> for Problem {
    fn from(error: circadia_app::Error) -> Self {
        use circadia_app::Error;
        match error {
            Error::Domain(error) => error.into(),
            Error::Refused { code, detail, .. } => Self::of(code, detail),
            Error::SecondFactorRequired { challenge } => Self::of(
                Code::SecondFactorRequired,
                "The first factor is right. Send the `challenge` with a code of the authenticator, or a recovery code, \
                 within five minutes.",
            )
            .with_member("challenge", &challenge),
            Error::AccountRateLimited { quota, decision } => limits::account_refusal(quota, &decision),
            Error::TooManyGuesses { retry_after_seconds, .. } => limits::guesses_refusal(retry_after_seconds),
            Error::Unavailable { code, detail, retry_after_seconds } => {
                Self::of(code, detail).with_retry_after(retry_after_seconds.into())
            }
            Error::Internal(cause) => Self::internal(&cause),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        circadia_app::Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_that_exists() {
        for code in Code::ALL {
            assert!(StatusCode::from_u16(status_and_title(*code).0).is_ok(), "{code}");
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
        let problem = Problem::of(Code::SleepOverlap, "It overlaps another log.").with_member("conflicts", &["a"]);
        let body = serde_json::to_value(problem.body("r".into())).unwrap();
        assert_eq!((&body["conflicts"], &body["code"]), (&serde_json::json!(["a"]), &"sleep_overlap".into()));
        let without = Problem::of(Code::NotFound, "Nothing.");
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
