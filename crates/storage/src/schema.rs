//! Which columns there are. The migrations decide; a test holds the two against each other.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
    use crate::sql_types::{Moment, Uuid, Word};

    users (id) {
        id -> Uuid,
        username -> Word,
        username_key -> Text,
        email -> Word,
        email_verified_at -> Nullable<Moment>,
        password_hash -> Nullable<Text>,
        role -> Word,
        active -> Bool,
        timezone -> Word,
        day_start_minutes -> Integer,
        week_start -> Word,
        locale -> Word,
        color_scheme -> Word,
        sleep_goal_minutes -> Integer,
        free_days -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
        rev -> BigInt,
    }
}

table! {
    use crate::sql_types::{Moment, Uuid, Word};

    identities (user_id, provider) {
        user_id -> Uuid,
        provider -> Word,
        subject -> Word,
        email -> Word,
        linked_at -> Moment,
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
    use diesel::sql_types::{BigInt, Text};

    global_locks (name) {
        name -> Text,
        taken -> BigInt,
    }
}

table! {
    use diesel::sql_types::{Binary, Integer, Nullable, Text};
    use crate::sql_types::{Moment, Uuid, Word};

    sessions (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        kind -> Word,
        first_factor -> Word,
        secret_hash -> Binary,
        generation -> Integer,
        rotated_at -> Moment,
        device -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        ip -> Nullable<Text>,
        created_at -> Moment,
        last_used_at -> Moment,
        expires_at -> Moment,
        revoked_at -> Nullable<Moment>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};
    use crate::sql_types::{Moment, Uuid};

    revocations (id) {
        id -> BigInt,
        user_id -> Uuid,
        session_id -> Nullable<Uuid>,
        revoked_at -> Moment,
        of_role -> Bool,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::sql_types::{Moment, Uuid};

    login_attempts (id) {
        id -> Uuid,
        user_id -> Nullable<Uuid>,
        identifier_hash -> Binary,
        attempted_at -> Moment,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        method -> Text,
        failure -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::sql_types::{Moment, Uuid};

    totp_factors (user_id) {
        user_id -> Uuid,
        sealed -> Binary,
        created_at -> Moment,
        confirmed_at -> Nullable<Moment>,
        last_step -> Nullable<BigInt>,
        guesses_until -> Nullable<Moment>,
    }
}

table! {
    use diesel::sql_types::Binary;
    use crate::sql_types::{Moment, Uuid};

    recovery_codes (user_id, code_hash) {
        user_id -> Uuid,
        code_hash -> Binary,
        created_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::sql_types::{Moment, Uuid, Word};

    personal_tokens (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        name -> Word,
        scopes -> Word,
        secret_hash -> Binary,
        created_at -> Moment,
        expires_at -> Moment,
        last_used_at -> Nullable<Moment>,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::sql_types::{Moment, Uuid, Word};

    audit_events (id) {
        id -> Uuid,
        occurred_at -> Moment,
        actor_id -> Nullable<Uuid>,
        subject_id -> Nullable<Uuid>,
        session_id -> Nullable<Uuid>,
        action -> Word,
        outcome -> Word,
        details -> Text,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::sql_types::{Moment, Word};

    server_keys (kid) {
        kid -> Text,
        purpose -> Word,
        sealed -> Binary,
        created_at -> Moment,
        retires_at -> Nullable<Moment>,
    }
}

table! {
    use diesel::sql_types::{Binary, Text};
    use crate::sql_types::Moment;

    ephemera (kind, key_hash) {
        kind -> Text,
        key_hash -> Binary,
        sealed -> Binary,
        expires_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{Binary, Integer, Nullable, Text};
    use crate::sql_types::{Moment, Uuid, Word};

    jobs (id) {
        id -> Uuid,
        kind -> Word,
        user_id -> Nullable<Uuid>,
        payload -> Nullable<Binary>,
        state -> Text,
        run_at -> Moment,
        attempts -> Integer,
        leased_until -> Nullable<Moment>,
        last_error -> Nullable<Text>,
        created_at -> Moment,
        finished_at -> Nullable<Moment>,
    }
}

table! {
    use diesel::sql_types::Binary;
    use crate::sql_types::{Moment, Uuid, Word};

    one_time_tokens (user_id, purpose) {
        user_id -> Uuid,
        purpose -> Word,
        token_hash -> Binary,
        email -> Word,
        created_at -> Moment,
        expires_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Text};
    use crate::sql_types::{Moment, Uuid, Word};

    themes (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        name -> Word,
        name_key -> Text,
        color -> Word,
        created_at -> Moment,
        updated_at -> Moment,
        rev -> BigInt,
        request_digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::sql_types::{Day, Moment, Uuid, Word};

    habits (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        name -> Word,
        description -> Nullable<Word>,
        theme_id -> Nullable<Uuid>,
        color -> Nullable<Word>,
        starts_on -> Day,
        ends_on -> Nullable<Day>,
        plans -> Text,
        pauses -> Text,
        archived_at -> Nullable<Moment>,
        position -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
        rev -> BigInt,
        request_digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::sql_types::Uuid;

    habit_histories (user_id, habit_id) {
        user_id -> Uuid,
        habit_id -> Uuid,
        recent -> Nullable<Binary>,
        history -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer, Nullable};
    use crate::sql_types::{Day, Moment, Uuid, Word};

    entries (user_id, habit_id, date) {
        user_id -> Uuid,
        habit_id -> Uuid,
        date -> Day,
        state -> Word,
        value -> Nullable<Integer>,
        tracked_minutes -> Integer,
        note -> Nullable<Word>,
        created_at -> Moment,
        updated_at -> Moment,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::sql_types::{Day, Moment, Uuid, Word};

    tasks (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        title -> Word,
        title_key -> Text,
        search_key -> Text,
        description -> Nullable<Word>,
        priority -> Integer,
        status -> Word,
        due_on -> Nullable<Day>,
        theme_id -> Nullable<Uuid>,
        completed_at -> Nullable<Moment>,
        created_at -> Moment,
        updated_at -> Moment,
        rev -> BigInt,
        request_digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable};
    use crate::sql_types::{Day, Moment, Uuid, Word};

    time_entries (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        habit_id -> Nullable<Uuid>,
        task_id -> Nullable<Uuid>,
        date -> Day,
        minutes -> Integer,
        started_at -> Nullable<Moment>,
        ended_at -> Nullable<Moment>,
        note -> Nullable<Word>,
        created_at -> Moment,
        updated_at -> Moment,
        rev -> BigInt,
        request_digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable};
    use crate::sql_types::{Moment, Uuid, Word};

    timers (user_id) {
        user_id -> Uuid,
        habit_id -> Nullable<Uuid>,
        task_id -> Nullable<Uuid>,
        note -> Nullable<Word>,
        started_at -> Moment,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Text};
    use crate::sql_types::{Moment, Uuid};

    tombstones (user_id, kind, item_key) {
        user_id -> Uuid,
        kind -> Text,
        item_key -> Binary,
        rev -> BigInt,
        deleted_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable};
    use crate::sql_types::{Day, Moment, Uuid, Word};

    sleep_logs (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        started_at -> Moment,
        ended_at -> Moment,
        date -> Day,
        timezone -> Word,
        kind -> Word,
        quality -> Nullable<Integer>,
        awake_seconds -> Nullable<Integer>,
        note -> Nullable<Word>,
        created_at -> Moment,
        updated_at -> Moment,
        rev -> BigInt,
        request_digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::sql_types::{Day, Moment, Uuid, Word};

    moods (user_id, date) {
        user_id -> Uuid,
        date -> Day,
        value -> Integer,
        note -> Nullable<Word>,
        tags -> Text,
        created_at -> Moment,
        updated_at -> Moment,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::sql_types::{Day, Moment, Uuid, Word};

    mood_moments (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        felt_at -> Moment,
        date -> Day,
        value -> Integer,
        note -> Nullable<Word>,
        tags -> Text,
        created_at -> Moment,
        updated_at -> Moment,
        rev -> BigInt,
        request_digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{Integer, Nullable};
    use crate::sql_types::{Day, Word};

    quotes (valid_from, position) {
        valid_from -> Day,
        position -> Integer,
        text -> Word,
        author -> Word,
        locale -> Nullable<Word>,
    }
}

table! {
    use diesel::sql_types::Integer;
    use crate::sql_types::Moment;

    quote_feed (id) {
        id -> Integer,
        next_at -> Moment,
        leased_until -> Moment,
        failures -> Integer,
    }
}

allow_tables_to_appear_in_same_query!(users, user_revisions, sessions, personal_tokens);
allow_tables_to_appear_in_same_query!(themes, habits, habit_histories, entries, tasks, time_entries);
diesel::allow_columns_to_appear_in_same_group_by_clause!(habits::theme_id, tasks::theme_id);
