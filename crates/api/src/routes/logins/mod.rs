//! Login analytics as `/me/logins` and `/admin` show them: queries, bodies and charts that both share.

mod activity;
mod charts;
mod stats;

pub(in crate::routes) use activity::{LoginBody, LoginsQuery, logins};
pub(in crate::routes) use charts::{
    ComparisonBody, DistributionBody, TrendsBody, comparison, distribution, sums_chart, trends,
};
pub(in crate::routes) use stats::{LoginStatsBody, SumsBody, login_stats};

use circadia_domain::civil::{Date, DateRange, TEN_YEARS, Zone};
use circadia_domain::logins::{LoginPeriod, LoginRange};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::input::{Decode, Fields};

/// The days that login analytics are about.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct LoginPeriodQuery {
    /// The first day. Goes with `to`; without both, the last 30 days.
    from: Option<Date>,
    /// The last day, which is included.
    to: Option<Date>,
    /// The IANA time zone whose days they are. Defaults to your own.
    tz: Option<Zone>,
}

impl LoginPeriodQuery {
    pub(in crate::routes) fn period(self) -> LoginPeriod {
        let days = self.from.zip(self.to).and_then(|(from, to)| DateRange::new(from, to));
        LoginPeriod { days, zone: self.tz }
    }
}

impl Decode for LoginPeriodQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from: Option<Date> = fields.optional("from");
        let to: Option<Date> = fields.optional("to");
        let tz = fields.optional("tz");
        fields.note_reversed(from, to);
        let days = from.zip(to).and_then(|(from, to)| DateRange::new(from, to)).map_or(0, DateRange::len);
        if days > TEN_YEARS {
            fields.note("to", "too_many", format!("makes {days} days; at most {TEN_YEARS} can be asked for"));
        }
        for (name, other) in [("from", "to"), ("to", "from")] {
            if !fields.has(name) && fields.has(other) {
                fields.note(name, "required", "is required: `from` and `to` go together");
            }
        }
        Some(Self { from, to, tz })
    }
}

/// The days that figures are about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginRange)]
pub(in crate::routes) struct LoginRangeBody {
    /// The first day.
    from: Date,
    /// The last day, which is included.
    to: Date,
    /// The time zone whose days they are.
    timezone: Zone,
}

impl From<LoginRange> for LoginRangeBody {
    fn from(range: LoginRange) -> Self {
        Self::new(range.days, range.zone)
    }
}

impl LoginRangeBody {
    pub(in crate::routes) const fn new(days: DateRange, timezone: Zone) -> Self {
        Self { from: days.from(), to: days.to(), timezone }
    }
}
