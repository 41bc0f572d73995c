//! Mood trends: the values of days, and their moving mean. Nothing is imputed: a day without a value enters no mean.

use super::DayValue;
use crate::civil::num::len32;
use crate::civil::{Date, DateRange};
use crate::summary_stats::SummaryStats;

/// The longest window of a moving mean, in days.
pub const MAX_WINDOW: u32 = 90;

/// A day of a trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendPoint {
    /// Which day.
    pub date: Date,
    /// Its value.
    pub value: Option<f64>,
    /// The mean of the values of the window that ends with it; none without any.
    pub mean: Option<f64>,
    /// How many days of the window have a value.
    pub n: u32,
}

/// How moods go in a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// The days.
    pub range: DateRange,
    /// How many days the moving mean looks back over, the day itself included.
    pub window: u32,
    /// Mean, median and standard deviation of the values of its days: a day with many moments counts like any.
    pub values: Option<SummaryStats>,
    /// How many of its days have a value.
    pub n: u32,
    /// Each of its days.
    pub points: Vec<TrendPoint>,
}

/// The days whose values [`trend`] needs: those of the range, and what the first window looks back over.
pub(super) fn needed(range: DateRange, window: u32) -> DateRange {
    let back = i32::try_from(window.max(1)).unwrap_or(1) - 1;
    DateRange::new(range.from().saturating_add_days(-back), range.to()).unwrap_or(range)
}

/// The trend of values by date. The window trails: it ends with the day whose mean it is, so that a mean, once shown,
/// isn't changed by days that follow.
pub(super) fn trend(values: &[DayValue], range: DateRange, window: u32) -> Trend {
    let window = window.clamp(1, MAX_WINDOW);
    let back = i32::try_from(window).unwrap_or(1) - 1;
    let before = |date: Date| values.partition_point(|day| day.date < date);
    let points: Vec<TrendPoint> = range
        .iter()
        .map(|date| {
            let (from, to) = (before(date.saturating_add_days(-back)), values.partition_point(|day| day.date <= date));
            let within = values.get(from..to).unwrap_or_default();
            let n = len32(within.len());
            let sum: f64 = within.iter().map(|day| day.value).sum();
            TrendPoint {
                date,
                value: within.last().filter(|day| day.date == date).map(|day| day.value),
                mean: (n > 0).then(|| sum / f64::from(n)),
                n,
            }
        })
        .collect();
    let own: Vec<f64> = points.iter().filter_map(|point| point.value).collect();
    Trend { range, window, n: len32(own.len()), values: SummaryStats::of(own), points }
}

#[cfg(test)]
mod tests {
    use super::super::MoodSource;
    use super::*;

    fn days(values: &[(&str, f64)]) -> Vec<DayValue> {
        let day = |(date, value): &(&str, f64)| DayValue {
            date: Date::parse(date).unwrap(),
            value: *value,
            source: MoodSource::Day,
        };
        values.iter().map(day).collect()
    }

    #[test]
    fn gaps_stay_gaps_and_enter_no_mean() {
        let values = days(&[("2026-02-27", 2.0), ("2026-03-01", 4.0), ("2026-03-04", 9.0)]);
        let range = DateRange::new(Date::parse("2026-03-01").unwrap(), Date::parse("2026-03-07").unwrap()).unwrap();
        assert_eq!(needed(range, 3).from().to_string(), "2026-02-27");
        let trend = trend(&values, range, 3);
        let points: Vec<_> = trend.points.iter().map(|point| (point.value, point.mean, point.n)).collect();
        assert_eq!(
            points,
            [
                (Some(4.0), Some(3.0), 2),
                (None, Some(4.0), 1),
                (None, Some(4.0), 1),
                (Some(9.0), Some(9.0), 1),
                (None, Some(9.0), 1),
                (None, Some(9.0), 1),
                (None, None, 0),
            ]
        );
        // What lies before the range counts for the moving mean only.
        assert_eq!((trend.n, trend.values.map(|values| values.mean)), (2, Some(6.5)));
    }

    #[test]
    fn nothing_said_is_nothing_shown() {
        let range = DateRange::day(Date::MIN);
        let trend = trend(&[], range, 7);
        assert_eq!((trend.n, trend.values), (0, None));
        assert_eq!(trend.points, [TrendPoint { date: Date::MIN, value: None, mean: None, n: 0 }]);
    }
}
