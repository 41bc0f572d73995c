//! `/moods`: how somebody felt on a day, or at a moment of it.

mod day;
mod dto;
mod moments;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    moments::routes(config);
    day::routes(config);
}
