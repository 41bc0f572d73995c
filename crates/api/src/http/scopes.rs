//! Whether a role, or a personal access token, may use an operation.

use circadia_domain::code::Code;
use circadia_domain::personal_tokens::Scopes;
use circadia_domain::users::Role;

use crate::http::problem::Problem;

/// Lets a personal access token use an operation that asks for all of `needed`. Without scopes none may: with such a
/// token, one must not get at sessions, passwords, second factors, tokens, the account or the accounts of others.
///
/// # Errors
/// `insufficient_scope`: its text names the scopes that are lacking, its header all that are needed.
pub(crate) fn admit(held: Scopes, needed: Option<Scopes>) -> Result<(), Problem> {
    let Some(needed) = needed else {
        return Err(Problem::of(Code::InsufficientScope, "Personal access tokens can't be used here: sign in.")
            .with_header("www-authenticate", "Bearer error=\"insufficient_scope\"".to_owned()));
    };
    let Some(lacking) = held.lacking(needed) else { return Ok(()) };
    let names: Vec<String> = lacking.iter().map(|scope| format!("`{scope}`")).collect();
    let noun = if names.len() == 1 { "scope" } else { "scopes" };
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", needed.to_text());
    Err(Problem::of(Code::InsufficientScope, format!("The token lacks the {noun} {}.", names.join(", ")))
        .with_header("www-authenticate", challenge))
}

/// Lets users of at least the `needed` role use an operation.
///
/// # Errors
/// `insufficient_role`.
pub(crate) fn admit_role(role: Role, needed: Option<Role>) -> Result<(), Problem> {
    match needed {
        Some(needed) if role < needed => {
            let detail = format!("This needs the role `{}`; yours is `{}`.", needed.as_str(), role.as_str());
            Err(Problem::of(Code::InsufficientRole, detail))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    /// Anything new belongs to an area, or is added here on purpose.
    #[test]
    fn every_private_operation_has_a_scope_or_lets_no_token_in() {
        let document = serde_json::to_value(crate::http::openapi::document()).unwrap();
        let mut seen = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if operation["security"] == serde_json::json!([]) {
                    continue;
                }
                let within = path.strip_prefix("/api/v1/").unwrap();
                // Pauses of all habits are part of the habits.
                let barred = ["auth", "me", "admin"].contains(&within.split('/').next().unwrap())
                    && !within.starts_with("me/pauses");
                let tokens = operation["security"].as_array().into_iter().flatten();
                let scopes = tokens.filter_map(|kind| kind["personal_token"].as_array()).flatten();
                let scopes: Vec<_> = scopes.map(|scope| scope.as_str().unwrap()).collect();
                let is_open = [("me", "get"), ("me/export", "get")].contains(&(within, method.as_str()));
                assert_eq!(scopes.is_empty(), barred && !is_open, "{method} {path}");
                let question = ["schedules/preview", "sleep/check"].contains(&within);
                let access = if method == "get" || question { "read" } else { "write" };
                let is_of_access = |scope: &&str| *scope == access || scope.ends_with(&format!(":{access}"));
                // A webhook tells of everything.
                let tells = *path == "/api/v1/webhooks" || *path == "/api/v1/webhooks/{webhook_id}";
                assert!(
                    scopes.iter().filter(|scope| !(tells && **scope == "read")).all(is_of_access),
                    "{method} {path} {scopes:?}"
                );
                seen += 1;
            }
        }
        assert!(seen > 30);
    }
}
