//! `/moods`: a user's moods, by day and by moment.

mod day;
pub(in crate::routes) mod dto;
mod moments;
mod views;

use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("moods", "How one felt, on a day or at a moment.");
    views::routes(routes);
    moments::routes(routes);
    day::routes(routes);
}
