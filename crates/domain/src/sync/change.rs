//! What changed: the types of items, and how each is shown.

use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::{Place, PlaceKey};
use crate::civil::Date;
use crate::export::ExportedHabit;
use crate::habits::{Entry, EntryView, Habit};
use crate::ids::UserId;
use crate::moods::{Mood, MoodMoment};
use crate::reminders::{Reminder, ReminderView};
use crate::revision::Revision;
use crate::shared_pauses::SharedPause;
use crate::sleep::SleepLog;
use crate::tasks::Task;
use crate::themes::Theme;
use crate::time_entries::TimeEntry;
use crate::timer::Timer;
use crate::tombstones::ItemKey;
use crate::users::Settings;

/// Defines the types that are synced, in the order in which one revision's changes are told: what others refer to first. A new
/// one goes to the end: clients hold cursors with the numbers of types.
macro_rules! sync_types {
    ($( $(#[$doc:meta])+ $variant:ident($word:tt, $item:ty) ),+ $(,)?) => {
        words! {
            /// A type of what is synced.
            #[derive(PartialOrd, Ord)]
            pub enum SyncType {
                $( $(#[$doc])+ $variant = $word ),+
            }
        }

        /// An item as it is now; null if it was deleted.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(tag = "type", content = "item")]
        #[expect(clippy::large_enum_variant, reason = "there is a page of them at most")]
        pub enum SyncItem {
            $(
                $(#[$doc])+
                #[serde(rename = $word)]
                $variant(Option<$item>)
            ),+
        }

        /// A change of an item: what it is now, or that it was deleted.
        #[cfg(feature = "openapi")]
        #[derive(utoipa::ToSchema)]
        #[schema(as = SyncChange)]
        #[serde(tag = "type")]
        #[expect(dead_code, clippy::large_enum_variant, reason = "only its schema is used")]
        enum ChangeJson {
            $(
                $(#[$doc])+
                #[serde(rename = $word)]
                $variant {
                    /// Its id; of an entry `{habit_id}/{date}`, of a day's mood the date; `settings` and `timer` of these, of which
                    /// there is one.
                    key: String,
                    /// The revision that it was changed in.
                    revision: i64,
                    /// What it is now; null if it was deleted.
                    item: Option<$item>,
                }
            ),+
        }

        impl SyncItem {
            /// A deleted item of a type.
            pub const fn deleted(kind: SyncType) -> Self {
                match kind {
                    $( SyncType::$variant => Self::$variant(None) ),+
                }
            }

            /// Its type.
            pub const fn kind(&self) -> SyncType {
                match self {
                    $( Self::$variant(_) => SyncType::$variant ),+
                }
            }

            /// Whether it was deleted.
            pub const fn is_deleted(&self) -> bool {
                match self {
                    $( Self::$variant(item) => item.is_none() ),+
                }
            }
        }
    };
}

sync_types! {
    /// The user's settings. There is always one.
    Settings("settings", Settings),
    /// A theme.
    Theme("theme", Theme),
    /// A habit, with its plans, pauses and archived days. When it is deleted, its entries and reminders
    /// are too, without being told.
    Habit("habit", ExportedHabit),
    /// A pause of all habits.
    SharedPause("shared_pause", SharedPause),
    /// A task. When it is deleted, its reminders are too, without being told.
    Task("task", Task),
    /// A habit's entry for a date.
    Entry("entry", EntryView),
    /// Time that was spent.
    TimeEntry("time_entry", TimeEntry),
    /// The timer that runs.
    Timer("timer", Timer),
    /// A log of sleep.
    SleepLog("sleep_log", SleepLog),
    /// The mood of a day.
    Mood("mood", Mood),
    /// The mood of a moment.
    MoodMoment("mood_moment", MoodMoment),
    /// A reminder. When its habit or task is deleted, it is too, without being told.
    Reminder("reminder", ReminderView),
}

#[cfg(feature = "openapi")]
schema_of!(Change as ChangeJson);

impl SyncType {
    /// Its number: the place in [`ALL`](Self::ALL).
    pub fn index(self) -> u8 {
        let place = Self::ALL.iter().position(|kind| *kind == self);
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
    }
}

/// A change of an item: what it is now, or that it was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What tells it from others of its type: its id; of an entry `{habit_id}/{date}`; of a day's mood the date; `settings`
    /// and `timer` of these, of which there is one.
    #[serde(serialize_with = "shown_key")]
    pub key: ItemKey,
    /// The revision that it was changed in.
    pub revision: Revision,
    /// The item.
    #[serde(flatten)]
    pub item: SyncItem,
}

impl Change {
    /// The settings.
    pub fn settings(user: UserId, revision: Revision, settings: Settings) -> Self {
        Self { key: ItemKey::settings(user), revision, item: SyncItem::Settings(Some(settings)) }
    }

    /// The timer that runs.
    pub fn timer(user: UserId, timer: Timer) -> Self {
        Self { key: ItemKey::timer(user), revision: timer.rev, item: SyncItem::Timer(Some(timer)) }
    }

    /// A deleted item, of its key's bytes.
    pub const fn deletion(kind: SyncType, bytes: Vec<u8>, revision: Revision) -> Self {
        Self { key: ItemKey { kind: kind.as_str(), bytes }, revision, item: SyncItem::deleted(kind) }
    }

    /// What the changes of one revision and place are sorted by.
    pub fn place_key(&self, place: Place) -> PlaceKey {
        // Items of different types may have the same id.
        let kind = if place == Place::Deletions { self.item.kind().index() } else { 0 };
        PlaceKey { bytes: self.key.bytes.clone(), kind }
    }
}

/// Makes changes of items.
macro_rules! changes {
    ($($item:ident as $variant:ident: |$value:ident| $key:expr),+ $(,)?) => {$(
        impl From<$item> for Change {
            fn from($value: $item) -> Self {
                let (key, revision) = ($key, $value.rev);
                Self { key, revision, item: SyncItem::$variant(Some($value.into())) }
            }
        }
    )+};
}
changes! {
    Theme as Theme: |theme| theme.id.into(),
    Habit as Habit: |habit| habit.id.into(),
    SharedPause as SharedPause: |pause| pause.id.into(),
    Task as Task: |task| task.id.into(),
    Entry as Entry: |entry| ItemKey::entry(entry.habit, entry.date),
    TimeEntry as TimeEntry: |entry| entry.id.into(),
    SleepLog as SleepLog: |log| log.id.into(),
    Mood as Mood: |mood| ItemKey::mood(mood.date),
    MoodMoment as MoodMoment: |moment| moment.id.into(),
    Reminder as Reminder: |reminder| reminder.id.into(),
}

fn shown_key<S: Serializer>(key: &ItemKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&shown(key))
}

/// A key as clients see it.
pub(super) fn shown(key: &ItemKey) -> String {
    let date = |bytes: &[u8]| date_of(bytes).map(|date| date.to_string()).unwrap_or_default();
    match (SyncType::parse(key.kind).ok(), key.bytes.split_at_checked(16)) {
        (Some(kind @ (SyncType::Settings | SyncType::Timer)), _) => kind.as_str().to_owned(),
        (_, Some((id, rest))) => {
            let id = Uuid::from_slice(id).unwrap_or_default();
            if rest.is_empty() { id.to_string() } else { format!("{id}/{}", date(rest)) }
        }
        (_, None) => date(&key.bytes),
    }
}

/// The date that a key ends with.
pub(super) fn date_of(bytes: &[u8]) -> Option<Date> {
    Date::from_days_since_epoch(i32::from_be_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{self, Entity};
    use crate::ids::{HabitId, ThemeId};
    use crate::reminders::ReminderEntity;

    #[test]
    fn the_numbers_of_types_stay_as_they_are_in_cursors() {
        let types = SyncType::ALL.map(SyncType::as_str).join(" ");
        let released =
            "settings theme habit shared_pause task entry time_entry timer sleep_log mood mood_moment reminder";
        assert!(types.starts_with(released), "new types go to the end: {types}");
    }

    #[test]
    fn types_are_called_like_their_entities() {
        let names = [
            entity::Theme::NAME,
            entity::Habit::NAME,
            entity::SharedPause::NAME,
            entity::Task::NAME,
            entity::Entry::NAME,
            entity::TimeEntry::NAME,
            entity::Timer::NAME,
            entity::SleepLog::NAME,
            entity::Mood::NAME,
            entity::MoodMoment::NAME,
            ReminderEntity::NAME,
        ];
        let types: Vec<_> = SyncType::ALL.iter().skip(1).map(|kind| kind.as_str()).collect();
        assert_eq!(types, names);
    }

    #[test]
    fn keys_are_shown_as_clients_know_them() {
        const ID: &str = "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b";
        let date = Date::parse("2026-03-11").unwrap();
        assert_eq!(shown(&ThemeId::parse(ID).unwrap().into()), ID);
        assert_eq!(shown(&ItemKey::entry(HabitId::parse(ID).unwrap(), date)), format!("{ID}/2026-03-11"));
        assert_eq!(shown(&ItemKey::mood(date)), "2026-03-11");
        assert_eq!(shown(&ItemKey::timer(UserId::parse(ID).unwrap())), "timer");
    }
}
