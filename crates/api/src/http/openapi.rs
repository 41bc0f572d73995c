//! The OpenAPI document: collected from the routes, and completed with what applies to all of them. Nothing about a
//! single route is said here: new ones get all of this by themselves.
#![expect(
    clippy::indexing_slicing,
    reason = "what a JSON value doesn't have is read as null, and what is written to is there in every document"
)]

mod answers;
mod description;
mod examples;
mod layout;
mod shapes;
mod sharing;

use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ServerBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};

use circadia_domain::personal_tokens::Scopes;
use circadia_domain::users::Role;

use crate::http::problem::{ErrorCode, FieldError, FieldErrorCode, InputLocation, ProblemBody};
use crate::http::schemas::{self, operations};
use crate::routes;

/// The document.
pub fn document() -> Value {
    let (paths, schemas, tags) = routes::all().into_document_parts();
    let mut document = skeleton();
    document.paths = paths;
    document.tags = Some(tags);
    document.components.get_or_insert_default().schemas.extend(schemas);
    complete(document)
}

/// The operations that are for a role only: method and path, and the least role.
pub fn roles() -> Vec<(String, Role)> {
    routes::all().roles().map(|(method, path, role)| (format!("{method} {path}"), role)).collect()
}

/// A document as it is committed and served: stable, in lines, with a final line break.
pub fn text(document: &Value) -> String {
    layout::text(document)
}

fn skeleton() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Circadia")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description::description()))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()))
        .build();
    let bearer = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access token of `POST /auth/login` or `/auth/register`."))
            .build(),
    );
    let mut components = Components::new();
    components.add_security_scheme("bearer", bearer);
    let personal = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("crc_…")
            .description(Some(
                "A personal access token of `POST /me/tokens`, for other programs. It must hold every scope that an \
                 operation names, or one that includes it (`write` includes `read`, and either without an area holds in \
                 all); where none is named, none is let in (else 403 `insufficient_scope`).",
            ))
            .build(),
    );
    components.add_security_scheme("personal_token", personal);
    let cookie = ApiKeyValue::with_description(
        "__Host-circadia",
        "The cookie of `POST /auth/session`, for browser apps; on a developer's own machine without TLS it is called \
         `circadia`. Requests that aren't GET must come from the API's own origin or a listed one. Ignored where there \
         is an `Authorization` header.",
    );
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let csrf = ApiKeyValue::with_description(
        "X-CSRF-Token",
        "The `csrf_token` of `POST` or `GET /auth/session`: requests by cookie that aren't GET must repeat it (else 403 \
         `csrf_failed`).",
    );
    components.add_security_scheme(CSRF, SecurityScheme::ApiKey(ApiKey::Header(csrf)));
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("/").description(Some("The server of this document")).build()]))
        .components(Some(components))
        .security(Some(SESSION_SCHEMES.map(session_requirement)))
        .build()
}

/// How requests of a session are authenticated.
const SESSION_SCHEMES: [&str; 2] = ["bearer", "cookie"];

fn session_requirement(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new(scheme, Vec::<String>::new())
}

/// The security of an operation that also accepts personal access tokens with all of `scopes`.
pub(crate) fn security_with_scopes(scopes: Scopes) -> Vec<SecurityRequirement> {
    let personal = SecurityRequirement::new("personal_token", scopes.iter().map(|scope| scope.to_string()));
    SESSION_SCHEMES.into_iter().map(session_requirement).chain([personal]).collect()
}

/// Says in an operation's description which role it needs, and that others are refused.
pub(crate) fn document_role(operation: &mut Operation, role: Role) {
    let needed = match role {
        Role::Regular => return,
        Role::Staff => "Needs the role `staff` or `superuser`.",
        Role::Superuser => "Needs the role `superuser`.",
    };
    let description = operation.description.take().unwrap_or_default();
    operation.description = Some(format!("{description}\n\n{needed}").trim_start().to_owned());
    operation.responses.responses.entry("403".to_owned()).or_insert_with(answers::insufficient_role);
}

/// The scheme of the token that goes with a cookie.
const CSRF: &str = "csrf";

/// Whether an operation takes no credentials at all.
pub(crate) fn is_public(operation: &Operation) -> bool {
    let none = SecurityRequirement::default();
    operation.security.as_ref().is_some_and(|own| own.iter().all(|requirement| *requirement == none))
}

/// Whether a session's cookie authenticates requests of an operation.
fn accepts_cookies(operation: &Operation) -> bool {
    let by_cookie = [session_requirement("cookie"), session_requirement("cookie").add(CSRF, Vec::<String>::new())];
    operation.security.as_ref().is_none_or(|own| own.iter().any(|own| by_cookie.contains(own)))
}

/// Requests by cookie that change something carry a token as well.
fn require_csrf_token(method: &str, operation: &mut Operation) {
    if method == "get" || !accepts_cookies(operation) {
        return;
    }
    let security = operation.security.get_or_insert_with(|| SESSION_SCHEMES.map(session_requirement).to_vec());
    for requirement in security.iter_mut().filter(|requirement| **requirement == session_requirement("cookie")) {
        *requirement = session_requirement("cookie").add(CSRF, Vec::<String>::new());
    }
}

/// Adds to every operation what its shape implies, and gives the schemas the shape that generators of clients need.
fn complete(mut document: OpenApi) -> Value {
    let components = document.components.get_or_insert_default();
    for (name, schema) in [
        (ProblemBody::name(), ProblemBody::schema()),
        (FieldError::name(), FieldError::schema()),
        (InputLocation::name(), InputLocation::schema()),
        (ErrorCode::name(), ErrorCode::schema()),
        (FieldErrorCode::name(), FieldErrorCode::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    answers::add_components(components);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            require_csrf_token(method, operation);
            answers::complete(path, method, operation);
        }
    }
    schemas::tidy(&mut document);
    name_items(&mut document);
    let mut document = serde_json::to_value(document).unwrap_or_default();
    shapes::drop_unused(&mut document);
    shapes::shape(&mut document);
    examples::add(&mut document);
    sharing::share(&mut document);
    document
}

/// Lets pages refer to the schema of their items instead of repeating it, so that generators create one type.
fn name_items(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    let known = components.schemas.clone();
    for (name, schema) in &mut components.schemas {
        let Some(of) = paged(name) else { continue };
        let RefOr::T(Schema::Object(page)) = schema else { continue };
        let Some(RefOr::T(Schema::Array(list))) = page.properties.get_mut("items") else { continue };
        let ArrayItems::RefOrSchema(item) = &mut list.items else { continue };
        if known.get(of).is_some_and(|known| *known == **item) {
            **item = RefOr::Ref(Ref::from_schema_name(of));
        }
    }
}

/// What the schema of a [`Page`](crate::http::page::Page) or a [`CountedPage`](crate::http::page::CountedPage) calls that of
/// its items.
fn paged(name: &str) -> Option<&str> {
    name.strip_prefix("Page_").or_else(|| name.strip_prefix("CountedPage_"))
}

/// `id_taken` as a part of a name: `IdTaken`; `user_ids[]`: `UserIds`.
fn camel_case(word: &str) -> String {
    let mut name = String::new();
    let mut begins = true;
    for letter in word.chars() {
        match letter {
            _ if !letter.is_ascii_alphanumeric() => begins = true,
            _ if begins => {
                name.push(letter.to_ascii_uppercase());
                begins = false;
            }
            _ => name.push(letter),
        }
    }
    name
}

#[cfg(test)]
mod tests;
