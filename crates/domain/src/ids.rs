//! Typed identifiers. Ours are `UUIDv7` (RFC 9562 §5.7), so that ids sort by time of creation and rows created together
//! are stored together. Clients may choose the ids of what they create, of any version.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::entity::{self, Entity};
use crate::violation::Violations;

/// The id of an `E`: a UUID that can't be taken for the id of anything else.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Id<E> {
    uuid: Uuid,
    entity: PhantomData<fn() -> E>,
}

impl<E> Id<E> {
    /// Reads an id.
    ///
    /// # Errors
    /// `invalid_id` unless `text` is a UUID in hyphenated form, of any version.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let hyphenated = if text.len() == 36 { Uuid::parse_str(text).ok() } else { None };
        hyphenated.map(Self::from_uuid).ok_or_else(|| {
            Violations::of("invalid_id", "is not a UUID such as `01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b` (RFC 9562)")
        })
    }

    /// Wraps an id that was generated or validated before.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, entity: PhantomData }
    }

    /// The bare UUID.
    pub const fn as_uuid(&self) -> Uuid {
        self.uuid
    }
}

// Written out, because derives would ask the same of `E`.
impl<E> Clone for Id<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Id<E> {}

impl<E> PartialEq for Id<E> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl<E> Eq for Id<E> {}

impl<E> PartialOrd for Id<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Id<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl<E> Hash for Id<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<E: Entity> fmt::Debug for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", E::NAME, self.uuid)
    }
}

impl<E> fmt::Display for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}

impl<E> From<Uuid> for Id<E> {
    fn from(uuid: Uuid) -> Self {
        Self::from_uuid(uuid)
    }
}

impl<E> From<Id<E>> for Uuid {
    fn from(id: Id<E>) -> Self {
        id.uuid
    }
}

json_value!(impl[E] Id<E>: str => Self::parse; "Uuid", schema::text_of(schema::KnownFormat::Uuid));

/// The id of a user; the first part of the key of every row that is theirs.
pub type UserId = Id<entity::User>;
/// The id of a session.
pub type SessionId = Id<entity::Session>;
/// The id of a recorded attempt to sign in.
pub type LoginId = Id<entity::LoginAttempt>;
/// The id of a personal access token.
pub type PersonalTokenId = Id<entity::PersonalToken>;
/// The id of a recorded security event.
pub type AuditEventId = Id<entity::AuditEvent>;
/// A security event.
pub type SecurityEventId = Id<entity::SecurityEvent>;
/// The id of a job.
pub type JobId = Id<entity::Job>;
/// The id of a theme.
pub type ThemeId = Id<entity::Theme>;
/// The id of a habit.
pub type HabitId = Id<entity::Habit>;
/// The id of a habit's pause.
pub type PauseId = Id<entity::Pause>;
/// The id of a pause of all habits.
pub type SharedPauseId = Id<entity::SharedPause>;
/// The id of a sleep log.
pub type SleepLogId = Id<entity::SleepLog>;
/// The id of a moment's mood.
pub type MoodMomentId = Id<entity::MoodMoment>;
/// The id of a task.
pub type TaskId = Id<entity::Task>;
/// The id of a time entry.
pub type TimeEntryId = Id<entity::TimeEntry>;

/// Where fresh ids come from. Implemented by the composition root; a seeded one serves in tests.
pub trait IdSource: Send + Sync {
    /// A new `UUIDv7`, larger than the previous ones.
    fn fresh(&self) -> Uuid;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_uuid_to_serde() {
        let id = HabitId::parse("01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b").unwrap();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b\"");
        assert_eq!(serde_json::from_str::<HabitId>(&json).unwrap(), id);
    }

    #[test]
    fn every_version_is_accepted_in_hyphenated_form_alone() {
        for right in ["01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b", "F47AC10B-58CC-4372-A567-0E02B2C3D479"] {
            assert_eq!(HabitId::parse(right).unwrap().to_string(), right.to_lowercase());
        }
        for wrong in [
            "01920b7e4c5d7e2f8a1b3c4d5e6f7a8b",
            "{01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b}",
            "urn:uuid:01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b",
            "",
            "é1920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8",
        ] {
            assert!(HabitId::parse(wrong).is_err(), "{wrong} was accepted");
        }
    }
}
