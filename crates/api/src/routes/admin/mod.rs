//! `/admin`: what staff and superusers see and do. Each operation names the role that it needs (`x-role`).

pub mod audit;
mod dashboard;
mod jobs;
mod logins;
mod security_events;
pub mod users;

use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("admin", "Accounts, sign-ins, security and background jobs, for staff and superusers.");
    dashboard::routes(routes);
    users::routes(routes);
    logins::routes(routes);
    security_events::routes(routes);
    audit::routes(routes);
    jobs::routes(routes);
}
