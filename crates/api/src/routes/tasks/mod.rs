//! `/tasks`: things to be done once.

pub(in crate::routes) mod dto;
mod list;
mod resource;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    list::routes(config);
    resource::routes(config);
}
