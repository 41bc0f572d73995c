//! `/habits`: what is planned, and how it goes.

mod calendar;
mod dto;
mod list;
mod occurrences;
mod resource;
mod score;
mod stats;
mod story;
mod streak;
mod today;
mod views;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

pub(in crate::routes) use today::OnQuery;

use crate::routing::fallback;

pub(in crate::routes) use dto::range;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    // Fixed words come before the `{habit_id}` that would swallow them.
    today::routes(config);
    list::routes(config);
    for word in ["/habits/today", "/habits/order"] {
        config.route(word, web::route().to(fallback));
    }
    views::routes(config);
    occurrences::routes(config);
    streak::routes(config);
    score::routes(config);
    stats::routes(config);
    calendar::routes(config);
    resource::routes(config);
}
