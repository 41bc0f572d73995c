//! The feed as a text.

use std::collections::BTreeMap;

use super::entries;
use super::ical::Ical;
use crate::civil::Date;
use crate::habits::Habit;
use crate::ids::ThemeId;
use crate::sleep::SleepLog;
use crate::tasks::Task;
use crate::themes::Theme;

/// Days that no rule can tell are listed from so many days before today on; tasks that are over, and sleep, are shown for
/// as long.
pub const DAYS_BACK: i32 = 366;
/// Days that no rule can tell are listed until so many days after today.
pub const DAYS_AHEAD: i32 = 400;
/// Of each habit, at most so many stretches of days are shown, the latest ones: every pause and every new plan ends one.
pub const MAX_STRETCHES: usize = 100;
/// The most logs of sleep that are shown, the latest ones.
pub(super) const MAX_SLEEP_LOGS: usize = 5_000;
/// After what time programs should ask again.
const REFRESH: &str = "PT1H";

/// What a feed shows.
#[derive(Debug, Clone)]
pub struct FeedContent {
    /// The user's day.
    pub today: Date,
    /// Habits, quotas among them, which are left out.
    pub habits: Vec<Habit>,
    /// Tasks.
    pub tasks: Vec<Task>,
    /// Sleep.
    pub sleep: Vec<SleepLog>,
    /// The user's themes.
    pub themes: Vec<Theme>,
}

/// The feed as iCalendar. The same content always makes the same text.
pub fn render(content: &FeedContent) -> String {
    let themes: BTreeMap<ThemeId, &Theme> = content.themes.iter().map(|theme| (theme.id, theme)).collect();
    let theme_of = |id: Option<ThemeId>| id.and_then(|id| themes.get(&id).copied());
    let mut out = Ical::default();
    out.begin("VCALENDAR");
    out.line("VERSION", "2.0");
    out.line("PRODID", "-//Circadia//Calendar feed//EN");
    out.line("CALSCALE", "GREGORIAN");
    for name in ["NAME", "X-WR-CALNAME"] {
        out.text(name, "Circadia");
    }
    out.line("REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
    out.line("X-PUBLISHED-TTL", REFRESH);
    for habit in &content.habits {
        entries::habit(&mut out, habit, theme_of(habit.theme), content.today);
    }
    for task in &content.tasks {
        entries::task(&mut out, task, theme_of(task.theme));
    }
    for log in &content.sleep {
        entries::sleep(&mut out, log);
    }
    out.end("VCALENDAR");
    out.into_text()
}
