//! Plans, pauses, archived days and the window: what was decided about when a habit is kept. Stored as JSON on the habit's
//! row.

use serde::{Deserialize, Serialize};

use super::{Kind, Schedule};
use crate::civil::{Date, DateRange, Weekday};
use crate::ids::PauseId;
use crate::violation::Violations;

/// A version of schedule and target, in force from a date until the next version's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PlanDetails))]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The first day it is in force; it is until the next version's. The first version is in force from the habit's first
    /// day on.
    pub effective_from: Date,
    /// What `every`, COUNT and a cycle's phase count from. Days before it are not due by this plan.
    pub anchor: Date,
    /// The first day of the week when the version was created.
    pub week_start: Weekday,
    /// When the habit is due.
    pub schedule: Schedule,
    /// How a day is measured.
    pub kind: Kind,
}

impl Plan {
    /// Moves its first day, and its anchor along where that was the first day.
    pub(super) fn begin_on(&mut self, date: Date) {
        if self.anchor == self.effective_from {
            self.anchor = date;
        }
        self.effective_from = date;
    }
}

/// The days on which a habit is kept: from `starts_on` to `ends_on`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first day.
    pub starts_on: Date,
    /// The last day; none if there is no end.
    pub ends_on: Option<Date>,
}

impl Window {
    /// The last day, [`Date::MAX`] without an end.
    pub fn last(&self) -> Date {
        self.ends_on.unwrap_or(Date::MAX)
    }

    /// Whether a day is one of them.
    pub fn contains(&self, date: Date) -> bool {
        self.starts_on <= date && date <= self.last()
    }

    /// Its days; none if it ends before it starts.
    pub fn range(&self) -> Option<DateRange> {
        DateRange::new(self.starts_on, self.last())
    }

    /// Checks it.
    ///
    /// # Errors
    /// `before_start` at `/ends_on` if it ends before it starts.
    pub fn validate(&self) -> Result<(), Violations> {
        if self.range().is_some() {
            return Ok(());
        }
        let mut wrong = Violations::new();
        wrong.add("/ends_on", "before_start", "must not lie before `starts_on`");
        Err(wrong)
    }
}

words! {
    /// Where a pause of a habit comes from.
    #[derive(Default)]
    pub enum PauseSource {
        /// It is the habit's own.
        #[default]
        Own = "own",
        /// It is one of the pauses of all habits.
        Shared = "shared",
        /// The days were lost at the date line: they count nevertheless if something was done on them.
        DateLine = "date_line",
    }
}

impl PauseSource {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

/// A pause: days on which the habit isn't due and its streak isn't broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// The id.
    pub id: PauseId,
    /// The first day.
    pub from: Date,
    /// The last day; none while there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "PauseSource::is_own")]
    pub source: PauseSource,
}

impl Pause {
    /// Whether it is the habit's own.
    pub fn is_own(&self) -> bool {
        self.source.is_own()
    }

    /// The last day, [`Date::MAX`] without an end.
    pub fn last(&self) -> Date {
        self.to.unwrap_or(Date::MAX)
    }

    /// Whether it covers a day.
    pub fn contains(&self, date: Date) -> bool {
        self.from <= date && date <= self.last()
    }

    /// Checks it.
    ///
    /// # Errors
    /// `before_start` at `/to` if it ends before it begins.
    pub fn validate(&self) -> Result<(), Violations> {
        let mut wrong = Violations::new();
        if self.last() < self.from {
            wrong.add("/to", "before_start", "must not lie before `from`");
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

/// Days on which a habit was archived: they count like paused ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The day of archiving. It counts nevertheless if something was done on it.
    pub from: Date,
    /// The day of restoring, which is no longer archived; none while the habit is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

impl Archive {
    /// The last archived day; `None` if it was restored on the day of archiving.
    pub(super) fn last(&self) -> Option<Date> {
        let last = self.until.map_or(Some(Date::MAX), Date::pred)?;
        (self.from <= last).then_some(last)
    }
}
