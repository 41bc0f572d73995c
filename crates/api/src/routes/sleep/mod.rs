//! `/sleep`: when somebody slept, and what follows from it.

mod dto;
mod list;
mod resource;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::routing::fallback;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    // Fixed words come before the `{sleep_log_id}` that would swallow them.
    list::routes(config);
    config.route("/sleep/check", web::route().to(fallback));
    resource::routes(config);
}
