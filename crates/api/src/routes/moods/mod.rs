//! `/moods`: how somebody felt on a day, or at a moment of it.

mod day;
pub(in crate::routes) mod dto;
mod moments;
mod views;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::fallback::fallback;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    // Fixed words come before the `{date}` that would swallow them.
    views::routes(config);
    config.route("/moods/trend", web::route().to(fallback));
    moments::routes(config);
    day::routes(config);
}
