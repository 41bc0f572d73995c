//! The machine codes of refusals: one list for every layer.
//!
//! A code is part of the public contract: it never changes its meaning, and is never spelled elsewhere. The API adds the
//! HTTP status and the title of each.

macro_rules! codes {
    ($($variant:ident = $text:literal),* $(,)?) => {
        /// Why a request was refused, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as clients see it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

codes! {
    MalformedJson = "malformed_json",
    IncompleteBody = "incomplete_body",
    InvalidCursor = "invalid_cursor",
    GoogleCodeInvalid = "google_code_invalid",
    GoogleCodeRefused = "google_code_refused",
    GoogleStateInvalid = "google_state_invalid",
    AuthenticationRequired = "authentication_required",
    InvalidCredentials = "invalid_credentials",
    TokenInvalid = "token_invalid",
    TokenExpired = "token_expired",
    TokenRevoked = "token_revoked",
    SessionInvalid = "session_invalid",
    GoogleTokenInvalid = "google_token_invalid",
    CsrfFailed = "csrf_failed",
    GoogleDenied = "google_denied",
    GoogleEmailUnverified = "google_email_unverified",
    GoogleAccountInactive = "google_account_inactive",
    GoogleLinkExpired = "google_link_expired",
    EmailNotVerified = "email_not_verified",
    WrongCode = "wrong_code",
    SecondFactorRequired = "second_factor_required",
    ChallengeExpired = "challenge_expired",
    WrongPassword = "wrong_password",
    ReauthenticationRequired = "reauthentication_required",
    InsufficientScope = "insufficient_scope",
    HttpsRequired = "https_required",
    NotFound = "not_found",
    GoogleDisabled = "google_disabled",
    GoogleNotLinked = "google_not_linked",
    UserNotFound = "user_not_found",
    SessionNotFound = "session_not_found",
    PersonalTokenNotFound = "personal_token_not_found",
    ThemeNotFound = "theme_not_found",
    HabitNotFound = "habit_not_found",
    EntryNotFound = "entry_not_found",
    PauseNotFound = "pause_not_found",
    SleepLogNotFound = "sleep_log_not_found",
    MoodNotFound = "mood_not_found",
    MoodMomentNotFound = "mood_moment_not_found",
    TaskNotFound = "task_not_found",
    TimeEntryNotFound = "time_entry_not_found",
    TimerNotFound = "timer_not_found",
    MailDisabled = "mail_disabled",
    MethodNotAllowed = "method_not_allowed",
    RequestTimeout = "request_timeout",
    IdTaken = "id_taken",
    UsernameTaken = "username_taken",
    EmailTaken = "email_taken",
    GoogleAccountExists = "google_account_exists",
    GoogleSubjectTaken = "google_subject_taken",
    GoogleAlreadyLinked = "google_already_linked",
    GoogleLastWayIn = "google_last_way_in",
    ChangedMeanwhile = "changed_meanwhile",
    ThemeNameTaken = "theme_name_taken",
    HabitEnded = "habit_ended",
    SleepOverlap = "sleep_overlap",
    IllegalTransition = "illegal_transition",
    TimerRunning = "timer_running",
    TimerNotRunning = "timer_not_running",
    PasswordNotSet = "password_not_set",
    LastSuperuser = "last_superuser",
    TotpNotSetUp = "totp_not_set_up",
    TotpActive = "totp_active",
    LimitReached = "limit_reached",
    PreconditionFailed = "precondition_failed",
    PayloadTooLarge = "payload_too_large",
    UnsupportedMediaType = "unsupported_media_type",
    ValidationFailed = "validation_failed",
    RateLimited = "rate_limited",
    InternalError = "internal_error",
    GoogleUnavailable = "google_unavailable",
    Unavailable = "unavailable",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
