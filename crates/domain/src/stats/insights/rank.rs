//! Mid-ranks: what is compared is the order of values, not their size.

use super::real;

/// The rank of each value, 1 for the smallest; equal values share the mean of their ranks.
///
/// Ranks make the test independent of the scale (a mood of 0–10, minutes, a time of day) and limit the influence of
/// outliers. Values must be finite; the callers ensure it.
pub(super) fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
    order.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0.0;
    for equal in order.chunk_by(|(a, _), (b, _)| a.total_cmp(b).is_eq()) {
        let count = real(equal.len());
        let rank = below + f64::midpoint(count, 1.0);
        for (_, at) in equal {
            if let Some(slot) = ranks.get_mut(*at) {
                *slot = rank;
            }
        }
        below += count;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_the_mean_of_their_places() {
        // scipy.stats.rankdata([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5])
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0];
        assert_eq!(mid_ranks(&values), [4.5, 1.5, 6.0, 1.5, 8.0, 11.0, 3.0, 10.0, 8.0, 4.5, 8.0]);
        assert_eq!(mid_ranks(&[]), Vec::<f64>::new());
        assert_eq!(mid_ranks(&[7.0, 7.0]), [1.5, 1.5]);
    }
}
