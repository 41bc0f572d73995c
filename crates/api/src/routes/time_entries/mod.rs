//! `/time-entries`: minutes spent on habits and tasks, and summaries of them.

mod dto;
mod list;
mod resource;
mod summary;

use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("time", "What time was spent on: entries, the running timer, sums.");
    summary::routes(routes);
    list::routes(routes);
    resource::routes(routes);
}
