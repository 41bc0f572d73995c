//! `/habits`: what is planned, and how it goes.

mod calendar;
mod dto;
pub(in crate::routes) mod entries;
mod find_with_history;
pub(in crate::routes) mod list;
mod occurrences;
pub(in crate::routes) mod pauses;
mod plans;
mod resource;
mod score;
mod stats;
mod streak;
mod time;
mod today;
mod views;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::fallback::fallback;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    // Fixed words come before the `{habit_id}` that would swallow them.
    today::routes(config);
    list::routes(config);
    for word in ["/habits/today", "/habits/order"] {
        config.route(word, web::route().to(fallback));
    }
    entries::routes(config);
    plans::routes(config);
    pauses::routes(config);
    time::routes(config);
    views::routes(config);
    occurrences::routes(config);
    streak::routes(config);
    score::routes(config);
    stats::routes(config);
    calendar::routes(config);
    resource::routes(config);
}
