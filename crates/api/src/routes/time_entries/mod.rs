//! `/time-entries`: minutes that were spent on habits and tasks, and sums of them.

mod dto;
mod list;
mod resource;
mod summary;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::fallback::fallback;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    // A fixed word comes before the `{time_entry_id}` that would swallow it.
    summary::routes(config);
    config.route("/time-entries/summary", web::route().to(fallback));
    list::routes(config);
    resource::routes(config);
}
