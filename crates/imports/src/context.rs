//! Whose file it is, and what items are made of.

use std::borrow::Cow;

use circadia_domain::civil::{Date, DayClock, DayStart, Instant, Weekday, ZoneOrOffset};
use circadia_domain::color::Color;
use circadia_domain::habits::{
    Archive, Direction, Entry, EntryState, Habit, Kind, Plan, Schedule, TimeOfDay, Timeline, Window,
};
use circadia_domain::ids::{HabitId, Id, ThemeId, UserId};
use circadia_domain::import::digest_of;
use circadia_domain::imports::{ImportFormat, Item, ItemKind};
use circadia_domain::moods::{MoodMoment, MoodValue, Tag, Tags};
use circadia_domain::quantity::Quantity;
use circadia_domain::revision::Revision;
use circadia_domain::sleep::{Quality, Sleep, SleepKind, SleepLog, waking_date};
use circadia_domain::tasks::{Priority, Task, TaskStatus};
use circadia_domain::themes::Theme;
use circadia_domain::users::Settings;
use circadia_domain::violation::Violations;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::values::{line, prose};

/// The revision of what isn't stored yet.
const UNSTAMPED: Revision = Revision(0);

/// Whose file it is, and what it can't know.
#[derive(Debug, Clone)]
pub struct Context {
    /// The user.
    pub user: UserId,
    /// The app.
    pub format: ImportFormat,
    /// When it is read.
    pub now: Instant,
    /// The user's settings: the zone of times without one, and how days lie.
    pub settings: Settings,
}

/// A habit as apps have it.
#[derive(Debug)]
pub(crate) struct HabitDraft<'a> {
    /// What tells it from the app's other habits.
    pub(crate) key: &'a str,
    pub(crate) name: &'a str,
    pub(crate) description: Cow<'a, str>,
    pub(crate) question: &'a str,
    pub(crate) color: Option<Color>,
    pub(crate) theme: Option<ThemeId>,
    pub(crate) schedule: Schedule,
    pub(crate) kind: Kind,
    /// Its first day.
    pub(crate) starts_on: Date,
    /// Its last day.
    pub(crate) ends_on: Option<Date>,
    pub(crate) is_archived: bool,
    pub(crate) created_at: Option<Instant>,
}

/// A task as apps have it.
#[derive(Debug)]
pub(crate) struct TaskDraft<'a> {
    pub(crate) key: &'a str,
    pub(crate) title: &'a str,
    pub(crate) description: Cow<'a, str>,
    pub(crate) priority: Priority,
    pub(crate) status: TaskStatus,
    pub(crate) due_on: Option<Date>,
    pub(crate) theme: Option<ThemeId>,
    pub(crate) created_at: Option<Instant>,
    pub(crate) completed_at: Option<Instant>,
}

/// A sleep as apps have it.
#[derive(Debug)]
pub(crate) struct SleepDraft<'a> {
    pub(crate) key: &'a str,
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    pub(crate) zone: ZoneOrOffset,
    pub(crate) kind: SleepKind,
    pub(crate) quality: Option<Quality>,
    pub(crate) awake_seconds: Option<u32>,
    pub(crate) note: &'a str,
}

/// A check mark a day.
pub(crate) const DAILY: Schedule = Schedule::Daily { every: 1 };

/// A number of something a day; a target of 0 is to be reached by anything.
pub(crate) fn count(target: Quantity, unit: &str, direction: Direction) -> Result<Kind, Violations> {
    let least = if direction == Direction::AtLeast { Quantity::SMALLEST } else { Quantity::ZERO };
    let most = Quantity::whole(circadia_domain::habits::MAX_TARGET);
    let unit = if unit.trim().is_empty() { "times" } else { unit };
    Ok(Kind::Count { target: target.max(least).min(most), unit: line(unit)?, direction })
}

impl Context {
    /// The id of something, by what the app calls it: the same for the same user, app and name, and no one else's
    /// (UUID version 8, RFC 9562 §5.8).
    pub(crate) fn id<E>(&self, kind: ItemKind, key: &str) -> Id<E> {
        let mut hash = Sha256::new();
        hash.update(b"circadia import\0");
        hash.update(self.user.as_uuid().as_bytes());
        for part in [self.format.as_str(), kind.as_str(), key] {
            hash.update(u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hash.finalize()).for_each(|(byte, hashed)| *byte = hashed);
        Id::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The user's today.
    pub(crate) fn today(&self) -> Date {
        self.settings.today(self.now)
    }

    /// Where times without a zone were.
    pub(crate) fn zone(&self) -> ZoneOrOffset {
        self.settings.timezone.into()
    }

    /// The instant at which the user's clock shows a reading.
    pub(crate) fn instant(&self, reading: chrono::NaiveDateTime) -> Instant {
        self.settings.timezone.instant_of(reading)
    }

    pub(crate) fn week_start(&self) -> Weekday {
        self.settings.week_start
    }

    /// The id of the theme of this name.
    pub(crate) fn theme_id(&self, name: &str) -> ThemeId {
        self.id(ItemKind::Theme, &name.trim().to_lowercase())
    }

    /// A theme. Its colour follows from its name, unless that is another one's.
    pub(crate) fn theme(&self, name: &str) -> Result<Item, Violations> {
        let id = self.theme_id(name);
        let hue = id.as_uuid().as_bytes().iter().fold(0_u16, |sum, byte| (sum * 31 + u16::from(*byte)) % 360);
        Ok(Item::Theme(Theme {
            id,
            name: line(name)?,
            color: Color::from_hue(hue),
            created_at: self.now,
            updated_at: self.now,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        }))
    }

    pub(crate) fn habit_id(&self, key: &str) -> HabitId {
        self.id(ItemKind::Habit, key)
    }

    pub(crate) fn habit(&self, draft: HabitDraft<'_>) -> Result<Item, Violations> {
        let id = self.habit_id(draft.key);
        let plan = Plan {
            effective_from: draft.starts_on,
            anchor: draft.starts_on,
            week_start: self.week_start(),
            schedule: draft.schedule,
            kind: draft.kind,
        };
        let window = Window { starts_on: draft.starts_on, ends_on: draft.ends_on };
        let from = self.today().max(draft.starts_on);
        let archives = if draft.is_archived { vec![Archive { from, until: None }] } else { Vec::new() };
        let question = if draft.question.trim().is_empty() { None } else { line(draft.question).ok() };
        Ok(Item::Habit(Box::new(Habit {
            id,
            name: line(draft.name)?,
            description: prose(&draft.description),
            theme: draft.theme,
            color: draft.color,
            icon: None,
            question,
            time_of_day: TimeOfDay::Any,
            timeline: Timeline::with_archives(window, vec![plan], Vec::new(), archives)?,
            archived_at: draft.is_archived.then_some(self.now),
            position: 0,
            created_at: draft.created_at.unwrap_or(self.now),
            updated_at: self.now,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }

    pub(crate) fn entry(
        &self,
        habit: HabitId,
        date: Date,
        state: EntryState,
        value: Option<Quantity>,
        note: &str,
    ) -> Item {
        Item::Entry(Entry {
            habit,
            date,
            state,
            value,
            tracked_minutes: 0,
            settled: false,
            note: prose(note),
            created_at: self.now,
            updated_at: self.now,
            rev: UNSTAMPED,
        })
    }

    pub(crate) fn task(&self, draft: &TaskDraft<'_>) -> Result<Item, Violations> {
        let id: Id<_> = self.id(ItemKind::Task, draft.key);
        let completed_at = match draft.status {
            TaskStatus::Done => Some(draft.completed_at.unwrap_or(self.now).min(self.now)),
            _ => None,
        };
        Ok(Item::Task(Box::new(Task {
            id,
            title: line(draft.title)?,
            description: prose(&draft.description),
            priority: draft.priority,
            status: draft.status,
            due_on: draft.due_on,
            theme: draft.theme,
            completed_at,
            created_at: draft.created_at.unwrap_or(self.now),
            updated_at: self.now,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        })))
    }

    pub(crate) fn sleep(&self, draft: &SleepDraft<'_>) -> Item {
        let id: Id<_> = self.id(ItemKind::SleepLog, draft.key);
        Item::SleepLog(Box::new(SleepLog {
            id,
            sleep: Sleep {
                start: draft.start,
                end: draft.end,
                date: waking_date(draft.zone.zone(), draft.end),
                zone: draft.zone,
                kind: draft.kind,
                quality: draft.quality,
                awake_seconds: draft.awake_seconds,
            },
            note: prose(draft.note),
            created_at: self.now,
            updated_at: self.now,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        }))
    }

    pub(crate) fn moment(&self, key: &str, at: Instant, value: MoodValue, note: &str, tags: &[&str]) -> Item {
        let id: Id<_> = self.id(ItemKind::MoodMoment, key);
        let clock = DayClock { zone: self.settings.timezone, day_start: self.settings.day_start };
        let mut parsed: Vec<Tag> = tags.iter().filter_map(|tag| Tag::parse(tag).ok()).collect();
        parsed.truncate(circadia_domain::moods::MAX_TAGS);
        Item::MoodMoment(Box::new(MoodMoment {
            id,
            at,
            date: clock.date_at(at),
            zone: self.zone(),
            value,
            note: prose(note),
            tags: Tags::new(parsed).unwrap_or_default(),
            created_at: self.now,
            updated_at: self.now,
            rev: UNSTAMPED,
            request_digest: digest_of(id.as_uuid()),
        }))
    }
}

/// Whether a sleep of this length, waking at this time of the day, is a nap: at most three hours, by day.
pub(crate) fn sleep_kind(start: Instant, end: Instant, zone: ZoneOrOffset) -> SleepKind {
    use chrono::Timelike as _;
    let seconds = end.seconds().saturating_sub(start.seconds());
    let hour = |at: Instant| zone.zone().wall_clock(at).hour();
    let is_by_day = (9..21).contains(&hour(start)) && (9..21).contains(&hour(end));
    if seconds <= 3 * 3_600 && is_by_day { SleepKind::Nap } else { SleepKind::Main }
}

/// The date in a zone, midnight to midnight.
pub(crate) fn date_in_zone(at: Instant, zone: ZoneOrOffset) -> Date {
    DayClock { zone: zone.zone(), day_start: DayStart::MIDNIGHT }.date_at(at)
}

/// An offset of so many minutes east of UTC, if clocks have it.
pub(crate) fn offset(minutes: i64) -> Option<ZoneOrOffset> {
    let (sign, size) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
    ZoneOrOffset::parse(&format!("{sign}{:02}:{:02}", size / 60, size % 60)).ok()
}

/// An id that is ours: kept as it is.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text.trim()).ok()
}
