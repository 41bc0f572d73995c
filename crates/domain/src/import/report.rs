//! What an import did, or would do.

use serde::Serialize;

/// The most issues that a report lists; the counts count all.
pub const MAX_ISSUES: usize = 1_000;

/// How many items of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportCounts))]
pub struct Counts {
    /// Were created.
    pub created: u32,
    /// Were there, and the document's changed later.
    pub updated: u32,
    /// Were there, and didn't change later in the document.
    pub unchanged: u32,
    /// Were left out: `issues` says why.
    pub skipped: u32,
}

/// What wasn't taken over as it is in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportIssue))]
pub struct Issue {
    /// Where it is in the document: a JSON pointer (RFC 6901).
    #[cfg_attr(feature = "openapi", schema(example = "/sleep_logs/17"))]
    pub pointer: String,
    /// Why, for programs: `theme_name_taken`, `theme_color_taken`, `sleep_overlap`, `timer_running`, `limit_reached`, or
    /// `habit_skipped` and `task_skipped` of what belongs to a habit or a task that was left out.
    #[cfg_attr(feature = "openapi", schema(example = "sleep_overlap"))]
    pub code: &'static str,
    /// Why, for people.
    pub detail: String,
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportedKinds))]
pub struct Report {
    /// Settings: all of them count as one.
    pub settings: Counts,
    /// Themes.
    pub themes: Counts,
    /// Habits.
    pub habits: Counts,
    /// Pauses of all habits.
    pub shared_pauses: Counts,
    /// Entries.
    pub entries: Counts,
    /// Tasks.
    pub tasks: Counts,
    /// Time entries.
    pub time_entries: Counts,
    /// The timer.
    pub timer: Counts,
    /// Reminders.
    pub reminders: Counts,
    /// Sleep logs.
    pub sleep_logs: Counts,
    /// Moods of days.
    pub moods: Counts,
    /// Moods of moments.
    pub mood_moments: Counts,
    /// What wasn't taken over as it is, in the order of the kinds; the first 1,000.
    #[serde(skip)]
    pub issues: Vec<Issue>,
}

impl Report {
    /// Notes an issue, unless there are too many already.
    pub(super) fn note(&mut self, pointer: String, code: &'static str, detail: impl Into<String>) {
        if self.issues.len() < MAX_ISSUES {
            self.issues.push(Issue { pointer, code, detail: detail.into() });
        }
    }
}
