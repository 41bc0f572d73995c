//! The score: how strong a habit is, 0–1, by exponential smoothing as in Loop Habit Tracker.
//!
//! A step per day: `s ← s·m + c·(1 − m)` with `m = 0.5^(√f/13)`, f being the due days per day of the plan in force, so
//! that the half-life of a daily habit is 13 days. c is what was done ÷ what was due over a trailing window: that day
//! alone for f = 1, else the last 2·den days of f = num/den. Skipped and paused days drop out of the window; where
//! nothing is left in it, the score stays. Today drops out too while it isn't done. Amounts to be reached count as
//! `min(1, Σ value ÷ Σ target)`; limits count their days kept. Quotas are due num days in den, any of them; an amount per
//! period is held against its share of the days in the window.

use super::history::{HALF_LIFE_DAYS, HALF_LIVES, History};
use super::kind::Direction;
use super::progress::Progress;
use super::schedule::Quota;
use super::timeline::{Segment, Timeline};
use crate::civil::num::{float, index_of_day};
use crate::civil::{Date, DateRange};

/// A day's score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The day.
    pub date: Date,
    /// 0–1.
    pub value: f64,
}

/// One step of the score: from the day before's, with a frequency of `due_per_day` (above 0, at most 1) and what was
/// done of what was due (0–1).
///
/// ```
/// use circadia_domain::habits::score_step;
/// assert!((score_step(1.0, 0.0, 1.0) - 0.051_922).abs() < 1e-6);
/// assert!((score_step(1.0 / 3.0, 0.0, 1.0) - 0.030_314).abs() < 1e-6);
/// let after_20_days = (0..20).fold(0.0, |score, _| score_step(1.0, score, 1.0));
/// assert!((after_20_days - 0.655_747_f64).abs() < 1e-6);
/// ```
pub fn score_step(due_per_day: f64, before: f64, done: f64) -> f64 {
    let keep = kept_per_day(due_per_day);
    before * keep + done * (1.0 - keep)
}

fn kept_per_day(due_per_day: f64) -> f64 {
    0.5_f64.powf(due_per_day.sqrt() / HALF_LIFE_DAYS)
}

/// A number of days that was computed in floating point, limited to the length of the calendar.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "clamped to 0 … 84,006; NaN becomes 0")]
pub(super) const fn whole(days: f64) -> i32 {
    days.clamp(0.0, 84_006.0) as i32
}

/// The score of `date` as of that day; 0 before the start.
pub fn score_on(timeline: &Timeline, history: &History, date: Date) -> f64 {
    Progress::since(timeline, history, date, view_begin(timeline, date)).score()
}

/// The scores of the days of `range` within the window, as of `today`; none for days after it.
pub fn scores(timeline: &Timeline, history: &History, range: DateRange, today: Date) -> Vec<Score> {
    let first = range.from().min(today);
    Progress::since(timeline, history, today, view_begin(timeline, first)).scores(range)
}

/// How far back a score of `date` looks: 40 half-lives, and a window before them.
fn view_begin(timeline: &Timeline, date: Date) -> Date {
    let (begin, window) = horizon(timeline, date);
    begin.saturating_add_days(-window).max(timeline.window().starts_on)
}

/// The day from which on a score of `date` has to be computed, and the longest window on the way.
fn horizon(timeline: &Timeline, date: Date) -> (Date, i32) {
    let mut left = HALF_LIVES;
    let mut longest = 0;
    for segment in timeline.segments().iter().rev().filter(|segment| segment.from <= date) {
        let per_day = segment.frequency().sqrt() / HALF_LIFE_DAYS;
        let to = segment.to.min(date);
        longest = longest.max(window_days(segment));
        let wanted = whole((left / per_day).ceil());
        if segment.from.days_until(to) >= wanted {
            return (to.saturating_add_days(-wanted), longest);
        }
        left -= f64::from(segment.from.days_until(to)) * per_day;
    }
    (timeline.window().starts_on, longest)
}

fn window_days(segment: &Segment) -> i32 {
    if segment.frequency() >= 1.0 { 1 } else { segment.days.saturating_mul(2).min(84_006).cast_signed() }
}

/// How c is found.
#[derive(Clone, Copy)]
enum Measure {
    /// Done days ÷ due days.
    Days,
    /// Done days ÷ (f × available days).
    Times,
    /// Σ value ÷ Σ target over due days; the target.
    Amounts(u32),
    /// Σ value ÷ (available days × the amount of a day).
    Share(f64),
}

/// The sums over a trailing window.
#[derive(Default, Clone, Copy)]
struct Sums {
    due: u32,
    done: u32,
    value: u64,
}

impl Progress<'_> {
    /// The score of today; 0 before the start.
    pub fn score(&self) -> f64 {
        let mut last = 0.0;
        let from = horizon(self.timeline, self.today).0;
        self.walk(from, self.today, |_, score| last = score);
        last
    }

    /// The scores of the days of `range`, none for those before the start, after the end or after today.
    pub fn scores(&self, range: DateRange) -> Vec<Score> {
        let Some(range) = self.past(range) else { return Vec::new() };
        let mut scores = Vec::with_capacity(crate::civil::num::index(range.len()));
        let from = horizon(self.timeline, range.from()).0;
        self.walk(from, range.to(), |day, value| {
            if day >= range.from().days_since_epoch() {
                scores.push(Score { date: Date::at(day), value });
            }
        });
        scores
    }

    /// Computes the scores of the days from `from` to `to`, the one before taken as 0. After the last day of the window
    /// nothing is due any more, and nothing changes.
    fn walk(&self, from: Date, to: Date, mut visit: impl FnMut(i32, f64)) {
        let mut score = 0.0;
        for segment in self.timeline.segments() {
            let Some(days) = DateRange::new(from.max(segment.from), to.min(segment.to)) else { continue };
            let measure = self.measure_of(segment);
            if let (Measure::Days, true) = (measure, window_days(segment) == 1) {
                score = self.walk_daily(segment, days, score, &mut visit);
            } else {
                score = self.walk_windows(segment, measure, days, score, &mut visit);
            }
        }
    }

    fn measure_of(&self, segment: &Segment) -> Measure {
        let plan = self.timeline.plan_of(segment);
        let limited = plan.kind.direction() == Direction::AtMost;
        match (plan.schedule.quota(), plan.kind.target()) {
            (Some((Quota::Times(_), _)), _) => Measure::Times,
            (Some((Quota::Amount(amount), per)), _) => Measure::Share(f64::from(amount) / f64::from(per.usual_days())),
            (None, Some(target)) if !limited => Measure::Amounts(target),
            (None, _) => Measure::Days,
        }
    }

    /// Every day for itself: a word of 64 days at a time.
    fn walk_daily(&self, segment: &Segment, days: DateRange, before: f64, visit: &mut impl FnMut(i32, f64)) -> f64 {
        let keep = kept_per_day(segment.frequency());
        let gain = 1.0 - keep;
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
                    let step = if done >> bit & 1 == 1 { gain } else { 0.0 };
                    score = score * keep + step;
                }
                visit(day, score);
                day += 1;
            }
        }
        score
    }

    fn today_is_open_for_score(&self) -> bool {
        self.is_scheduled(self.today) && !self.is_done(self.today)
    }

    fn walk_windows(
        &self,
        segment: &Segment,
        measure: Measure,
        days: DateRange,
        before: f64,
        visit: &mut impl FnMut(i32, f64),
    ) -> f64 {
        let keep = kept_per_day(segment.frequency());
        let gain = 1.0 - keep;
        let window = window_days(segment);
        let frequency = segment.frequency();
        let today = self.today.days_since_epoch();
        let open_today = self.today_is_open_for_score();
        let first = days.from().days_since_epoch();
        let start = self.timeline.window().starts_on.days_since_epoch();
        let mut sums = Sums::default();
        let mut entering = Values::new(self, first.saturating_sub(window).max(start));
        let mut leaving = entering.clone();
        for day in first.saturating_sub(window).max(start)..first {
            self.enter(&mut sums, day, measure, &mut entering);
        }
        let mut score = before;
        for day in first..=days.to().days_since_epoch() {
            if day - window >= start {
                self.leave(&mut sums, day - window, measure, &mut leaving);
            }
            let without = sums;
            self.enter(&mut sums, day, measure, &mut entering);
            let mut done = completion(sums, measure, frequency);
            if day == today && open_today {
                done = match measure {
                    // What was done so far may help, but what is missing is no miss yet.
                    Measure::Share(_) => match (completion(without, measure, frequency), done) {
                        (Some(without), Some(with)) => Some(without.max(with)),
                        (without, _) => without,
                    },
                    Measure::Amounts(_) | Measure::Days | Measure::Times => completion(without, measure, frequency),
                };
            }
            if let Some(done) = done {
                score = score * keep + done * gain;
            }
            visit(day, score);
        }
        score
    }

    #[inline]
    fn counts(&self, day: i32) -> Option<bool> {
        let offset = index_of_day(day - self.base);
        let (at, bit) = (offset / 64, offset % 64);
        let word = |words: &[u64]| words.get(at).copied().unwrap_or(0);
        let counted = word(&self.due) & !word(&self.skipped);
        (counted >> bit & 1 == 1).then(|| word(&self.done) >> bit & 1 == 1)
    }

    fn enter(&self, sums: &mut Sums, day: i32, measure: Measure, values: &mut Values<'_>) {
        if let Some(done) = self.counts(day) {
            sums.due += 1;
            sums.done += u32::from(done);
            sums.value += values.at(day, done, measure);
        }
    }

    fn leave(&self, sums: &mut Sums, day: i32, measure: Measure, values: &mut Values<'_>) {
        if let Some(done) = self.counts(day) {
            sums.due -= 1;
            sums.done -= u32::from(done);
            sums.value -= values.at(day, done, measure);
        }
    }
}

/// c, if anything is left in the window.
fn completion(sums: Sums, measure: Measure, frequency: f64) -> Option<f64> {
    if sums.due == 0 {
        return None;
    }
    let due = f64::from(sums.due);
    let part = match measure {
        Measure::Days => f64::from(sums.done) / due,
        Measure::Times => f64::from(sums.done) / (due * frequency),
        Measure::Amounts(target) => float(sums.value) / (due * f64::from(target)),
        Measure::Share(per_day) => float(sums.value) / (due * per_day),
    };
    Some(part.min(1.0))
}

/// The values of days that are asked about in order.
#[derive(Clone)]
struct Values<'a> {
    left: &'a [(Date, u32)],
}

impl<'a> Values<'a> {
    fn new(progress: &Progress<'a>, from: i32) -> Self {
        let values = progress.history.values();
        let first = values.partition_point(|(date, _)| date.days_since_epoch() < from);
        Self { left: values.get(first..).unwrap_or_default() }
    }

    fn at(&mut self, day: i32, done: bool, measure: Measure) -> u64 {
        let target = match measure {
            Measure::Days | Measure::Times => return 0,
            Measure::Amounts(target) => u64::from(target),
            Measure::Share(_) => 0,
        };
        while let Some(((date, value), rest)) = self.left.split_first() {
            match date.days_since_epoch() {
                passed if passed < day => self.left = rest,
                found if found == day => return u64::from(*value),
                _ => break,
            }
        }
        // A day without a value that was called done counts as such, and so does one whose value isn't kept any more.
        if done { target } else { 0 }
    }
}
