//! `/me`: the signed-in user.

pub mod account;
pub mod email;
pub mod google;
pub mod profile;
pub(in crate::routes) mod reauthentication;
pub mod sessions;
pub mod tokens;
pub mod totp;

use utoipa_actix_web::service_config::ServiceConfig;

pub use profile::UserBody;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    profile::routes(config);
    sessions::routes(config);
    google::routes(config);
    email::routes(config);
    account::routes(config);
    totp::routes(config);
    tokens::routes(config);
}
