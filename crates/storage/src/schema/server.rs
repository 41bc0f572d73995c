//! What belongs to no user, or to the installation as a whole.

use diesel::table;

table! {
    use diesel::sql_types::{BigInt, Text};

    global_locks (name) {
        name -> Text,
        taken -> BigInt,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    audit_events (id) {
        id -> Uuid,
        occurred_at -> UtcTimestamp,
        actor_id -> Nullable<Uuid>,
        subject_id -> Nullable<Uuid>,
        session_id -> Nullable<Uuid>,
        action -> TypedText,
        outcome -> TypedText,
        details -> Text,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::sql_types::{UtcTimestamp, TypedText};

    server_keys (kid) {
        kid -> Text,
        purpose -> TypedText,
        sealed -> Binary,
        created_at -> UtcTimestamp,
        retires_at -> Nullable<UtcTimestamp>,
    }
}

table! {
    use diesel::sql_types::{Binary, Text};
    use crate::sql_types::UtcTimestamp;

    ephemera (kind, key_hash) {
        kind -> Text,
        key_hash -> Binary,
        sealed -> Binary,
        expires_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{Binary, Integer, Nullable, Text};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    jobs (id) {
        id -> Uuid,
        kind -> TypedText,
        user_id -> Nullable<Uuid>,
        payload -> Nullable<Binary>,
        state -> Text,
        run_at -> UtcTimestamp,
        attempts -> Integer,
        leased_until -> Nullable<UtcTimestamp>,
        last_error -> Nullable<Text>,
        created_at -> UtcTimestamp,
        finished_at -> Nullable<UtcTimestamp>,
    }
}

table! {
    use diesel::sql_types::{Integer, Nullable};
    use crate::sql_types::{CivilDate, TypedText};

    quotes (valid_from, position) {
        valid_from -> CivilDate,
        position -> Integer,
        text -> TypedText,
        author -> TypedText,
        locale -> Nullable<TypedText>,
    }
}

table! {
    use crate::sql_types::{UtcTimestamp, TypedText};

    job_schedules (kind) {
        kind -> TypedText,
        next_at -> UtcTimestamp,
    }
}

/// Tables of this file that an account is erased from.
pub(super) const OWNED_BY_USERS: &[&str] = &["jobs"];
