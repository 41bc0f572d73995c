//! `/sync`: delta sync, for apps that keep a copy and work offline.

mod changes;
mod commands;
mod results;

use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("sync", "Delta sync, for apps that keep a copy and work offline.");
    changes::routes(routes);
    commands::routes(routes);
}
