//! The routes, by feature; each file holds the handlers of one part of the URL space, with their DTOs beside them.

pub mod admin;
pub mod auth;
pub mod calendar;
pub mod config;
mod date_queries;
pub mod entries;
mod events;
pub mod habits;
pub mod health;
pub mod home;
pub mod imports;
mod logins;
pub mod me;
pub mod media;
pub mod metrics;
pub mod moods;
pub mod quotes;
pub mod reminders;
pub mod schedules;
pub mod sleep;
pub mod stats;
mod sync;
pub mod tasks;
pub mod themes;
pub mod time_entries;
pub mod timer;
pub mod webhooks;
pub mod wellknown;

#[cfg(test)]
mod tests;

use crate::http::docs;
use crate::http::routing::Routes;

/// Every operation.
pub fn all() -> Routes {
    let mut routes = Routes::default();
    routes.under("/api/v1", versioned);
    health::routes(&mut routes);
    media::routes(&mut routes);
    wellknown::routes(&mut routes);
    docs::routes(&mut routes);
    routes
}

/// Everything under `/api/v1`.
fn versioned(routes: &mut Routes) {
    auth::routes(routes);
    config::routes(routes);
    me::routes(routes);
    home::routes(routes);
    themes::routes(routes);
    entries::routes(routes);
    habits::routes(routes);
    schedules::routes(routes);
    quotes::routes(routes);
    reminders::routes(routes);
    calendar::routes(routes);
    stats::routes(routes);
    tasks::routes(routes);
    time_entries::routes(routes);
    timer::routes(routes);
    sync::routes(routes);
    events::routes(routes);
    sleep::routes(routes);
    moods::routes(routes);
    imports::routes(routes);
    webhooks::routes(routes);
    admin::routes(routes);
}
