//! Items that commands name, and what is stored of them.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::change::date_of;
use super::{Change, SyncType, evaluate_entries};
use crate::civil::Date;
use crate::error::Error;
use crate::habits::Entry;
use crate::ids::{HabitId, Id, UserId};
use crate::revision::Revision;
use crate::tombstones::ItemKey;
use crate::unit_of_work::Store;

/// An item, as far as it can be told without knowing whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedItem {
    /// Its type.
    pub kind: SyncType,
    /// The bytes of its key; none of what a user has one of.
    pub key: Option<Vec<u8>>,
}

impl NamedItem {
    /// The key of a user's item.
    fn key_of(&self, user: UserId) -> ItemKey {
        let bytes = self.key.clone().unwrap_or_else(|| user.as_uuid().as_bytes().to_vec());
        ItemKey { kind: self.kind.as_str(), bytes }
    }

    /// The habit and the date of an entry.
    fn day(&self) -> Option<(HabitId, Date)> {
        let bytes = self.key.as_ref().filter(|_| self.kind == SyncType::Entry)?;
        let (habit, date) = bytes.split_at_checked(16)?;
        Some((Id::from_uuid(Uuid::from_slice(habit).ok()?), date_of(date)?))
    }
}

/// Items as they are now; deleted, with the revision 0, where there is none. One statement reads all entries among them, and
/// one evaluates them.
///
/// # Errors
/// Those of the store.
pub fn current(
    store: &mut dyn Store,
    user: UserId,
    items: BTreeSet<NamedItem>,
) -> Result<BTreeMap<NamedItem, Change>, Error> {
    let days: Vec<(HabitId, Date)> = items.iter().filter_map(NamedItem::day).collect();
    let mut entries: BTreeMap<(HabitId, Date), Entry> =
        store.find_entries(user, &days)?.into_iter().map(|entry| ((entry.habit, entry.date), entry)).collect();
    let found: Result<Vec<Change>, Error> = items.iter().map(|item| find(store, user, item, &mut entries)).collect();
    let mut found = found?;
    evaluate_entries(store, user, &mut found)?;
    Ok(items.into_iter().zip(found).collect())
}

/// An item as it is stored; entries were read before.
fn find(
    store: &mut dyn Store,
    user: UserId,
    item: &NamedItem,
    entries: &mut BTreeMap<(HabitId, Date), Entry>,
) -> Result<Change, Error> {
    let (kind, key) = (item.kind, item.key_of(user));
    let found = match kind {
        SyncType::Settings => store.find_user(user)?.map(|found| Change::settings(user, found.rev, found.settings)),
        SyncType::Timer => store.find_timer(user)?.map(|timer| Change::timer(user, timer)),
        SyncType::Theme => store.find_theme(user, id_of(&key))?.map(Change::from),
        SyncType::Habit => store.find_habit(user, id_of(&key))?.map(Change::from),
        SyncType::SharedPause => store.find_shared_pause(user, id_of(&key))?.map(Change::from),
        SyncType::Task => store.find_task(user, id_of(&key))?.map(Change::from),
        SyncType::TimeEntry => store.find_time_entry(user, id_of(&key))?.map(Change::from),
        SyncType::SleepLog => store.find_sleep_log(user, id_of(&key))?.map(Change::from),
        SyncType::MoodMoment => store.find_moment(user, id_of(&key))?.map(Change::from),
        SyncType::Reminder => store.find_reminder(user, id_of(&key))?.map(Change::from),
        SyncType::Mood => match date_of(&key.bytes) {
            Some(date) => store.find_mood(user, date)?.map(Change::from),
            None => None,
        },
        SyncType::Entry => item.day().and_then(|day| entries.remove(&day)).map(Change::from),
    };
    Ok(found.unwrap_or_else(|| Change::deletion(kind, key.bytes, Revision(0))))
}

/// The id that a key begins with.
fn id_of<E>(key: &ItemKey) -> Id<E> {
    let uuid = key.bytes.get(..16).and_then(|bytes| Uuid::from_slice(bytes).ok());
    Id::from_uuid(uuid.unwrap_or_default())
}
