//! A file in a multipart form (RFC 7578).

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use circadia_domain::code::Code;
use circadia_domain::violation::Violations;
use futures_util::stream;

use super::body::{check_length, incomplete, read_all, refuse_compressed};
use super::fields::pointer;
use crate::http::problem::{InputLocation, Problem};

/// The most bytes a file may have: 2 MiB.
const MAX_FILE_BYTES: usize = circadia_domain::users::MAX_AVATAR_BYTES;
/// The most bytes a form with such a file may have.
const MAX_FORM_BYTES: usize = MAX_FILE_BYTES + 16 * 1024;
/// How long a form may take to arrive: at 600 kbit/s, the largest does.
const FORM_TIMEOUT: Duration = Duration::from_secs(30);
/// How many parts are looked at.
const MAX_PARTS: usize = 10;

/// The name of the part that is the file.
const FILE: &str = "file";

/// The part `file` of a form that has no other. Its name and declared type count for nothing.
#[derive(Debug)]
pub struct UploadedFile(pub Vec<u8>);

impl FromRequest for UploadedFile {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let accepted = boundary(request).and_then(|boundary| {
            check_length(request, MAX_FORM_BYTES).map_err(|_| too_large())?;
            Ok(boundary)
        });
        let mut payload = payload.take();
        Box::pin(async move {
            let boundary = accepted?;
            let read = read_all(&mut payload, MAX_FORM_BYTES, FORM_TIMEOUT).await;
            let form = read.map_err(|problem| match problem.code() {
                Code::PayloadTooLarge => too_large(),
                _ => problem,
            })?;
            file_of(form.freeze(), boundary).await.map(Self)
        })
    }
}

fn too_large() -> Problem {
    let detail = format!("The file is larger than {} MiB, the most that is accepted.", MAX_FILE_BYTES / (1024 * 1024));
    Problem::of(Code::PayloadTooLarge, detail)
}

fn boundary(request: &HttpRequest) -> Result<String, Problem> {
    refuse_compressed(request)?;
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match multer::parse_boundary(content_type) {
        // RFC 2046 §5.1.1.
        Ok(boundary) if (1..=70).contains(&boundary.len()) => Ok(boundary),
        Ok(_) | Err(multer::Error::NoBoundary) => {
            Err(malformed("The header `Content-Type` has no `boundary` of 1 to 70 characters."))
        }
        Err(_) => Err(Problem::of(Code::UnsupportedMediaType, "The body must be `multipart/form-data`.")),
    }
}

fn malformed(detail: &'static str) -> Problem {
    Problem::of(Code::MalformedMultipart, detail)
}

fn unreadable(error: &multer::Error) -> Problem {
    match error {
        multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders
        | multer::Error::IncompleteStream => incomplete(),
        _ => malformed("The body's parts can't be read."),
    }
}

/// The file of a form.
async fn file_of(form: Bytes, boundary: String) -> Result<Vec<u8>, Problem> {
    let whole = stream::once(ready(Ok::<_, Infallible>(form)));
    let mut parts = multer::Multipart::new(whole, boundary);
    let (mut file, mut wrong, mut seen) = (None, Violations::new(), 0_usize);
    while let Some(part) = parts.next_field().await.map_err(|error| unreadable(&error))? {
        seen += 1;
        if seen > MAX_PARTS {
            wrong.add("", "too_many", format!("must have one part, `{FILE}`, but has more than {MAX_PARTS}"));
            break;
        }
        let name: String = part.name().unwrap_or_default().chars().take(100).collect();
        let content = part.bytes().await.map_err(|error| unreadable(&error))?;
        if name != FILE {
            wrong.add(pointer(&name), "unknown_field", format!("is not known; known are: {FILE}"));
        } else if content.len() > MAX_FILE_BYTES {
            return Err(too_large());
        } else if file.replace(content).is_some() {
            wrong.add(pointer(FILE), "duplicate", "must be there once");
        }
    }
    if file.is_none() {
        wrong.add(pointer(FILE), "required", "is required");
    }
    match file {
        Some(file) if wrong.is_empty() => Ok(file.into()),
        _ => Err(Problem::invalid(InputLocation::Body, wrong)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, content: &str) -> String {
        format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.svg\"\r\n\r\n{content}\r\n")
    }

    async fn read(form: &str) -> Result<Vec<u8>, Problem> {
        file_of(Bytes::from(form.to_owned()), "x".to_owned()).await
    }

    async fn refused(form: &str) -> Vec<(String, &'static str)> {
        let problem = read(form).await.unwrap_err();
        assert_eq!(problem.code(), Code::ValidationFailed);
        problem.errors().iter().map(|error| (error.pointer.clone(), error.code)).collect()
    }

    #[actix_web::test]
    async fn a_form_has_one_file_and_nothing_else() {
        let (file, end) = (part("file", "content\r\nof it"), "--x--\r\n");
        assert_eq!(read(&format!("{file}{end}")).await.unwrap(), b"content\r\nof it");
        assert_eq!(read(&format!("{}{end}", part("file", ""))).await.unwrap(), b"");
        let required = ("/file".to_owned(), "required");
        assert_eq!(refused(end).await, std::slice::from_ref(&required));
        let other = ("/a~1b".to_owned(), "unknown_field");
        assert_eq!(refused(&format!("{}{end}", part("a/b", "1"))).await, [other.clone(), required]);
        assert_eq!(refused(&format!("{file}{}{end}", part("a/b", "1"))).await, [other]);
        assert_eq!(refused(&format!("{file}{file}{end}")).await, [("/file".to_owned(), "duplicate")]);
        let many = refused(&format!("{file}{}{end}", part("a", "1").repeat(1_000))).await;
        assert_eq!((many.len(), many.last().unwrap().1), (MAX_PARTS, "too_many"));
    }

    #[actix_web::test]
    async fn what_is_no_form_is_told_from_half_of_one() {
        let file = part("file", "content");
        for (form, code) in [
            (file.as_str(), Code::IncompleteBody),
            (&file[..20], Code::IncompleteBody),
            ("", Code::IncompleteBody),
            ("--x\r\nno header\r\n\r\n--x--\r\n", Code::MalformedMultipart),
        ] {
            assert_eq!(read(form).await.unwrap_err().code(), code, "{form}");
        }
    }

    #[actix_web::test]
    async fn the_largest_file_is_taken_and_one_byte_more_is_not() {
        let with = |bytes| format!("{}--x--\r\n", part("file", &"a".repeat(bytes)));
        assert_eq!(read(&with(MAX_FILE_BYTES)).await.unwrap().len(), MAX_FILE_BYTES);
        assert_eq!(read(&with(MAX_FILE_BYTES + 1)).await.unwrap_err().code(), Code::PayloadTooLarge);
    }
}
