//! `/me/avatar`: the signed-in user's profile image.

use utoipa::ToSchema;

use super::UserBody;
use super::profile::answer;
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::UploadedFile;
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, put_avatar, delete_avatar);
}

/// A form with an image.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it documents what `UploadedFile` reads")]
struct AvatarUpload {
    /// The image: JPEG or PNG, at most 2 MiB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Set my profile image
///
/// A JPEG or PNG image of at most 2 MiB and about 16 megapixels, which its content decides, not its name or declared
/// type. It is turned as its EXIF data says, cropped to the square in its middle, made smaller (never larger), and encoded
/// anew without metadata: as JPEG, or as PNG if it has transparency. Replaces the image that was there, whose address ends
/// to exist.
#[utoipa::path(
    put,
    path = "/me/avatar",
    tag = "me",
    operation_id = "putAvatar",
    params(IfMatch),
    request_body(content = AvatarUpload, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The user with the new image", body = UserBody),
        (status = 400, description = "`malformed_multipart` or `incomplete_body`: the form can't be read", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`: the file is larger than 2 MiB", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`: the body is not `multipart/form-data`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`: the form hasn't one part `file` and no other; or `/file` is an `unsupported_image`, a `damaged_image` or `image_too_large`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn put_avatar(caller: Caller, if_match: IfMatch, upload: UploadedFile) -> Result<Answer, Problem> {
    answer(caller.avatars.replace(caller.principal, if_match.0, upload.0).await?)
}

/// Remove my profile image
///
/// Its address ends to exist. Answers the same if there is none.
#[utoipa::path(
    delete,
    path = "/me/avatar",
    tag = "me",
    operation_id = "deleteAvatar",
    params(IfMatch),
    responses((status = 204, description = "There is no image any more"))
)]
async fn delete_avatar(caller: Caller, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.avatars.remove(caller.principal, if_match.0).await?;
    Ok(NoContent)
}
