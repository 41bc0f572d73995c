//! The kinds of things there are: a marker type for each, with the names that the rest derives.
//!
//! Here stand those that several features refer to; that of a feature alone stands in its module, with its alias of
//! [`Id`](crate::ids::Id).

use crate::code::Code;

/// A kind of thing that is stored. Implemented by marker types, which have no values.
pub trait Entity: 'static {
    /// In snake case, such as `time_entry`. Its tombstones carry it.
    const NAME: &'static str;
    /// As sentences call it.
    const LABEL: &'static str = Self::NAME;
    /// The path parameter of its id, without the ending `_id`.
    const PARAM: &'static str = Self::NAME;
    /// The problem code when it isn't found.
    const NOT_FOUND: Code = Code::NotFound;
}

/// A user account.
#[derive(Debug)]
pub enum User {}
impl Entity for User {
    const NAME: &'static str = "user";
    const NOT_FOUND: Code = Code::UserNotFound;
}

/// A signed-in session: a refresh family or a cookie session.
#[derive(Debug)]
pub enum Session {}
impl Entity for Session {
    const NAME: &'static str = "session";
    const NOT_FOUND: Code = Code::SessionNotFound;
}

/// A recorded attempt to sign in.
#[derive(Debug)]
pub enum LoginAttempt {}
impl Entity for LoginAttempt {
    const NAME: &'static str = "login_attempt";
    const LABEL: &'static str = "login attempt";
}

/// A personal access token.
#[derive(Debug)]
pub enum PersonalToken {}
impl Entity for PersonalToken {
    const NAME: &'static str = "personal_token";
    const LABEL: &'static str = "personal access token";
    const PARAM: &'static str = "token";
    const NOT_FOUND: Code = Code::PersonalTokenNotFound;
}

/// Something suspicious about sign-ins.
#[derive(Debug)]
pub enum SecurityEvent {}
impl Entity for SecurityEvent {
    const NAME: &'static str = "security_event";
    const LABEL: &'static str = "security event";
}

/// A recorded event of an account.
#[derive(Debug)]
pub enum AuditEvent {}
impl Entity for AuditEvent {
    const NAME: &'static str = "audit_event";
    const LABEL: &'static str = "audit event";
}

/// A background job.
#[derive(Debug)]
pub enum Job {}
impl Entity for Job {
    const NAME: &'static str = "job";
    const NOT_FOUND: Code = Code::JobNotFound;
}

/// A theme.
#[derive(Debug)]
pub enum Theme {}
impl Entity for Theme {
    const NAME: &'static str = "theme";
    const NOT_FOUND: Code = Code::ThemeNotFound;
}

/// A habit.
#[derive(Debug)]
pub enum Habit {}
impl Entity for Habit {
    const NAME: &'static str = "habit";
    const NOT_FOUND: Code = Code::HabitNotFound;
}

/// A habit's entry for a date; it has no id.
#[derive(Debug)]
pub enum Entry {}
impl Entity for Entry {
    const NAME: &'static str = "entry";
    const NOT_FOUND: Code = Code::EntryNotFound;
}

/// A version of a habit's schedule and target.
#[derive(Debug)]
pub enum Plan {}
impl Entity for Plan {
    const NAME: &'static str = "plan";
    const LABEL: &'static str = "plan version";
}

/// A pause of a habit.
#[derive(Debug)]
pub enum Pause {}
impl Entity for Pause {
    const NAME: &'static str = "pause";
    const NOT_FOUND: Code = Code::PauseNotFound;
}

/// A pause of all habits.
#[derive(Debug)]
pub enum SharedPause {}
impl Entity for SharedPause {
    const NAME: &'static str = "shared_pause";
    const LABEL: &'static str = "pause of all habits";
    const NOT_FOUND: Code = Code::PauseNotFound;
}

/// A log of sleep.
#[derive(Debug)]
pub enum SleepLog {}
impl Entity for SleepLog {
    const NAME: &'static str = "sleep_log";
    const LABEL: &'static str = "sleep log";
    const NOT_FOUND: Code = Code::SleepLogNotFound;
}

/// A day's own mood; it has no id.
#[derive(Debug)]
pub enum Mood {}
impl Entity for Mood {
    const NAME: &'static str = "mood";
    const NOT_FOUND: Code = Code::MoodNotFound;
}

/// A moment's mood.
#[derive(Debug)]
pub enum MoodMoment {}
impl Entity for MoodMoment {
    const NAME: &'static str = "mood_moment";
    const LABEL: &'static str = "mood moment";
    const PARAM: &'static str = "moment";
    const NOT_FOUND: Code = Code::MoodMomentNotFound;
}

/// A task.
#[derive(Debug)]
pub enum Task {}
impl Entity for Task {
    const NAME: &'static str = "task";
    const NOT_FOUND: Code = Code::TaskNotFound;
}

/// A time entry.
#[derive(Debug)]
pub enum TimeEntry {}
impl Entity for TimeEntry {
    const NAME: &'static str = "time_entry";
    const LABEL: &'static str = "time entry";
    const NOT_FOUND: Code = Code::TimeEntryNotFound;
}

/// A running timer; a user has one at most, so it has no id.
#[derive(Debug)]
pub enum Timer {}
impl Entity for Timer {
    const NAME: &'static str = "timer";
    const NOT_FOUND: Code = Code::TimerNotFound;
}
