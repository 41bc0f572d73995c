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
        last_login_at -> Nullable<UtcTimestamp>,
        avatar -> Nullable<TypedText>,
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
        pruned_rev -> BigInt,
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
    use diesel::sql_types::{Binary, Integer, Nullable, Text};
    use crate::sql_types::{TypedText, UtcTimestamp, Uuid};

    login_attempts (id) {
        id -> Uuid,
        user_id -> Nullable<Uuid>,
        identifier_hash -> Binary,
        attempted_at -> UtcTimestamp,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        method -> TypedText,
        failure -> Nullable<TypedText>,
        quarter -> Integer,
        browser -> TypedText,
        os -> TypedText,
        device -> TypedText,
        language -> Nullable<TypedText>,
    }
}

table! {
    use diesel::sql_types::Integer;
    use crate::sql_types::{TypedText, Uuid};

    login_rollups (user_id, quarter, browser, os, device) {
        user_id -> Uuid,
        quarter -> Integer,
        browser -> TypedText,
        os -> TypedText,
        device -> TypedText,
        successes -> Integer,
        failures -> Integer,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer};

    login_totals (quarter) {
        quarter -> Integer,
        successes -> BigInt,
        failures -> BigInt,
        unknown_failures -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer};
    use crate::sql_types::TypedText;

    login_client_days (day_quarter, browser, os, device) {
        day_quarter -> Integer,
        browser -> TypedText,
        os -> TypedText,
        device -> TypedText,
        successes -> BigInt,
        failures -> BigInt,
    }
}

table! {
    use diesel::sql_types::Integer;

    login_rollup_state (id) {
        id -> Integer,
        rolled_up_until -> Integer,
        days_until -> Integer,
        ips_truncated_until -> Integer,
    }
}

table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::sql_types::{TypedText, UtcTimestamp, Uuid};

    security_events (id) {
        id -> Uuid,
        occurred_at -> UtcTimestamp,
        kind -> TypedText,
        user_id -> Nullable<Uuid>,
        ip -> Nullable<Text>,
        attempts -> Integer,
        accounts -> Integer,
        browser -> Nullable<TypedText>,
        os -> Nullable<TypedText>,
        device -> Nullable<TypedText>,
        language -> Nullable<TypedText>,
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
    use diesel::sql_types::{BigInt, Binary};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    calendar_feeds (user_id) {
        user_id -> Uuid,
        secret_hash -> Binary,
        include -> TypedText,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    push_subscriptions (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        endpoint -> TypedText,
        endpoint_hash -> Binary,
        p256dh -> Binary,
        auth -> Binary,
        label -> Nullable<TypedText>,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        last_success_at -> Nullable<UtcTimestamp>,
        failing_since -> Nullable<UtcTimestamp>,
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

table! {
    use diesel::sql_types::{Binary, Bool, Nullable};
    use crate::sql_types::{UtcTimestamp, Uuid};

    idempotency_keys (user_id, key_hash) {
        user_id -> Uuid,
        key_hash -> Binary,
        digest -> Binary,
        attempt -> Uuid,
        claimed_until -> UtcTimestamp,
        is_committed -> Bool,
        answer -> Nullable<Binary>,
        expires_at -> UtcTimestamp,
    }
}

allow_tables_to_appear_in_same_query!(users, user_revisions, sessions, personal_tokens);
allow_tables_to_appear_in_same_query!(users, passkeys);
allow_tables_to_appear_in_same_query!(users, calendar_feeds);
allow_tables_to_appear_in_same_query!(users, totp_factors);
allow_tables_to_appear_in_same_query!(webhooks, user_revisions);

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    webhooks (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        url -> TypedText,
        description -> Nullable<TypedText>,
        events -> TypedText,
        secret -> Binary,
        previous_secret -> Nullable<Binary>,
        previous_secret_until -> Nullable<UtcTimestamp>,
        disabled_at -> Nullable<UtcTimestamp>,
        disabled_reason -> Nullable<TypedText>,
        failing_since -> Nullable<UtcTimestamp>,
        seen_rev -> BigInt,
        seen_position -> Nullable<Binary>,
        pending -> Integer,
        next_delivery_at -> Nullable<UtcTimestamp>,
        leased_until -> Nullable<UtcTimestamp>,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::{Binary, Integer, Nullable, Text};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    webhook_deliveries (user_id, webhook_id, id) {
        user_id -> Uuid,
        webhook_id -> Uuid,
        id -> Uuid,
        event -> TypedText,
        body -> Binary,
        status -> TypedText,
        attempts -> Integer,
        next_attempt_at -> Nullable<UtcTimestamp>,
        last_attempt_at -> Nullable<UtcTimestamp>,
        response_status -> Nullable<Integer>,
        duration_ms -> Nullable<Integer>,
        error -> Nullable<Text>,
        created_at -> UtcTimestamp,
        finished_at -> Nullable<UtcTimestamp>,
    }
}

/// Tables of this file that an account is erased from, referencing ones before referenced ones; the revision last.
pub(super) const OWNED_BY_USERS: &[&str] = &[
    "webhook_deliveries",
    "webhooks",
    "idempotency_keys",
    "one_time_tokens",
    "personal_tokens",
    "calendar_feeds",
    "push_subscriptions",
    "passkeys",
    "recovery_codes",
    "totp_factors",
    "identities",
    "username_reservations",
    "security_events",
    "login_rollups",
    "login_attempts",
    "sessions",
    "user_revisions",
];
