//! Summary statistics of values.

use serde::Serialize;

use crate::civil::num::len32;

/// Mean, median and standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MoodSpread))]
pub struct SummaryStats {
    /// The mean.
    pub mean: f64,
    /// The median: of an even number, the mean of the two in the middle.
    pub median: f64,
    /// The standard deviation of a sample (n − 1); null for a single figure.
    pub sd: Option<f64>,
}

impl SummaryStats {
    /// That of some values; none of none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        let n = f64::from(len32(values.len()));
        let mean = values.iter().sum::<f64>() / n;
        let upper = values.get(values.len() / 2)?;
        let lower = values.get((values.len() - 1) / 2)?;
        let squares: f64 = values.iter().map(|figure| (figure - mean).powi(2)).sum();
        let sd = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        Some(Self { mean, median: f64::midpoint(*lower, *upper), sd })
    }

    /// The same with every figure turned into another.
    #[must_use]
    pub fn map(self, turn: impl Fn(f64) -> f64) -> Self {
        Self { mean: turn(self.mean), median: turn(self.median), sd: self.sd.map(turn) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_told_by_hand() {
        // 2, 4, 4, 4, 5, 5, 7, 9: the squares of what is off the mean, 5, add up to 32.
        let spread = SummaryStats::of([9.0, 2.0, 4.0, 5.0, 4.0, 4.0, 7.0, 5.0]).unwrap();
        assert_eq!((spread.mean, spread.median), (5.0, 4.5));
        assert!((spread.sd.unwrap() - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(SummaryStats::of([3.0]), Some(SummaryStats { mean: 3.0, median: 3.0, sd: None }));
        assert_eq!(SummaryStats::of([]), None);
    }
}
