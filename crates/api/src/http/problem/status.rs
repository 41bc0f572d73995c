//! The HTTP status and the title of each error code.

use circadia_domain::code::Code;

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

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;

    use super::*;

    #[test]
    fn every_code_has_a_status_that_exists() {
        for code in Code::ALL {
            assert!(StatusCode::from_u16(status_and_title(*code).0).is_ok(), "{code}");
        }
    }
}
