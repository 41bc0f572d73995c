//! `/media`: profile images. Public, and not limited: their addresses can't be guessed.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, ETAG};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use circadia_domain::code::Code;
use circadia_domain::users::AvatarFile;
use utoipa::ToSchema;

use crate::http::answer::is_known;
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, matched, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_avatar);
}

/// An image.
#[derive(Debug, ToSchema)]
#[schema(as = Image, value_type = String, format = Binary)]
#[expect(dead_code, reason = "it documents the bytes that are served")]
struct ImageDoc(Vec<u8>);

/// Get a profile image
///
/// The address is in a user's `avatar_url`. It shows the same image for as long as it exists, so it may be cached for
/// ever.
#[utoipa::path(
    get,
    path = "/media/avatars/{file}",
    tag = "system",
    operation_id = "getAvatar",
    security(()),
    params(("file" = String, Path, description = "The last segment of the address", example = "7d0f3c1a-5b8e-4f6a-9c2d-1e3f5a7b9d0c-512.jpg")),
    responses(
        (status = 200, description = "The image", content((ImageDoc = "image/jpeg"), (ImageDoc = "image/png")), headers(
            ("Cache-Control" = String, description = "`public, max-age=31536000, immutable`"),
        )),
        (status = 404, description = "`not_found`: there is no such image, or not any more", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the store of images can't be reached; try again after `Retry-After` seconds", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn get_avatar(state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let nothing = || Problem::of(Code::NotFound, "There is nothing at this address.");
    let file = matched(&request).and_then(|matched| AvatarFile::parse(matched.param("file")?)).ok_or_else(nothing)?;
    let content = state.app.avatars.content(file).await?.ok_or_else(nothing)?;
    let tag = file.to_string();
    let known = is_known(&request, &tag)?;
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, format!("\"{tag}\"")))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        // Pages of any site may show it: front ends may be on another one than the API.
        .insert_header((CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"));
    if known {
        return Ok(response.finish());
    }
    Ok(response.content_type(file.format().media_type()).body(content))
}
