//! `/me`: the signed-in user.

pub mod account;
pub mod avatar;
pub mod calendar;
pub mod email;
mod export;
pub mod import;
mod logins;
pub mod passkeys;
mod pauses;
pub mod profile;
pub mod providers;
pub mod push_subscriptions;
pub(in crate::routes) mod reauthentication;
pub mod sessions;
pub mod tokens;
pub mod totp;
pub mod username;

use crate::http::routing::Routes;

pub use profile::UserBody;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("me", "The signed-in user and their settings.");
    profile::routes(routes);
    sessions::routes(routes);
    providers::routes(routes);
    username::routes(routes);
    email::routes(routes);
    account::routes(routes);
    avatar::routes(routes);
    totp::routes(routes);
    passkeys::routes(routes);
    tokens::routes(routes);
    calendar::routes(routes);
    push_subscriptions::routes(routes);
    logins::routes(routes);
    pauses::routes(routes);
    export::routes(routes);
    import::routes(routes);
}
