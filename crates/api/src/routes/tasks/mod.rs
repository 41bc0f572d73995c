//! `/tasks`: one-off tasks.

pub(in crate::routes) mod dto;
mod list;
mod resource;

use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("tasks", "What is to be done once.");
    list::routes(routes);
    resource::routes(routes);
}
