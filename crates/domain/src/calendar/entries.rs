//! Habits, tasks and sleep as components of a calendar.

use super::css_colors;
use super::feed::MAX_STRETCHES;
use super::ical::{Ical, day};
use super::recurrence::{DueDays, of_stretch};
use crate::civil::{Date, Instant};
use crate::color::Color;
use crate::habits::{Habit, HabitDescription};
use crate::revision::Revision;
use crate::sleep::{SleepKind, SleepLog};
use crate::tasks::{Priority, Task, TaskDescription, TaskStatus};
use crate::themes::Theme;

/// What every component has.
struct Common<'a> {
    uid: String,
    rev: Revision,
    created_at: Instant,
    updated_at: Instant,
    summary: &'a str,
    description: Option<&'a str>,
    theme: Option<&'a Theme>,
    color: Option<Color>,
}

fn common(out: &mut Ical, item: &Common<'_>) {
    // Another name or colour of the theme changes the component.
    let changed_at = item.theme.map_or(item.updated_at, |theme| theme.updated_at.max(item.updated_at));
    out.line("UID", &format!("{}@circadia", item.uid));
    out.instant("DTSTAMP", changed_at);
    out.instant("CREATED", item.created_at);
    out.instant("LAST-MODIFIED", changed_at);
    // Revisions only grow; readers hold a SEQUENCE in 32 bits.
    out.line("SEQUENCE", &(item.rev.0.max(0) & i64::from(i32::MAX)).to_string());
    out.text("SUMMARY", item.summary);
    if let Some(description) = item.description {
        out.text("DESCRIPTION", description);
    }
    if let Some(theme) = item.theme {
        out.text("CATEGORIES", theme.name.as_str());
    }
    if let Some(color) = item.color.or(item.theme.map(|theme| theme.color)) {
        out.line("COLOR", css_colors::nearest(color));
    }
}

/// A habit's due days: an event for each stretch of days on which one plan version is in force without a break. Quotas have
/// none.
pub(super) fn habit(out: &mut Ical, habit: &Habit, theme: Option<&Theme>, today: Date) {
    let timeline = &habit.timeline;
    let stretches = timeline.stretches();
    let dated = stretches.iter().enumerate().rev().filter(|(_, (_, plan))| plan.schedule.quota().is_none());
    let shown =
        dated.filter_map(|(at, (stretch, plan))| Some((at, *stretch, of_stretch(timeline, *stretch, plan, today)?)));
    let mut events: Vec<_> = shown.take(MAX_STRETCHES).collect();
    events.reverse();
    for (at, stretch, due) in events {
        let suffix = if at == 0 { String::new() } else { format!("-{}", day(stretch.from())) };
        out.begin("VEVENT");
        common(
            out,
            &Common {
                uid: format!("habit-{}{suffix}", habit.id),
                rev: habit.rev,
                created_at: habit.created_at,
                updated_at: habit.updated_at,
                summary: habit.name.as_str(),
                description: habit.description.as_ref().map(HabitDescription::as_str),
                theme,
                color: habit.color,
            },
        );
        match due {
            DueDays::Rule(first, rule) => {
                out.date("DTSTART", first);
                out.line("RRULE", &rule.to_string());
            }
            DueDays::Dates(first, rest) => {
                out.date("DTSTART", first);
                if !rest.is_empty() {
                    let days: Vec<String> = rest.into_iter().map(day).collect();
                    out.line("RDATE;VALUE=DATE", &days.join(","));
                }
            }
        }
        out.line("TRANSP", "TRANSPARENT");
        out.end("VEVENT");
    }
}

/// A task.
pub(super) fn task(out: &mut Ical, task: &Task, theme: Option<&Theme>) {
    out.begin("VTODO");
    common(
        out,
        &Common {
            uid: format!("task-{}", task.id),
            rev: task.rev,
            created_at: task.created_at,
            updated_at: task.updated_at,
            summary: task.title.as_str(),
            description: task.description.as_ref().map(TaskDescription::as_str),
            theme,
            color: None,
        },
    );
    if let Some(due_on) = task.due_on {
        out.date("DUE", due_on);
    }
    let (status, percent) = match task.status {
        TaskStatus::Todo => ("NEEDS-ACTION", "0"),
        TaskStatus::InProgress => ("IN-PROCESS", "50"),
        TaskStatus::Done => ("COMPLETED", "100"),
        TaskStatus::Cancelled => ("CANCELLED", "0"),
    };
    out.line("STATUS", status);
    out.line("PERCENT-COMPLETE", percent);
    if let Some(completed_at) = task.completed_at {
        out.instant("COMPLETED", completed_at);
    }
    let priority = match task.priority {
        Priority::High => "1",
        Priority::Medium => "5",
        Priority::Low => "9",
    };
    out.line("PRIORITY", priority);
    out.end("VTODO");
}

/// A log of sleep. Its note and quality aren't shown: calendars are often shared.
pub(super) fn sleep(out: &mut Ical, log: &SleepLog) {
    out.begin("VEVENT");
    common(
        out,
        &Common {
            uid: format!("sleep-{}", log.id),
            rev: log.rev,
            created_at: log.created_at,
            updated_at: log.updated_at,
            summary: match log.sleep.kind {
                SleepKind::Main => "Sleep",
                SleepKind::Nap => "Nap",
            },
            description: None,
            theme: None,
            color: None,
        },
    );
    out.instant("DTSTART", log.sleep.start);
    out.instant("DTEND", log.sleep.end);
    out.line("TRANSP", "TRANSPARENT");
    out.end("VEVENT");
}
