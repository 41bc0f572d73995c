//! `/habits`: what is planned, and how it goes.

mod dto;
mod list;
mod resource;
mod story;
mod today;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::routing::fallback;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    // Fixed words come before the `{habit_id}` that would swallow them.
    today::routes(config);
    list::routes(config);
    for word in ["/habits/today", "/habits/order"] {
        config.route(word, web::route().to(fallback));
    }
    story::routes(config);
    resource::routes(config);
}
