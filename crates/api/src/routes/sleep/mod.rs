//! `/sleep`: a user's sleep logs, and views and statistics of them.

pub(in crate::routes) mod dto;
mod list;
mod resource;
mod stats;
pub(in crate::routes) mod views;

use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("sleep", "When one slept, and what follows from it.");
    list::routes(routes);
    stats::routes(routes);
    views::routes(routes);
    resource::routes(routes);
}
