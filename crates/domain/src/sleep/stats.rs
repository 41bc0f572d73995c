//! Statistics of a user's sleep in a range of dates.
//!
//! Statistics of nights only include those with data: a night without a log is reported as missing and doesn't affect
//! them. Naps are counted separately.

use std::collections::BTreeSet;

use super::clock::{ClockMean, clock_mean};
use super::nights::{Night, nights};
use super::regularity::{Regularity, regularity};
use super::{Sleep, SleepKind};
use crate::civil::num::len32;
use crate::civil::{Date, DateRange, Weekdays};
use crate::summary_stats::SummaryStats;
use crate::users::SleepGoal;

/// How many nights a debt looks back over.
pub const DEBT_NIGHTS: i32 = 14;

/// What nights have in common.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NightSummary {
    /// Nights with data.
    pub nights: u32,
    /// Dates of the range, up to today, without a night.
    pub missing: u32,
    /// Of the seconds in bed.
    pub duration: Option<SummaryStats>,
    /// Of the seconds asleep; seconds awake are left out as far as they were counted.
    pub asleep: Option<SummaryStats>,
    /// When they went to bed.
    pub bed: Option<ClockMean>,
    /// When they woke.
    pub wake: Option<ClockMean>,
    /// The middle of their sleep.
    pub mid_sleep: Option<ClockMean>,
    /// Time asleep ÷ time in bed, 0–1, over the nights whose seconds awake were counted, all together; none without.
    pub efficiency: Option<f64>,
    /// How many nights those are.
    pub efficiency_nights: u32,
    /// The mean quality of the nights that have one, 1–5.
    pub quality: Option<f64>,
    /// How many nights those are.
    pub quality_nights: u32,
}

impl NightSummary {
    /// Of nights of a range, as it is on `today`.
    pub(crate) fn of(nights: &[Night], range: DateRange, today: Date) -> Self {
        let over = DateRange::new(range.from(), range.to().min(today));
        let logged = dates_of(nights.iter().filter(|night| over.is_some_and(|over| over.contains(night.date))));
        let counted = || nights.iter().filter(|night| night.counted_awake);
        let in_bed: u32 = counted().map(|night| night.duration_seconds).sum();
        let asleep: u32 = counted().map(|night| night.asleep_seconds).sum();
        let qualities: Vec<f64> = nights.iter().filter_map(Night::mean_quality).collect();
        Self {
            nights: len32(nights.len()),
            missing: over.map_or(0, DateRange::len).saturating_sub(logged),
            duration: SummaryStats::of(nights.iter().map(|night| f64::from(night.duration_seconds))),
            asleep: SummaryStats::of(nights.iter().map(|night| f64::from(night.asleep_seconds))),
            bed: clock_mean(nights.iter().map(|night| night.bed_time)),
            wake: clock_mean(nights.iter().map(|night| night.wake_time)),
            mid_sleep: clock_mean(nights.iter().map(|night| night.mid_time)),
            efficiency: (in_bed > 0).then(|| f64::from(asleep) / f64::from(in_bed)),
            efficiency_nights: len32(counted().count()),
            quality: SummaryStats::of(qualities.iter().copied()).map(|spread| spread.mean),
            quality_nights: len32(qualities.len()),
        }
    }
}

/// How many dates nights have.
fn dates_of<'a>(nights: impl Iterator<Item = &'a Night>) -> u32 {
    let dates: BTreeSet<Date> = nights.map(|night| night.date).collect();
    len32(dates.len())
}

/// Social jet lag: how far the middle of sleep on free days is from that on other days.
///
/// Wittmann et al., *Social jetlag: misalignment of biological and social time*, Chronobiology International 23:497
/// (2006): |MSF − MSW|; here on the shorter arc of the clock, between circular means. A night is free if one wakes from
/// it on a free day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SocialJetLag {
    /// Seconds, 0–43,200.
    pub seconds: f64,
    /// MSF: the middle of sleep on free days.
    pub free: ClockMean,
    /// MSW: the middle of sleep on other days.
    pub work: ClockMean,
}

impl SocialJetLag {
    /// That of nights; none without nights of either kind, or where the times of one cancel out.
    pub(super) fn of(nights: &[Night], free_days: Weekdays) -> Option<Self> {
        let mean = |wanted: bool| {
            let own = nights.iter().filter(|night| free_days.contains(night.date.weekday()) == wanted);
            clock_mean(own.map(|night| night.mid_time))
        };
        let (free, work) = (mean(true)?, mean(false)?);
        Some(Self { seconds: free.time.arc_to(work.time), free, work })
    }
}

/// Sleep that is owed: what the last 14 nights lack of their goal, longer ones making up for shorter ones. Two nights
/// with one date have one goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debt {
    /// `max(0, Σ (goal − asleep))` over the dates with a night, in seconds; none without any.
    pub seconds: Option<i64>,
    /// The dates it looks back over.
    pub dates: DateRange,
    /// How many of them have a night.
    pub nights: u32,
    /// How many have none; they aren't assumed to be anything.
    pub missing: u32,
}

impl Debt {
    /// The dates of a debt as of a date.
    pub fn dates(on: Date) -> DateRange {
        DateRange::new(on.saturating_add_days(1 - DEBT_NIGHTS), on).unwrap_or(DateRange::day(on))
    }

    /// That of nights, of which only those of the dates count.
    pub(super) fn of(nights: &[Night], dates: DateRange, goal: SleepGoal) -> Self {
        let own = || nights.iter().filter(|night| dates.contains(night.date));
        let count = dates_of(own());
        let needed = i64::from(goal.minutes()) * 60 * i64::from(count);
        let asleep: i64 = own().map(|night| i64::from(night.asleep_seconds)).sum();
        Self {
            seconds: (count > 0).then(|| (needed - asleep).max(0)),
            dates,
            nights: count,
            missing: dates.len().saturating_sub(count),
        }
    }
}

/// Naps.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Naps {
    /// How many.
    pub count: u32,
    /// On how many dates.
    pub days: u32,
    /// Of their seconds.
    pub duration: Option<SummaryStats>,
}

impl Naps {
    /// Those among logs.
    pub fn of<'a>(sleeps: impl Iterator<Item = &'a Sleep>) -> Self {
        let naps: Vec<&Sleep> = sleeps.filter(|sleep| sleep.kind == SleepKind::Nap).collect();
        let days: BTreeSet<Date> = naps.iter().map(|nap| nap.date).collect();
        Self {
            count: len32(naps.len()),
            days: len32(days.len()),
            duration: SummaryStats::of(naps.iter().map(|nap| f64::from(nap.duration_seconds()))),
        }
    }
}

/// What a user's sleep in a range amounts to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SleepStats {
    /// The dates of waking.
    pub range: DateRange,
    /// What its nights have in common.
    pub summary: NightSummary,
    /// How far free days are from others.
    pub social_jet_lag: Option<SocialJetLag>,
    /// How regular it is.
    pub regularity: Option<Regularity>,
    /// What is owed at the end of the range, or today if that is earlier.
    pub debt: Debt,
    /// Its naps.
    pub naps: Naps,
}

/// The dates of the nights that [`stats`] needs: the range, and what its debt looks back over.
pub fn needed(range: DateRange, today: Date) -> DateRange {
    let from = Debt::dates(range.to().min(today)).from();
    DateRange::new(from.min(range.from()), range.to()).unwrap_or(range)
}

/// What logs amount to, in any order. They are all logs of the nights of [`needed`], and those around them that bear on
/// the regularity; more of them change nothing.
pub fn stats(sleeps: &[Sleep], range: DateRange, today: Date, goal: SleepGoal, free_days: Weekdays) -> SleepStats {
    let mut sleeps = sleeps.to_vec();
    sleeps.sort_unstable_by_key(|sleep| sleep.start);
    let all = nights(&sleeps);
    let own: Vec<Night> = all.iter().filter(|night| range.contains(night.date)).copied().collect();
    SleepStats {
        range,
        summary: NightSummary::of(&own, range, today),
        social_jet_lag: SocialJetLag::of(&own, free_days),
        regularity: regularity(&own, &sleeps),
        debt: Debt::of(&all, Debt::dates(range.to().min(today)), goal),
        naps: Naps::of(sleeps.iter().filter(|sleep| range.contains(sleep.date))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{nap, nightly};
    use super::*;
    use crate::civil::Weekday;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn of(sleeps: &[Sleep], from: &str, to: &str) -> SleepStats {
        let range = DateRange::new(date(from), date(to)).unwrap();
        stats(sleeps, range, date("2026-12-31"), SleepGoal::default(), Weekdays::of(&[Weekday::Sa, Weekday::Su]))
    }

    #[test]
    fn missing_nights_are_reported_and_enter_no_figure() {
        let logs = nightly("2026-03-01", 4, |day| (23, 7 + i64::from(day % 2) * 2));
        let stats = of(&logs, "2026-03-01", "2026-03-10");
        assert_eq!((stats.summary.nights, stats.summary.missing), (4, 6));
        assert_eq!(stats.summary.duration.map(|spread| spread.mean), Some(8.0 * 3_600.0));
        // Days to come aren't missing.
        let range = DateRange::new(date("2026-03-01"), date("2026-03-10")).unwrap();
        let early = super::stats(&logs, range, date("2026-03-05"), SleepGoal::default(), Weekdays::NONE);
        assert_eq!((early.summary.nights, early.summary.missing), (4, 1));
    }

    #[test]
    fn a_range_without_data_has_no_figures() {
        let stats = of(&[], "2026-03-01", "2026-03-07");
        assert_eq!(stats.summary, NightSummary { missing: 7, ..NightSummary::default() });
        assert_eq!((stats.social_jet_lag, stats.regularity), (None, None));
        assert_eq!((stats.debt.seconds, stats.debt.nights, stats.debt.missing), (None, 0, 14));
    }

    #[test]
    fn social_jet_lag_is_the_shorter_arc_between_free_and_other_days() {
        // 2026-03-01 is a Sunday: who goes to bed on Friday or Saturday wakes on a free day.
        // On others 23:00–07:00 (03:00), on free days 02:00–10:00 (06:00): three hours, as in the paper's notation
        // |6 − 3|.
        let free = |day: i32| matches!(day % 7, 5 | 6);
        let stats =
            of(&nightly("2026-03-01", 14, |day| (if free(day) { 26 } else { 23 }, 8)), "2026-03-01", "2026-03-31");
        let lag = stats.social_jet_lag.unwrap();
        assert!((lag.seconds - 10_800.0).abs() < 1e-6, "{lag:?}");
        assert_eq!((lag.free.n, lag.work.n), (4, 10));
        assert_eq!((lag.free.time.to_string(), lag.work.time.to_string()), ("06:00".into(), "03:00".into()));
        // Over midnight: 19:00–04:00 (23:30) against 22:00–06:00 (02:00).
        let over = nightly("2026-03-01", 14, |day| if free(day) { (22, 8) } else { (19, 9) });
        let lag = of(&over, "2026-03-01", "2026-03-31").social_jet_lag.unwrap();
        assert!((lag.seconds - 2.5 * 3_600.0).abs() < 1e-6, "{lag:?}");
        // There must be at least one free day to compare with.
        assert_eq!(of(&over[..3], "2026-03-01", "2026-03-31").social_jet_lag, None);
    }

    #[test]
    fn a_night_in_pieces_leaves_social_jet_lag_alone() {
        // Seven nights of 23–07, the first of which is a Monday's; then, on a Sunday evening, 22:00–23:50 and
        // 00:40–07:00, which belong to Monday: its middle is 02:30.
        let mut logs = nightly("2026-03-01", 7, |_| (23, 8));
        logs.push(super::super::testing::log("2026-03-08T22:00:00Z", "2026-03-08T23:50:00Z"));
        logs.push(super::super::testing::log("2026-03-09T00:40:00Z", "2026-03-09T07:00:00Z"));
        let stats = of(&logs, "2026-03-01", "2026-03-14");
        let lag = stats.social_jet_lag.unwrap();
        assert_eq!((lag.free.time.to_string(), lag.free.n, lag.work.n), ("03:00".into(), 2, 6));
        assert!(lag.seconds < 310.0, "{lag:?}");
        assert_eq!((stats.summary.nights, stats.summary.missing), (8, 6));
    }

    #[test]
    fn two_nights_of_a_date_have_one_goal() {
        let mut logs = nightly("2026-03-01", 1, |_| (23, 8));
        logs.push(super::super::testing::log("2026-03-02T18:00:00Z", "2026-03-02T20:00:00Z"));
        let stats = of(&logs, "2026-03-02", "2026-03-02");
        assert_eq!((stats.summary.nights, stats.summary.missing), (2, 0));
        assert_eq!((stats.debt.seconds, stats.debt.nights, stats.debt.missing), (Some(0), 1, 13));
    }

    #[test]
    fn what_wakes_after_the_range_bears_on_its_regularity() {
        let mut logs = nightly("2026-03-01", 2, |_| (23, 8));
        let before = of(&logs, "2026-03-02", "2026-03-03").regularity.unwrap().index;
        logs.push(super::super::testing::log("2026-03-03T13:00:00Z", "2026-03-04T01:00:00Z"));
        let after = of(&logs, "2026-03-02", "2026-03-03").regularity.unwrap().index;
        assert!((before - 100.0).abs() < 1e-9 && (after - (-100.0 + 200.0 * 22.0 / 24.0)).abs() < 1e-9);
    }

    #[test]
    fn debt_is_what_the_last_fourteen_nights_lack() {
        // Of 16 nights the last 14 count: seven of 7 hours, seven of 8½; the goal is 8. 7 · 60 − 7 · 30 = 210 minutes.
        let mut logs = nightly("2026-03-01", 16, |day| (22, if day % 2 == 0 { 7 } else { 9 }));
        for log in logs.iter_mut().filter(|log| log.duration_seconds() == 9 * 3_600) {
            log.awake_seconds = Some(1_800);
        }
        let debt = of(&logs, "2026-03-16", "2026-03-17").debt;
        assert_eq!((debt.seconds, debt.nights, debt.missing), (Some(210 * 60), 14, 0));
        assert_eq!((debt.dates.from(), debt.dates.to()), (date("2026-03-04"), date("2026-03-17")));
        // Those that are missing are left out: six of each kind are 180 minutes.
        let gaps: Vec<Sleep> = logs[..14].to_vec();
        let debt = of(&gaps, "2026-03-16", "2026-03-17").debt;
        assert_eq!((debt.seconds, debt.nights, debt.missing), (Some(180 * 60), 12, 2));
        // Sleep in advance doesn't count.
        let plenty = nightly("2026-03-01", 14, |_| (22, 10));
        assert_eq!(of(&plenty, "2026-03-01", "2026-03-15").debt.seconds, Some(0));
        // Naps don't reduce the debt.
        let napping = [logs, vec![nap("2026-03-10T13:00:00Z", "2026-03-10T15:00:00Z")]].concat();
        assert_eq!(of(&napping, "2026-03-16", "2026-03-17").debt.seconds, Some(210 * 60));
    }

    #[test]
    fn efficiency_is_that_of_the_nights_that_know_it() {
        let mut logs = nightly("2026-03-01", 3, |day| (22, 8 + i64::from(day)));
        assert_eq!(of(&logs, "2026-03-01", "2026-03-31").summary.efficiency, None);
        logs[0].awake_seconds = Some(3_600);
        logs[2].awake_seconds = Some(0);
        let summary = of(&logs, "2026-03-01", "2026-03-31").summary;
        // 7 + 10 of 8 + 10 hours.
        assert!((summary.efficiency.unwrap() - 17.0 / 18.0).abs() < 1e-12);
        assert_eq!(summary.efficiency_nights, 2);
    }

    #[test]
    fn naps_are_counted_apart() {
        let mut logs = nightly("2026-03-01", 3, |_| (23, 8));
        for (start, end) in [("13:00", "13:20"), ("17:00", "17:40")] {
            logs.push(nap(&format!("2026-03-02T{start}:00Z"), &format!("2026-03-02T{end}:00Z")));
        }
        let stats = of(&logs, "2026-03-01", "2026-03-31");
        assert_eq!((stats.naps.count, stats.naps.days), (2, 1));
        assert_eq!(stats.naps.duration.map(|spread| spread.mean), Some(1_800.0));
        assert_eq!((stats.summary.nights, stats.summary.duration.unwrap().mean), (3, 28_800.0));
    }
}
