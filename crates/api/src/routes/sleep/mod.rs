//! `/sleep`: when somebody slept, and what follows from it.

pub(in crate::routes) mod dto;
mod list;
mod resource;
mod stats;
mod views;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::fallback::fallback;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    // Fixed words come before the `{sleep_log_id}` that would swallow them.
    list::routes(config);
    stats::routes(config);
    views::routes(config);
    for word in ["/sleep/check", "/sleep/stats"] {
        config.route(word, web::route().to(fallback));
    }
    resource::routes(config);
}
