//! What becomes of sleep logs, which may not overlap.

use std::collections::{BTreeMap, HashSet};

use super::{Fate, Planner, by_key, fate, in_rounds};
use crate::civil::Instant;
use crate::ids::SleepLogId;
use crate::import::check;
use crate::sleep::SleepLog;

impl Planner<'_> {
    pub(super) fn sleep_logs(&mut self) {
        let stored = by_key(&self.contents.sleep_logs, |log| log.id);
        let (mut seen, mut pending) = (HashSet::new(), Vec::new());
        for (at, log) in self.document.sleep_logs.iter().enumerate() {
            let pointer = format!("/sleep_logs/{at}");
            self.refuse(&pointer, check::sleep_log(log, self.now));
            if !self.is_first(&mut seen, log.id, &format!("{pointer}/id")) {
                continue;
            }
            match fate(stored.get(&log.id).map(|stored| stored.updated_at), log.updated_at) {
                Fate::Unchanged => self.plan.report.sleep_logs.count(Fate::Unchanged),
                fate => pending.push((pointer, log, fate)),
            }
        }
        let mut taken = Intervals::default();
        self.contents.sleep_logs.iter().for_each(|log| taken.take(log));
        let left = in_rounds(pending, |(_, log, fate)| {
            if taken.overlapped_by(log).is_some() {
                return false;
            }
            if let Some(before) = stored.get(&log.id) {
                taken.release(before);
            }
            taken.take(log);
            self.plan.report.sleep_logs.count(*fate);
            self.plan.sleep_logs.push(SleepLog { rev: self.rev, ..(*log).clone() });
            true
        });
        for (pointer, log, _) in left {
            let detail = match taken.overlapped_by(log) {
                Some((start, end)) => format!("it overlaps the sleep from {start} to {end}"),
                None => "it overlapped another sleep".to_owned(),
            };
            self.plan.report.sleep_logs.skipped += 1;
            self.plan.report.note(pointer, "sleep_overlap", detail);
        }
    }
}

/// Times of sleep, which don't overlap.
#[derive(Debug, Default)]
struct Intervals {
    by_start: BTreeMap<(Instant, SleepLogId), Instant>,
}

impl Intervals {
    fn take(&mut self, log: &SleepLog) {
        let (start, end) = log.sleep.interval();
        self.by_start.insert((start, log.id), end);
    }

    fn release(&mut self, log: &SleepLog) {
        self.by_start.remove(&(log.sleep.start, log.id));
    }

    /// The time of another log that a log overlaps. None is longer than a day.
    fn overlapped_by(&self, log: &SleepLog) -> Option<(Instant, Instant)> {
        let (start, end) = log.sleep.interval();
        let first = (start.plus_seconds(-crate::sleep::MAX_SECONDS), SleepLogId::from_uuid(uuid::Uuid::nil()));
        let last = (end, SleepLogId::from_uuid(uuid::Uuid::nil()));
        self.by_start
            .range(first..last)
            .map(|((other, id), until)| (*id, (*other, *until)))
            .find(|(id, other)| *id != log.id && crate::sleep::overlap(*other, (start, end)))
            .map(|(_, other)| other)
    }
}
