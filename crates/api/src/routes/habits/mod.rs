//! `/habits`: what is planned, and how it goes.

mod dto;
mod list;
mod resource;
mod story;
mod today;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    // Fixed words come before the `{habit_id}` that would swallow them.
    today::routes(config);
    list::routes(config);
    story::routes(config);
    resource::routes(config);
}
