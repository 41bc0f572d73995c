//! Reminders: of a habit that is due, of a task that is to be done, and of the time to go to bed.
//!
//! A reminder falls on days of its user's own calendar, at a wall-clock time in the user's zone. Each day is told at most
//! once: a reminder knows the last day that was dealt with ([`Reminder::handled_on`]) and the instant at which it falls next
//! ([`Reminder::next`]). The server that finds that instant past decides whether there still is something to be reminded of
//! ([`due`]), and moves the reminder on in the transaction that enqueues its messages ([`pass`]). Of several at once, one
//! does.

mod dispatch;
mod notice;
mod repository;
mod rule;
mod service;
#[cfg(test)]
mod tests;

pub use dispatch::{Firing, MAX_LATE_SECONDS, MAX_SHORT_DELAY_SECONDS, due, pass};
pub use notice::{MAX_UPCOMING, MAX_UPCOMING_DAYS, ReminderNotice, upcoming};
pub use repository::ReminderRepository;
pub use rule::{
    MAX_DAYS_BEFORE, MAX_MINUTES_BEFORE, Occurrence, ReminderAbout, ReminderRule, ReminderRulePatch, ReminderSubject,
};
pub use service::{NewReminder, ReminderPatch, create, delete, find, list, subject_of, update};
pub(crate) use service::{follow_settings, follow_task, moves_reminders};

use serde::{Serialize, Serializer};
#[cfg(feature = "openapi")]
use utoipa::{PartialSchema as _, ToSchema};

use crate::civil::{Date, Instant, WallTime, Weekdays};
use crate::code::Code;
use crate::entity::Entity;
use crate::ids::{HabitId, Id, TaskId};
#[cfg(feature = "openapi")]
use crate::json::schema;
use crate::json::{FromJson, List};
use crate::revision::Revision;
use crate::violation::Violations;

/// A reminder.
#[derive(Debug)]
pub enum ReminderEntity {}
impl Entity for ReminderEntity {
    const NAME: &'static str = "reminder";
    const NOT_FOUND: Code = Code::ReminderNotFound;
}

/// The id of a reminder.
pub type ReminderId = Id<ReminderEntity>;

/// The most reminders of one habit, of one task, or of bedtime.
pub const MAX_REMINDERS_EACH: usize = 20;

/// The most reminders of a user.
pub const MAX_REMINDERS: i64 = 2_000;

words! {
    /// How a reminder reaches its user.
    pub enum ReminderChannel {
        /// An e-mail to the user's verified address.
        Email = "email",
        /// The user's webhooks that are sent for `reminder.due`.
        Webhook = "webhook",
        /// Web Push, to every subscription of the user.
        Push = "push",
    }
}

/// The channels of a reminder. Without any, only `GET /reminders/upcoming` tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReminderChannels(u8);

impl ReminderChannels {
    /// Every channel.
    pub const ALL: Self = Self(0b111);

    const fn bit(channel: ReminderChannel) -> u8 {
        match channel {
            ReminderChannel::Email => 1,
            ReminderChannel::Webhook => 2,
            ReminderChannel::Push => 4,
        }
    }

    /// Some channels, each once.
    ///
    /// # Errors
    /// `duplicate`.
    pub fn of(channels: &[ReminderChannel]) -> Result<Self, Violations> {
        let mut bits = 0;
        for channel in channels {
            if bits & Self::bit(*channel) != 0 {
                return Err(Violations::of("duplicate", "must not name a channel twice"));
            }
            bits |= Self::bit(*channel);
        }
        Ok(Self(bits))
    }

    /// From what was stored.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// What is stored.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether a channel is among them.
    pub const fn contain(self, channel: ReminderChannel) -> bool {
        self.0 & Self::bit(channel) != 0
    }

    /// The channels, in the order in which they are documented.
    pub fn iter(self) -> impl Iterator<Item = ReminderChannel> {
        ReminderChannel::ALL.into_iter().filter(move |channel| self.contain(*channel))
    }
}

impl Default for ReminderChannels {
    fn default() -> Self {
        Self::ALL
    }
}

impl Serialize for ReminderChannels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl FromJson for ReminderChannels {
    type Json = List<ReminderChannel, 3>;

    fn from_json(List(channels): &List<ReminderChannel, 3>) -> Result<Option<Self>, Violations> {
        Self::of(channels).map(Some)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ReminderChannels {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let channel = utoipa::openapi::Ref::from_schema_name(<ReminderChannel as ToSchema>::name());
        schema::list(channel).unique_items(true).max_items(Some(3)).into()
    }
}

#[cfg(feature = "openapi")]
impl ToSchema for ReminderChannels {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        schemas.push((<ReminderChannel as ToSchema>::name().into_owned(), ReminderChannel::schema()));
    }
}

/// A reminder as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// Its id.
    pub id: ReminderId,
    /// Of what it reminds, and when.
    pub rule: ReminderRule,
    /// How.
    pub channels: ReminderChannels,
    /// Whether it is sent.
    pub enabled: bool,
    /// The last day that was dealt with.
    pub handled_on: Option<Date>,
    /// When it falls next; none if it doesn't, or isn't enabled.
    pub next: Option<Occurrence>,
    /// The time of creation.
    pub created_at: Instant,
    /// The time of the last change by its user.
    pub updated_at: Instant,
    /// The revision of that change.
    pub rev: Revision,
    /// Hash of the request that created it, for idempotency.
    pub request_digest: [u8; 32],
}

/// A reminder as it is told: without when it falls next, which changes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Reminder))]
pub struct ReminderView {
    /// Its id.
    pub id: ReminderId,
    /// What it reminds of.
    pub about: ReminderAbout,
    /// The habit; null unless it is about one.
    pub habit_id: Option<HabitId>,
    /// The task; null unless it is about one.
    pub task_id: Option<TaskId>,
    /// The time of day; null for bedtime.
    pub time: Option<WallTime>,
    /// The days on which it is sent, of a habit; the days of waking, of bedtime; null for a task.
    pub weekdays: Option<Weekdays>,
    /// How many days before the task is due; null unless it is about a task.
    pub days_before: Option<u16>,
    /// The time of waking that bedtime is reckoned back from, by the sleep goal; null unless it is about bedtime.
    pub wake_time: Option<WallTime>,
    /// How many minutes before bedtime; null unless it is about bedtime.
    pub minutes_before: Option<u16>,
    /// How it is sent. With none, only `GET /reminders/upcoming` tells of it.
    pub channels: ReminderChannels,
    /// Whether it is sent.
    pub enabled: bool,
    /// The time of creation.
    pub created_at: Instant,
    /// The time of the last change.
    pub updated_at: Instant,
}

impl From<Reminder> for ReminderView {
    fn from(reminder: Reminder) -> Self {
        let Reminder { id, rule, channels, enabled, created_at, updated_at, .. } = reminder;
        let subject = rule.subject();
        let mut view = Self {
            id,
            about: subject.about(),
            habit_id: subject.habit(),
            task_id: subject.task(),
            time: None,
            weekdays: None,
            days_before: None,
            wake_time: None,
            minutes_before: None,
            channels,
            enabled,
            created_at,
            updated_at,
        };
        match rule {
            ReminderRule::Habit { time, weekdays, .. } => {
                (view.time, view.weekdays) = (Some(time), Some(weekdays));
            }
            ReminderRule::Task { time, days_before, .. } => {
                (view.time, view.days_before) = (Some(time), Some(days_before));
            }
            ReminderRule::Bedtime { wake_time, minutes_before, weekdays } => {
                (view.wake_time, view.minutes_before) = (Some(wake_time), Some(minutes_before));
                view.weekdays = Some(weekdays);
            }
        }
        view
    }
}
