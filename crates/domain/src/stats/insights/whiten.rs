//! Days that resemble the day before are no independent evidence: they are turned into what was new about them.
//!
//! A residual is taken for a first-order autoregression, `e(t) = φ·e(t−1) + news`. Where days are missing, or a habit is
//! due on Mondays and Thursdays only, the day before is `k` days before, and by the same model resembles as `φᵏ`; so
//! gaps need no special case, and a series without two consecutive days can be whitened as well.

use super::real;

/// The highest φ considered: beyond it a series is a trend.
const HIGHEST: f64 = 0.97;

/// What neighbouring days a certain number of days apart say of φ.
struct Gap {
    days: i32,
    pairs: f64,
    earlier: f64,
    later: f64,
    product: f64,
}

/// How much a day resembles the day before, 0–0.97: the φ of greatest likelihood (given the days that there are, the
/// normal likelihood of a first-order autoregression), `(nφ + 1) ÷ (n − 4)` to undo its bias towards 0 after the removal
/// of means and trend.
pub(super) fn persistence(days: &[i32], residuals: &[f64]) -> f64 {
    let n = real(days.len());
    let gaps = gaps(days, residuals);
    let first = residuals.first().map_or(0.0, |value| value * value);
    let likeliest = |among: &mut dyn Iterator<Item = f64>| {
        let costs = among.map(|phi| (cost(&gaps, first, n, phi), phi));
        costs.min_by(|(a, _), (b, _)| a.total_cmp(b)).map_or(0.0, |(_, phi)| phi)
    };
    // Coarsely, then to 0.005 around what was found.
    let near = likeliest(&mut (0..20).map(|step| f64::from(step) / 20.0));
    let candidates = (-9..10).map(|step| (near + f64::from(step) / 200.0).clamp(0.0, HIGHEST));
    let phi = likeliest(&mut { candidates });
    ((n * phi + 1.0) / (n - 4.0)).clamp(0.0, HIGHEST)
}

/// −2 log-likelihood but for a constant, the variance at its best.
fn cost(gaps: &[Gap], first: f64, n: f64, phi: f64) -> f64 {
    let (mut squares, mut logs) = (first, 0.0);
    for gap in gaps {
        let phi = phi.powi(gap.days);
        let fresh = 1.0 - phi * phi;
        squares += (gap.later - 2.0 * phi * gap.product + phi * phi * gap.earlier) / fresh;
        logs += gap.pairs * fresh.ln();
    }
    n * squares.max(f64::MIN_POSITIVE).ln() + logs
}

fn gaps(days: &[i32], residuals: &[f64]) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    let earlier = days.iter().zip(residuals);
    for ((day, old), (next, new)) in earlier.clone().zip(earlier.skip(1)) {
        let days = next - day;
        let (earlier, later, product) = (old * old, new * new, old * new);
        if let Some(gap) = gaps.iter_mut().find(|gap| gap.days == days) {
            gap.pairs += 1.0;
            gap.earlier += earlier;
            gap.later += later;
            gap.product += product;
        } else {
            gaps.push(Gap { days, pairs: 1.0, earlier, later, product });
        }
    }
    gaps
}

/// What is new about each day, all on one scale.
pub(super) fn innovations(days: &[i32], residuals: &[f64], phi: f64) -> Vec<f64> {
    let mut before: Option<(i32, f64)> = None;
    days.iter()
        .zip(residuals)
        .map(|(day, value)| {
            let fresh = match before {
                None => *value,
                Some((last, known)) => {
                    let phi = phi.powi(day - last);
                    (value - phi * known) / (1.0 - phi * phi).sqrt()
                }
            };
            before = Some((*day, *value));
            fresh
        })
        .collect()
}
