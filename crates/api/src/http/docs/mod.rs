//! The documentation, served by the binary itself: the OpenAPI document, Swagger UI, `ReDoc`. Nothing is loaded from
//! anywhere else, which a strict `Content-Security-Policy` makes sure of.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, VARY,
};
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde::Serialize;
use utoipa_swagger_ui::Config;

use crate::http::compression::PublicFile;
use crate::http::openapi;
use crate::http::problem::Problem;
use crate::http::routing::{Routes, matched};
use circadia_domain::code::Code;

/// Where Swagger UI is.
const DOCS: &str = "/api/docs/";

/// Swagger UI needs nothing inline.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                              connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// `ReDoc` styles its elements inline and searches in a worker that it makes of a blob.
const REDOC_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                            img-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; \
                            form-action 'none'; frame-ancestors 'none'";

/// The document and the two ways to read it.
pub(crate) fn routes(routes: &mut Routes) {
    routes.add_undocumented("/", || web::to(index));
    routes.add_undocumented("/api", || web::to(index));
    routes.add_undocumented("/api/", || web::to(index));
    routes.add_undocumented("/api/schema", || web::to(serve_schema));
    routes.add_undocumented("/api/docs", || web::to(to_swagger));
    routes.add_undocumented("/api/docs/", || web::to(serve_swagger));
    routes.add_undocumented("/api/docs/{*file}", || web::to(serve_swagger));
    routes.add_undocumented("/api/redoc", || web::to(serve_redoc));
    routes.add_undocumented("/api/redoc/{file}", || web::to(serve_redoc_file));
}

/// How Swagger UI is set up.
pub(crate) fn swagger() -> Config<'static> {
    // Not the layout with a bar on top: that one styles its logo inline.
    Config::from("../schema")
        .use_base_layout()
        .doc_expansion("none")
        .default_models_expand_depth(-1)
        .deep_linking(true)
        .display_operation_id(true)
        .persist_authorization(true)
        .try_it_out_enabled(true)
        .display_request_duration(true)
        .validator_url("none")
}

fn file_of(request: &HttpRequest) -> String {
    matched(request).and_then(|matched| matched.param("file").map(ToOwned::to_owned)).unwrap_or_default()
}

/// The document as it is sent.
#[derive(Debug)]
struct Schema {
    file: PublicFile,
    etag: String,
}

impl Schema {
    fn new(text: String) -> Self {
        use std::hash::BuildHasher as _;
        let hash = foldhash::quality::FixedState::with_seed(1).hash_one(text.as_bytes());
        Self { file: PublicFile::new(text), etag: format!("W/\"{hash:x}\"") }
    }
}

/// Made when it is first asked for.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(openapi::text(&openapi::document())));

async fn serve_schema(request: HttpRequest) -> HttpResponse {
    let schema = &*SCHEMA;
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|tag| tag == schema.etag.as_str());
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, schema.etag.as_str())).insert_header((CACHE_CONTROL, "public, max-age=60"));
    if known { response.finish() } else { schema.file.answer(&request, response.content_type("application/json")) }
}

/// Where things are. Browsers are led to the documentation; others get links.
#[derive(Debug, Serialize)]
struct Index {
    name: &'static str,
    version: &'static str,
    api: &'static str,
    documentation: &'static str,
    reference: &'static str,
    schema: &'static str,
    health: &'static str,
}

async fn index(request: HttpRequest) -> HttpResponse {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") {
        return HttpResponse::TemporaryRedirect()
            .insert_header((LOCATION, DOCS))
            .insert_header((VARY, "Accept"))
            .finish();
    }
    HttpResponse::Ok().insert_header((VARY, "Accept")).json(Index {
        name: "Circadia",
        version: env!("CARGO_PKG_VERSION"),
        api: "/api/v1",
        documentation: DOCS,
        reference: "/api/redoc",
        schema: "/api/schema",
        health: "/health/ready",
    })
}

async fn to_swagger() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "docs/")).finish()
}

async fn serve_swagger(request: HttpRequest, config: Data<Config<'static>>) -> HttpResponse {
    let file = file_of(&request);
    match file.as_str() {
        // Of our own: the library's is titled "Swagger UI".
        "" | "index.html" => {
            return page(SWAGGER_POLICY, "text/html; charset=utf-8").body(include_str!("swagger.html"));
        }
        "page.js" => return page(SWAGGER_POLICY, "text/javascript; charset=utf-8").body(include_str!("swagger.js")),
        _ => {}
    }
    match swagger_file(file, config) {
        Ok(Some(found)) => found.file.answer(&request, &mut page(SWAGGER_POLICY, &found.content_type)),
        Ok(None) => Problem::of(Code::NotFound, "There is no such file.").error_response(),
        Err(error) => Problem::internal(&*error).error_response(),
    }
}

/// A file of Swagger UI.
#[derive(Debug)]
struct SwaggerFile {
    content_type: String,
    file: PublicFile,
}

/// Those that were asked for, by name.
static SWAGGER_FILES: LazyLock<Mutex<HashMap<String, Arc<SwaggerFile>>>> = LazyLock::new(Mutex::default);

fn swagger_file(
    name: String,
    config: Data<Config<'static>>,
) -> Result<Option<Arc<SwaggerFile>>, Box<dyn std::error::Error>> {
    let mut files = SWAGGER_FILES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = files.get(&name) {
        return Ok(Some(Arc::clone(known)));
    }
    let Some(found) = utoipa_swagger_ui::serve(&name, config.into_inner())? else { return Ok(None) };
    let found = SwaggerFile { content_type: found.content_type, file: PublicFile::new(found.bytes.into_owned()) };
    Ok(Some(Arc::clone(files.entry(name).or_insert(Arc::new(found)))))
}

fn page(policy: &str, content_type: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((CONTENT_TYPE, content_type));
    response
}

async fn serve_redoc() -> HttpResponse {
    page(REDOC_POLICY, "text/html; charset=utf-8").body(include_str!("redoc.html"))
}

async fn serve_redoc_file(request: HttpRequest) -> HttpResponse {
    match file_of(&request).as_str() {
        "page.js" => page(REDOC_POLICY, "text/javascript; charset=utf-8").body(include_str!("redoc.js")),
        "page.css" => page(REDOC_POLICY, "text/css; charset=utf-8").body(include_str!("redoc.css")),
        // The one address in it that pages would load by themselves, a logo's, is replaced by `data:,`.
        "redoc.standalone.js" => page(REDOC_POLICY, "text/javascript; charset=utf-8")
            .insert_header((CONTENT_ENCODING, "gzip"))
            .body(&include_bytes!("redoc.standalone.js.gz")[..]),
        _ => Problem::of(Code::NotFound, "There is no such file.").error_response(),
    }
}
