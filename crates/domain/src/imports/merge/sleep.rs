//! Sleep logs, which may not overlap.

use super::{Fate, ItemKind, Merger, Refusal, first_of};
use crate::import::check;
use crate::sleep::{MAX_SECONDS, SleepLog, overlap};

impl Merger<'_> {
    pub(super) fn sleep_log(&mut self, mut log: SleepLog) -> Result<Fate, Refusal> {
        if self.present.sleep_ids.contains(&log.id.as_uuid()) {
            return Ok(Fate::Merged);
        }
        check::sleep_log(&log, self.now).map_err(|wrong| first_of(&wrong))?;
        let interval = log.sleep.interval();
        let first = interval.0.plus_seconds(-MAX_SECONDS);
        let mut near = self.present.sleeps.range(first..interval.1).map(|(start, end)| (*start, *end));
        if let Some((start, end)) = near.find(|other| overlap(*other, interval)) {
            return Err(("sleep_overlap", format!("it overlaps the sleep from {start} to {end}")));
        }
        log.rev = self.rev;
        self.present.sleeps.insert(interval.0, interval.1);
        self.present.sleep_ids.insert(log.id.as_uuid());
        let fate = self.made(ItemKind::SleepLog, log.id.as_uuid(), None);
        self.merged.sleep_logs.push(log);
        Ok(fate)
    }
}
