//! Pearson's correlation of two series that were ranked, adjusted and whitened, and how surprising it is.

use statrs::function::beta::beta_reg;

use super::{dot, real};
use crate::civil::num::index_of_day;

/// Pearson's r; `None` where one of them doesn't vary.
pub(super) fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let (x, y) = (centred(x), centred(y));
    let scale = (dot(&x, &x) * dot(&y, &y)).sqrt();
    (scale > 1e-9).then(|| (dot(&x, &y) / scale).clamp(-1.0, 1.0))
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / real(values.len()).max(1.0);
    values.iter().map(|value| value - mean).collect()
}

/// How many days weigh as much as one independent day, at least 1 (Bartlett 1946): `1 + 2·Σ (nₖ/n)·ρx(k)·ρy(k)` over
/// lags `k` up to `√n`, where `nₖ` counts the pairs of days that lie `k` days apart.
///
/// Whitening takes out what a first-order autoregression explains. A mood that is a slow swing under daily noise, or
/// a habit that comes and goes, isn't one: what it leaves is small at each lag and lasts long, and this counts it.
pub(super) fn redundancy(days: &[i32], x: &[f64], y: &[f64]) -> f64 {
    let n = real(days.len());
    let (x, y) = (centred(x), centred(y));
    let scale = dot(&x, &x) * dot(&y, &y);
    if scale <= 0.0 {
        return 1.0;
    }
    let reach = days.len().isqrt();
    let mut lags = vec![Lag::default(); reach + 1];
    let known = || days.iter().zip(x.iter().zip(&y));
    for (at, (day, (x, y))) in known().enumerate() {
        for (later, (x_later, y_later)) in known().skip(at + 1).take(reach) {
            // What lies further apart finds no place.
            let Some(lag) = lags.get_mut(index_of_day(later - day)) else { break };
            lag.pairs += 1.0;
            lag.x += x * x_later;
            lag.y += y * y_later;
        }
    }
    // Means over the pairs of a lag, ÷ the mean squares of all days; nₖ/n of that.
    let sum: f64 = lags.iter().filter(|lag| lag.pairs > 0.0).map(|lag| lag.x * lag.y / lag.pairs).sum();
    (1.0 + 2.0 * sum * n / scale).max(1.0)
}

/// Sums over the pairs of days of one lag.
#[derive(Clone, Default)]
struct Lag {
    pairs: f64,
    x: f64,
    y: f64,
}

/// The two-sided p of a correlation of that size or more by chance, by Student's t with `freedom` degrees of freedom:
/// `t = r·√(ν ÷ (1 − r²))`, and `p = I(ν/(ν + t²); ν/2, ½)`, which is `I(1 − r²; ν/2, ½)`.
pub(super) fn two_sided(r: f64, freedom: f64) -> f64 {
    let rest = (1.0 - r * r).clamp(0.0, 1.0);
    if rest <= 0.0 { 0.0 } else { beta_reg(freedom / 2.0, 0.5, rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_is_that_of_students_t() {
        // 2 * scipy.stats.t.sf(abs(r) * sqrt(v / (1 - r * r)), v)
        let scipy = [
            (0.3, 80.0, 0.006_176_007_989_514_757),
            (0.6, 80.0, 2.565_202_435_080_038e-9),
            (-0.05, 18.0, 0.834_183_479_028_614_7),
            (0.95, 20.0, 1.432_886_015_079_673_5e-11),
        ];
        for (r, freedom, p) in scipy {
            assert!((two_sided(r, freedom) / p - 1.0).abs() < 1e-9, "{r} {freedom}: {}", two_sided(r, freedom));
        }
        assert_eq!((two_sided(1.0, 10.0), two_sided(0.0, 10.0)), (0.0, 1.0));
    }

    #[test]
    fn independent_days_count_in_full_and_like_ones_less() {
        let days: Vec<i32> = (0..100).collect();
        let alternating: Vec<f64> = days.iter().map(|day| f64::from(day % 2)).collect();
        let slow: Vec<f64> = days.iter().map(|day| f64::from(day / 10 % 2)).collect();
        let hasty: Vec<f64> = days.iter().map(|day| f64::from(day * day % 7)).collect();
        assert!(redundancy(&days, &slow, &slow) > 5.0);
        // One whose neighbours resemble each other and one whose neighbours differ: nothing is lost.
        assert!((redundancy(&days, &slow, &alternating) - 1.0).abs() < 1e-12);
        assert!(redundancy(&days, &slow, &hasty) < 1.5);
    }

    #[test]
    fn what_does_not_vary_correlates_with_nothing() {
        assert_eq!(pearson(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(pearson(&[1.0, 2.0, 3.0], &[30.0, 20.0, 10.0]), Some(-1.0));
    }
}
