//! `/webhooks`: HTTP requests that tell other programs of a user's changes.

mod deliveries;
pub(in crate::routes) mod dto;
mod resource;

use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag(
        "webhooks",
        "HTTP requests that tell other programs of changes, as [Standard Webhooks](https://www.standardwebhooks.com) has \
         them.",
    );
    resource::routes(routes);
    deliveries::routes(routes);
}
