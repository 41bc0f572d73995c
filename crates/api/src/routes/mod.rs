//! The routes, by feature; each file holds the handlers of one part of the URL space, with their DTOs beside them.

pub mod auth;
pub mod config;
mod date_queries;
pub mod entries;
pub mod habits;
pub mod health;
pub mod me;
pub mod moods;
pub mod quotes;
pub mod schedules;
pub mod sleep;
pub mod stats;
pub mod tasks;
pub mod themes;
pub mod time_entries;
pub mod timer;
pub mod wellknown;

#[cfg(test)]
mod tests;

use utoipa_actix_web::service_config::ServiceConfig;

/// Everything under `/api/v1`.
pub fn versioned(config: &mut ServiceConfig<'_>) {
    auth::routes(config);
    config::routes(config);
    me::routes(config);
    themes::routes(config);
    entries::routes(config);
    habits::routes(config);
    schedules::routes(config);
    quotes::routes(config);
    stats::routes(config);
    tasks::routes(config);
    time_entries::routes(config);
    timer::routes(config);
    sleep::routes(config);
    moods::routes(config);
}

/// Everything that isn't.
pub fn unversioned(config: &mut ServiceConfig<'_>) {
    health::routes(config);
    wellknown::routes(config);
}
