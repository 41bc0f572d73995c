//! Sign-ins of others: `/admin/users/{user_id}/logins`, `/stats` and `/charts`, and figures and charts of several users.

mod batch;
mod of_everyone;
mod of_user;

use circadia_domain::ids::UserId;

use crate::http::input::{Fields, list, text};
use crate::http::problem::{InputLocation, Problem};
use crate::http::routing::Routes;

pub(super) fn routes(routes: &mut Routes) {
    batch::routes(routes);
    of_user::routes(routes);
    of_everyone::routes(routes);
}

/// The most users that are asked for at once.
const MAX_USERS: usize = 100;

/// Reads `user_ids[]`, which is never empty where it is there.
fn user_ids(fields: &mut Fields<'_>) -> Option<Vec<UserId>> {
    let ids = fields.optional_with("user_ids[]", list(MAX_USERS, text(UserId::parse)));
    if let Some(ids) = &ids {
        if ids.is_empty() {
            fields.note("user_ids[]", "required", "must name at least one user where it is sent");
        }
        let repeated = ids.iter().enumerate().any(|(place, id)| ids.iter().skip(place + 1).any(|other| other == id));
        if repeated {
            fields.note("user_ids[]", "duplicate", "must name each user only once");
        }
    }
    ids
}

/// What is wrong about `user_ids[]` is wrong in the query.
fn in_query(problem: Problem) -> Problem {
    problem.found_in(InputLocation::Query)
}
