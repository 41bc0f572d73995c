//! Typed identifiers: `UUIDv7` (RFC 9562 §5.7), so that ids made later sort later and rows made together lie together.
//!
//! Clients may choose the ids of what they create; hence parsing checks the version.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::violation::Violations;

fn parse_hyphenated(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::parse_str(text).ok() } else { None }
}

fn not_an_id() -> Violations {
    Violations::of("invalid_id", "is not a UUID such as `01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b` (RFC 9562)")
}

/// Reads a `UUIDv7` in its hyphenated form.
fn parse_v7(text: &str) -> Result<Uuid, Violations> {
    match parse_hyphenated(text) {
        Some(id) if id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122 => Ok(id),
        Some(_) => Err(Violations::of("invalid_id", "is a UUID, but not of version 7 (RFC 9562), as ids here are")),
        None => Err(not_an_id()),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Reads an id that a client sent.
            ///
            /// # Errors
            /// `invalid_id` unless `text` is a `UUIDv7` in hyphenated form.
            pub fn parse(text: &str) -> Result<Self, Violations> {
                parse_v7(text).map(Self)
            }

            /// Reads an id that refers to something: of any version, since what it refers to is looked up anyway.
            ///
            /// # Errors
            /// `invalid_id` unless `text` is a UUID in hyphenated form.
            pub fn parse_reference(text: &str) -> Result<Self, Violations> {
                parse_hyphenated(text).map(Self).ok_or_else(not_an_id)
            }

            /// Takes an id that was made or checked before.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        json_value!($name: str => Self::parse_reference; "Uuid", schema::text_of(schema::KnownFormat::Uuid));

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id! {
    /// A user; the first part of the key of every row that is theirs.
    UserId
}
id! {
    /// A signed-in session: a refresh family or a cookie session.
    SessionId
}
id! {
    /// A recorded attempt to sign in.
    LoginId
}
id! {
    /// A personal access token.
    PersonalTokenId
}
id! {
    /// A recorded security event.
    AuditEventId
}
id! {
    /// A job.
    JobId
}
id! {
    /// A theme.
    ThemeId
}
id! {
    /// A habit.
    HabitId
}
id! {
    /// A pause of a habit.
    PauseId
}
id! {
    /// A log of sleep.
    SleepLogId
}
id! {
    /// A moment's mood.
    MoodMomentId
}
id! {
    /// A task.
    TaskId
}
id! {
    /// A time entry.
    TimeEntryId
}

/// Where fresh ids come from. Implemented by the composition root; a seeded one serves in tests.
pub trait IdSource: Send + Sync {
    /// A fresh `UUIDv7`, larger than those made before.
    fn fresh(&self) -> Uuid;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_version_7_is_accepted() {
        assert!(HabitId::parse("01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b").is_ok());
        for wrong in [
            "01920b7e-4c5d-4e2f-8a1b-3c4d5e6f7a8b",
            "01920b7e4c5d7e2f8a1b3c4d5e6f7a8b",
            "{01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b}",
            "urn:uuid:01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b",
            "01920b7e-4c5d-7e2f-0a1b-3c4d5e6f7a8b",
            "",
            "é1920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8",
        ] {
            assert!(HabitId::parse(wrong).is_err(), "{wrong} was accepted");
        }
    }
}
