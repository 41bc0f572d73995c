//! `/me`: the signed-in user.

pub mod google;
pub mod profile;
pub mod sessions;

use utoipa_actix_web::service_config::ServiceConfig;

pub use profile::{UserBody, WeekdayBody};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    profile::routes(config);
    sessions::routes(config);
    google::routes(config);
}
