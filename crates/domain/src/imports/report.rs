//! What an import did, or would do.

use serde::{Deserialize, Serialize};

use super::{ItemKind, Line};

/// The most lines that a dry run lists; the counts count all.
pub const MAX_LINES: usize = 1_000;
/// The most notes that are kept of an import; the counts count all.
pub const MAX_NOTES: usize = 200;
/// The most characters that a note quotes of a file.
const MAX_QUOTED: usize = 200;

words! {
    /// What becomes of an item.
    pub enum Fate {
        /// It is made.
        Made = "made",
        /// It is there already, and stays as it is.
        Merged = "merged",
        /// It is left out.
        Skipped = "skipped",
        /// It is taken over, but not as it is.
        Changed = "changed",
        /// The import was undone, but this wasn't removed.
        Kept = "kept",
    }
}

/// How many items of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AppImportCounts))]
#[serde(default)]
pub struct Tally {
    /// Were made.
    pub made: u32,
    /// Were there already.
    pub merged: u32,
    /// Were left out.
    pub skipped: u32,
}

/// What became of a line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AppImportLine))]
pub struct LineOutcome {
    /// The line, or the place in the file's list, counted from 1.
    pub line: Line,
    /// What it is; null if that can't be told.
    pub kind: Option<ItemKind>,
    /// What becomes of it.
    pub fate: Fate,
    /// Its name, title or date; null if that can't be told.
    pub label: Option<String>,
    /// Why, for programs, such as `unreadable`, `differs`, `sleep_overlap` or `limit_reached`; null of what is made, or
    /// there already.
    pub code: Option<String>,
    /// Why, for people.
    pub detail: Option<String>,
}

impl LineOutcome {
    /// What is made, or there already.
    pub(super) fn plain(line: Line, kind: ItemKind, fate: Fate, label: String) -> Self {
        Self { line, kind: Some(kind), fate, label: Some(label), code: None, detail: None }
    }

    /// What isn't taken over as it is.
    pub(super) fn noted(
        line: Line,
        kind: Option<ItemKind>,
        fate: Fate,
        label: Option<String>,
        code: &str,
        detail: &str,
    ) -> Self {
        let detail = detail.chars().take(2 * MAX_QUOTED).collect();
        Self { line, kind, fate, label, code: Some(code.to_owned()), detail: Some(detail) }
    }
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AppImportReport))]
#[serde(default)]
pub struct ImportReport {
    /// Themes.
    pub themes: Tally,
    /// Habits.
    pub habits: Tally,
    /// Entries.
    pub entries: Tally,
    /// Tasks.
    pub tasks: Tally,
    /// Time entries.
    pub time_entries: Tally,
    /// Sleep logs.
    pub sleep_logs: Tally,
    /// Moods of days.
    pub moods: Tally,
    /// Moods of moments.
    pub mood_moments: Tally,
    /// Lines of which it can't be told what they are. All are left out.
    pub unreadable: u32,
    /// Line by line: of an import the first 200 that weren't taken over as they are, and what wasn't taken back;
    /// of a dry run the first 1,000 of all.
    pub lines: Vec<LineOutcome>,
    /// How many more there would have been in `lines`.
    pub more_lines: u32,
}

impl ImportReport {
    fn tally(&mut self, kind: ItemKind) -> &mut Tally {
        match kind {
            ItemKind::Theme => &mut self.themes,
            ItemKind::Habit => &mut self.habits,
            ItemKind::Entry => &mut self.entries,
            ItemKind::Task => &mut self.tasks,
            ItemKind::TimeEntry => &mut self.time_entries,
            ItemKind::SleepLog => &mut self.sleep_logs,
            ItemKind::Mood => &mut self.moods,
            ItemKind::MoodMoment => &mut self.mood_moments,
        }
    }

    /// Counts what became of a line.
    pub fn count(&mut self, outcome: &LineOutcome) {
        let Some(kind) = outcome.kind else {
            self.unreadable = self.unreadable.saturating_add(u32::from(outcome.fate == Fate::Skipped));
            return;
        };
        let tally = self.tally(kind);
        let count = match outcome.fate {
            Fate::Made => &mut tally.made,
            Fate::Merged => &mut tally.merged,
            Fate::Skipped => &mut tally.skipped,
            Fate::Changed | Fate::Kept => return,
        };
        *count = count.saturating_add(1);
    }

    /// Lists what became of a line, unless there are too many.
    pub fn list(&mut self, outcome: LineOutcome, max: usize) {
        if self.lines.len() < max {
            self.lines.push(outcome);
        } else {
            self.more_lines = self.more_lines.saturating_add(1);
        }
    }

    /// Counts what became of lines, and lists those that weren't taken over as they are.
    pub fn add(&mut self, outcomes: Vec<LineOutcome>) {
        for outcome in outcomes {
            self.count(&outcome);
            if matches!(outcome.fate, Fate::Skipped | Fate::Changed) {
                self.list(outcome, MAX_NOTES);
            }
        }
    }
}
