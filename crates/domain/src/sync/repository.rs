//! What delta sync needs of a store.

use serde::{Deserialize, Serialize};

use super::change::date_of;
use super::{Change, SyncType, SyncTypes, TypeSum};
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::revision::Revision;

/// Where a user stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncHead {
    /// The present revision.
    pub revision: Revision,
    /// Tombstones of this revision, and of those before it, may have been removed.
    pub pruned: Revision,
}

/// Where changes of a revision are found, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Place {
    /// What was deleted. First, so that what took its place can be stored.
    Deletions,
    /// What there is, of a type.
    Items(SyncType),
}

impl Place {
    /// Its number: 0 for deletions, else that of the type, plus one.
    pub fn number(self) -> u8 {
        match self {
            Self::Deletions => 0,
            Self::Items(kind) => kind.index() + 1,
        }
    }

    /// The place of a number.
    pub fn from_number(number: u8) -> Option<Self> {
        match number.checked_sub(1) {
            None => Some(Self::Deletions),
            Some(index) => SyncType::ALL.get(usize::from(index)).copied().map(Self::Items),
        }
    }
}

impl From<Place> for u8 {
    fn from(place: Place) -> Self {
        place.number()
    }
}

impl TryFrom<u8> for Place {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::from_number(number).ok_or("there is no such place")
    }
}

/// What the changes of one revision and place are sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlaceKey {
    /// The bytes of the item's key.
    #[serde(rename = "b")]
    pub bytes: Vec<u8>,
    /// Of deletions, the number of the item's type; otherwise 0.
    #[serde(rename = "t")]
    pub kind: u8,
}

impl PlaceKey {
    /// Whether there may be such a key at a place. Cursors come from clients.
    pub(super) fn may_be_at(&self, place: Place) -> bool {
        let is_date = |bytes: &[u8]| date_of(bytes).is_some();
        match place {
            Place::Deletions => (4..=20).contains(&self.bytes.len()),
            Place::Items(SyncType::Mood) => is_date(&self.bytes),
            Place::Items(SyncType::Entry) => self.bytes.split_at_checked(16).is_some_and(|(_, date)| is_date(date)),
            Place::Items(_) => self.bytes.len() == 16,
        }
    }
}

/// Which changes of one place are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Those of one revision, after a key.
    Of {
        /// The revision.
        revision: Revision,
        /// The key of the last one that is known.
        after: Option<PlaceKey>,
    },
    /// Those of all revisions after one, up to another.
    Between {
        /// The last revision that is known.
        after: Revision,
        /// The last one that is asked for.
        until: Revision,
    },
}

impl Span {
    /// Whether a change lies in it.
    pub fn holds(&self, change: &Change, place: Place) -> bool {
        match self {
            Self::Of { revision, after } => {
                let is_later = |after: &PlaceKey| change.place_key(place) > *after;
                change.revision == *revision && after.as_ref().is_none_or(is_later)
            }
            Self::Between { after, until } => *after < change.revision && change.revision <= *until,
        }
    }

    /// Whether it reaches no further than a revision.
    pub(super) fn ends_by(&self, last: Revision) -> bool {
        match self {
            Self::Of { revision, .. } => *revision <= last,
            Self::Between { until, .. } => *until <= last,
        }
    }
}

/// What changed, in a store.
pub trait SyncRepository {
    /// The revisions of several users. Who doesn't exist is left out.
    fn revisions(&mut self, users: &[UserId]) -> Result<Vec<(UserId, Revision)>, StoreError>;

    /// Where the user stands; `None` if there is no such user.
    fn sync_head(&mut self, user: UserId) -> Result<Option<SyncHead>, StoreError>;

    /// The revisions and places of the first `limit` changes after a revision, deletions only after `deleted_after`, by one
    /// statement.
    fn changed_places(
        &mut self,
        user: UserId,
        types: SyncTypes,
        after: Revision,
        deleted_after: Revision,
        limit: usize,
    ) -> Result<Vec<(Revision, Place)>, StoreError>;

    /// The first items of a type within a span, by revision and key, by one statement. Neither settings nor timers.
    fn changed_items(
        &mut self,
        user: UserId,
        kind: SyncType,
        span: &Span,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError>;

    /// The first deletions within a span, by revision, key and type, by one statement.
    fn deletions(
        &mut self,
        user: UserId,
        types: SyncTypes,
        span: &Span,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError>;

    /// The number of items of each type and sums of their revisions, by one statement.
    fn sync_sums(&mut self, user: UserId) -> Result<Vec<(SyncType, TypeSum)>, StoreError>;

    /// Removes tombstones of before an instant, of at most so many users, and notes it of each of them. Of how many users.
    fn prune_tombstones(&mut self, before: Instant, users: usize) -> Result<usize, StoreError>;
}
