//! Users, and how they sign in.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    users (id) {
        id -> Uuid,
        username -> TypedText,
        username_key -> Text,
        email -> TypedText,
        email_verified_at -> Nullable<UtcTimestamp>,
        password_hash -> Nullable<Text>,
        role -> TypedText,
        active -> Bool,
        timezone -> TypedText,
        day_start_minutes -> Integer,
        week_start -> TypedText,
        locale -> TypedText,
        color_scheme -> TypedText,
        sleep_goal_minutes -> Integer,
        free_days -> Integer,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
        allow_overlapping_time -> Bool,
    }
}

table! {
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    identities (user_id, issuer) {
        user_id -> Uuid,
        issuer -> TypedText,
        subject -> TypedText,
        provider -> TypedText,
        email -> TypedText,
        linked_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::sql_types::{UtcTimestamp, Uuid};

    username_reservations (user_id, username_key) {
        user_id -> Uuid,
        username_key -> Text,
        password_hash -> Text,
        reserved_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::sql_types::Uuid;

    user_revisions (user_id) {
        user_id -> Uuid,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::{Binary, Integer, Nullable, Text};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    sessions (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        kind -> TypedText,
        first_factor -> TypedText,
        secret_hash -> Binary,
        generation -> Integer,
        rotated_at -> UtcTimestamp,
        device -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        ip -> Nullable<Text>,
        created_at -> UtcTimestamp,
        last_used_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        revoked_at -> Nullable<UtcTimestamp>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};
    use crate::sql_types::{UtcTimestamp, Uuid};

    revocations (id) {
        id -> BigInt,
        user_id -> Uuid,
        session_id -> Nullable<Uuid>,
        revoked_at -> UtcTimestamp,
        of_role -> Bool,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::sql_types::{UtcTimestamp, Uuid};

    login_attempts (id) {
        id -> Uuid,
        user_id -> Nullable<Uuid>,
        identifier_hash -> Binary,
        attempted_at -> UtcTimestamp,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        method -> Text,
        failure -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::sql_types::{UtcTimestamp, Uuid};

    totp_factors (user_id) {
        user_id -> Uuid,
        sealed -> Binary,
        created_at -> UtcTimestamp,
        confirmed_at -> Nullable<UtcTimestamp>,
        last_step -> Nullable<BigInt>,
        guesses_until -> Nullable<UtcTimestamp>,
    }
}

table! {
    use diesel::sql_types::Binary;
    use crate::sql_types::{UtcTimestamp, Uuid};

    recovery_codes (user_id, code_hash) {
        user_id -> Uuid,
        code_hash -> Binary,
        created_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    passkeys (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        name -> TypedText,
        credential_id -> Binary,
        public_key -> Binary,
        sign_count -> BigInt,
        backup_eligible -> Bool,
        backed_up -> Bool,
        transports -> TypedText,
        created_at -> UtcTimestamp,
        last_used_at -> Nullable<UtcTimestamp>,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    personal_tokens (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        name -> TypedText,
        scopes -> TypedText,
        secret_hash -> Binary,
        created_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        last_used_at -> Nullable<UtcTimestamp>,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::Binary;
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    one_time_tokens (user_id, purpose) {
        user_id -> Uuid,
        purpose -> TypedText,
        token_hash -> Binary,
        email -> TypedText,
        created_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
    }
}

allow_tables_to_appear_in_same_query!(users, user_revisions, sessions, personal_tokens);

/// Tables of this file that an account is erased from, referencing ones before referenced ones; the revision last.
pub(super) const OWNED_BY_USERS: &[&str] = &[
    "one_time_tokens",
    "personal_tokens",
    "passkeys",
    "recovery_codes",
    "totp_factors",
    "identities",
    "username_reservations",
    "login_attempts",
    "sessions",
    "user_revisions",
];
