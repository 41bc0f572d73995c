//! Where a sync goes on.

use serde::{Deserialize, Serialize};

use super::{Place, PlaceKey, SyncHead, SyncType, expired};
use crate::code::Code;
use crate::error::Error;
use crate::revision::Revision;

/// The types that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SyncTypes(u32);

impl SyncTypes {
    /// These types.
    pub fn of(types: impl IntoIterator<Item = SyncType>) -> Self {
        Self(types.into_iter().fold(0, |mask, kind| mask | Self::bit(kind)))
    }

    /// All types.
    pub fn all() -> Self {
        Self::of(SyncType::ALL)
    }

    /// Whether a type is among them.
    pub fn has(self, kind: SyncType) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// The types, in order.
    pub fn iter(self) -> impl Iterator<Item = SyncType> {
        SyncType::ALL.into_iter().filter(move |kind| self.has(*kind))
    }

    /// The places of their changes, in order.
    pub(super) fn places(self) -> impl Iterator<Item = Place> {
        std::iter::once(Place::Deletions).chain(self.iter().map(Place::Items))
    }

    fn bit(kind: SyncType) -> u32 {
        1 << kind.index()
    }
}

/// A place in the order of changes: everything up to it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The types that it is of.
    #[serde(rename = "t")]
    pub types: SyncTypes,
    /// Everything of the revisions before this one was told, and of this one up to `within`.
    #[serde(rename = "r")]
    pub revision: Revision,
    /// How far in the revision; to its end if absent.
    #[serde(rename = "w")]
    pub(super) within: Option<Within>,
    /// While all items are read for the first time: the revision that this began at.
    #[serde(rename = "s")]
    pub(super) snapshot: Option<Revision>,
}

/// A place within a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Within {
    #[serde(rename = "p")]
    pub(super) place: Place,
    #[serde(rename = "k")]
    pub(super) key: PlaceKey,
}

impl Cursor {
    /// Everything up to this revision is known.
    pub const fn after(types: SyncTypes, revision: Revision) -> Self {
        Self { types, revision, within: None, snapshot: None }
    }

    /// The beginning, of someone who knows nothing.
    pub(super) const fn snapshot(types: SyncTypes, now: Revision) -> Self {
        Self { types, revision: Revision(0), within: None, snapshot: Some(now) }
    }

    /// The cursor, if it can be read on from.
    pub(super) fn checked(self, types: SyncTypes, head: SyncHead) -> Result<Self, Error> {
        if self.types != types {
            // As a cursor for all types is after an upgrade to a version with more.
            if types == SyncTypes::all() {
                return Err(expired());
            }
            return Err(Error::conflict(Code::InvalidCursor, "the cursor was given out for other `types`"));
        }
        if self.within.as_ref().is_some_and(|within| !within.key.may_be_at(within.place)) {
            return Err(Error::conflict(Code::InvalidCursor, "the cursor wasn't given out by this API"));
        }
        // Of the revision that was read in part, the deletions may be missing.
        let told = if self.within.is_some() { Revision(self.revision.0.saturating_sub(1)) } else { self.revision };
        let deletions_from = self.snapshot.unwrap_or(told);
        if deletions_from < head.pruned || self.revision.max(deletions_from) > head.revision {
            return Err(expired());
        }
        Ok(self)
    }
}
