//! The association of two series of days: rank, adjust for the calendar, whiten, correlate.

use super::calendar::Calendar;
use super::correlation::{pearson, redundancy, two_sided};
use super::rank::mid_ranks;
use super::whiten::{innovations, persistence};
use super::{MIN_DAYS, MIN_VARIED};
use crate::civil::num::len32;

/// The values of two series on their common days, by date.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct PairedValues {
    /// Day numbers of the first.
    pub(super) days: Vec<i32>,
    /// The first's values.
    pub(super) x: Vec<f64>,
    /// The second's values.
    pub(super) y: Vec<f64>,
}

/// The association of two series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Association {
    /// Correlation of what is new about each day, −1 to 1.
    pub(super) r: f64,
    /// Its p, not yet adjusted for other tests.
    pub(super) p: f64,
}

/// There is too little data for a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotEnoughData {
    /// This many more days with both values are needed.
    Days(u32),
    /// One series is nearly constant: this many more days that differ from its usual value are needed.
    Variety(u32),
}

/// Tests whether two series are associated.
pub(super) fn associate(pairs: &PairedValues) -> Result<Association, NotEnoughData> {
    let n = len32(pairs.days.len());
    if n < MIN_DAYS {
        return Err(NotEnoughData::Days(MIN_DAYS - n));
    }
    let varied = varied(&pairs.x).min(varied(&pairs.y));
    if varied < MIN_VARIED {
        return Err(NotEnoughData::Variety(MIN_VARIED - varied));
    }
    let calendar = Calendar::new(&pairs.days);
    let news = |values: &[f64]| {
        let residuals = calendar.residuals(mid_ranks(values));
        let phi = persistence(&pairs.days, &residuals);
        innovations(&pairs.days, &residuals, phi)
    };
    let (x, y) = (news(&pairs.x), news(&pairs.y));
    // One for each weekday, line and wave, and one for each φ.
    let freedom = f64::from(n) / redundancy(&pairs.days, &x, &y) - calendar.parameters() - 2.0;
    match pearson(&x, &y) {
        Some(r) if freedom >= 1.0 => Ok(Association { r, p: two_sided(r, freedom) }),
        // Only weekdays and trend vary, or the days are so dependent that they are no evidence.
        _ => Err(NotEnoughData::Variety(MIN_VARIED)),
    }
}

/// On how many days a series differs from its most frequent value: of yes and no, the days of the rarer one.
fn varied(values: &[f64]) -> u32 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let usual = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(<[f64]>::len).max().unwrap_or(0);
    len32(values.len() - usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made-up days from day number 20,000 on.
    fn pairs(days: impl IntoIterator<Item = i32>, x: impl Fn(i32) -> i32, y: impl Fn(i32) -> i32) -> PairedValues {
        let mut pairs = PairedValues::default();
        for day in days {
            pairs.days.push(20_000 + day);
            pairs.x.push(f64::from(x(day)));
            pairs.y.push(f64::from(y(day)));
        }
        pairs
    }

    fn quick(day: i32) -> i32 {
        (day * day * 7 + day * 3) % 11
    }

    fn follows(day: i32) -> i32 {
        day * 5 % 7 + quick(day) / 2 + i32::from(day % 7 == 6) * 3 + day / 10
    }

    /// Scattered: a multiplicative hash.
    fn noise(day: i32, seed: i64) -> i32 {
        i32::try_from((i64::from(day) + 1000 * seed) * 2_654_435_761 % 4_294_967_296 / 65_536 % 13).unwrap()
    }

    /// The figures were made with another program: numpy and scipy, each step the long way round. `scipy.stats.rankdata`;
    /// `numpy.linalg.lstsq` on a dummy per weekday, the day, and the waves; φ as the maximum over 0, 0.005 … 0.97 of the
    /// multivariate normal likelihood with the correlation matrix `φ^|i−j|`, then `(nφ+1)/(n−4)`; whitening by that
    /// matrix's Cholesky factor; `scipy.stats.pearsonr`; the sum over pairs of days for Bartlett's factor; and
    /// `2 * scipy.stats.t.sf`.
    #[test]
    fn agrees_with_scipy() {
        let holes = [3, 4, 17, 30, 31, 32, 33, 50];
        let weekdays = |day: &i32| [0, 2, 4].contains(&((20_000 + day + 3) % 7));
        let cases = [
            (
                "holes",
                pairs((0..60).filter(|day| !holes.contains(day)), quick, follows),
                0.878_090_018_312_741_9,
                0.003_334_505_790_816_686_6,
            ),
            (
                "Mo, We, Fr",
                pairs((0..120).filter(weekdays), quick, follows),
                0.842_869_807_464_452_6,
                5.354_546_286_912_174e-9,
            ),
            (
                "a year",
                pairs((0..400).filter(|day| !(100..103).contains(day)), quick, follows),
                0.906_464_250_399_839_8,
                5.357_352_467_011_208e-10,
            ),
        ];
        for (name, pairs, r, p) in cases {
            let found = associate(&pairs).unwrap();
            assert!((found.r - r).abs() < 1e-9, "{name}: r is {} instead of {r}", found.r);
            assert!((found.p / p - 1.0).abs() < 1e-6, "{name}: p is {} instead of {p}", found.p);
        }
        let mut slow = PairedValues::default();
        for day in 0..90 {
            let at = f64::from(day);
            slow.days.push(20_000 + day);
            slow.x.push((10.0 * (at / 9.0).sin() + f64::from(day * 7 % 5)).floor());
            slow.y.push((10.0 * (at / 8.0 + 1.0).sin() + f64::from(day * 3 % 4)).floor());
        }
        let found = associate(&slow).unwrap();
        assert!((found.r - 0.010_235_072_021_559_054).abs() < 1e-9 && (found.p - 0.927_284_383_873_730_9).abs() < 1e-6);
    }

    #[test]
    fn two_trends_or_two_weekends_are_no_association() {
        let trends = pairs(0..120, |day| day * 2 + noise(day, 1), |day| day * 3 + noise(day, 5));
        let weekend = |day| i32::from(day % 7 > 4) * 20;
        let weekends = pairs(0..120, |day| weekend(day) + noise(day, 1), |day| weekend(day) + noise(day, 5));
        for pairs in [trends, weekends] {
            assert!(pearson(&pairs.x, &pairs.y).unwrap() > 0.5);
            assert!(associate(&pairs).unwrap().p > 0.05);
        }
    }

    #[test]
    fn too_few_days_and_too_little_variety_are_said() {
        assert_eq!(associate(&pairs(0..27, |day| noise(day, 1), |day| noise(day, 2))), Err(NotEnoughData::Days(1)));
        assert!(associate(&pairs(0..28, |day| noise(day, 1), |day| noise(day, 2))).is_ok());
        assert_eq!(associate(&PairedValues::default()), Err(NotEnoughData::Days(28)));
        assert_eq!(
            associate(&pairs(0..90, |day| i32::from(day % 25 == 0), |day| noise(day, 2))),
            Err(NotEnoughData::Variety(1))
        );
        assert!(associate(&pairs(0..90, |day| i32::from(day % 18 == 0), |day| noise(day, 2))).is_ok());
        // A series that depends on the weekday alone leaves no residuals to compare.
        assert_eq!(
            associate(&pairs(0..90, |day| i32::from(day % 7 == 2), |day| noise(day, 2))),
            Err(NotEnoughData::Variety(5))
        );
    }
}
