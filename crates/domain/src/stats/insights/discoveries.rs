//! Benjamini–Hochberg: among many tests some look surprising by chance; how many of those called so are false.

use super::real;

/// Each p adjusted for all of them: the smallest rate of false discoveries at which it would be one (Benjamini &
/// Hochberg 1995), `min over j ≥ i of p(j)·m/j`, at most 1.
pub(super) fn adjusted(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> = p.iter().copied().zip(0..).collect();
    order.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
    let family = real(p.len());
    let mut adjusted = vec![1.0; p.len()];
    let (mut least, mut place) = (1.0_f64, family);
    for (p, at) in order {
        least = least.min(p * family / place);
        if let Some(slot) = adjusted.get_mut(at) {
            *slot = least;
        }
        place -= 1.0;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_scipy_adjusts() {
        // scipy.stats.false_discovery_control([0.01, 0.04, 0.03, 0.005, 0.8, 0.041, 0.6], method="bh")
        let found = adjusted(&[0.01, 0.04, 0.03, 0.005, 0.8, 0.041, 0.6]);
        let scipy = [0.035, 0.0574, 0.0574, 0.035, 0.8, 0.0574, 0.7];
        for (found, scipy) in found.iter().zip(scipy) {
            assert!((found - scipy).abs() < 1e-12, "{found} {scipy}");
        }
        assert_eq!(adjusted(&[]), Vec::<f64>::new());
    }
}
