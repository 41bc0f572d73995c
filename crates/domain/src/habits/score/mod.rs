//! The score: how strong a habit is, 0–1, by exponential smoothing as in Loop Habit Tracker.
//!
//! A step per day: `s ← s·m + c·(1 − m)` with `m = 0.5^(√f/13)`, f being the due days per day of the plan in force, so
//! that the half-life of a daily habit is 13 days. c is what was done ÷ what was due over a trailing window: that day
//! alone for f = 1, else the last 2·den available days of f = num/den. On skipped, paused and archived days the score
//! stands still, and the window reaches back over them (a quota's skip is in it, as one done); where nothing is due in
//! it, the score stays. The window of a quota that reaches over a break holds no whole periods any more: with a break or
//! a skip in it, c is at least what its periods amount to, so that those take nothing from who kept them. (One that
//! begins before the plan version of its day has no such floor, whether that day is over or still open: periods of
//! different versions may ask for different things.) Today drops out too while it isn't done. Amounts to be reached count
//! as `min(1, Σ value ÷ Σ target)`; limits count their days kept. Quotas are due num days in den, any of them; an amount per
//! period is held against its share of the days in the window, and one that is not to be exceeded the other way round:
//! what was allowed ÷ what it came to, at most 1. A window that reaches into days of an earlier plan version weighs each
//! day by its own version's target, or, where that measured something else, as kept or not; out of the window of a limit
//! per period such days drop.
//!
//! Rolling quotas are scored as Loop scores "n times in d days", to the last digit: c is `min(1, done days ÷ 2n)` over the
//! last 2d days, however few there were yet, and a skipped day is one of them that wasn't done. Where Loop knows nothing,
//! the above holds: windows reach back over paused and archived days, and over today while that isn't done.

mod rolling;
mod still;
mod walk;

use std::cell::OnceCell;

pub(super) use self::still::Still;
use self::walk::Values;
use super::history::History;
use super::kind::Direction;
use super::progress::Progress;
use super::schedule::Quota;
use super::timeline::{Segment, Timeline};
use crate::civil::num::day_of;
use crate::civil::{Date, DateRange};

/// How many half-lives of a score are looked at: what lies before weighs less than 10⁻¹².
const HALF_LIVES: f64 = 40.0;
/// The half-life of a daily habit's score, in days.
const HALF_LIFE_DAYS: f64 = 13.0;

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

/// The score of `date` as of that day; 0 before the start.
pub fn score_on(timeline: &Timeline, history: &History, date: Date) -> f64 {
    Progress::new(timeline, history, date).score()
}

/// The scores of the days of `range` within the window, as of `today`; none for days after it.
pub fn scores(timeline: &Timeline, history: &History, range: DateRange, today: Date) -> Vec<Score> {
    Progress::new(timeline, history, today).scores(range)
}

/// How many days back a score looks for what was done of what was due.
pub(super) fn window_days(segment: &Segment) -> i32 {
    if segment.frequency() >= 1.0 { 1 } else { segment.days.saturating_mul(2).min(84_006).cast_signed() }
}

/// How days are weighed.
#[derive(Clone, Copy, PartialEq)]
enum Measure {
    /// A done day counts 1 of what a due day weighs: 1, or of a quota its share of the number.
    Days(f64),
    /// A due day weighs its target.
    Target(f64),
    /// An available day weighs its share of the amount.
    Share(f64),
    /// An available day weighs its share of the amount that is not to be exceeded.
    Limit(f64),
}

impl Measure {
    const fn weight(self) -> f64 {
        match self {
            Self::Days(weight) | Self::Target(weight) | Self::Share(weight) | Self::Limit(weight) => weight,
        }
    }
}

/// What was due and what was done of it over a trailing window.
#[derive(Default, Clone, Copy)]
struct Sums {
    days: u32,
    due: f64,
    done: f64,
}

impl Sums {
    /// c, if anything is left in the window.
    fn completion(self, measure: Measure) -> Option<f64> {
        (self.days > 0).then(|| match measure {
            Measure::Limit(_) if self.done <= self.due => 1.0,
            Measure::Limit(_) => self.due / self.done,
            Measure::Days(_) | Measure::Target(_) | Measure::Share(_) => (self.done / self.due).clamp(0.0, 1.0),
        })
    }
}

impl Progress<'_> {
    /// The score of today; 0 before the start.
    pub fn score(&self) -> f64 {
        self.score_by(self.today)
    }

    /// The score of a day up to today; 0 before the start.
    pub(super) fn score_by(&self, date: Date) -> f64 {
        let (from, before) = self.begin_of_score(date);
        let mut last = before;
        self.walk(from, date, before, |_, score| last = score);
        last
    }

    /// The scores of the days of `range`, none for those before the start, after the end or after today.
    pub fn scores(&self, range: DateRange) -> Vec<Score> {
        let Some(range) = self.past(range) else { return Vec::new() };
        let mut scores = Vec::with_capacity(crate::civil::num::index(range.len()));
        let (from, before) = self.begin_of_score(range.from());
        self.walk(from, range.to(), before, |day, value| {
            if day >= range.from().days_since_epoch() {
                scores.push(Score { date: Date::at(day), value });
            }
        });
        scores
    }

    /// The day from which the score of `date` has to be computed, and the score before it: 0 at the horizon, the stored
    /// score at a checkpoint, or 0 at the start.
    fn begin_of_score(&self, date: Date) -> (Date, f64) {
        match (self.horizon(date), self.before) {
            (Some(from), None) => (from, 0.0),
            (Some(from), Some(checkpoint)) if from >= checkpoint.at => (from, 0.0),
            (_, Some(checkpoint)) => (checkpoint.at, checkpoint.score),
            (None, None) => (self.timeline.window().starts_on, 0.0),
        }
    }

    /// The day 40 half-lives back, counting the days on which the score moves. (In a long pause, or after the last
    /// occurrence of a rule, it doesn't.) None if that is further back than the days go.
    fn horizon(&self, date: Date) -> Option<Date> {
        let mut left = HALF_LIVES;
        let still = OnceCell::new();
        let still = || still.get_or_init(|| self.still_days()).as_ref();
        for segment in self.timeline.segments().iter().rev().filter(|segment| segment.from <= date) {
            let per_day = segment.frequency().sqrt() / HALF_LIFE_DAYS;
            let window = window_days(segment);
            let (from, to) = (segment.from.days_since_epoch(), segment.to.min(date).days_since_epoch());
            let mut later = to + 1;
            for (at, (due, skipped)) in self.due.iter().zip(&self.skipped).enumerate().rev() {
                let begin = self.base + day_of(at) * 64;
                let mut counted = due & !skipped & super::bits::span(begin, from, to);
                if window == 1 {
                    left -= f64::from(counted.count_ones()) * per_day;
                    counted = 0;
                }
                while counted != 0 {
                    let day = begin + 63 - counted.leading_zeros().cast_signed();
                    counted &= !(1 << (day - begin));
                    let days = later - day;
                    let moving = still().map_or(days, |still| still.count_moving(day, later - 1).cast_signed());
                    left -= f64::from(window.min(moving)) * per_day;
                    later = day;
                }
                if left <= 0.0 {
                    return Some(Date::at(begin.max(from)));
                }
            }
        }
        None
    }

    /// Computes the scores of the days from `from` to `to`, given the score before. After the last day of the window
    /// nothing is due, and the score doesn't change.
    fn walk(&self, from: Date, to: Date, before: f64, mut visit: impl FnMut(i32, f64)) {
        let mut score = before;
        let still = OnceCell::new();
        let still = || still.get_or_init(|| self.still_days()).as_ref();
        for segment in self.timeline.segments() {
            let Some(days) = DateRange::new(from.max(segment.from), to.min(segment.to)) else { continue };
            let measure = self.measure_of(segment);
            if window_days(segment) == 1 && !matches!(measure, Measure::Share(_) | Measure::Limit(_)) {
                let keep = kept_per_day(segment.frequency());
                let gain = 1.0 - keep;
                let Measure::Target(target) = measure else {
                    let gained = |_, done: bool| if done { gain } else { 0.0 };
                    score = self.walk_daily(keep, days, score, gained, &mut visit);
                    continue;
                };
                let mut values = Values::new(self, days.from().days_since_epoch());
                let gained =
                    |day, done: bool| (values.at(day, if done { target } else { 0.0 }) / target).min(1.0) * gain;
                score = self.walk_daily(keep, days, score, gained, &mut visit);
                continue;
            }
            if let Some(rolling) = self.timeline.plan_of(segment).schedule.rolling() {
                score = self.walk_rolling(segment, rolling, days, still(), score, &mut visit);
                continue;
            }
            // Windows that lie within the version, and in which days only count, need no look at every day twice.
            let begin = segment.from.days_since_epoch();
            let whole = if begin <= self.timeline.window().starts_on.days_since_epoch() {
                begin
            } else {
                begin + window_days(segment)
            };
            let (first, last) = (days.from().days_since_epoch(), days.to().days_since_epoch());
            let Measure::Days(weight) = measure else {
                score = self.walk_windows(segment, measure, days, still(), score, &mut visit);
                continue;
            };
            // The days around one that bear on its score: the window, and all of the periods it touches.
            let period = self.timeline.plan_of(segment).schedule.quota().map_or(0, |(_, per)| per.most_days());
            let reach = (window_days(segment) + period, period);
            let mut at = first;
            while at <= last {
                let (until, is_plain) = match still() {
                    _ if at < whole => (last.min(whole - 1), false),
                    None => (last, true),
                    Some(still) => still.alike(self.timeline, at, reach, last),
                };
                let days = DateRange::new(Date::at(at), Date::at(until)).unwrap_or(days);
                score = if is_plain {
                    self.walk_counts(segment, weight, days, score, &mut visit)
                } else {
                    self.walk_windows(segment, measure, days, still(), score, &mut visit)
                };
                at = until + 1;
            }
        }
    }

    fn measure_of(&self, segment: &Segment) -> Measure {
        let plan = self.timeline.plan_of(segment);
        let limited = plan.kind.direction() == Direction::AtMost;
        match (plan.schedule.quota(), plan.kind.target()) {
            (Some((Quota::Times(_), _)), _) => Measure::Days(segment.frequency()),
            (None, _) if plan.schedule.is_quota() => Measure::Days(segment.frequency()),
            (Some((Quota::Amount(amount), per)), _) => {
                let share = amount.as_thousandths_f64() / f64::from(per.usual_days());
                if limited { Measure::Limit(share) } else { Measure::Share(share) }
            }
            (None, Some(target)) if !limited => Measure::Target(target.as_thousandths_f64()),
            (None, _) => Measure::Days(1.0),
        }
    }

    /// How a day is weighted when `segment` looks back on it: by its own version, if that measures the same; otherwise
    /// by the current weight, in full or not at all.
    fn measure_on(&self, day: i32, segment: &Segment, now: Measure) -> (Measure, bool) {
        let Some(own) = self.timeline.segments().iter().rev().find(|own| own.from.days_since_epoch() <= day) else {
            return (now, true);
        };
        let measure = self.measure_of(own);
        let (one, other) = (self.timeline.plan_of(own), self.timeline.plan_of(segment));
        let same_kind =
            one.kind.type_name() == other.kind.type_name() && one.kind.direction() == other.kind.direction();
        match (now, measure) {
            (Measure::Days(_), Measure::Days(_)) => (measure, true),
            (Measure::Target(_), Measure::Target(_))
            | (Measure::Share(_), Measure::Share(_))
            | (Measure::Limit(_), Measure::Limit(_))
                if same_kind =>
            {
                (measure, true)
            }
            _ => (now, false),
        }
    }
}
