//! Stretches of days on which one plan version is in force without a break.

use super::Timeline;
use crate::civil::{Date, DateRange};
use crate::habits::Plan;

impl Timeline {
    /// The stretches of the window's days on which one plan version is in force and nothing is paused or archived, in
    /// order, each with its version.
    pub fn stretches(&self) -> Vec<(DateRange, &Plan)> {
        let mut stretches = Vec::new();
        for segment in &self.segments {
            let Some(plan) = self.plans.get(segment.plan) else { continue };
            let mut from = Some(segment.from);
            let first = self.breaks.partition_point(|(_, to)| *to < segment.from);
            for (pause, to) in self.breaks.iter().skip(first).take_while(|(pause, _)| *pause <= segment.to) {
                let before = from.zip(pause.pred()).and_then(|(from, last)| DateRange::new(from, last));
                stretches.extend(before.map(|days| (days, plan)));
                from = to.succ();
            }
            let rest = from.filter(|from| *from <= segment.to).and_then(|from: Date| DateRange::new(from, segment.to));
            stretches.extend(rest.map(|days| (days, plan)));
        }
        stretches
    }
}
