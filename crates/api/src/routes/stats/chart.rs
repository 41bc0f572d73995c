//! Charts in the form that chart libraries take as it is.

use circadia_domain::stats::{Pieces, Step};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::rounding::six_places;

/// A chart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chart)]
pub(super) struct ChartBody {
    /// What each place is called: a weekday, a date, the first date of seven, a month.
    #[schema(example = json!(["2026-03-10", "2026-03-11"]))]
    pub(super) labels: Vec<String>,
    /// The lines or bars; each has a figure for each label.
    pub(super) datasets: Vec<DatasetBody>,
}

/// A line, or a set of bars.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dataset)]
pub(super) struct DatasetBody {
    /// A stable name.
    #[schema(example = "done")]
    pub(super) key: &'static str,
    /// The name for people.
    #[schema(example = "Done")]
    pub(super) label: &'static str,
    /// The figures; null where nothing is known.
    pub(super) data: Vec<Option<f64>>,
}

impl DatasetBody {
    /// Of figures that are known everywhere.
    pub(super) fn known<T>(
        key: &'static str,
        label: &'static str,
        data: impl IntoIterator<Item = T>,
        figure: impl Fn(T) -> u64,
    ) -> Self {
        let number = |value: u64| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
        Self { key, label, data: data.into_iter().map(|item| Some(number(figure(item)))).collect() }
    }

    /// Of figures that may not be known.
    pub(super) fn partial(key: &'static str, label: &'static str, data: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self { key, label, data: data.into_iter().map(|value| value.map(six_places)).collect() }
    }
}

impl ChartBody {
    /// Of the pieces of a range.
    pub(super) fn over(pieces: &Pieces, datasets: Vec<DatasetBody>) -> Self {
        let label = |date: String| match pieces.step {
            Step::Day | Step::Week => date,
            Step::Month => date.chars().take(7).collect(),
        };
        Self { labels: pieces.pieces.iter().map(|piece| label(piece.from().to_string())).collect(), datasets }
    }
}
