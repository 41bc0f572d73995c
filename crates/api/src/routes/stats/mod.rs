//! `/stats`: an overview, and associations between a user's data.

mod insights;
mod overview;

use circadia_domain::civil::DateRange;
use circadia_domain::stats::{Period, RangeName};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::input::{Fields, Parsed, text};
use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("stats", "Everything at a glance, and which things go together.");
    overview::routes(routes);
    insights::routes(routes);
}

/// The days of statistics.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatsRange)]
struct RangeBody {
    #[serde(flatten)]
    range: DateRange,
    /// How many.
    days: u32,
}

impl From<DateRange> for RangeBody {
    fn from(range: DateRange) -> Self {
        Self { range, days: range.len() }
    }
}

fn range_name(name: &str) -> Parsed<RangeName> {
    RangeName::parse(name).ok_or_else(|| Violations::of("unknown_value", "must be `7d`, `30d`, `90d`, `365d` or `all`"))
}

/// The period that `range`, or `from` and `to`, name.
fn period(fields: &mut Fields<'_>) -> Option<Option<Period>> {
    let name = fields.optional_with("range", text(range_name));
    let from = fields.optional("from");
    let to = fields.optional("to");
    match (name, from, to) {
        (name, None, None) => Some(name.map(Period::Named)),
        (Some(_), _, _) => {
            fields.note("range", "contradiction", "goes without `from` and `to`: give the days by name or by date");
            None
        }
        (None, Some(from), Some(to)) => {
            let range = DateRange::new(from, to);
            if range.is_none() {
                fields.note("to", "before_start", "must not lie before `from`");
            }
            range.map(|range| Some(Period::Dates(range)))
        }
        (None, from, _) => {
            let lacking = if from.is_none() { "from" } else { "to" };
            fields.note(lacking, "required", "is required: `from` and `to` go together");
            None
        }
    }
}
