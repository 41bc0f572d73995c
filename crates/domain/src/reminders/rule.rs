//! Of what a reminder reminds, and when it falls.

use crate::civil::{Date, Instant, WallTime, Weekdays};
use crate::ids::{HabitId, TaskId};
use crate::users::Settings;
use crate::violation::Violations;

/// The most days before a task is due.
pub const MAX_DAYS_BEFORE: u16 = 365;

/// The most minutes before bedtime.
pub const MAX_MINUTES_BEFORE: u16 = 240;

words! {
    /// What a reminder is about.
    pub enum ReminderAbout {
        /// A habit: sent on days on which it is due, and not done yet.
        Habit = "habit",
        /// A task: sent unless it is done or cancelled.
        Task = "task",
        /// The time to go to bed.
        Bedtime = "bedtime",
    }
}

/// What a reminder belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReminderSubject {
    Habit(HabitId),
    Task(TaskId),
    Bedtime,
}

impl ReminderSubject {
    /// Of what kind it is.
    pub const fn about(self) -> ReminderAbout {
        match self {
            Self::Habit(_) => ReminderAbout::Habit,
            Self::Task(_) => ReminderAbout::Task,
            Self::Bedtime => ReminderAbout::Bedtime,
        }
    }

    /// The habit, if it is one.
    pub const fn habit(self) -> Option<HabitId> {
        if let Self::Habit(id) = self { Some(id) } else { None }
    }

    /// The task, if it is one.
    pub const fn task(self) -> Option<TaskId> {
        if let Self::Task(id) = self { Some(id) } else { None }
    }
}

/// When a reminder is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderRule {
    /// On days on which the habit is due, if they are among the weekdays.
    Habit { habit: HabitId, time: WallTime, weekdays: Weekdays },
    /// So many days before the task is due; never, while it has no date.
    Task { task: TaskId, time: WallTime, days_before: u16 },
    /// So many minutes before one has to be in bed to sleep as long as the sleep goal, and to wake at that time. The
    /// weekdays are those of waking.
    Bedtime { wake_time: WallTime, minutes_before: u16, weekdays: Weekdays },
}

/// A change of a rule: what is absent stays. What the rule doesn't have is refused.
#[derive(Debug, Clone, Default)]
pub struct ReminderRulePatch {
    pub time: Option<WallTime>,
    pub weekdays: Option<Weekdays>,
    pub days_before: Option<u16>,
    pub wake_time: Option<WallTime>,
    pub minutes_before: Option<u16>,
}

/// A day on which a reminder falls, and the instant at which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// The day of the user's own calendar; of bedtime, the date of waking.
    pub day: Date,
    /// The instant.
    pub at: Instant,
}

impl ReminderRule {
    /// What it belongs to.
    pub const fn subject(&self) -> ReminderSubject {
        match *self {
            Self::Habit { habit, .. } => ReminderSubject::Habit(habit),
            Self::Task { task, .. } => ReminderSubject::Task(task),
            Self::Bedtime { .. } => ReminderSubject::Bedtime,
        }
    }

    /// Checks what can't be seen from its types.
    ///
    /// # Errors
    /// `required` at `/weekdays`, `out_of_range` at `/days_before` or `/minutes_before`.
    pub fn check(&self) -> Result<(), Violations> {
        let mut wrong = Violations::new();
        match *self {
            Self::Habit { weekdays, .. } => check_weekdays(weekdays, &mut wrong),
            Self::Task { days_before, .. } => {
                check_most("/days_before", days_before, MAX_DAYS_BEFORE, "days", &mut wrong);
            }
            Self::Bedtime { minutes_before, weekdays, .. } => {
                check_weekdays(weekdays, &mut wrong);
                check_most("/minutes_before", minutes_before, MAX_MINUTES_BEFORE, "minutes", &mut wrong);
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// This rule with a change.
    ///
    /// # Errors
    /// As [`Self::check`], and `unknown_field` for what such a rule doesn't have.
    pub fn with(mut self, patch: &ReminderRulePatch) -> Result<Self, Violations> {
        let mut patch = patch.clone();
        match &mut self {
            Self::Habit { time, weekdays, .. } => {
                replace(time, patch.time.take());
                replace(weekdays, patch.weekdays.take());
            }
            Self::Task { time, days_before, .. } => {
                replace(time, patch.time.take());
                replace(days_before, patch.days_before.take());
            }
            Self::Bedtime { wake_time, minutes_before, weekdays } => {
                replace(wake_time, patch.wake_time.take());
                replace(minutes_before, patch.minutes_before.take());
                replace(weekdays, patch.weekdays.take());
            }
        }
        let ReminderRulePatch { time, weekdays, days_before, wake_time, minutes_before } = patch;
        let left = [
            ("/time", time.is_some()),
            ("/weekdays", weekdays.is_some()),
            ("/days_before", days_before.is_some()),
            ("/wake_time", wake_time.is_some()),
            ("/minutes_before", minutes_before.is_some()),
        ];
        let mut wrong = Violations::new();
        for (pointer, _) in left.iter().filter(|(_, is_left)| *is_left) {
            let about = self.subject().about();
            wrong.add(*pointer, "unknown_field", format!("isn't a field of a reminder about `{about}`"));
        }
        wrong.take("", self.check());
        if wrong.is_empty() { Ok(self) } else { Err(wrong) }
    }

    /// The instant at which it falls on a day of its user; none if it doesn't. `due_on` is the task's, if it is about one.
    ///
    /// A time before the user's day begins belongs to the night after it: with days from 04:00, the 02:30 of a day is after
    /// its midnight. A time that clocks skip is later by as much as they skip, one that they show twice is the first of the
    /// two, and a date that a zone skipped has no reminders.
    pub fn on(&self, day: Date, settings: &Settings, due_on: Option<Date>) -> Option<Instant> {
        let zone = settings.timezone;
        let at = |date: Date, time: WallTime| {
            let noon = zone.instant_of(WallTime::NOON.reading_on(date));
            (zone.date_of(noon) == date).then(|| zone.instant_of(time.reading_on(date)))
        };
        let at_own_time = |time: WallTime| {
            let date = if time < settings.day_start { day.succ()? } else { day };
            at(date, time)
        };
        match *self {
            Self::Habit { time, weekdays, .. } if weekdays.contains(day.weekday()) => at_own_time(time),
            Self::Task { time, days_before, .. } => {
                let falls_on = due_on?.checked_add_days(-i32::from(days_before))?;
                if falls_on == day { at_own_time(time) } else { None }
            }
            Self::Bedtime { wake_time, minutes_before, weekdays } if weekdays.contains(day.weekday()) => {
                let minutes = i64::from(settings.sleep_goal.minutes()) + i64::from(minutes_before);
                Some(at(day, wake_time)?.plus_seconds(-60 * minutes))
            }
            Self::Habit { .. } | Self::Bedtime { .. } => None,
        }
    }

    /// When it falls next: after an instant, and on a later day than those that were dealt with.
    pub fn next(
        &self,
        after: Instant,
        handled_on: Option<Date>,
        settings: &Settings,
        due_on: Option<Date>,
    ) -> Option<Occurrence> {
        // A bedtime of today's waking may be yesterday's, a time before the day begins is tomorrow's.
        let earliest = settings.timezone.date_of(after).saturating_add_days(-2);
        let first = match handled_on.map(Date::succ) {
            Some(later) => earliest.max(later?),
            None => earliest,
        };
        let days: [Option<Date>; DAYS_TO_LOOK_AT] = match self {
            Self::Task { days_before, .. } => {
                let day = due_on?.checked_add_days(-i32::from(*days_before)).filter(|day| first <= *day);
                std::array::from_fn(|at| day.filter(|_| at == 0))
            }
            Self::Habit { .. } | Self::Bedtime { .. } => {
                std::array::from_fn(|at| i32::try_from(at).ok().and_then(|days| first.checked_add_days(days)))
            }
        };
        days.into_iter().flatten().find_map(|day| {
            let at = self.on(day, settings, due_on)?;
            (after < at).then_some(Occurrence { day, at })
        })
    }
}

/// Days among which there is one of any weekday that isn't past: a week, those that may be over, and one that a zone may
/// have skipped, after which its weekday comes a week later.
const DAYS_TO_LOOK_AT: usize = 7 + 4 + 7;

fn replace<T>(stored: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *stored = new;
    }
}

fn check_weekdays(weekdays: Weekdays, wrong: &mut Violations) {
    if weekdays.is_empty() {
        wrong.add("/weekdays", "required", "must name at least one day");
    }
}

fn check_most(pointer: &str, value: u16, most: u16, unit: &str, wrong: &mut Violations) {
    if value > most {
        wrong.add(pointer, "out_of_range", format!("must be between 0 and {most} {unit}"));
    }
}
