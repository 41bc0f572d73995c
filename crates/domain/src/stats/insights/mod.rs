//! Statistical associations between series, tested conservatively.
//!
//! Two daily series are tested for association in a way that neither trends nor habits of the week nor the likeness of
//! neighbouring days can fake: both are ranked (`rank`); weekday means, a line and slow waves are removed by least
//! squares (`calendar`); each is whitened by a first-order autoregression (`whiten`); Pearson's r of what is left is
//! tested with Student's t, its degrees of freedom reduced by all that was fitted and by the autocorrelation that is left
//! (`correlation`). All pairs and lags that were tested form one family, within which the rate of false discoveries is
//! controlled (`discoveries`). Every tested pair is reported, not only the ones that look good.
//!
//! Association isn't causation; no text may imply it.

mod account;
mod association;
mod calendar;
mod correlation;
mod discoveries;
mod family;
mod rank;
mod sentence;
mod series;
mod whiten;

pub use account::{Analysis, MOST_DAYS, of_account};
pub use family::{Hypothesis, Insights, MAX_HABITS_TESTED, MissingData, TestedPair, Untested, examine, hypotheses};
pub use series::{Series, Subject};

/// Fewer days than these with both series are not tested.
pub const MIN_DAYS: u32 = 28;
/// Each series must differ from its usual value on as many days; of yes and no, each must have as many.
pub const MIN_VARIED: u32 = 5;
/// The default false discovery rate.
pub const DEFAULT_RATE: f64 = 0.05;

/// A number of days as a real number; there are fewer than 2³¹.
fn real(count: usize) -> f64 {
    f64::from(crate::civil::num::len32(count))
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}
