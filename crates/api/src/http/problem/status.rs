//! The HTTP status and the title of each error code.

use circadia_domain::code::Code;

/// The HTTP status and the title of a code.
pub const fn status_and_title(code: Code) -> (u16, &'static str) {
    match code {
        Code::MalformedJson => (400, "The body is not valid JSON"),
        Code::IncompleteBody => (400, "The body is incomplete"),
        Code::InvalidCursor => (400, "The cursor is not valid"),
        Code::GoogleCodeInvalid => (400, "The code is not valid"),
        Code::GoogleCodeRefused => (400, "Google refused the sign-in"),
        Code::GoogleStateInvalid => (400, "The sign-in is unknown or has expired"),
        Code::AuthenticationRequired => (401, "Authentication is required"),
        Code::InvalidCredentials => (401, "The credentials are wrong"),
        Code::TokenInvalid => (401, "The token is not valid"),
        Code::TokenExpired => (401, "The token has expired"),
        Code::TokenRevoked => (401, "The session has ended"),
        Code::SessionInvalid => (401, "The cookie's session has ended"),
        Code::GoogleTokenInvalid => (401, "Google's answer is not valid"),
        Code::CsrfFailed => (403, "The request may come from another site"),
        Code::GoogleDenied => (403, "The sign-in was cancelled"),
        Code::GoogleEmailUnverified => (403, "The address is not verified"),
        Code::GoogleAccountInactive => (403, "The account may not sign in"),
        Code::GoogleLinkExpired => (403, "The session has ended"),
        Code::EmailNotVerified => (403, "The e-mail address is not verified yet"),
        Code::WrongCode => (401, "The code is wrong"),
        Code::SecondFactorRequired => (401, "A second factor is required"),
        Code::ChallengeExpired => (401, "The challenge has expired"),
        Code::WrongPassword => (403, "The password is wrong"),
        Code::ReauthenticationRequired => (403, "Reauthentication is required"),
        Code::InsufficientScope => (403, "The token lacks the required scope"),
        Code::HttpsRequired => (403, "HTTPS is required"),
        Code::NotFound => (404, "Nothing was found at this address"),
        Code::GoogleDisabled => (404, "Signing in with Google is not configured"),
        Code::GoogleNotLinked => (404, "No Google account is linked"),
        Code::UserNotFound => (404, "No such user"),
        Code::SessionNotFound => (404, "No such session"),
        Code::PersonalTokenNotFound => (404, "No such personal access token"),
        Code::ThemeNotFound => (404, "No such theme"),
        Code::HabitNotFound => (404, "No such habit"),
        Code::EntryNotFound => (404, "No such entry"),
        Code::PauseNotFound => (404, "No such pause"),
        Code::SleepLogNotFound => (404, "No such sleep log"),
        Code::MoodNotFound => (404, "No such mood"),
        Code::MoodMomentNotFound => (404, "No such moment"),
        Code::TaskNotFound => (404, "No such task"),
        Code::TimeEntryNotFound => (404, "No such time entry"),
        Code::TimerNotFound => (404, "No timer is running"),
        Code::MailDisabled => (404, "This server sends no mail"),
        Code::MethodNotAllowed => (405, "The method is not allowed"),
        Code::RequestTimeout => (408, "The request took too long to arrive"),
        Code::IdTaken => (409, "The id is already in use"),
        Code::UsernameTaken => (409, "The user name is already taken"),
        Code::EmailTaken => (409, "The e-mail address is already in use"),
        Code::GoogleAccountExists => (409, "An account with this address already exists"),
        Code::GoogleSubjectTaken => (409, "The Google account is linked to another account"),
        Code::GoogleAlreadyLinked => (409, "A Google account is already linked"),
        Code::GoogleLastWayIn => (409, "It is the only sign-in method of the account"),
        Code::ChangedMeanwhile => (409, "It was changed at the same time"),
        Code::ThemeNameTaken => (409, "The theme name is already in use"),
        Code::HabitEnded => (409, "The habit has ended"),
        Code::SleepOverlap => (409, "The sleep overlaps other logs"),
        Code::IllegalTransition => (409, "The task can't change to this status"),
        Code::TimerRunning => (409, "A timer is already running"),
        Code::TimerNotRunning => (409, "No timer is running"),
        Code::PasswordNotSet => (409, "The account has no password"),
        Code::LastSuperuser => (409, "The account is the last superuser"),
        Code::TotpNotSetUp => (409, "No second factor is set up"),
        Code::TotpActive => (409, "A second factor is already active"),
        Code::LimitReached => (409, "The maximum number is reached"),
        Code::PreconditionFailed => (412, "It was changed in the meantime"),
        Code::PayloadTooLarge => (413, "The body is too large"),
        Code::UnsupportedMediaType => (415, "The media type is not supported"),
        Code::ValidationFailed => (422, "The request contains invalid values"),
        Code::RateLimited => (429, "Too many requests"),
        Code::InternalError => (500, "An internal error occurred"),
        Code::GoogleUnavailable => (503, "Google can't be reached"),
        Code::Unavailable => (503, "The service is temporarily unavailable"),
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
