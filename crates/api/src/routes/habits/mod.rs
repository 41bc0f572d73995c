//! `/habits`: habits, their entries, and views and statistics of them.

mod calendar;
mod dto;
pub(in crate::routes) mod entries;
mod find_with_history;
pub(in crate::routes) mod list;
mod occurrences;
pub(in crate::routes) mod pauses;
mod plans;
mod resource;
mod score;
mod stats;
mod streak;
mod time;
pub(in crate::routes) mod today;
mod views;

use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("habits", "What is planned, what is due today, and how it goes.");
    today::routes(routes);
    list::routes(routes);
    entries::routes(routes);
    plans::routes(routes);
    pauses::routes(routes);
    time::routes(routes);
    views::routes(routes);
    occurrences::routes(routes);
    streak::routes(routes);
    score::routes(routes);
    stats::routes(routes);
    calendar::routes(routes);
    resource::routes(routes);
}
