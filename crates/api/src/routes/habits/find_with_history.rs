//! What the views of one habit's whole history have in common.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::habits::{self, Habit, History};
use circadia_domain::ids::HabitId;
use utoipa::IntoParams;

use super::dto::range;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, date, text};
use crate::http::problem::{InputLocation, Problem};

/// The longest range of an answer: ten years.
pub(super) const MAX_DAYS: u32 = 3_653;

/// A figure between 0 and 1 to six places: more would only say how it was computed.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// A range of days.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RangeQuery {
    /// The first day.
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last day; at most ten years after the first.
    #[param(value_type = String, format = Date)]
    to: Date,
}

impl Decode for RangeQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.required("from", text(date));
        let to = fields.required("to", text(date));
        Some(Self { from: from?, to: to? })
    }
}

impl RangeQuery {
    pub(super) fn range(&self) -> Result<DateRange, Problem> {
        range(self.from, self.to, MAX_DAYS).map_err(|wrong| Problem::invalid(InputLocation::Query, wrong))
    }
}

/// A habit with its history, and the day that is to be looked at from.
pub(super) async fn find_with_history(
    caller: &Caller,
    id: HabitId,
    on: Option<Date>,
) -> Result<(Habit, History, Date), Problem> {
    let user = caller.user;
    let (habit, history, user) = caller.read(move |store| habits::find_with_history(store, user, id)).await?;
    Ok((habit, history, on.unwrap_or_else(|| user.today(caller.now))))
}
