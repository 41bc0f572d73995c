//! What is told of a reminder, now and ahead of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::Serialize;

use super::service::due_on;
use super::{Occurrence, Reminder, ReminderAbout, ReminderChannels, ReminderId, ReminderRule, ReminderSubject};
use crate::civil::{Date, Instant};
use crate::error::Error;
use crate::habits::{self, HabitWithRecent};
use crate::ids::{HabitId, TaskId, UserId};
use crate::tasks::Task;
use crate::unit_of_work::Store;
use crate::users::{self, User};

/// The most days ahead for which reminders are told.
pub const MAX_UPCOMING_DAYS: i32 = 31;

/// The most occurrences that are told of at a time.
pub const MAX_UPCOMING: usize = 1_000;

/// What is told of a reminder on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReminderNotice))]
pub struct ReminderNotice {
    /// The reminder.
    pub reminder_id: ReminderId,
    /// The day it is for, in the user's own calendar; of bedtime, the date of waking.
    pub date: Date,
    /// When it is told.
    pub at: Instant,
    /// What it reminds of.
    pub about: ReminderAbout,
    /// The habit; null unless it is about one.
    pub habit_id: Option<HabitId>,
    /// The task; null unless it is about one.
    pub task_id: Option<TaskId>,
    /// The name of the habit, the title of the task, or `Bedtime`.
    pub title: String,
    /// A sentence: the habit's question, if it has one.
    pub text: String,
    /// How the server sends it.
    pub channels: ReminderChannels,
}

/// What notices are made from.
pub(super) struct Facts {
    habits: Vec<HabitWithRecent>,
    tasks: Vec<Task>,
    sleep_goal_minutes: u16,
}

impl Facts {
    /// What is needed for some reminders, from a day on. At most three statements.
    pub(super) fn read(
        store: &mut dyn Store,
        user: &User,
        now: Instant,
        reminders: &[Reminder],
        from: Option<Date>,
    ) -> Result<Self, Error> {
        let has = |about| reminders.iter().any(|reminder| reminder.rule.subject().about() == about);
        let from = from.unwrap_or_else(|| user.settings.today(now));
        let habits =
            if has(ReminderAbout::Habit) { habits::with_recent(store, user.id, now, from)? } else { Vec::new() };
        let tasks = if has(ReminderAbout::Task) { store.tasks_with_reminders(user.id)? } else { Vec::new() };
        Ok(Self { habits, tasks, sleep_goal_minutes: user.settings.sleep_goal.minutes() })
    }

    /// When the task of a reminder is due.
    pub(super) fn due_on(&self, reminder: &Reminder) -> Option<Date> {
        due_on(reminder, &self.tasks)
    }

    /// What is told of an occurrence: nothing if the habit isn't due on that day or is done, or the task is.
    pub(super) fn notice(&self, reminder: &Reminder, occurrence: Occurrence) -> Option<ReminderNotice> {
        let subject = reminder.rule.subject();
        let (title, text) = match subject {
            ReminderSubject::Habit(id) => {
                let (habit, recent) = self.habits.iter().find(|(habit, _)| habit.id == id)?;
                if !habits::is_open_on(habit, recent, occurrence.day) {
                    return None;
                }
                let question = habit.question.as_ref().map(|question| question.as_str().to_owned());
                (
                    habit.name.as_str().to_owned(),
                    question.unwrap_or_else(|| "Due today, and still to be done.".to_owned()),
                )
            }
            ReminderSubject::Task(id) => {
                let task = self.tasks.iter().find(|task| task.id == id).filter(|task| task.status.is_open())?;
                (task.title.as_str().to_owned(), told_of_task(reminder))
            }
            ReminderSubject::Bedtime => ("Bedtime".to_owned(), self.told_of_bedtime(reminder)),
        };
        Some(ReminderNotice {
            reminder_id: reminder.id,
            date: occurrence.day,
            at: occurrence.at,
            about: subject.about(),
            habit_id: subject.habit(),
            task_id: subject.task(),
            title,
            text,
            channels: reminder.channels,
        })
    }

    fn told_of_bedtime(&self, reminder: &Reminder) -> String {
        let ReminderRule::Bedtime { wake_time, minutes_before, .. } = reminder.rule else { return String::new() };
        let (hours, minutes) = (self.sleep_goal_minutes / 60, self.sleep_goal_minutes % 60);
        let goal = if minutes == 0 { format!("{hours} h") } else { format!("{hours} h {minutes} min") };
        let when = if minutes_before == 0 { "now".to_owned() } else { format!("in {minutes_before} minutes") };
        format!("Go to bed {when} to sleep {goal} before {wake_time}.")
    }
}

fn told_of_task(reminder: &Reminder) -> String {
    match reminder.rule {
        ReminderRule::Task { days_before: 0, .. } => "Due today.".to_owned(),
        ReminderRule::Task { days_before: 1, .. } => "Due tomorrow.".to_owned(),
        ReminderRule::Task { days_before, .. } => format!("Due in {days_before} days."),
        ReminderRule::Habit { .. } | ReminderRule::Bedtime { .. } => String::new(),
    }
}

/// What a user will be reminded of within so many days from now, in order, as far as it can be known by now: habits that are
/// due then and not done, of a quota as if nothing were done until then. The first [`MAX_UPCOMING`] of it. For apps that show
/// notifications by themselves.
///
/// # Errors
/// The store's.
pub fn upcoming(store: &mut dyn Store, user: UserId, now: Instant, days: i32) -> Result<Vec<ReminderNotice>, Error> {
    let user = users::find(store, user)?;
    let reminders: Vec<Reminder> =
        store.reminders(user.id, None)?.into_iter().filter(|reminder| reminder.enabled).collect();
    let until = now.plus_seconds(i64::from(days) * 86_400);
    let facts = Facts::read(store, &user, now, &reminders, None)?;
    let next = |reminder: &Reminder, handled_on: Option<Date>| {
        let next = reminder.rule.next(now, handled_on, &user.settings, facts.due_on(reminder));
        next.filter(|next| next.at <= until)
    };
    // The next occurrence of each, the earliest of them first.
    let key = |reminder: &Reminder, occurrence: Occurrence, at: usize| Reverse((occurrence.at, reminder.id, at));
    let mut waiting = BinaryHeap::new();
    let mut occurrences = Vec::with_capacity(reminders.len());
    for (at, reminder) in reminders.iter().enumerate() {
        let first = next(reminder, reminder.handled_on);
        waiting.extend(first.map(|first| key(reminder, first, at)));
        occurrences.push(first);
    }
    let mut notices = Vec::new();
    while notices.len() < MAX_UPCOMING
        && let Some(Reverse((_, _, at))) = waiting.pop()
    {
        let (Some(reminder), Some(place)) = (reminders.get(at), occurrences.get_mut(at)) else { continue };
        let Some(occurrence) = place.take() else { continue };
        notices.extend(facts.notice(reminder, occurrence));
        *place = next(reminder, Some(occurrence.day));
        waiting.extend(place.map(|following| key(reminder, following, at)));
    }
    Ok(notices)
}
