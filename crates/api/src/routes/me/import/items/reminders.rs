//! Reminders, whose fields depend on what they are about.

use circadia_domain::import::digest_of;
use circadia_domain::reminders::{
    MAX_DAYS_BEFORE, MAX_MINUTES_BEFORE, Reminder, ReminderAbout, ReminderId, ReminderRule,
};
use circadia_domain::violation::Violations;

use super::UNSTAMPED;
use crate::http::input::{Decode, Fields, Parsed, Raw, between};

/// A whole number up to a small one.
fn up_to(max: u16) -> impl Fn(Raw<'_>) -> Parsed<u16> {
    move |raw| between(0, max.into())(raw).map(|number| u16::try_from(number).unwrap_or(max))
}

/// What is null in an export of such a reminder.
fn none_of(fields: &mut Fields<'_>, names: [&'static str; 4]) {
    for name in names {
        let unknown = || Violations::of("unknown_field", "isn't a field of a reminder about such a thing");
        let _: Option<()> = fields.optional_with(name, |_| Err(unknown()));
    }
}

/// When a reminder is sent.
fn reminder_rule(fields: &mut Fields<'_>, about: ReminderAbout) -> Option<ReminderRule> {
    match about {
        ReminderAbout::Habit => {
            none_of(fields, ["task_id", "days_before", "wake_time", "minutes_before"]);
            let (habit, time) = (fields.required("habit_id"), fields.required("time"));
            let weekdays = fields.required("weekdays");
            Some(ReminderRule::Habit { habit: habit?, time: time?, weekdays: weekdays? })
        }
        ReminderAbout::Task => {
            none_of(fields, ["habit_id", "weekdays", "wake_time", "minutes_before"]);
            let (task, time) = (fields.required("task_id"), fields.required("time"));
            let days_before = fields.required_with("days_before", up_to(MAX_DAYS_BEFORE));
            Some(ReminderRule::Task { task: task?, time: time?, days_before: days_before? })
        }
        ReminderAbout::Bedtime => {
            none_of(fields, ["habit_id", "task_id", "time", "days_before"]);
            let (wake_time, weekdays) = (fields.required("wake_time"), fields.required("weekdays"));
            let minutes_before = fields.required_with("minutes_before", up_to(MAX_MINUTES_BEFORE));
            Some(ReminderRule::Bedtime { wake_time: wake_time?, minutes_before: minutes_before?, weekdays: weekdays? })
        }
    }
}

impl Decode for Reminder {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id: Option<ReminderId> = fields.required("id");
        let channels = fields.required("channels");
        let enabled = fields.required("enabled");
        let created_at = fields.required("created_at");
        let updated_at = fields.required("updated_at");
        let Some(about) = fields.required("about") else {
            // What the others are can't be told.
            let others = ["habit_id", "task_id", "time", "weekdays", "days_before", "wake_time", "minutes_before"];
            for name in others {
                fields.optional_with(name, |_| Ok(()));
            }
            return None;
        };
        let rule = reminder_rule(fields, about)?;
        fields.take(rule.check())?;
        Some(Self {
            id: id?,
            rule,
            channels: channels?,
            enabled: enabled?,
            handled_on: None,
            next: None,
            created_at: created_at?,
            updated_at: updated_at?,
            rev: UNSTAMPED,
            request_digest: digest_of(id?.as_uuid()),
        })
    }
}
