//! Archived days: they count like paused ones, from the day of archiving until the day of restoring.
//!
//! The day of archiving counts nevertheless if something was done on it before (or after) it was archived: see
//! `counts_if_done`.

use super::super::plan::Archive;
use super::Timeline;
use crate::civil::Date;
use crate::violation::Violations;

/// The archived days, in order; archives of no days leave no trace.
pub(super) fn days(archives: &[Archive]) -> impl Iterator<Item = (Date, Date)> {
    archives.iter().filter_map(|archive| Some((archive.from, archive.last()?)))
}

/// The same days in archives that don't overlap. One that begins on the day of restoring stays apart: that is a day of
/// archiving, too.
pub(super) fn canonical(mut archives: Vec<Archive>) -> Vec<Archive> {
    archives.sort_unstable();
    let mut canonical: Vec<Archive> = Vec::with_capacity(archives.len());
    for (from, last) in days(&archives) {
        let until = last.succ();
        match canonical.last_mut() {
            Some(known) if known.until.is_none_or(|until| from < until) => {
                known.until = known.until.and_then(|known| until.map(|until| until.max(known)));
            }
            _ => canonical.push(Archive { from, until }),
        }
    }
    canonical
}

impl Timeline {
    /// The archived days.
    pub fn archives(&self) -> &[Archive] {
        &self.archives
    }

    /// Whether the habit is archived on a day: from the day of archiving until the day of restoring.
    pub fn is_archived(&self, date: Date) -> bool {
        let after = self.archives.partition_point(|archive| archive.from <= date);
        let archive = after.checked_sub(1).and_then(|at| self.archives.get(at));
        archive.is_some_and(|archive| archive.until.is_none_or(|until| date < until))
    }

    /// This timeline, archived from a day on.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn archived_from(&self, from: Date) -> Result<Self, Violations> {
        self.with_archive(Archive { from, until: None })
    }

    /// This timeline with more archived days.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_archive(&self, archive: Archive) -> Result<Self, Violations> {
        let mut archives = self.archives.clone();
        archives.push(archive);
        Self::with_archives(self.window, self.plans.clone(), self.pauses.clone(), archives)
    }

    /// This timeline, no longer archived from a day on.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn restored_on(&self, date: Date) -> Result<Self, Violations> {
        let mut archives = self.archives.clone();
        for archive in &mut archives {
            archive.until = Some(archive.until.map_or(date, |until| until.min(date)));
        }
        Self::with_archives(self.window, self.plans.clone(), self.pauses.clone(), archives)
    }
}
