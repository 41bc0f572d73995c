//! What the calendar explains is taken out: weekdays, a trend, and slow waves.
//!
//! Two things that both grow over a spring, or that both happen on weekends, go together without having to do with
//! each other. So the mean of each weekday, a straight line, and waves slower than [`SLOW`] are fitted together by least
//! squares and removed; what is left says whether a day was above or below what one would have expected of it.

use super::{dot, real};
use crate::civil::Date;
use crate::civil::num::index;

/// Waves with a longer period than this many days are removed: a season, an illness, a new job.
pub(super) const SLOW: f64 = 180.0;

/// The days of a pair of series, ready to remove from values what they explain.
pub(super) struct Calendar {
    /// The weekday of each day, 0–6.
    weekdays: Vec<usize>,
    /// How many days each weekday has.
    counts: [f64; 7],
    /// The line and the waves, without their weekday means, orthonormal.
    trends: Vec<Vec<f64>>,
}

impl Calendar {
    /// The calendar of these day numbers, which are in order.
    pub(super) fn new(days: &[i32]) -> Self {
        let weekdays: Vec<usize> = days.iter().map(|day| index(Date::at(*day).weekday().number())).collect();
        let mut counts = [0.0; 7];
        for weekday in &weekdays {
            if let Some(count) = counts.get_mut(*weekday) {
                *count += 1.0;
            }
        }
        let mut calendar = Self { weekdays, counts, trends: Vec::new() };
        let first = days.first().copied().unwrap_or(0);
        let span = f64::from(days.last().map_or(0, |last| last - first) + 1);
        let since = |day: &i32| f64::from(day - first);
        calendar.add(days.iter().map(since).collect());
        let mut wave = 1.0;
        // Wave j has the period 2·span/j. A short span has none that is slow enough: the line stands for them.
        while 2.0 * span / (wave + 1.0) >= SLOW {
            let turn = std::f64::consts::PI * wave / span;
            calendar.add(days.iter().map(|day| ((since(day) + 0.5) * turn).cos()).collect());
            wave += 1.0;
        }
        calendar
    }

    /// How many parameters are fitted.
    pub(super) fn parameters(&self) -> f64 {
        real(self.counts.iter().filter(|count| **count > 0.0).count()) + real(self.trends.len())
    }

    fn add(&mut self, column: Vec<f64>) {
        let before = norm(&column);
        let mut column = self.residuals(column);
        // Once more: what the first pass left by rounding.
        column = self.residuals(column);
        let left = norm(&column);
        if left > 1e-6 * before.max(1.0) {
            for value in &mut column {
                *value /= left;
            }
            self.trends.push(column);
        }
    }

    /// The values without what weekdays, line and waves explain of them.
    pub(super) fn residuals(&self, mut values: Vec<f64>) -> Vec<f64> {
        let mut sums = [0.0; 7];
        for (weekday, value) in self.weekdays.iter().zip(&values) {
            if let Some(sum) = sums.get_mut(*weekday) {
                *sum += value;
            }
        }
        for (sum, count) in sums.iter_mut().zip(self.counts) {
            *sum /= count.max(1.0);
        }
        for (weekday, value) in self.weekdays.iter().zip(&mut values) {
            *value -= sums.get(*weekday).copied().unwrap_or(0.0);
        }
        for trend in &self.trends {
            let share = dot(trend, &values);
            for (value, trend) in values.iter_mut().zip(trend) {
                *value -= share * trend;
            }
        }
        values
    }
}

fn norm(values: &[f64]) -> f64 {
    dot(values, values).sqrt()
}
