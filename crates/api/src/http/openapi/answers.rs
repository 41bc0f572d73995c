//! What every operation answers by its shape: its refusals, headers and conditions. Routes declare what is their own.

use utoipa::ToSchema as _;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{
    Components, ContentBuilder, Header, HeaderBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
};

use super::{accepts_cookies, is_public};
use crate::http::idempotency;
use crate::http::problem::{MEDIA_TYPE, ProblemBody};

/// A refusal that many operations share, as a component.
struct Refusal {
    name: &'static str,
    status: &'static str,
    /// Its codes, and what they mean here.
    description: &'static str,
    /// What it is called where the route's own refusals have the same status; empty if those stand for it.
    briefly: &'static str,
}

const MALFORMED: Refusal = Refusal {
    name: "Malformed",
    status: "400",
    description: "`malformed_json` or `incomplete_body`: the body can't be read",
    briefly: "`malformed_json` or `incomplete_body`",
};
const INVALID_CURSOR: Refusal = Refusal {
    name: "InvalidCursor",
    status: "400",
    description: "`invalid_cursor`: the cursor wasn't issued for this list and sort order",
    briefly: "`invalid_cursor`",
};
const UNAUTHENTICATED: Refusal = Refusal {
    name: "Unauthenticated",
    status: "401",
    description: "`authentication_required`, `token_invalid`, `token_expired`, `token_revoked` or `session_invalid`",
    briefly: "`authentication_required`, `token_invalid`, `token_expired`, `token_revoked` or `session_invalid`",
};
const INSUFFICIENT_SCOPE: Refusal = Refusal {
    name: "InsufficientScope",
    status: "403",
    description: "`insufficient_scope`: the personal access token lacks a required scope",
    briefly: "`insufficient_scope`",
};
const FORBIDDEN: Refusal = Refusal {
    name: "Forbidden",
    status: "403",
    description: "`insufficient_scope`: the personal access token lacks a required scope; or `csrf_failed`: a request by \
                  cookie without proof that it comes from an allowed page",
    briefly: "`insufficient_scope` or `csrf_failed`",
};
const INSUFFICIENT_ROLE: Refusal = Refusal {
    name: "InsufficientRole",
    status: "403",
    description: "`insufficient_role`: the user's role doesn't allow this; `insufficient_scope`: personal access tokens \
                  can't be used here; or `csrf_failed`: a request by cookie without proof that it comes from an allowed page",
    briefly: "",
};
const NOT_FOUND: Refusal = Refusal {
    name: "NotFound",
    status: "404",
    description: "It doesn't exist, or belongs to another user; the code says what",
    briefly: "",
};
const CHANGED: Refusal = Refusal {
    name: "PreconditionFailed",
    status: "412",
    description: "`precondition_failed`: it has changed since",
    briefly: "",
};
const TOO_LARGE: Refusal = Refusal {
    name: "PayloadTooLarge",
    status: "413",
    description: "`payload_too_large`: the body is larger than 256 KiB",
    briefly: "",
};
const MEDIA: Refusal = Refusal {
    name: "UnsupportedMediaType",
    status: "415",
    description: "`unsupported_media_type`: the body is not `application/json`",
    briefly: "",
};
const INVALID: Refusal = Refusal {
    name: "ValidationFailed",
    status: "422",
    description: "`validation_failed`: the request contains invalid values; each is listed in `errors`",
    briefly: "",
};
const INVALID_OR_REUSED: Refusal = Refusal {
    name: "ValidationFailedOrKeyReused",
    status: "422",
    description: "`validation_failed`: the request contains invalid values; each is listed in `errors`. \
                  `idempotency_key_reused`: the key was used for another request",
    briefly: "`idempotency_key_reused`",
};
const KEY_IN_USE: Refusal = Refusal {
    name: "IdempotencyKeyInUse",
    status: "409",
    description: "`idempotency_key_in_use`: a request with this key is being carried out; `idempotency_answer_lost`: it was \
                  carried out, but its answer is not known",
    briefly: "`idempotency_key_in_use` or `idempotency_answer_lost`",
};
const LIMITED: Refusal = Refusal {
    name: "RateLimited",
    status: "429",
    description: "`rate_limited`: try again after `Retry-After` seconds",
    briefly: "",
};
const UNAVAILABLE: Refusal = Refusal {
    name: "Unavailable",
    status: "503",
    description: "`unavailable`: try again after `Retry-After` seconds",
    briefly: "",
};
const NOT_STORED: Refusal = Refusal {
    name: "NotStored",
    status: "503",
    description: "`unavailable`: nothing was stored; try again after `Retry-After` seconds. `outcome_unknown`: it was \
                  stored as a whole or not at all; find out before repeating it",
    briefly: "`outcome_unknown`",
};

const REFUSALS: [&Refusal; 16] = [
    &MALFORMED,
    &INVALID_CURSOR,
    &UNAUTHENTICATED,
    &INSUFFICIENT_SCOPE,
    &FORBIDDEN,
    &INSUFFICIENT_ROLE,
    &NOT_FOUND,
    &CHANGED,
    &TOO_LARGE,
    &MEDIA,
    &INVALID,
    &INVALID_OR_REUSED,
    &KEY_IN_USE,
    &LIMITED,
    &UNAVAILABLE,
    &NOT_STORED,
];

/// The headers of answers: what each says, and an example.
const HEADERS: [(&str, &str, &str); 9] = [
    ("ETag", "Identifies this state, for `If-Match` and `If-None-Match`", "\"42.9f2c\""),
    ("Idempotency-Replayed", "`true` if this is the answer that the first request with the key got", "true"),
    ("Link", "The next and the previous page (RFC 8288)", "</api/v1/habits?cursor=eyJz>; rel=\"next\""),
    ("Location", "The URL of the new resource", "/api/v1/habits/01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b"),
    ("RateLimit", "How many requests are left (`r`), and in how many seconds all are (`t`)", "\"user\";r=119;t=1"),
    ("RateLimit-Policy", "How many requests (`q`) there may be in how many seconds (`w`)", "\"user\";q=120;w=60"),
    ("Retry-After", "After how many seconds to try again", "12"),
    ("WWW-Authenticate", "How to authenticate (RFC 6750)", "Bearer error=\"invalid_token\""),
    ("X-Request-Id", "The request's id: the one that was sent, or a new one", "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b"),
];

/// Adds the components that [`complete`] refers to.
pub(super) fn add_components(components: &mut Components) {
    for (name, text, example) in HEADERS {
        let schema = ObjectBuilder::new().schema_type(Type::String).examples([example]);
        let header: Header = HeaderBuilder::new().schema(Some(schema)).description(Some(text)).build();
        components.headers.insert(name.to_owned(), header.into());
    }
    for refusal in REFUSALS {
        let mut response = problem(refusal.description);
        add_headers(refusal.status, &mut response);
        components.responses.insert(refusal.name.to_owned(), response.into());
    }
    let mut unchanged = ResponseBuilder::new().description("Nothing changed").build();
    add_headers("304", &mut unchanged);
    components.responses.insert(NOT_MODIFIED.to_owned(), unchanged.into());
}

/// The refusal of users whose role doesn't suffice.
pub(super) fn insufficient_role() -> RefOr<Response> {
    shared(&INSUFFICIENT_ROLE)
}

fn shared(refusal: &Refusal) -> RefOr<Response> {
    RefOr::Ref(Ref::new(format!("#/components/responses/{}", refusal.name)))
}

const NOT_MODIFIED: &str = "NotModified";

/// Adds to an operation what its shape implies.
pub(super) fn complete(path: &str, method: &str, operation: &mut Operation) {
    complete_conditions(path, method, operation);
    let refusals = refusals(path, method, operation);
    let responses = &mut operation.responses.responses;
    for refusal in refusals {
        match responses.entry(refusal.status.to_owned()).or_insert_with(|| shared(refusal)) {
            RefOr::T(own) if !refusal.briefly.is_empty() && !own.description.contains(refusal.briefly) => {
                own.description = format!("{}; or {}", own.description, refusal.briefly);
            }
            _ => {}
        }
    }
    let paged = has_parameter(operation, &ParameterIn::Query, "cursor");
    let takes_key = has_parameter(operation, &ParameterIn::Header, idempotency::PARAMETER);
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        add_headers(status, response);
        if takes_key && status.starts_with('2') {
            response.headers.insert("Idempotency-Replayed".to_owned(), header("Idempotency-Replayed"));
        }
        if paged && status == "200" {
            response.headers.insert("Link".to_owned(), header("Link"));
        }
    }
}

fn refusals(path: &str, method: &str, operation: &Operation) -> Vec<&'static Refusal> {
    let signed_in = !is_public(operation);
    let has_body = operation.request_body.is_some();
    // Routes say for themselves how other bodies can be malformed.
    let has_json = match &operation.request_body {
        Some(RefOr::T(body)) => body.content.contains_key("application/json"),
        Some(RefOr::Ref(_)) => true,
        None => false,
    };
    let has_parameters = operation.parameters.iter().flatten().next().is_some();
    let in_path = path.contains('{');
    let forbidden = if method != "get" && accepts_cookies(operation) { &FORBIDDEN } else { &INSUFFICIENT_SCOPE };
    let conditional = has_parameter(operation, &ParameterIn::Header, "If-Match");
    let takes_key = has_parameter(operation, &ParameterIn::Header, idempotency::PARAMETER);
    let versioned = path.starts_with("/api/v1/");
    // Also where an idempotency key is refused.
    let posts = versioned && method == "post";
    let unavailable = if method == "get" { &UNAVAILABLE } else { &NOT_STORED };
    [
        (has_json, &MALFORMED),
        (has_parameter(operation, &ParameterIn::Query, "cursor"), &INVALID_CURSOR),
        (signed_in, &UNAUTHENTICATED),
        (signed_in, forbidden),
        (in_path && signed_in, &NOT_FOUND),
        (conditional, &CHANGED),
        (has_body, &TOO_LARGE),
        (has_body, &MEDIA),
        (takes_key, &INVALID_OR_REUSED),
        (takes_key, &KEY_IN_USE),
        (!takes_key && (has_body || has_parameters || posts), &INVALID),
        (versioned, &LIMITED),
        (versioned, unavailable),
    ]
    .into_iter()
    .filter_map(|(applies, refusal)| applies.then_some(refusal))
    .collect()
}

/// Tags and conditions (RFC 9110 §13): every answer that can be read again carries a tag, every change of one thing can
/// be made to depend on it.
fn complete_conditions(path: &str, method: &str, operation: &mut Operation) {
    if !["/api/v1/", "/media/"].iter().any(|start| path.starts_with(start)) || path.starts_with("/api/v1/auth/") {
        return;
    }
    // A stream is no state that could be read again.
    if path == "/api/v1/events" {
        return;
    }
    // These are steps of linking, not stored resources.
    if path.starts_with("/api/v1/me/providers/") {
        return;
    }
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let (RefOr::T(response), "200" | "201") = (response, status.as_str()) {
            response.headers.insert("ETag".to_owned(), header("ETag"));
            if status == "201" {
                response.headers.insert("Location".to_owned(), header("Location"));
            }
        }
    }
    if method != "get" {
        return;
    }
    let unchanged = RefOr::Ref(Ref::new(format!("#/components/responses/{NOT_MODIFIED}")));
    responses.insert("304".to_owned(), unchanged);
    let parameter = ParameterBuilder::new()
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .name("If-None-Match")
        .description(Some("An earlier `ETag`: the answer is 304 if nothing changed"))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
}

/// The headers that an answer has because of its status.
fn add_headers(status: &str, response: &mut Response) {
    let more: &[&str] = match status {
        "304" => &["ETag"],
        "401" => &["WWW-Authenticate"],
        "429" => &["Retry-After", "RateLimit", "RateLimit-Policy"],
        "503" => &["Retry-After"],
        _ => &[],
    };
    for name in more.iter().chain(&["X-Request-Id"]) {
        response.headers.insert((*name).to_owned(), header(name));
    }
}

fn header(name: &str) -> RefOr<Header> {
    RefOr::Ref(Ref::new(format!("#/components/headers/{name}")))
}

fn has_parameter(operation: &Operation, place: &ParameterIn, name: &str) -> bool {
    let is = |parameter: &Parameter| parameter.name == name && parameter.parameter_in == *place;
    operation.parameters.iter().flatten().any(|parameter| matches!(parameter, RefOr::T(parameter) if is(parameter)))
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name()))).build();
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build()
}
