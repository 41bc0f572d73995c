//! Security audit log of accounts; every event is recorded in the transaction that causes it.
//!
//! An event contains ids, codes and numbers, but no personal data: no names, no addresses, no user input. Events
//! outlive their account; they stay readable but are anonymous, because the account's id refers to nothing any more.
//! (Sign-in attempts, which do contain an address, are in [`crate::logins`] and are deleted with the account.)
//!
//! To record one: `audit::record(tx.store, &AuditEvent::by(id, AuditAction::PASSWORD_CHANGED, user, now))`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::{AuditEventId, SessionId, UserId};

/// What happened: a word of at most 40 characters. Open, so that a replica can show what a newer one recorded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct AuditAction(Cow<'static, str>);

impl AuditAction {
    /// A refresh token was used a second time; its session was ended.
    pub const REFRESH_REPLAYED: Self = Self::new("refresh_replayed");
    /// A session was ended from within.
    pub const SESSION_REVOKED: Self = Self::new("session_revoked");
    /// Every session of an account was ended.
    pub const SESSIONS_REVOKED: Self = Self::new("sessions_revoked");
    /// A second factor was set up and confirmed.
    pub const TOTP_ENABLED: Self = Self::new("totp_enabled");
    /// The second factor was removed.
    pub const TOTP_DISABLED: Self = Self::new("totp_disabled");
    /// A recovery code was used instead of the second factor.
    pub const RECOVERY_CODE_USED: Self = Self::new("recovery_code_used");
    /// The recovery codes were replaced.
    pub const RECOVERY_CODES_RENEWED: Self = Self::new("recovery_codes_renewed");
    /// A passkey was added.
    pub const PASSKEY_ADDED: Self = Self::new("passkey_added");
    /// A passkey was removed.
    pub const PASSKEY_REMOVED: Self = Self::new("passkey_removed");
    /// The counter of a passkey went backwards: it may have been copied. The sign-in was refused.
    pub const PASSKEY_COUNTER_REGRESSED: Self = Self::new("passkey_counter_regressed");
    /// A personal access token was created.
    pub const TOKEN_CREATED: Self = Self::new("token_created");
    /// A personal access token was revoked.
    pub const TOKEN_REVOKED: Self = Self::new("token_revoked");
    /// A webhook was created.
    pub const WEBHOOK_CREATED: Self = Self::new("webhook_created");
    /// The URL, the events or the state of a webhook was changed.
    pub const WEBHOOK_CHANGED: Self = Self::new("webhook_changed");
    /// A webhook got another secret.
    pub const WEBHOOK_SECRET_ROTATED: Self = Self::new("webhook_secret_rotated");
    /// A webhook was deleted.
    pub const WEBHOOK_DELETED: Self = Self::new("webhook_deleted");
    /// A secret address of the account's calendar was made.
    pub const CALENDAR_SHARED: Self = Self::new("calendar_shared");
    /// The secret address of the account's calendar was revoked.
    pub const CALENDAR_REVOKED: Self = Self::new("calendar_revoked");
    /// A browser subscribed to the account's notifications.
    pub const PUSH_SUBSCRIBED: Self = Self::new("push_subscribed");
    /// A subscription to the account's notifications was removed by its user.
    pub const PUSH_UNSUBSCRIBED: Self = Self::new("push_unsubscribed");
    /// Keys that replicas share were replaced.
    pub const KEYS_ROTATED: Self = Self::new("keys_rotated");
    /// The password was changed by its owner.
    pub const PASSWORD_CHANGED: Self = Self::new("password_changed");
    /// The password was replaced through a mail to the account's address.
    pub const PASSWORD_RESET: Self = Self::new("password_reset");
    /// Another e-mail address was confirmed.
    pub const EMAIL_CHANGED: Self = Self::new("email_changed");
    /// The user name was changed.
    pub const USERNAME_CHANGED: Self = Self::new("username_changed");
    /// The e-mail address was confirmed.
    pub const EMAIL_VERIFIED: Self = Self::new("email_verified");
    /// A job that was given up is to be tried again.
    pub const JOB_RETRIED: Self = Self::new("job_retried");
    /// An account was created at the command line.
    pub const ACCOUNT_CREATED: Self = Self::new("account_created");
    /// An administrator changed an account.
    pub const ACCOUNT_CHANGED: Self = Self::new("account_changed");
    /// An export was imported into the account.
    pub const ACCOUNT_IMPORTED: Self = Self::new("account_imported");
    /// The account was deleted.
    pub const ACCOUNT_DELETED: Self = Self::new("account_deleted");
    /// An account at an OpenID provider was linked.
    pub const PROVIDER_LINKED: Self = Self::new("provider_linked");
    /// An account at an OpenID provider was unlinked.
    pub const PROVIDER_UNLINKED: Self = Self::new("provider_unlinked");

    const fn new(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }

    /// Takes a word that was stored.
    pub fn from_stored(word: String) -> Self {
        Self(Cow::Owned(word))
    }

    /// The word for it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

words! {
    /// Whether it was done.
    pub enum AuditOutcome {
        /// It was.
        Done = "done",
        /// It was tried and refused.
        Refused = "refused",
    }
}

/// A detail of an event: what can't be personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditDetail {
    /// A word of the program's own.
    Word(&'static str),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// The id of something.
    Id(Uuid),
}

impl From<AuditDetail> for Value {
    fn from(detail: AuditDetail) -> Self {
        match detail {
            AuditDetail::Word(word) => word.into(),
            AuditDetail::Number(number) => number.into(),
            AuditDetail::Flag(flag) => flag.into(),
            AuditDetail::Id(id) => id.to_string().into(),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// The id.
    pub id: AuditEventId,
    /// The time.
    pub at: Instant,
    /// The user who did it; `None` if unknown, or if an operator did it at the command line.
    pub actor: Option<UserId>,
    /// The account it concerns, if any.
    pub subject: Option<UserId>,
    /// Which session it is about, or happened in.
    pub session: Option<SessionId>,
    /// The action.
    pub action: AuditAction,
    /// Whether it was done.
    pub outcome: AuditOutcome,
    /// Additional details: a small object.
    pub details: Map<String, Value>,
}

impl AuditEvent {
    /// An event without a known actor.
    pub fn of(id: AuditEventId, action: AuditAction, now: Instant) -> Self {
        let (actor, subject, session) = (None, None, None);
        Self { id, at: now, actor, subject, session, action, outcome: AuditOutcome::Done, details: Map::new() }
    }

    /// Something that a user did to their own account.
    pub fn by(id: AuditEventId, action: AuditAction, user: UserId, now: Instant) -> Self {
        Self { actor: Some(user), subject: Some(user), ..Self::of(id, action, now) }
    }

    /// Sets the account it concerns.
    #[must_use]
    pub fn about(self, subject: UserId) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// Sets the session it concerns or happened in.
    #[must_use]
    pub fn in_session(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }

    /// Marks it as refused.
    #[must_use]
    pub fn refused(self) -> Self {
        Self { outcome: AuditOutcome::Refused, ..self }
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, name: &'static str, detail: AuditDetail) -> Self {
        self.details.insert(name.to_owned(), detail.into());
        self
    }

    /// Adds what something was before and is after; nothing if that is the same.
    #[must_use]
    pub fn with_change(mut self, name: &'static str, before: AuditDetail, after: AuditDetail) -> Self {
        if before != after {
            let change = [("before", before), ("after", after)].map(|(key, detail)| (key.to_owned(), detail.into()));
            self.details.insert(name.to_owned(), Value::Object(change.into_iter().collect()));
        }
        self
    }
}

/// Which events are sought, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only those about this account.
    pub subject: Option<UserId>,
    /// Only those that this user caused.
    pub actor: Option<UserId>,
    /// Only those of this action.
    pub action: Option<AuditAction>,
    /// Only those that happened at or after this.
    pub since: Option<Instant>,
    /// Only those that happened before this.
    pub until: Option<Instant>,
    /// Only those that come, newest first, after the one of this instant and id.
    pub after: Option<(Instant, AuditEventId)>,
    /// Whether the list is read from that one back to its beginning, so oldest first.
    pub backwards: bool,
    /// How many to leave out first.
    pub skip: usize,
}

/// Events in a store, which only grow: what was recorded is neither changed nor removed.
pub trait AuditRepository {
    /// Records an event.
    fn insert_audit_event(&mut self, event: &AuditEvent) -> Result<(), StoreError>;

    /// Up to `limit` events, newest first.
    fn audit_events(&mut self, sought: &AuditQuery, limit: usize) -> Result<Vec<AuditEvent>, StoreError>;

    /// How many events meet a query, wherever it begins.
    fn audit_event_total(&mut self, sought: &AuditQuery) -> Result<i64, StoreError>;
}

/// Records an event, in the unit of work that causes it.
///
/// # Errors
/// `StoreError` of the store.
pub fn record<S: AuditRepository + ?Sized>(store: &mut S, event: &AuditEvent) -> Result<(), StoreError> {
    store.insert_audit_event(event)
}

/// A part of the events that are sought, and how many there are in all; by two statements.
///
/// # Errors
/// The store's.
pub fn list<S: AuditRepository + ?Sized>(
    store: &mut S,
    sought: &AuditQuery,
    limit: usize,
) -> Result<(Vec<AuditEvent>, i64), crate::Error> {
    Ok((store.audit_events(sought, limit)?, store.audit_event_total(sought)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_tells_who_did_what_to_whom() {
        let user = UserId::from_uuid(Uuid::from_u128(1));
        let session = SessionId::from_uuid(Uuid::from_u128(2));
        let id = AuditEventId::from_uuid(Uuid::from_u128(3));
        let event = AuditEvent::by(id, AuditAction::TOTP_ENABLED, user, Instant::from_seconds(5))
            .in_session(session)
            .with("codes", AuditDetail::Number(10))
            .with("kind", AuditDetail::Word("totp"))
            .refused();
        assert_eq!((event.actor, event.subject, event.session), (Some(user), Some(user), Some(session)));
        assert_eq!(Value::from(event.details), serde_json::json!({"codes": 10, "kind": "totp"}));
        assert_eq!((event.action.as_str(), event.outcome.as_str()), ("totp_enabled", "refused"));
        let event = AuditEvent::of(id, AuditAction::KEYS_ROTATED, Instant::from_seconds(5)).about(user);
        assert_eq!((event.actor, event.subject), (None, Some(user)));
    }

    #[test]
    fn words_fit_their_column_and_read_back() {
        assert!(AuditAction::RECOVERY_CODES_RENEWED.as_str().len() <= 40);
        for outcome in [AuditOutcome::Done, AuditOutcome::Refused] {
            assert_eq!(AuditOutcome::parse(outcome.as_str()), Ok(outcome));
        }
        assert!(AuditOutcome::parse("perhaps").is_err());
    }
}
