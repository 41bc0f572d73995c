//! Which day, week or month a view shows.

use circadia_domain::civil::Date;
use utoipa::IntoParams;

use crate::input::{Decode, Fields, date, text};

/// Which day, week or month.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct DateQuery {
    /// A day of it; the user's today if absent.
    #[param(value_type = Option<String>, format = Date)]
    pub(in crate::routes) date: Option<Date>,
}

impl Decode for DateQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { date: fields.optional("date", text(date)) })
    }
}
