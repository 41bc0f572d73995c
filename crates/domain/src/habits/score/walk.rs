//! Computing the scores of consecutive days of one plan version.

use super::still::TouchedPeriods;
use super::{Measure, Still, Sums, kept_per_day, window_days};
use crate::civil::num::index_of_day;
use crate::civil::{Date, DateRange};
use crate::habits::bits::span;
use crate::habits::progress::Progress;
use crate::habits::timeline::Segment;

impl Progress<'_> {
    /// Every day for itself, a word of 64 of them at a time; `part` is what a day gains, `keep` what is kept of the day
    /// before.
    pub(super) fn walk_daily(
        &self,
        keep: f64,
        days: DateRange,
        before: f64,
        mut part: impl FnMut(i32, bool) -> f64,
        visit: &mut impl FnMut(i32, f64),
    ) -> f64 {
        let open_today = self.today_is_open_for_score();
        let mut score = before;
        let (mut day, last) = (days.from().days_since_epoch(), days.to().days_since_epoch());
        while day <= last {
            let at = index_of_day(day - self.base) / 64;
            let word = |words: &[u64]| words.get(at).copied().unwrap_or(0);
            let done = word(&self.done);
            let mut counted = word(&self.due) & !word(&self.skipped);
            let begin = day - (day - self.base) % 64;
            let end = last.min(begin + 63);
            if open_today && (begin..begin + 64).contains(&self.today.days_since_epoch()) {
                counted &= !(1 << (self.today.days_since_epoch() - begin));
            }
            while day <= end {
                let bit = day - begin;
                if counted >> bit & 1 == 1 {
                    score = score * keep + part(day, done >> bit & 1 == 1);
                }
                visit(day, score);
                day += 1;
            }
        }
        score
    }

    pub(super) fn today_is_open_for_score(&self) -> bool {
        self.is_scheduled(self.today) && !self.is_done(self.today)
    }

    /// Windows of days that count 1 or nothing: 64 days that enter and 64 that leave at a time.
    pub(super) fn walk_counts(
        &self,
        segment: &Segment,
        weight: f64,
        days: DateRange,
        before: f64,
        visit: &mut impl FnMut(i32, f64),
    ) -> f64 {
        let keep = kept_per_day(segment.frequency());
        let gain = 1.0 - keep;
        let window = window_days(segment);
        let today = self.today.days_since_epoch();
        let open_today = self.today_is_open_for_score();
        let (mut day, last) = (days.from().days_since_epoch(), days.to().days_since_epoch());
        // What is in the window of the day before the first.
        let (mut due, mut done) = (0_i32, 0_i32);
        let mut at = day - window;
        while at < day {
            let (counted, hits) = self.counted_from(at);
            let mask = span(at, at, day - 1);
            due += (counted & mask).count_ones().cast_signed();
            done += (hits & mask).count_ones().cast_signed();
            at += 64;
        }
        let mut score = before;
        while day <= last {
            let (mut entering, mut entering_done) = self.counted_from(day);
            let (mut leaving, mut leaving_done) = self.counted_from(day - window);
            for day in day..=last.min(day + 63) {
                let bit = |word: u64| i32::from(word & 1 == 1);
                due -= bit(leaving);
                done -= bit(leaving_done);
                if day != today || !open_today {
                    due += bit(entering);
                    done += bit(entering_done);
                }
                if due > 0 {
                    let part = (f64::from(done) / (f64::from(due) * weight)).min(1.0);
                    score = score * keep + part * gain;
                }
                visit(day, score);
                entering >>= 1;
                entering_done >>= 1;
                leaving >>= 1;
                leaving_done >>= 1;
            }
            day += 64;
        }
        score
    }

    /// The 64 days from `day` on: those that count, and those of them that were done.
    pub(super) fn counted_from(&self, day: i32) -> (u64, u64) {
        let offset = day - self.base;
        let (at, by) = (offset.div_euclid(64), offset.rem_euclid(64).cast_unsigned());
        let word = |at: i32| {
            if at < 0 {
                return (0, 0);
            }
            let word = |words: &[u64]| words.get(index_of_day(at)).copied().unwrap_or(0);
            let counted = word(&self.due) & !word(&self.skipped);
            (counted, counted & word(&self.done))
        };
        let ((low, low_done), (high, high_done)) = (word(at), word(at + 1));
        if by == 0 { (low, low_done) } else { (low >> by | high << (64 - by), low_done >> by | high_done << (64 - by)) }
    }

    pub(super) fn walk_windows(
        &self,
        segment: &Segment,
        measure: Measure,
        days: DateRange,
        still: Option<&Still>,
        before: f64,
        visit: &mut impl FnMut(i32, f64),
    ) -> f64 {
        let keep = kept_per_day(segment.frequency());
        let gain = 1.0 - keep;
        let window = window_days(segment);
        let is_quota = self.timeline.plan_of(segment).schedule.quota().is_some();
        let today = self.today.days_since_epoch();
        let open_today = self.today_is_open_for_score();
        let first = days.from().days_since_epoch();
        let is_available = |day: i32| still.is_none_or(|still| still.is_available(day));
        let mut oldest = self.window_begin(still, first - 1, window);
        let mut sums = Sums::default();
        let mut entering = Values::new(self, oldest);
        let mut leaving = entering.clone();
        let mut length = 0;
        let mut touched = TouchedPeriods::default();
        for day in (oldest..first).filter(|day| is_available(*day)) {
            length += 1;
            self.shift(&mut sums, day, segment, measure, &mut entering, 1.0);
        }
        let mut score = before;
        for day in first..=days.to().days_since_epoch() {
            if !is_available(day) {
                visit(day, score);
                continue;
            }
            length += 1;
            if length > window {
                while oldest < day && !is_available(oldest) {
                    oldest += 1;
                }
                self.shift(&mut sums, oldest, segment, measure, &mut leaving, -1.0);
                oldest += 1;
                length -= 1;
            }
            let without = sums;
            self.shift(&mut sums, day, segment, measure, &mut entering, 1.0);
            if still.is_some_and(|still| !still.is_moving(day)) {
                visit(day, score);
                continue;
            }
            let is_open = day == today && open_today;
            let mut done = sums.completion(measure);
            if is_open {
                // What was done so far of an amount may help, but what is missing is no miss yet.
                done = match (measure, without.completion(measure), done) {
                    (Measure::Share(_), Some(without), Some(with)) => Some(without.max(with)),
                    (_, without, _) => without,
                };
            }
            if let Some(still) = still.filter(|_| is_quota) {
                while oldest < day && !is_available(oldest) {
                    oldest += 1;
                }
                if self.is_broken(still, &mut touched, segment.from, (oldest, day)) {
                    let limited = matches!(measure, Measure::Limit(_));
                    let by_periods = self.done_by_periods(segment.from, (oldest, day - i32::from(is_open)), limited);
                    done = done.and_then(|done| match by_periods {
                        None => Some(done),
                        Some(asked) => asked.map(|by_periods| by_periods.max(done)),
                    });
                }
            }
            if let Some(done) = done {
                score = score * keep + done * gain;
            }
            visit(day, score);
        }
        score
    }

    /// Whether a day is in the window of a score for what was due on it, whether that was done, and whether it was
    /// skipped.
    #[inline]
    fn counts(&self, day: i32) -> Option<(bool, bool)> {
        let offset = index_of_day(day - self.base);
        let (at, bit) = (offset / 64, offset % 64);
        let is_set = |words: &[u64]| words.get(at).copied().unwrap_or(0) >> bit & 1 == 1;
        is_set(&self.due).then(|| (is_set(&self.done), is_set(&self.skipped)))
    }

    /// Lets a day into the window (`sign` 1) or out of it (−1). Of skipped days, only those of quotas are in it.
    #[inline]
    fn shift(&self, sums: &mut Sums, day: i32, segment: &Segment, now: Measure, values: &mut Values<'_>, sign: f64) {
        let Some((done, skipped)) = self.counts(day) else { return };
        let (measure, comparable) =
            if day >= segment.from.days_since_epoch() { (now, true) } else { self.measure_on(day, segment, now) };
        let kept = |weight: f64| if done || skipped { weight } else { 0.0 };
        let part = match measure {
            Measure::Days(_) => kept(1.0),
            Measure::Target(weight) if comparable => values.at(day, kept(weight)),
            Measure::Share(weight) | Measure::Limit(weight) if comparable => {
                let value = values.at(day, 0.0);
                if skipped { weight } else { value }
            }
            Measure::Limit(_) => return,
            Measure::Target(weight) | Measure::Share(weight) => kept(weight),
        };
        // (A day of another measure, seen from days that are only counted, is one of them.)
        if sign > 0.0 {
            sums.days += 1;
        } else {
            sums.days -= 1;
        }
        sums.due += sign * measure.weight();
        sums.done += sign * part;
    }
}

/// The values of days, in thousandths, that are asked about in order.
#[derive(Clone)]
pub(super) struct Values<'a> {
    left: &'a [(Date, u32)],
}

impl<'a> Values<'a> {
    pub(super) fn new(progress: &Progress<'a>, from: i32) -> Self {
        Self { left: progress.history.thousandths_from(Date::at(from)) }
    }

    /// The value of a day, or what stands for it where none is kept.
    pub(super) fn at(&mut self, day: i32, otherwise: f64) -> f64 {
        while let Some(((date, value), rest)) = self.left.split_first() {
            match date.days_since_epoch() {
                passed if passed < day => self.left = rest,
                found if found == day => return f64::from(*value),
                _ => break,
            }
        }
        otherwise
    }
}
