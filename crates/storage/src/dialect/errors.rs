//! Classifies the databases' errors.
//!
//! By Diesel's kind where there is one. Diesel doesn't pass on the databases' error codes, so the rest goes by the
//! message, and only for errors of unknown kind: other messages quote what the user wrote.

use circadia_domain::error::{StoreError, Unique};
use diesel::result::{DatabaseErrorKind, Error};

/// The domain's error for a database's.
pub(crate) fn classify(error: &Error) -> StoreError {
    match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => {
            StoreError::Duplicate(broken_rule(information.constraint_name(), information.message()))
        }
        error if is_connection_lost(error) || is_transient(error) => StoreError::Unavailable(error.to_string()),
        Error::DeserializationError(reason) => StoreError::Corrupt(reason.to_string()),
        error => StoreError::Defect(error.to_string()),
    }
}

/// Whether the connection is gone, so that a retry on another one may succeed.
pub(crate) fn is_connection_lost(error: &Error) -> bool {
    match error {
        Error::BrokenTransactionManager
        | Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _) => true,
        Error::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            let message = information.message().to_ascii_lowercase();
            CONNECTION_LOST_MESSAGES.iter().any(|part| message.contains(part))
        }
        _ => false,
    }
}

/// Parts of the messages of a lost connection, in lower case: of libpq, then of the clients of MySQL and MariaDB.
const CONNECTION_LOST_MESSAGES: [&str; 11] = [
    "server closed the connection",
    "terminating connection",
    "no connection to the server",
    "could not receive data from server",
    "could not send data to server",
    "ssl connection has been closed",
    "server has gone away",
    "lost connection to",
    "connection was killed",
    "server shutdown in progress",
    "commands out of sync",
];

/// Parts of the messages of transient errors, in lower case: timeouts, deadlocks, full disks; of SQLite, PostgreSQL,
/// MySQL.
const TRANSIENT_MESSAGES: [&str; 20] = [
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk i/o error",
    "unable to open database file",
    "statement timeout",
    "lock timeout",
    "deadlock detected",
    "no space left on device",
    "could not extend file",
    "the database system is",
    "too many clients",
    "too many connections",
    "lock wait timeout exceeded",
    "deadlock found",
    "max_statement_time exceeded",
    "maximum statement execution time exceeded",
    "query execution was interrupted",
    "the table is full",
    "try restarting transaction",
];

fn is_transient(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            let message = information.message().to_ascii_lowercase();
            TRANSIENT_MESSAGES.iter().any(|part| message.contains(part))
        }
        _ => false,
    }
}

/// The rule that a unique violation broke. PostgreSQL names the constraint; MySQL ends its message with the key, after
/// the offending value; SQLite's message is the list of columns.
fn broken_rule(constraint: Option<&str>, message: &str) -> Unique {
    let rule = constraint
        .or_else(|| message.rsplit_once(" for key ").map(|(_, key)| key))
        .or_else(|| message.strip_prefix("UNIQUE constraint failed: "))
        .unwrap_or_default();
    let is = |constraint: &str, column: &str| {
        rule == column || rule.trim_matches(['\'', '`']).rsplit('.').next() == Some(constraint)
    };
    if is("users_username_key", "users.username_key") {
        Unique::Username
    } else if is("users_email_key", "users.email") {
        Unique::Email
    } else if is("identities_subject_key", "identities.provider, identities.subject") {
        Unique::Identity
    } else {
        Unique::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_names_the_rule_in_its_own_way() {
        let cases = [
            (Some("users_email_key"), "duplicate key value violates unique constraint", Unique::Email),
            (Some("users_username_key"), "duplicate key value violates unique constraint", Unique::Username),
            (Some("themes_pkey"), "duplicate key value violates unique constraint", Unique::Other),
            (None, "UNIQUE constraint failed: users.email", Unique::Email),
            (None, "UNIQUE constraint failed: users.username_key", Unique::Username),
            (None, "UNIQUE constraint failed: identities.provider, identities.subject", Unique::Identity),
            (None, "UNIQUE constraint failed: identities.user_id, identities.provider", Unique::Other),
            (None, "UNIQUE constraint failed: themes.user_id, themes.name_key", Unique::Other),
            (None, "Duplicate entry 'a@b.example' for key 'users_email_key'", Unique::Email),
            (None, "Duplicate entry 'ada' for key 'users.users_username_key'", Unique::Username),
            (None, "Duplicate entry 'x for key 'users_email_key'' for key 'PRIMARY'", Unique::Other),
        ];
        for (constraint, message, rule) in cases {
            assert_eq!(broken_rule(constraint, message), rule, "{message}");
        }
    }

    #[test]
    fn transient_errors_are_unavailable_and_the_rest_are_defects() {
        let error =
            |message: &str| classify(&Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())));
        assert!(matches!(error("database is locked"), StoreError::Unavailable(_)));
        assert!(matches!(error("MySQL server has gone away"), StoreError::Unavailable(_)));
        assert!(matches!(error("no such table: users"), StoreError::Defect(_)));
    }
}
