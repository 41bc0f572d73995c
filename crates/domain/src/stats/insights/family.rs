//! The family of tests: hypotheses are fixed before looking at the data, and every one is reported.

use super::Series;
use super::association::{NotEnoughData, associate};
use super::discoveries::adjusted;
use super::series::Subject;
use crate::civil::num::len32;

/// Maximum number of habits tested, those with the most days first: every further test makes each harder to pass.
pub const MAX_HABITS_TESTED: usize = 40;

/// A hypothesis: the first series is associated with the second, `lag` days later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hypothesis {
    /// The one of the earlier day.
    pub first: Subject,
    /// The other.
    pub second: Subject,
    /// Days from the first to the second: 0 or 1.
    pub lag: u32,
}

/// A pair of series that was tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestedPair {
    /// The hypothesis.
    pub asked: Hypothesis,
    /// Correlation of what is new about each day, −1 to 1.
    pub r: f64,
    /// Days with both.
    pub n: u32,
    /// The p value of this test alone.
    pub p: f64,
    /// The p value adjusted for the whole family.
    pub p_adjusted: f64,
    /// Whether the adjusted p is below the declared rate.
    pub significant: bool,
}

/// A pair of series that can't be tested yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untested {
    /// The hypothesis.
    pub asked: Hypothesis,
    /// Days with both so far.
    pub n: u32,
    /// Minimum number of additional days needed.
    pub days_needed: u32,
    /// Which data is missing.
    pub lacks: MissingData,
}

words! {
    /// Why a pair can't be tested yet.
    #[cfg_attr(feature = "openapi", schema(as = InsightLacks))]
    pub enum MissingData {
        /// Days with both.
        Days = "days",
        /// Days that differ: one of the two is nearly always the same.
        Variety = "variety",
    }
}

/// The results of all tests.
#[derive(Debug, Clone, PartialEq)]
pub struct Insights {
    /// The rate of false discoveries that was declared.
    pub rate: f64,
    /// The tested pairs, the least p first.
    pub findings: Vec<TestedPair>,
    /// The pairs without enough data, those that need the fewest days first.
    pub untested: Vec<Untested>,
}

/// The hypotheses for these series: habits with mood and sleep, sleep with mood, tracked time with both. Days (habits,
/// minutes) are paired with the mood of the same and the next day, and with the nights before and after; nights with
/// the mood of the day they end on; moods with the following night. No pair occurs twice, and habits aren't compared
/// with each other: there are too many pairs to learn anything from.
pub fn hypotheses(series: &[Series]) -> Vec<Hypothesis> {
    use Subject::{MidSleep, Mood, SleepDuration, SleepQuality, TrackedMinutes};
    let mut habits: Vec<&Series> =
        series.iter().filter(|series| matches!(series.subject(), Subject::Habit(_)) && !series.is_empty()).collect();
    habits.sort_by_key(|series| (std::cmp::Reverse(series.len()), series.subject()));
    let habits = habits.iter().take(MAX_HABITS_TESTED).map(|series| series.subject());
    let mut asked = Vec::new();
    let mut ask = |first, second, lag| asked.push(Hypothesis { first, second, lag });
    for done in habits.chain([TrackedMinutes]) {
        ask(done, Mood, 0);
        ask(done, Mood, 1);
        ask(SleepDuration, done, 0);
        ask(done, SleepDuration, 1);
        ask(done, SleepQuality, 1);
    }
    for night in [SleepDuration, SleepQuality, MidSleep] {
        ask(night, Mood, 0);
        ask(Mood, night, 1);
    }
    let known = |subject| series.iter().any(|series| series.subject() == subject && !series.is_empty());
    asked.retain(|asked| known(asked.first) && known(asked.second));
    asked
}

/// Tests the [`hypotheses`] of the series, at a false discovery rate between 0 and 1.
pub fn examine(series: &[Series], rate: f64) -> Insights {
    let find = |subject| series.iter().find(|series| series.subject() == subject);
    let mut findings = Vec::new();
    let mut untested = Vec::new();
    for asked in hypotheses(series) {
        let (Some(first), Some(second)) = (find(asked.first), find(asked.second)) else { continue };
        let pairs = first.with(second, asked.lag);
        let n = len32(pairs.days.len());
        match associate(&pairs) {
            Ok(found) => {
                findings.push(TestedPair { asked, r: found.r, n, p: found.p, p_adjusted: 1.0, significant: false });
            }
            Err(lacking) => {
                let (days_needed, lacks) = match lacking {
                    NotEnoughData::Days(days) => (days, MissingData::Days),
                    NotEnoughData::Variety(days) => (days, MissingData::Variety),
                };
                untested.push(Untested { asked, n, days_needed, lacks });
            }
        }
    }
    let p: Vec<f64> = findings.iter().map(|finding| finding.p).collect();
    for (finding, p_adjusted) in findings.iter_mut().zip(adjusted(&p)) {
        finding.p_adjusted = p_adjusted;
        finding.significant = p_adjusted < rate;
    }
    findings.sort_by(|a, b| a.p.total_cmp(&b.p));
    untested.sort_by_key(|lacking| lacking.days_needed);
    Insights { rate, findings, untested }
}
