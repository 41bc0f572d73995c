//! What a personal access token must hold to be let in at a route. Decided in one place, by where the route is and what
//! it does: a route that isn't known here lets none in.

use actix_web::http::Method;
use circadia_domain::personal_tokens::{Access, Area, Scope, Scopes};

use crate::http::problem::Problem;
use circadia_domain::code::Code;

/// What is asked with POST, but changes nothing.
const QUESTIONS: [&str; 2] = ["schedules/preview", "sleep/check"];

/// The scope for a route of this method and path (as it is documented, or as it is asked for); none if no personal
/// access token is let in: whoever holds one must not get at sessions, passwords, second factors, tokens, the account
/// or the accounts of others.
pub(crate) fn needed(method: &Method, path: &str) -> Option<Scope> {
    let path = path.strip_prefix("/api/v1/")?;
    let reads = *method == Method::GET || *method == Method::HEAD || QUESTIONS.contains(&path);
    let area = match path.split('/').next().unwrap_or_default() {
        "habits" | "entries" | "schedules" => Area::Habits,
        "themes" => Area::Themes,
        "sleep" => Area::Sleep,
        "moods" => Area::Moods,
        "tasks" => Area::Tasks,
        "time-entries" | "timer" => Area::Time,
        "stats" => Area::Stats,
        "quotes" => Area::Profile,
        // Reading one's own profile, and nothing below it.
        "me" if path == "me" && reads => Area::Profile,
        _ => return None,
    };
    Some(Scope { area: Some(area), access: if reads { Access::Read } else { Access::Write } })
}

/// Lets a personal access token in at a route, or refuses it.
///
/// # Errors
/// `insufficient_scope`, which names the scope that is needed.
pub(crate) fn admit(scopes: Scopes, method: &Method, path: &str) -> Result<(), Problem> {
    match needed(method, path) {
        Some(scope) if scopes.allow(scope) => Ok(()),
        Some(scope) => Err(Problem::of(Code::InsufficientScope, format!("The token lacks the scope `{scope}`."))
            .with_header("www-authenticate", format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))),
        None => Err(Problem::of(Code::InsufficientScope, "No personal access token is let in here: sign in.")
            .with_header("www-authenticate", "Bearer error=\"insufficient_scope\"".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_that_asks_who_one_is_has_a_scope_or_lets_no_token_in() {
        let document = serde_json::to_value(crate::http::openapi::document()).unwrap();
        let mut seen = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
                let operation = &item[method.as_str().to_ascii_lowercase()];
                if !operation.is_object() || operation["security"] == serde_json::json!([{}]) {
                    continue;
                }
                let within = path.strip_prefix("/api/v1/").unwrap();
                let scope = needed(&method, path);
                // What may never be done with one. Anything new belongs to an area, or is added here on purpose.
                let barred = ["auth", "me", "admin"].contains(&within.split('/').next().unwrap());
                assert_eq!(scope.is_none(), barred && (within, &method) != ("me", &Method::GET), "{method} {path}");
                // The documentation says so.
                let documented = operation["security"].as_array().into_iter().flatten();
                let of_tokens: Vec<_> = documented.filter_map(|way| way["personal_token"].get(0)).collect();
                let expected: Vec<_> = scope.iter().map(|scope| serde_json::json!(scope.to_string())).collect();
                assert_eq!(of_tokens, expected.iter().collect::<Vec<_>>(), "{method} {path}");
                seen.push((method.clone(), path.clone()));
            }
        }
        assert!(seen.len() > 30);
    }

    #[test]
    fn questions_are_reading_and_whatever_is_unknown_is_refused() {
        let of = |method: Method, path: &str| needed(&method, path).map(|scope| scope.to_string());
        assert_eq!(of(Method::POST, "/api/v1/schedules/preview").unwrap(), "habits:read");
        assert_eq!(of(Method::POST, "/api/v1/habits").unwrap(), "habits:write");
        assert_eq!(of(Method::GET, "/api/v1/me").unwrap(), "profile:read");
        for path in ["/api/v1/me", "/api/v1/me/tokens", "/api/v1/brand-new", "/api/v1/", "/metrics", "/api/v1/habitsx"]
        {
            assert_eq!(of(Method::PATCH, path), None, "{path}");
        }
    }
}
