//! Reminders as requests write them.

use circadia_domain::civil::{WallTime, Weekdays};
use circadia_domain::ids::{HabitId, TaskId};
use circadia_domain::reminders::{
    MAX_DAYS_BEFORE, MAX_MINUTES_BEFORE, NewReminder, ReminderAbout, ReminderChannels, ReminderId, ReminderPatch,
    ReminderRule, ReminderRulePatch,
};
use utoipa::ToSchema;

use crate::http::input::{Decode, Fields, Parsed, Raw, between};

/// How many minutes before bedtime one is told, unless something else is asked for.
const DEFAULT_MINUTES_BEFORE: u16 = 30;

/// A reminder of a habit to create.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"time": "19:30", "weekdays": ["mo", "tu", "we", "th", "fr"], "channels": ["push"]}))]
pub(in crate::routes) struct CreateHabitReminderBody {
    /// The id. Generated if absent.
    #[schema(value_type = Option<ReminderId>)]
    id: ReminderId,
    /// The time of day, on the user's clock.
    time: WallTime,
    /// The days on which it is sent, at least one; all if absent.
    #[schema(value_type = Option<Weekdays>)]
    weekdays: Weekdays,
    /// How it is sent; all ways if absent. With none, only `GET /reminders/upcoming` tells of it.
    #[schema(value_type = Option<ReminderChannels>)]
    channels: ReminderChannels,
    /// Whether it is sent; true if absent.
    #[schema(value_type = Option<bool>)]
    enabled: bool,
    #[schema(ignore)]
    request_digest: [u8; 32],
}

impl Decode for CreateHabitReminderBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(ReminderId::parse);
        let time = fields.required("time");
        let weekdays = fields.optional("weekdays").unwrap_or(Weekdays::ALL);
        let (channels, enabled) = channels_and_enabled(fields);
        let request_digest = fields.request_digest();
        Some(Self { id: id?, time: time?, weekdays, channels, enabled, request_digest })
    }
}

impl CreateHabitReminderBody {
    pub(in crate::routes) const fn of(self, habit: HabitId) -> NewReminder {
        let Self { id, time, weekdays, channels, enabled, request_digest } = self;
        let rule = ReminderRule::Habit { habit, time, weekdays };
        NewReminder { id, rule, channels, enabled, request_digest }
    }
}

/// A reminder of a task to create.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"time": "09:00", "days_before": 1}))]
pub(in crate::routes) struct CreateTaskReminderBody {
    /// The id. Generated if absent.
    #[schema(value_type = Option<ReminderId>)]
    id: ReminderId,
    /// The time of day, on the user's clock.
    time: WallTime,
    /// How many days before the task is due; 0 if absent.
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 365)]
    days_before: u16,
    /// How it is sent; all ways if absent. With none, only `GET /reminders/upcoming` tells of it.
    #[schema(value_type = Option<ReminderChannels>)]
    channels: ReminderChannels,
    /// Whether it is sent; true if absent.
    #[schema(value_type = Option<bool>)]
    enabled: bool,
    #[schema(ignore)]
    request_digest: [u8; 32],
}

impl Decode for CreateTaskReminderBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(ReminderId::parse);
        let time = fields.required("time");
        let days_before = fields.optional_with("days_before", days_before).unwrap_or_default();
        let (channels, enabled) = channels_and_enabled(fields);
        let request_digest = fields.request_digest();
        Some(Self { id: id?, time: time?, days_before, channels, enabled, request_digest })
    }
}

impl CreateTaskReminderBody {
    pub(in crate::routes) const fn of(self, task: TaskId) -> NewReminder {
        let Self { id, time, days_before, channels, enabled, request_digest } = self;
        let rule = ReminderRule::Task { task, time, days_before };
        NewReminder { id, rule, channels, enabled, request_digest }
    }
}

/// A reminder of bedtime to create.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"wake_time": "07:00", "minutes_before": 45, "weekdays": ["mo", "tu", "we", "th", "fr"]}))]
pub(in crate::routes) struct CreateBedtimeReminderBody {
    /// The id. Generated if absent.
    #[schema(value_type = Option<ReminderId>)]
    id: ReminderId,
    /// When to wake, on the user's clock. Bedtime is as long before as the sleep goal.
    wake_time: WallTime,
    /// How many minutes before bedtime; 30 if absent.
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 240)]
    minutes_before: u16,
    /// The days of waking, at least one; all if absent.
    #[schema(value_type = Option<Weekdays>)]
    weekdays: Weekdays,
    /// How it is sent; all ways if absent. With none, only `GET /reminders/upcoming` tells of it.
    #[schema(value_type = Option<ReminderChannels>)]
    channels: ReminderChannels,
    /// Whether it is sent; true if absent.
    #[schema(value_type = Option<bool>)]
    enabled: bool,
    #[schema(ignore)]
    request_digest: [u8; 32],
}

impl Decode for CreateBedtimeReminderBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(ReminderId::parse);
        let wake_time = fields.required("wake_time");
        let minutes_before = fields.optional_with("minutes_before", minutes_before).unwrap_or(DEFAULT_MINUTES_BEFORE);
        let weekdays = fields.optional("weekdays").unwrap_or(Weekdays::ALL);
        let (channels, enabled) = channels_and_enabled(fields);
        let request_digest = fields.request_digest();
        Some(Self { id: id?, wake_time: wake_time?, minutes_before, weekdays, channels, enabled, request_digest })
    }
}

impl From<CreateBedtimeReminderBody> for NewReminder {
    fn from(body: CreateBedtimeReminderBody) -> Self {
        let CreateBedtimeReminderBody { id, wake_time, minutes_before, weekdays, channels, enabled, request_digest } =
            body;
        let rule = ReminderRule::Bedtime { wake_time, minutes_before, weekdays };
        Self { id, rule, channels, enabled, request_digest }
    }
}

/// A change of a habit's reminder (RFC 7396): what is absent stays.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"time": "20:00"}))]
pub(in crate::routes) struct UpdateHabitReminderBody {
    /// The time of day, on the user's clock.
    #[schema(nullable = false)]
    time: Option<WallTime>,
    /// The days on which it is sent, at least one.
    #[schema(nullable = false)]
    weekdays: Option<Weekdays>,
    /// How it is sent.
    #[schema(nullable = false)]
    channels: Option<ReminderChannels>,
    /// Whether it is sent.
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

impl Decode for UpdateHabitReminderBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            time: fields.change("time"),
            weekdays: fields.change("weekdays"),
            channels: fields.change("channels"),
            enabled: fields.change("enabled"),
        })
    }
}

impl From<UpdateHabitReminderBody> for ReminderPatch {
    fn from(body: UpdateHabitReminderBody) -> Self {
        let UpdateHabitReminderBody { time, weekdays, channels, enabled } = body;
        Self { rule: ReminderRulePatch { time, weekdays, ..ReminderRulePatch::default() }, channels, enabled }
    }
}

/// A change of a task's reminder (RFC 7396): what is absent stays.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"days_before": 3}))]
pub(in crate::routes) struct UpdateTaskReminderBody {
    /// The time of day, on the user's clock.
    #[schema(nullable = false)]
    time: Option<WallTime>,
    /// How many days before the task is due.
    #[schema(value_type = Option<i32>, nullable = false, minimum = 0, maximum = 365)]
    days_before: Option<u16>,
    /// How it is sent.
    #[schema(nullable = false)]
    channels: Option<ReminderChannels>,
    /// Whether it is sent.
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

impl Decode for UpdateTaskReminderBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            time: fields.change("time"),
            days_before: fields.change_with("days_before", days_before),
            channels: fields.change("channels"),
            enabled: fields.change("enabled"),
        })
    }
}

impl From<UpdateTaskReminderBody> for ReminderPatch {
    fn from(body: UpdateTaskReminderBody) -> Self {
        let UpdateTaskReminderBody { time, days_before, channels, enabled } = body;
        Self { rule: ReminderRulePatch { time, days_before, ..ReminderRulePatch::default() }, channels, enabled }
    }
}

/// A change of a reminder of bedtime (RFC 7396): what is absent stays.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"wake_time": "06:30"}))]
pub(in crate::routes) struct UpdateBedtimeReminderBody {
    /// When to wake, on the user's clock.
    #[schema(nullable = false)]
    wake_time: Option<WallTime>,
    /// How many minutes before bedtime.
    #[schema(value_type = Option<i32>, nullable = false, minimum = 0, maximum = 240)]
    minutes_before: Option<u16>,
    /// The days of waking, at least one.
    #[schema(nullable = false)]
    weekdays: Option<Weekdays>,
    /// How it is sent.
    #[schema(nullable = false)]
    channels: Option<ReminderChannels>,
    /// Whether it is sent.
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

impl Decode for UpdateBedtimeReminderBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            wake_time: fields.change("wake_time"),
            minutes_before: fields.change_with("minutes_before", minutes_before),
            weekdays: fields.change("weekdays"),
            channels: fields.change("channels"),
            enabled: fields.change("enabled"),
        })
    }
}

impl From<UpdateBedtimeReminderBody> for ReminderPatch {
    fn from(body: UpdateBedtimeReminderBody) -> Self {
        let UpdateBedtimeReminderBody { wake_time, minutes_before, weekdays, channels, enabled } = body;
        let rule = ReminderRulePatch { wake_time, minutes_before, weekdays, ..ReminderRulePatch::default() };
        Self { rule, channels, enabled }
    }
}

/// A reminder that a command of a batch makes: the body of the `POST`, with what it is about.
impl Decode for NewReminder {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        match fields.required("about") {
            Some(ReminderAbout::Habit) => {
                let habit = fields.required("habit_id");
                let body = CreateHabitReminderBody::decode(fields)?;
                Some(body.of(habit?))
            }
            Some(ReminderAbout::Task) => {
                let task = fields.required("task_id");
                let body = CreateTaskReminderBody::decode(fields)?;
                Some(body.of(task?))
            }
            Some(ReminderAbout::Bedtime) => CreateBedtimeReminderBody::decode(fields).map(Self::from),
            None => {
                // What the others are can't be told.
                for name in EVERY_FIELD {
                    fields.optional_with(name, |_| Ok(()));
                }
                None
            }
        }
    }
}

/// What reminders have besides what they are about, of whatever kind.
const EVERY_FIELD: [&str; 10] = [
    "id",
    "habit_id",
    "task_id",
    "time",
    "weekdays",
    "days_before",
    "wake_time",
    "minutes_before",
    "channels",
    "enabled",
];

/// A change that a command of a batch makes: what a reminder of such a kind doesn't have is refused when that is known.
impl Decode for ReminderPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let rule = ReminderRulePatch {
            time: fields.change("time"),
            weekdays: fields.change("weekdays"),
            days_before: fields.change_with("days_before", days_before),
            wake_time: fields.change("wake_time"),
            minutes_before: fields.change_with("minutes_before", minutes_before),
        };
        Some(Self { rule, channels: fields.change("channels"), enabled: fields.change("enabled") })
    }
}

fn channels_and_enabled(fields: &mut Fields<'_>) -> (ReminderChannels, bool) {
    (fields.optional("channels").unwrap_or_default(), fields.optional("enabled").unwrap_or(true))
}

fn days_before(raw: Raw<'_>) -> Parsed<u16> {
    at_most(MAX_DAYS_BEFORE, raw)
}

fn minutes_before(raw: Raw<'_>) -> Parsed<u16> {
    at_most(MAX_MINUTES_BEFORE, raw)
}

fn at_most(most: u16, raw: Raw<'_>) -> Parsed<u16> {
    between(0, most.into())(raw).map(|number| u16::try_from(number).unwrap_or(most))
}
