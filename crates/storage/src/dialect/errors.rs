//! Classifies the databases' errors.
//!
//! By Diesel's kind where there is one. Diesel doesn't pass on the databases' error codes, so the rest goes by the
//! message, and only for errors of unknown kind: other messages quote what the user wrote.

use circadia_domain::error::{StoreError, Unique};
use diesel::result::{ConnectionError, DatabaseErrorKind, Error};

/// The domain's error for a database's.
pub(crate) fn classify(error: &Error) -> StoreError {
    match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => {
            StoreError::Duplicate(broken_rule(information.constraint_name(), information.message()))
        }
        Error::RollbackErrorOnCommit { commit_error, .. } => classify(commit_error),
        error if is_schema_missing(error) => StoreError::Unavailable(format!("the schema is missing: {error}")),
        error if is_connection_lost(error) || is_conflict(error) || is_disk_full(error) || is_transient(error) => {
            StoreError::Unavailable(error.to_string())
        }
        Error::DeserializationError(reason) => StoreError::Corrupt(reason.to_string()),
        error => StoreError::Defect(error.to_string()),
    }
}

/// The domain's error for that of a COMMIT which ends a writing transaction.
pub(crate) fn classify_commit(error: &Error) -> StoreError {
    match error {
        // What Diesel's attempt to roll back found doesn't matter.
        Error::RollbackErrorOnCommit { commit_error, .. } => classify_commit(commit_error),
        // An earlier statement had found the connection dead, and Diesel sent no COMMIT.
        Error::BrokenTransactionManager => classify(error),
        error if is_connection_lost(error) || is_io_error(error) => StoreError::OutcomeUnknown(error.to_string()),
        error => classify(error),
    }
}

/// Whether SQLite could not write to the disk, or not flush it. At a COMMIT, the transaction may be in the log as a
/// whole, and be found there after a crash.
fn is_io_error(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, information) if information.message().starts_with("disk I/O error"))
}

/// Whether the connection is gone, so that a retry on another one may succeed.
pub(crate) fn is_connection_lost(error: &Error) -> bool {
    match error {
        Error::BrokenTransactionManager
        | Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _) => true,
        Error::RollbackErrorOnCommit { rollback_error, commit_error } => {
            is_connection_lost(commit_error) || is_connection_lost(rollback_error)
        }
        error => has_message(error, CONNECTION_LOST_MESSAGES),
    }
}

/// Whether an error of unknown kind has one of these parts in its message, which are in lower case.
fn has_message(error: &Error, parts: &[&str]) -> bool {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, information) = error else { return false };
    let message = information.message().to_ascii_lowercase();
    parts.iter().any(|part| message.contains(part))
}

/// Whether the server has no connection left, but is there.
pub(crate) fn is_too_many_connections(error: &ConnectionError) -> bool {
    let message = error.to_string().to_ascii_lowercase();
    ["too many clients", "too many connections", "remaining connection slots", "max_user_connections"]
        .iter()
        .any(|part| message.contains(part))
}

/// Whether a table is missing: another database took the place of ours, or it isn't migrated yet.
fn is_schema_missing(error: &Error) -> bool {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, information) = error else { return false };
    let message = information.message();
    message.starts_with("no such table: ")
        || (message.starts_with("relation \"") && message.ends_with("\" does not exist"))
        || (message.starts_with("Table '") && message.ends_with("' doesn't exist"))
}

/// Parts of the messages of a connection that is lost or of no use any more, in lower case: of libpq and PostgreSQL,
/// then of MySQL and MariaDB.
const CONNECTION_LOST_MESSAGES: &[&str] = &[
    "server closed the connection",
    "terminating connection",
    "no connection to the server",
    "could not receive data from server",
    "could not send data to server",
    "ssl connection has been closed",
    "cached plan must not change result type",
    "server has gone away",
    "lost connection to",
    "connection was killed",
    "server shutdown in progress",
    "disconnected by the server",
    "commands out of sync",
    "no database selected",
    // A node of a Galera cluster that has lost the others.
    "wsrep has not yet prepared node",
];

/// Whether the database ended the transaction for the sake of another one, so that it may succeed when it is run again as
/// a whole: a serialisation failure or deadlock (PostgreSQL 40001 and 40P01, MySQL 1205 and 1213), or a certification lost
/// to a writer on another node (Galera, also 1213).
pub(crate) fn is_conflict(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::RollbackErrorOnCommit { commit_error, .. } => is_conflict(commit_error),
        error => has_message(error, CONFLICT_MESSAGES),
    }
}

/// Parts of the messages of conflicts, in lower case: of PostgreSQL, of MySQL and MariaDB, of Galera.
const CONFLICT_MESSAGES: &[&str] = &[
    "deadlock detected",
    "deadlock found",
    "lock wait timeout exceeded",
    "record has changed since last read",
    "try restarting transaction",
    "wsrep aborted transaction",
    "wsrep detected deadlock",
];

/// Parts of the messages of other transient errors, in lower case: timeouts, full memory, databases that
/// take no writes at the moment; of SQLite, PostgreSQL, MySQL.
const TRANSIENT_MESSAGES: &[&str] = &[
    "database is locked",
    "database table is locked",
    "disk i/o error",
    "unable to open database file",
    "attempt to write a readonly database",
    "canceling statement due to",
    "could not obtain lock",
    "out of memory",
    "out of shared memory",
    "the database system is",
    "too many clients",
    "too many connections",
    "--read-only option",
    "max_statement_time exceeded",
    "maximum statement execution time exceeded",
    "query execution was interrupted",
];

/// Parts of the messages of a disk without room, in lower case: of SQLite, of PostgreSQL, of MySQL and MariaDB.
const DISK_FULL_MESSAGES: &[&str] =
    &["database or disk is full", "no space left on device", "could not extend file", "the table is full"];

/// Whether there was no room on the database's disk.
pub(crate) fn is_disk_full(error: &Error) -> bool {
    match error {
        Error::RollbackErrorOnCommit { commit_error, .. } => is_disk_full(commit_error),
        error => has_message(error, DISK_FULL_MESSAGES),
    }
}

fn is_transient(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => true,
        error => has_message(error, TRANSIENT_MESSAGES),
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
    } else if is("identities_subject_key", "identities.issuer, identities.subject") {
        Unique::Identity
    } else if is("passkeys_credential_id_key", "passkeys.credential_id") {
        Unique::Passkey
    } else if is("push_subscriptions_endpoint_hash_key", "push_subscriptions.endpoint_hash") {
        Unique::PushEndpoint
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
            (None, "UNIQUE constraint failed: identities.issuer, identities.subject", Unique::Identity),
            (None, "UNIQUE constraint failed: identities.user_id, identities.issuer", Unique::Other),
            (None, "UNIQUE constraint failed: themes.user_id, themes.name_key", Unique::Other),
            (None, "UNIQUE constraint failed: passkeys.credential_id", Unique::Passkey),
            (None, "UNIQUE constraint failed: passkeys.user_id, passkeys.id", Unique::Other),
            (None, "UNIQUE constraint failed: push_subscriptions.endpoint_hash", Unique::PushEndpoint),
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
        assert!(matches!(error("no such table: users"), StoreError::Unavailable(_)));
        assert!(matches!(error("relation \"users\" does not exist"), StoreError::Unavailable(_)));
        assert!(matches!(error("Table 'circadia.users' doesn't exist"), StoreError::Unavailable(_)));
        assert!(matches!(error("near \"SELEC\": syntax error"), StoreError::Defect(_)));
    }

    #[test]
    fn a_transaction_that_lost_to_another_is_told_from_one_that_failed() {
        let error = |kind, message: &str| Error::DatabaseError(kind, Box::new(message.to_owned()));
        let unknown = |message| error(DatabaseErrorKind::Unknown, message);
        for conflict in [
            error(DatabaseErrorKind::SerializationFailure, "could not serialize access due to concurrent update"),
            unknown("deadlock detected"),
            unknown("Deadlock found when trying to get lock; try restarting transaction"),
            unknown("Lock wait timeout exceeded; try restarting transaction"),
            unknown("Deadlock: wsrep aborted transaction"),
            after_rollback(unknown("Deadlock found when trying to get lock"), unknown("gone")),
        ] {
            assert!(is_conflict(&conflict) && !is_connection_lost(&conflict), "{conflict:?}");
            assert!(matches!(classify(&conflict), StoreError::Unavailable(_)), "{conflict:?}");
        }
        for other in [
            unknown("server has gone away"),
            unknown("database is locked"),
            unknown("canceling statement due to lock timeout"),
            error(DatabaseErrorKind::UniqueViolation, "Duplicate entry 'deadlock found' for key 'themes_key'"),
        ] {
            assert!(!is_conflict(&other), "{other:?}");
        }
    }

    /// As Diesel tells of a COMMIT that failed: it tried to roll back, which failed as well.
    fn after_rollback(commit_error: Error, rollback_error: Error) -> Error {
        let (commit_error, rollback_error) = (Box::new(commit_error), Box::new(rollback_error));
        Error::RollbackErrorOnCommit { commit_error, rollback_error }
    }

    #[test]
    fn only_a_commit_that_was_refused_or_never_sent_leaves_nothing_behind() {
        let error = |kind, message: &str| Error::DatabaseError(kind, Box::new(message.to_owned()));
        let unknown = |message| error(DatabaseErrorKind::Unknown, message);
        let lost = || unknown("Lost connection to server during query");
        for cut_off in [
            lost(),
            after_rollback(lost(), unknown("Server has gone away")),
            error(DatabaseErrorKind::ClosedConnection, "server closed the connection unexpectedly"),
            error(DatabaseErrorKind::UnableToSendCommand, "no connection to the server"),
            unknown("terminating connection due to administrator command"),
            unknown("disk I/O error"),
            after_rollback(unknown("disk I/O error"), unknown("cannot rollback - no transaction is active")),
        ] {
            assert!(matches!(classify_commit(&cut_off), StoreError::OutcomeUnknown(_)), "{cut_off:?}");
        }
        for refused in [
            Error::BrokenTransactionManager,
            unknown("database is locked"),
            unknown("database or disk is full"),
            error(DatabaseErrorKind::SerializationFailure, "could not serialize access"),
            after_rollback(unknown("database or disk is full"), lost()),
        ] {
            assert!(matches!(classify_commit(&refused), StoreError::Unavailable(_)), "{refused:?}");
        }
        assert!(is_connection_lost(&after_rollback(unknown("database or disk is full"), lost())));
    }
}
