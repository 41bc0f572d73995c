//! The scores of a rolling quota, as Loop Habit Tracker has them.

use super::{Still, kept_per_day, window_days};
use crate::civil::DateRange;
use crate::habits::progress::Progress;
use crate::habits::schedule::Rolling;
use crate::habits::timeline::Segment;

impl Progress<'_> {
    /// The scores of consecutive days of one version that asks for fewer than all days.
    pub(super) fn walk_rolling(
        &self,
        segment: &Segment,
        rolling: Rolling,
        days: DateRange,
        still: Option<&Still>,
        before: f64,
        visit: &mut impl FnMut(i32, f64),
    ) -> f64 {
        let keep = kept_per_day(segment.frequency());
        let gain = (1.0 - keep) / f64::from(2 * rolling.times);
        let most = 2 * rolling.times;
        let window = window_days(segment);
        let open_today = self.today_is_open_for_score().then(|| self.today.days_since_epoch());
        let (first, last) = (days.from().days_since_epoch(), days.to().days_since_epoch());
        let mut oldest = self.window_begin(still, first - 1, window);
        let mut hits = Days::from(oldest);
        let (mut length, mut done) = (0, 0);
        let is_available = |day: i32| still.is_none_or(|still| still.is_available(day));
        for day in oldest..first {
            let hit = hits.next(self);
            if is_available(day) {
                length += 1;
                done += hit;
            }
        }
        let mut leaving = Days::from(oldest);
        let mut score = before;
        for day in first..=last {
            let hit = hits.next(self);
            if !is_available(day) {
                visit(day, score);
                continue;
            }
            // (What wasn't done of an open today isn't in the window; that reaches back to the day before its first.)
            let without = done;
            length += 1;
            done += hit;
            while length > window {
                let left = leaving.next(self);
                if is_available(oldest) {
                    length -= 1;
                    done -= left;
                }
                oldest += 1;
            }
            if still.is_none_or(|still| still.is_moving(day)) {
                let counted = if open_today == Some(day) { without } else { done };
                score = score * keep + f64::from(counted.min(most)) * gain;
            }
            visit(day, score);
        }
        score
    }
}

/// Days one by one, and whether each was done.
struct Days {
    day: i32,
    word: u64,
    left: u32,
}

impl Days {
    const fn from(day: i32) -> Self {
        Self { day, word: 0, left: 0 }
    }

    #[inline]
    fn next(&mut self, progress: &Progress<'_>) -> u32 {
        if self.left == 0 {
            self.word = progress.counted_from(self.day).1;
            self.left = 64;
        }
        let done = u32::from(self.word & 1 == 1);
        self.word >>= 1;
        self.left -= 1;
        self.day += 1;
        done
    }
}
