//! The machine codes of refusals: one list for every layer.
//!
//! A code is part of the public contract: it never changes its meaning, and is never spelled elsewhere. Each belongs to
//! a [`Class`], for which the API has an HTTP status.

macro_rules! codes {
    ($($(#[$doc:meta])+ $class:ident { $($variant:ident = $text:literal, $title:literal;)+ })+) => {
        /// A kind of refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Class {
            $($(#[$doc])+ $class,)+
        }

        /// Why a request was refused, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = concat!("`", $text, "`")] $variant,)+)+
        }

        impl Code {
            /// Every code, by class.
            pub const ALL: &'static [Self] = &[$($(Self::$variant),+),+];

            /// The code as clients see it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$variant => $text,)+)+
                }
            }

            /// What the code means, for people: the same text wherever it occurs.
            pub const fn title(self) -> &'static str {
                match self {
                    $($(Self::$variant => $title,)+)+
                }
            }

            /// The kind of refusal.
            pub const fn class(self) -> Class {
                match self {
                    $($(Self::$variant)|+ => Class::$class,)+
                }
            }
        }
    };
}

codes! {
    /// The request can't be read, or one of its opaque values isn't valid.
    Malformed {
        MalformedJson = "malformed_json", "The body is not valid JSON";
        MalformedMultipart = "malformed_multipart", "The body is not a valid multipart form";
        IncompleteBody = "incomplete_body", "The body is incomplete";
        InvalidCursor = "invalid_cursor", "The cursor is not valid";
        ProviderCodeInvalid = "provider_code_invalid", "The code is not valid";
        ProviderCodeRefused = "provider_code_refused", "The provider refused the sign-in";
        ProviderStateInvalid = "provider_state_invalid", "The sign-in is unknown or has expired";
    }
    /// Who is asking isn't known.
    Unauthenticated {
        AuthenticationRequired = "authentication_required", "Authentication is required";
        InvalidCredentials = "invalid_credentials", "The credentials are wrong";
        TokenInvalid = "token_invalid", "The token is not valid";
        TokenExpired = "token_expired", "The token has expired";
        TokenRevoked = "token_revoked", "The session has ended";
        SessionInvalid = "session_invalid", "The cookie's session has ended";
        ProviderTokenInvalid = "provider_token_invalid", "The provider's answer is not valid";
        WrongCode = "wrong_code", "The code is wrong";
        SecondFactorRequired = "second_factor_required", "A second factor is required";
        ChallengeExpired = "challenge_expired", "The challenge has expired";
        PasskeyInvalid = "passkey_invalid", "The passkey is not valid";
    }
    /// It is known who is asking, but this isn't allowed.
    Forbidden {
        CsrfFailed = "csrf_failed", "The request may come from another site";
        ProviderDenied = "provider_denied", "The sign-in was cancelled";
        ProviderEmailUnverified = "provider_email_unverified", "The address is not verified";
        ProviderAccountInactive = "provider_account_inactive", "The account may not sign in";
        ProviderLinkExpired = "provider_link_expired", "The session has ended";
        EmailNotVerified = "email_not_verified", "The e-mail address is not verified yet";
        WrongPassword = "wrong_password", "The password is wrong";
        ReauthenticationRequired = "reauthentication_required", "Reauthentication is required";
        InsufficientScope = "insufficient_scope", "The token lacks the required scope";
        InsufficientRole = "insufficient_role", "The role does not allow this";
        HttpsRequired = "https_required", "HTTPS is required";
    }
    /// There is no such thing.
    NotFound {
        NotFound = "not_found", "Nothing was found at this address";
        ProviderNotFound = "provider_not_found", "No such provider is configured";
        ProviderNotLinked = "provider_not_linked", "No account at the provider is linked";
        UserNotFound = "user_not_found", "No such user";
        SessionNotFound = "session_not_found", "No such session";
        PersonalTokenNotFound = "personal_token_not_found", "No such personal access token";
        CalendarNotFound = "calendar_not_found", "No such calendar";
        PasskeysDisabled = "passkeys_disabled", "Passkeys are not configured";
        PasskeyNotFound = "passkey_not_found", "No such passkey";
        PushSubscriptionNotFound = "push_subscription_not_found", "No such push subscription";
        ThemeNotFound = "theme_not_found", "No such theme";
        HabitNotFound = "habit_not_found", "No such habit";
        EntryNotFound = "entry_not_found", "No such entry";
        PauseNotFound = "pause_not_found", "No such pause";
        SleepLogNotFound = "sleep_log_not_found", "No such sleep log";
        MoodNotFound = "mood_not_found", "No such mood";
        MoodMomentNotFound = "mood_moment_not_found", "No such moment";
        ReminderNotFound = "reminder_not_found", "No such reminder";
        TaskNotFound = "task_not_found", "No such task";
        TimeEntryNotFound = "time_entry_not_found", "No such time entry";
        TimerNotFound = "timer_not_found", "No timer is running";
        MailDisabled = "mail_disabled", "This server sends no mail";
        JobNotFound = "job_not_found", "No such job";
        ImportNotFound = "import_not_found", "No such import";
        WebhookNotFound = "webhook_not_found", "No such webhook";
        WebhookDeliveryNotFound = "webhook_delivery_not_found", "No such delivery";
    }
    /// The address has other methods.
    MethodNotAllowed {
        MethodNotAllowed = "method_not_allowed", "The method is not allowed";
    }
    /// The request didn't arrive in time.
    RequestTimeout {
        RequestTimeout = "request_timeout", "The request took too long to arrive";
    }
    /// It was there, and isn't any more.
    Gone {
        SyncCursorExpired = "sync_cursor_expired", "The cursor is too old";
    }
    /// It contradicts what is stored.
    Conflict {
        IdTaken = "id_taken", "The id is already in use";
        UsernameTaken = "username_taken", "The user name is already taken";
        EmailTaken = "email_taken", "The e-mail address is already in use";
        ProviderAccountExists = "provider_account_exists", "An account with this address already exists";
        ProviderSubjectTaken = "provider_subject_taken", "The account at the provider is linked to another account";
        ProviderAlreadyLinked = "provider_already_linked", "An account at the provider is already linked";
        ProviderLastWayIn = "provider_last_way_in", "It is the only sign-in method of the account";
        ChangedMeanwhile = "changed_meanwhile", "It was changed at the same time";
        ThemeColorTaken = "theme_color_taken", "The colour of the theme is already in use";
        ThemeNameTaken = "theme_name_taken", "The theme name is already in use";
        PauseShared = "pause_shared", "The pause is one of all habits";
        OnlyPlan = "only_plan", "A habit has at least one plan version";
        HabitEnded = "habit_ended", "The habit has ended";
        SleepOverlap = "sleep_overlap", "The sleep overlaps other logs";
        IllegalTransition = "illegal_transition", "The task can't change to this status";
        TimerRunning = "timer_running", "A timer is already running";
        TimerRanLong = "timer_ran_long", "The timer ran for more than a day";
        TimerNotRunning = "timer_not_running", "No timer is running";
        PasswordNotSet = "password_not_set", "The account has no password";
        LastSuperuser = "last_superuser", "The account is the last superuser";
        TotpNotSetUp = "totp_not_set_up", "No second factor is set up";
        TotpActive = "totp_active", "A second factor is already active";
        PasskeyTaken = "passkey_taken", "The passkey is already in use";
        LimitReached = "limit_reached", "The maximum number is reached";
        IdempotencyKeyInUse = "idempotency_key_in_use", "The request is being carried out";
        IdempotencyAnswerLost = "idempotency_answer_lost", "The answer is not known any more";
        JobNotDead = "job_not_dead", "The job was not given up";
        WebhookDisabled = "webhook_disabled", "The webhook is disabled";
        DeliveryWaiting = "delivery_waiting", "The delivery is still to be sent";
    }
    /// A condition of the request isn't met.
    PreconditionFailed {
        PreconditionFailed = "precondition_failed", "It was changed in the meantime";
    }
    /// The body is too large.
    PayloadTooLarge {
        PayloadTooLarge = "payload_too_large", "The body is too large";
    }
    /// The body is of another media type.
    UnsupportedMediaType {
        UnsupportedMediaType = "unsupported_media_type", "The media type is not supported";
    }
    /// The request can be read, but contains invalid values.
    Invalid {
        ValidationFailed = "validation_failed", "The request contains invalid values";
        IdempotencyKeyReused = "idempotency_key_reused", "The key was used for another request";
    }
    /// Too many requests were made.
    TooManyRequests {
        RateLimited = "rate_limited", "Too many requests";
        TooManyStreams = "too_many_streams", "Too many streams are open";
    }
    /// A defect.
    Internal {
        InternalError = "internal_error", "An internal error occurred";
    }
    /// Something that is needed can't be reached at the moment.
    Unavailable {
        ProviderUnavailable = "provider_unavailable", "The provider can't be reached";
        OutcomeUnknown = "outcome_unknown", "It is unknown whether it was stored";
        Unavailable = "unavailable", "The service is temporarily unavailable";
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
