//! What users keep, and the tombstones of what they removed.

use diesel::{allow_columns_to_appear_in_same_group_by_clause, allow_tables_to_appear_in_same_query, table};

use super::accounts::users;

table! {
    use diesel::sql_types::{BigInt, Binary, Text};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    themes (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        name -> TypedText,
        name_key -> Text,
        color -> TypedText,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
        request_digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::sql_types::{CivilDate, UtcTimestamp, Uuid, TypedText};

    habits (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        name -> TypedText,
        description -> Nullable<TypedText>,
        theme_id -> Nullable<Uuid>,
        color -> Nullable<TypedText>,
        icon -> Nullable<TypedText>,
        question -> Nullable<TypedText>,
        time_of_day -> TypedText,
        starts_on -> CivilDate,
        ends_on -> Nullable<CivilDate>,
        plans -> Text,
        pauses -> Text,
        archived_at -> Nullable<UtcTimestamp>,
        position -> Integer,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
        request_digest -> Binary,
        archives -> Text,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::sql_types::Uuid;

    habit_histories (user_id, habit_id) {
        user_id -> Uuid,
        habit_id -> Uuid,
        recent -> Binary,
        history -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::sql_types::{CivilDate, UtcTimestamp, Uuid, TypedText};

    shared_pauses (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        from_date -> CivilDate,
        to_date -> Nullable<CivilDate>,
        note -> Nullable<TypedText>,
        except_habits -> Text,
        source -> TypedText,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
        request_digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable};
    use crate::sql_types::{CivilDate, UtcTimestamp, Uuid, TypedText};

    entries (user_id, habit_id, date) {
        user_id -> Uuid,
        habit_id -> Uuid,
        date -> CivilDate,
        state -> TypedText,
        value -> Nullable<Integer>,
        value_thousandths -> Integer,
        tracked_minutes -> Integer,
        settled -> Bool,
        note -> Nullable<TypedText>,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::sql_types::{CivilDate, UtcTimestamp, Uuid, TypedText};

    tasks (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        title -> TypedText,
        title_key -> Text,
        search_key -> Text,
        description -> Nullable<TypedText>,
        priority -> Integer,
        status -> TypedText,
        due_on -> Nullable<CivilDate>,
        theme_id -> Nullable<Uuid>,
        completed_at -> Nullable<UtcTimestamp>,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
        request_digest -> Binary,
        keys_version -> Integer,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable};
    use crate::sql_types::{CivilDate, UtcTimestamp, Uuid, TypedText};

    time_entries (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        habit_id -> Nullable<Uuid>,
        task_id -> Nullable<Uuid>,
        date -> CivilDate,
        minutes -> Integer,
        started_at -> Nullable<UtcTimestamp>,
        ended_at -> Nullable<UtcTimestamp>,
        note -> Nullable<TypedText>,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
        request_digest -> Binary,
        timezone -> TypedText,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    timers (user_id) {
        user_id -> Uuid,
        habit_id -> Nullable<Uuid>,
        task_id -> Nullable<Uuid>,
        note -> Nullable<TypedText>,
        started_at -> UtcTimestamp,
        rev -> BigInt,
        timezone -> TypedText,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable};
    use crate::sql_types::{CivilDate, UtcTimestamp, Uuid};

    reminders (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        habit_id -> Nullable<Uuid>,
        task_id -> Nullable<Uuid>,
        wall_minute -> Integer,
        weekdays -> Nullable<Integer>,
        days_before -> Nullable<Integer>,
        minutes_before -> Nullable<Integer>,
        channels -> Integer,
        enabled -> Bool,
        handled_on -> Nullable<CivilDate>,
        next_on -> Nullable<CivilDate>,
        next_at -> Nullable<UtcTimestamp>,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
        request_digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Text};
    use crate::sql_types::{UtcTimestamp, Uuid};

    tombstones (user_id, kind, item_key) {
        user_id -> Uuid,
        kind -> Text,
        item_key -> Binary,
        rev -> BigInt,
        deleted_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::sql_types::{UtcTimestamp, Uuid};

    sync_commands (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        digest -> Binary,
        rev -> BigInt,
        refusal -> Nullable<Text>,
        created_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable};
    use crate::sql_types::{CivilDate, UtcTimestamp, Uuid, TypedText};

    sleep_logs (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        started_at -> UtcTimestamp,
        ended_at -> UtcTimestamp,
        date -> CivilDate,
        timezone -> TypedText,
        kind -> TypedText,
        quality -> Nullable<Integer>,
        awake_seconds -> Nullable<Integer>,
        note -> Nullable<TypedText>,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
        request_digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::sql_types::{CivilDate, UtcTimestamp, Uuid, TypedText};

    moods (user_id, date) {
        user_id -> Uuid,
        date -> CivilDate,
        value -> Integer,
        note -> Nullable<TypedText>,
        tags -> Text,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::sql_types::{CivilDate, UtcTimestamp, Uuid, TypedText};

    mood_moments (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        felt_at -> UtcTimestamp,
        date -> CivilDate,
        value -> Integer,
        note -> Nullable<TypedText>,
        tags -> Text,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        rev -> BigInt,
        request_digest -> Binary,
        timezone -> TypedText,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::sql_types::{UtcTimestamp, Uuid, TypedText};

    imports (user_id, id) {
        user_id -> Uuid,
        id -> Uuid,
        format -> TypedText,
        state -> TypedText,
        bytes -> BigInt,
        handled -> BigInt,
        made -> BigInt,
        failure -> Nullable<Text>,
        report -> Text,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable};
    use crate::sql_types::{CivilDate, Uuid, TypedText};

    import_items (user_id, import_id, position) {
        user_id -> Uuid,
        import_id -> Uuid,
        position -> BigInt,
        kind -> TypedText,
        item_id -> Uuid,
        date -> Nullable<CivilDate>,
        made_rev -> BigInt,
    }
}

allow_tables_to_appear_in_same_query!(themes, habits, habit_histories, entries, tasks, time_entries, timers, users);
allow_tables_to_appear_in_same_query!(reminders, tasks);
allow_columns_to_appear_in_same_group_by_clause!(habits::theme_id, tasks::theme_id);

/// Tables of this file that an account is erased from, referencing ones before referenced ones.
pub(super) const OWNED_BY_USERS: &[&str] = &[
    "timers",
    "reminders",
    "time_entries",
    "tasks",
    "habit_histories",
    "entries",
    "habits",
    "shared_pauses",
    "themes",
    "sleep_logs",
    "moods",
    "mood_moments",
    "import_items",
    "imports",
    "tombstones",
    "sync_commands",
];
