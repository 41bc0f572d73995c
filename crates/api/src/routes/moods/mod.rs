//! `/moods`: how somebody felt on a day, or at a moment of it.

mod day;
pub(in crate::routes) mod dto;
mod moments;
mod views;

use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    views::routes(routes);
    moments::routes(routes);
    day::routes(routes);
}
