//! `/me`: the signed-in user.

pub mod profile;

use utoipa_actix_web::service_config::ServiceConfig;

pub use profile::{UserBody, WeekdayBody};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    profile::routes(config);
}
