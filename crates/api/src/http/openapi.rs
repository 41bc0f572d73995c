//! The OpenAPI document: collected from the routes, and completed with what applies to all of them.

use std::fmt::Write as _;

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, ContentBuilder, Header, HeaderBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref,
    RefOr, Required, Response, ResponseBuilder, ServerBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use circadia_domain::code::Code;
use circadia_domain::personal_tokens::Scopes;

use crate::http::problem::{FieldError, InputLocation, MEDIA_TYPE, ProblemBody, status_of};
use crate::http::schemas::{self, operations};
use crate::routes;
use crate::routes::auth::webauthn;

/// The document.
pub fn document() -> OpenApi {
    let (paths, schemas, tags) = routes::all().into_document_parts();
    let mut document = skeleton();
    document.paths = paths;
    document.tags = Some(tags);
    document.components.get_or_insert_default().schemas.extend(schemas);
    complete(document)
}

/// A document as it is committed and served: stable, indented, with a final line break.
pub fn text(document: &OpenApi) -> String {
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

fn skeleton() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Circadia")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description()))
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
        "The cookie of `POST /auth/session`, for browser apps. Requests that aren't GET must come from the API's own \
         origin or a listed one, and repeat the session's `csrf_token` in `X-CSRF-Token` (else 403 `csrf_failed`). \
         Ignored where there is an `Authorization` header.",
    );
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
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

/// Whether an operation declares its own authentication: none, or one kind of session only.
fn is_public(operation: &Operation) -> bool {
    let asks_for = |security: &Vec<SecurityRequirement>, scheme| security.contains(&session_requirement(scheme));
    operation.security.as_ref().is_some_and(|own| !SESSION_SCHEMES.iter().all(|scheme| asks_for(own, scheme)))
}

fn description() -> String {
    let mut text = String::from(
        "The backend for apps that help people keep their days in rhythm: recurring habits and their entries, \
         streaks, scores and calendars, sleep, mood, tasks and time.\n\n\
         **Conventions.** JSON only, UTF-8, `snake_case`; unknown fields are refused. Ids are UUIDv7, and clients may \
         choose them: repeating a request with the same id and body gives the same answer. Instants are RFC 3339 in \
         UTC. Dates are `YYYY-MM-DD` in the user's own calendar, from 1970-01-01 to 2199-12-31. *Today* depends on the \
         user's time zone and on when their day starts. PATCH is a merge patch (RFC 7396).\n\n\
         **Concurrency.** Stored resources carry an `ETag`. Send it in `If-Match` to change a resource only if it is \
         unchanged (else 412), and in `If-None-Match` to get 304 if nothing changed.\n\n\
         **Limits.** `RateLimit-Policy` and `RateLimit` show how many requests are left; 429 carries `Retry-After`. \
         Bodies may have at most 256 KiB and 32 levels of nesting. Guesses at an account's password have to wait longer \
         each time; a client that sends its latest `device_token` with a login isn't held up by others.\n\n\
         **Errors** are `application/problem+json` (RFC 9457) with a stable `code`; `validation_failed` names every \
         wrong value. Another user's resource is answered like one that doesn't exist. Where nothing was stored for want \
         of a dependency (503 `unavailable`), `Retry-After` says when to come back. 503 `outcome_unknown`, without it, \
         says that the connection to the database was lost while it committed: repeat what is idempotent (a creation \
         with the same id and body, PUT, PATCH, DELETE), and GET the rest before you repeat it.\n\n\
         | code | status | meaning |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        // Writing to a String can't fail.
        let _ = writeln!(text, "| `{code}` | {} | {} |", status_of(code.class()).as_u16(), code.title());
    }
    text
}

/// Adds to every operation what its shape implies: problems, headers, parameters.
fn complete(mut document: OpenApi) -> OpenApi {
    if let Some(components) = &mut document.components {
        for (name, schema) in [
            (ProblemBody::name(), ProblemBody::schema()),
            (FieldError::name(), FieldError::schema()),
            (InputLocation::name(), InputLocation::schema()),
        ] {
            components.schemas.insert(name.into_owned(), schema);
        }
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete_operation(path, method, operation);
        }
    }
    schemas::tidy(&mut document);
    name_items(&mut document);
    schemas::drop_unused(&mut document);
    refuse_unknown_fields(&mut document);
    document
}

/// Lets pages refer to the schema of their items instead of repeating it, so that generators create one type.
fn name_items(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    let known = components.schemas.clone();
    for (name, schema) in &mut components.schemas {
        let Some(of) = name.strip_prefix("Page_") else { continue };
        let RefOr::T(Schema::Object(page)) = schema else { continue };
        let Some(RefOr::T(Schema::Array(list))) = page.properties.get_mut("items") else { continue };
        let ArrayItems::RefOrSchema(item) = &mut list.items else { continue };
        if known.get(of).is_some_and(|known| *known == **item) {
            **item = RefOr::Ref(Ref::from_schema_name(of));
        }
    }
}

/// Marks the schemas of requests as refusing unknown fields, and those of what browsers make as open.
fn refuse_unknown_fields(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    for (name, schema) in &mut components.schemas {
        // Request bodies, and nothing else, keep the name of their type.
        let open = match name.as_str() {
            name if name.ends_with("Body") => false,
            name if name.ends_with(webauthn::ANSWER) => true,
            _ => continue,
        };
        if let RefOr::T(Schema::Object(object)) = schema {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(open)));
        }
    }
}

fn complete_operation(path: &str, method: &str, operation: &mut Operation) {
    let is_public = is_public(operation);
    let has_body = operation.request_body.is_some();
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let stands_in = |place: &ParameterIn| {
        parameters.iter().any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == *place))
    };
    let (in_path, in_query) = (stands_in(&ParameterIn::Path), stands_in(&ParameterIn::Query));
    let mut refuse = |status: &str, description: &str| {
        let responses = &mut operation.responses.responses;
        if !responses.contains_key(status) {
            responses.insert(status.to_owned(), RefOr::T(problem(description)));
        }
    };
    if has_body {
        refuse("400", "`malformed_json`: the body is not valid JSON");
        refuse("413", "`payload_too_large`: the body is larger than 256 KiB");
        refuse("415", "`unsupported_media_type`: the body is not `application/json`");
    }
    if has_body || in_query || in_path {
        refuse("422", "`validation_failed`: the request contains invalid values; each is listed");
    }
    if !is_public {
        refuse(
            "401",
            "`authentication_required`, `token_invalid`, `token_expired`, `token_revoked` or `session_invalid`",
        );
        if method != "get" {
            refuse("403", "`csrf_failed`: a cookie request without proof that it comes from an allowed page");
        }
    }
    if !is_public {
        refuse("403", "`insufficient_scope`: the personal access token lacks a required scope");
    }
    if in_path && !is_public {
        refuse("404", "It doesn't exist, or belongs to another user");
    }
    if path.starts_with("/api/v1/") {
        refuse("429", "`rate_limited`: try again after `Retry-After` seconds");
        if method == "get" {
            refuse("503", "`unavailable`: try again after `Retry-After` seconds");
        } else {
            refuse(
                "503",
                "`unavailable`: nothing was stored; try again after `Retry-After` seconds. `outcome_unknown`: it was \
                 stored as a whole or not at all; find out before repeating it",
            );
        }
    }
    complete_conditions(path, method, operation);
}

/// Tags and conditions (RFC 9110 §13): every answer that can be read again carries a tag, every change of one thing can
/// be made to depend on it.
fn complete_conditions(path: &str, method: &str, operation: &mut Operation) {
    if !path.starts_with("/api/v1/") || path.starts_with("/api/v1/auth/") {
        return;
    }
    // These are steps of linking, not stored resources.
    if path.starts_with("/api/v1/me/providers/") {
        return;
    }
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let (RefOr::T(response), "200" | "201") = (response, status.as_str()) {
            let text = "Identifies this state, for `If-Match` and `If-None-Match`";
            response.headers.insert("ETag".to_owned(), header(text).into());
            if status == "201" {
                response.headers.insert("Location".to_owned(), header("The URL of the new resource").into());
            }
        }
    }
    if path.starts_with("/api/v1/me/sessions/") {
        return;
    }
    if operation.parameters.iter().flatten().any(is_if_match) {
        responses.insert("412".to_owned(), RefOr::T(problem("`precondition_failed`: it has changed since")));
    }
    if method != "get" {
        return;
    }
    let unchanged = ResponseBuilder::new().description("Nothing changed").build();
    responses.insert("304".to_owned(), RefOr::T(unchanged));
    let parameter = ParameterBuilder::new()
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .name("If-None-Match")
        .description(Some("An earlier `ETag`: the answer is 304 if nothing changed"))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
}

fn is_if_match(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.name == "If-Match")
}

fn header(text: &str) -> Header {
    HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).description(Some(text)).build()
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name()))).build();
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn whatever_is_sent_refuses_unknown_fields_and_pages_name_their_items() {
        let document = serde_json::to_value(document()).unwrap();
        let schemas = &document["components"]["schemas"];
        let mut sent = 0;
        for operation in
            document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
        {
            let Value::Object(schema) = &operation["requestBody"]["content"]["application/json"]["schema"] else {
                continue;
            };
            // One that may be left out is `null` or the schema.
            let options = schema.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
            let references = options.iter().filter_map(|option| option.get("$ref")).chain(schema.get("$ref"));
            for reference in references {
                let name = reference.as_str().unwrap().rsplit('/').next().unwrap();
                assert_eq!(schemas[name]["additionalProperties"], json!(false), "{name}");
                sent += 1;
            }
        }
        assert!(sent > 40, "{sent}");
        let pages: Vec<_> = schemas.as_object().unwrap().iter().filter(|(name, _)| name.starts_with("Page_")).collect();
        assert!(pages.len() > 8);
        for (name, page) in pages {
            assert!(page["properties"]["items"]["items"]["$ref"].is_string(), "{name}");
        }
    }
    #[test]
    fn every_tag_of_an_operation_is_declared_once_and_no_other() {
        let document = document();
        let mut declared: Vec<String> = document.tags.into_iter().flatten().map(|tag| tag.name).collect();
        let mut used = std::collections::BTreeSet::new();
        for (path, mut item) in document.paths.paths {
            for (method, operation) in operations(&mut item) {
                let tags = operation.tags.clone().unwrap_or_default();
                assert_eq!(tags.len(), 1, "{method} {path}: {tags:?}");
                used.extend(tags);
            }
        }
        declared.sort();
        assert_eq!(declared, used.into_iter().collect::<Vec<_>>());
    }
}
