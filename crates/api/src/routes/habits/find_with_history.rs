//! Loads a habit with its history, for the views of one habit.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::habits::{self, Habit, History};
use circadia_domain::ids::HabitId;
use utoipa::IntoParams;

use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields};
use crate::http::problem::{InputLocation, Problem};
use crate::routes::date_queries::range;

/// A range of days.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RangeQuery {
    /// The first day.
    from: Date,
    /// The last day; at most ten years after the first.
    to: Date,
}

impl Decode for RangeQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.required("from");
        let to = fields.required("to");
        Some(Self { from: from?, to: to? })
    }
}

impl RangeQuery {
    pub(super) fn range(&self) -> Result<DateRange, Problem> {
        range(self.from, self.to).map_err(|wrong| Problem::invalid(InputLocation::Query, wrong))
    }
}

/// A habit with its history, and the day to evaluate at.
pub(super) async fn find_with_history(
    caller: &Caller,
    id: HabitId,
    on: Option<Date>,
) -> Result<(Habit, History, Date), Problem> {
    let user = caller.user;
    let (habit, history, settings) =
        caller.query_replica(move |store| habits::find_with_history(store, user, id)).await?;
    Ok((habit, history, on.unwrap_or_else(|| settings.today(caller.now))))
}
