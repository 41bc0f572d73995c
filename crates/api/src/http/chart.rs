//! Charts, in the form that chart libraries expect.

use circadia_domain::stats::{Pieces, Step};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::rounding::six_places;

/// A chart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chart)]
pub(crate) struct ChartBody {
    /// The labels of the x axis: dates, first dates of a week, months, weekdays, hours, or names.
    #[schema(example = json!(["2026-03-10", "2026-03-11"]))]
    pub(crate) labels: Vec<String>,
    /// The lines or bars, with one value per label.
    pub(crate) datasets: Vec<DatasetBody>,
}

/// A line, or a set of bars.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dataset)]
pub(crate) struct DatasetBody {
    /// A stable name.
    #[schema(example = "done")]
    pub(crate) key: &'static str,
    /// The name for people.
    #[schema(example = "Done")]
    pub(crate) label: &'static str,
    /// The values; null where unknown.
    pub(crate) data: Vec<Option<f64>>,
}

impl DatasetBody {
    /// A series whose values are all known.
    pub(crate) fn known<T>(
        key: &'static str,
        label: &'static str,
        data: impl IntoIterator<Item = T>,
        figure: impl Fn(T) -> u64,
    ) -> Self {
        let number = |value: u64| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
        Self { key, label, data: data.into_iter().map(|item| Some(number(figure(item)))).collect() }
    }

    /// A series whose values may be unknown.
    pub(crate) fn partial(key: &'static str, label: &'static str, data: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self { key, label, data: data.into_iter().map(|value| value.map(six_places)).collect() }
    }
}

impl ChartBody {
    /// The labels of a divided range.
    pub(crate) fn over(pieces: &Pieces, datasets: Vec<DatasetBody>) -> Self {
        let label = |date: String| match pieces.step {
            Step::Day | Step::Week => date,
            Step::Month => date.chars().take(7).collect(),
        };
        Self { labels: pieces.pieces.iter().map(|piece| label(piece.from().to_string())).collect(), datasets }
    }
}
