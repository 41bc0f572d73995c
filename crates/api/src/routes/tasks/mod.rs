//! `/tasks`: one-off tasks.

pub(in crate::routes) mod dto;
mod list;
mod resource;

use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    list::routes(routes);
    resource::routes(routes);
}
