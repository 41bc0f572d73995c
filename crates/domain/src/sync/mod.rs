//! Delta sync: what of a user's items changed since a revision, in the order of the commits.
//!
//! Every write transaction raises its user's revision, and every row carries the revision that touched it last; what is
//! deleted leaves a tombstone with one. A [`Cursor`] is a place in the order of (revision, place, key), so a client that reads
//! on from it misses nothing, whatever is written in between: an item that changes moves behind the cursor. docs/SYNC.md
//! has the algorithm for clients.

mod change;
mod command;
mod cursor;
mod named;
mod repository;
mod state;

pub use change::{Change, SyncItem, SyncType};
pub use command::{
    BatchFailed, COMMAND_SECONDS, Command, CommandId, Edit, MAX_COMMANDS, Refusal, StoredCommand,
    SyncCommandRepository, SyncOperation, apply, remember_refusals,
};
pub use cursor::{Cursor, SyncTypes};
pub use named::{NamedItem, current};
pub use repository::{Place, PlaceKey, Span, SyncHead, SyncRepository};
pub use state::{SyncState, TypeSum};

use crate::civil::Instant;
use crate::code::Code;
use crate::entity;
use crate::error::Error;
use crate::habits::{EntryView, entries};
use crate::ids::UserId;
use crate::revision::Revision;
use crate::unit_of_work::Store;
use cursor::Within;

/// The most changes of a page, and their number if none is asked for.
pub const MAX_CHANGES: usize = 1_000;

/// How long tombstones are kept, in seconds: 180 days. A cursor that is older may be refused.
pub const TOMBSTONE_SECONDS: i64 = 180 * 86_400;

/// Users whose old tombstones are removed in one transaction.
const PRUNED_USERS: usize = 100;

/// What changed, up to a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncPage {
    /// The changes, in the order of (revision, place, key).
    pub changes: Vec<Change>,
    /// Where the next page begins.
    pub cursor: Cursor,
    /// Whether there is more already.
    pub has_more: bool,
    /// The user's revision.
    pub revision: Revision,
    /// What a client has that applied everything up to here; only where there is no more.
    pub state: Option<SyncState>,
}

/// What changed behind a cursor, at most `limit` changes. Without a cursor: all that there is. Runs in one snapshot.
///
/// # Errors
/// - `sync_cursor_expired` if tombstones that the cursor needs may have been removed, or if it is of a later revision than
///   the user's (of a database that was restored);
/// - `invalid_cursor` if it was given out for other types.
pub fn changes(
    store: &mut dyn Store,
    user: UserId,
    types: SyncTypes,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<SyncPage, Error> {
    let page = read_on(store, user, types, cursor, limit)?;
    let state = if page.has_more { None } else { Some(SyncState::new(types, store.sync_sums(user)?)) };
    Ok(SyncPage { state, ..page })
}

/// The same without the state: its cost grows with the changes alone.
///
/// # Errors
/// Those of [`changes`].
pub fn read_on(
    store: &mut dyn Store,
    user: UserId,
    types: SyncTypes,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<SyncPage, Error> {
    let head = store.sync_head(user)?.ok_or_else(Error::not_found::<entity::User>)?;
    let cursor = match cursor {
        Some(cursor) => cursor.checked(types, head)?,
        None => Cursor::snapshot(types, head.revision),
    };
    let mut reader = Reader { store, user, types, snapshot: cursor.snapshot };
    let mut found = reader.rest_of_revision(&cursor, limit.saturating_add(1))?;
    if found.len() <= limit && cursor.revision < head.revision {
        let room = limit.saturating_add(1).saturating_sub(found.len());
        found.extend(reader.later_revisions(cursor.revision, room)?);
    }
    let has_more = found.len() > limit;
    found.truncate(limit);
    let cursor = match found.last() {
        Some((place, last)) if has_more => Cursor {
            revision: last.revision,
            within: Some(Within { place: *place, key: last.place_key(*place) }),
            ..cursor
        },
        _ => Cursor { revision: head.revision, within: None, snapshot: None, ..cursor },
    };
    let mut changes: Vec<Change> = found.into_iter().map(|(_, change)| change).collect();
    evaluate_entries(store, user, &mut changes)?;
    Ok(SyncPage { changes, cursor, has_more, revision: head.revision, state: None })
}

/// Gives entries the states that follow from their values by the plans of now. One statement, if there are any values.
fn evaluate_entries(store: &mut dyn Store, user: UserId, changes: &mut [Change]) -> Result<(), Error> {
    let measured = changes.iter_mut().filter_map(|change| match &mut change.item {
        SyncItem::Entry(Some(entry)) if entry.value.is_some() => Some(entry),
        _ => None,
    });
    let measured: Vec<&mut EntryView> = measured.collect();
    let habits = entries::habits_of(store, user, measured.iter().map(|entry| entry.habit_id))?;
    for entry in measured {
        if let Some(habit) = habits.get(&entry.habit_id) {
            entry.reevaluate(&habit.timeline);
        }
    }
    Ok(())
}

/// Reads what changed, place by place.
struct Reader<'a> {
    store: &'a mut dyn Store,
    user: UserId,
    types: SyncTypes,
    /// Of a first reading: the revision that it began at. What was deleted before, the client never had.
    snapshot: Option<Revision>,
}

type Found = Vec<(Place, Change)>;

impl Reader<'_> {
    /// What is left of a revision of which a part was read.
    fn rest_of_revision(&mut self, cursor: &Cursor, limit: usize) -> Result<Found, Error> {
        let mut found = Vec::new();
        let Some(within) = &cursor.within else { return Ok(found) };
        for place in self.types.places().filter(|place| *place >= within.place) {
            let room = limit.saturating_sub(found.len());
            if room == 0 {
                break;
            }
            let after = (place == within.place).then(|| within.key.clone());
            found.extend(self.read(place, &Span::Of { revision: cursor.revision, after }, room)?);
        }
        Ok(found)
    }

    /// What was touched in later revisions, or the first of it.
    fn later_revisions(&mut self, after: Revision, limit: usize) -> Result<Found, Error> {
        let deleted_after = self.snapshot.map_or(after, |snapshot| snapshot.max(after));
        let seen = self.store.changed_places(self.user, self.types, after, deleted_after, limit)?;
        let mut found = Vec::new();
        let Some(until) = seen.iter().map(|(revision, _)| *revision).max() else { return Ok(found) };
        for place in self.types.places().filter(|place| seen.iter().any(|(_, there)| there == place)) {
            let after = if place == Place::Deletions { deleted_after } else { after };
            found.extend(self.read(place, &Span::Between { after, until }, limit)?);
        }
        found.sort_by_cached_key(|(place, change)| (change.revision, *place, change.place_key(*place)));
        found.truncate(limit);
        Ok(found)
    }

    /// The first changes of one place within a span, in order.
    fn read(&mut self, place: Place, span: &Span, limit: usize) -> Result<Found, Error> {
        let changes = match place {
            Place::Deletions if self.snapshot.is_some_and(|snapshot| span.ends_by(snapshot)) => Vec::new(),
            Place::Deletions => self.store.deletions(self.user, self.types, span, limit)?,
            Place::Items(SyncType::Settings) => {
                let user = self.store.find_user(self.user)?;
                let change = user.map(|user| Change::settings(user.id, user.rev, user.settings));
                change.into_iter().filter(|change| span.holds(change, place)).collect()
            }
            Place::Items(SyncType::Timer) => {
                let change = self.store.find_timer(self.user)?.map(|timer| Change::timer(self.user, timer));
                change.into_iter().filter(|change| span.holds(change, place)).collect()
            }
            Place::Items(kind) => self.store.changed_items(self.user, kind, span, limit)?,
        };
        Ok(changes.into_iter().map(|change| (place, change)).collect())
    }
}

/// What a user has, all types.
///
/// # Errors
/// [`Error::NotFound`] if there is no such user; those of the store.
pub fn state(store: &mut dyn Store, user: UserId) -> Result<(Revision, SyncState), Error> {
    let head = store.sync_head(user)?.ok_or_else(Error::not_found::<entity::User>)?;
    Ok((head.revision, SyncState::new(SyncTypes::all(), store.sync_sums(user)?)))
}

/// Removes tombstones that are older than [`TOMBSTONE_SECONDS`], of some users at a time. Whether there may be more.
///
/// # Errors
/// Those of the store.
pub fn prune(store: &mut dyn Store, now: Instant) -> Result<bool, Error> {
    Ok(store.prune_tombstones(now.plus_seconds(-TOMBSTONE_SECONDS), PRUNED_USERS)? == PRUNED_USERS)
}

fn expired() -> Error {
    let detail = "the cursor is too old, of a time that was undone, or of fewer types: forget it, and what you have, and sync \
                  anew";
    Error::conflict(Code::SyncCursorExpired, detail)
}
