//! Compresses answers for clients that take gzip, each as a whole.
//!
//! A compressor that waits until its client has read what it gave holds half a megabyte, however small the answer. So what
//! is in memory is compressed at once, and only the outcome is kept until it is sent.

use std::io::Write as _;
use std::sync::OnceLock;

use actix_http::encoding::Encoder;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    AcceptEncoding, CONTENT_ENCODING, CONTENT_TYPE, ContentEncoding, Encoding, Header as _, HeaderValue, VARY,
};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{Error, HttpMessage, HttpResponse, HttpResponseBuilder};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Smaller answers fit into a packet as they are.
const MIN_BYTES: u64 = 512;
/// Larger ones are compressed on a thread for blocking work.
const MAX_BYTES_IN_PLACE: usize = 64 * 1024;

const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// Whether a client prefers gzip.
fn accepts_gzip(request: &impl HttpMessage) -> bool {
    let supported = [Encoding::gzip(), Encoding::identity()];
    let accepted = AcceptEncoding::parse(request).ok();
    accepted.and_then(|accepted| accepted.negotiate(supported.iter())) == Some(Encoding::gzip())
}

fn gzip(bytes: &[u8], level: Compression) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), level);
    encoder.write_all(bytes)?;
    encoder.finish().map(Bytes::from)
}

/// Whether something is text. What else there is, images and archives, is compressed as it is.
fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/") || ["json", "javascript", "xml"].iter().any(|kind| media_type.contains(kind))
}

fn is_compressible(response: &HttpResponse) -> bool {
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let has_whole_body =
        !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED);
    let is_large = match response.body().size() {
        BodySize::None => false,
        BodySize::Sized(bytes) => bytes >= MIN_BYTES,
        BodySize::Stream => true,
    };
    has_whole_body && is_large && media_type.is_some_and(is_text) && !response.headers().contains_key(CONTENT_ENCODING)
}

/// Compresses what routes answer.
pub(crate) async fn compress(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_wanted = accepts_gzip(&request);
    let answered = next.call(request).await?.map_into_boxed_body();
    if !is_compressible(answered.response()) {
        return Ok(answered);
    }
    let (request, mut response) = answered.into_parts();
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    let response = if is_wanted { compressed(response).await } else { response };
    Ok(ServiceResponse::new(request, response))
}

async fn compressed(response: HttpResponse) -> HttpResponse {
    let (mut response, body) = response.into_parts();
    let bytes = match body.try_into_bytes() {
        Ok(bytes) => bytes,
        Err(stream) => {
            let encoder = Encoder::response(ContentEncoding::Gzip, response.head_mut(), stream);
            return response.set_body(BoxBody::new(encoder));
        }
    };
    let packed = if bytes.len() > MAX_BYTES_IN_PLACE {
        let bytes = bytes.clone();
        web::block(move || gzip(&bytes, Compression::fast())).await.ok().and_then(Result::ok)
    } else {
        gzip(&bytes, Compression::fast()).ok()
    };
    match packed {
        Some(packed) => {
            response.headers_mut().insert(CONTENT_ENCODING, GZIP);
            response.set_body(BoxBody::new(packed))
        }
        // Compressing into memory doesn't fail, but a runtime that ends takes no more work.
        None => response.set_body(BoxBody::new(bytes)),
    }
}

/// What anyone may ask for: held once, and compressed once.
#[derive(Debug)]
pub(crate) struct PublicFile {
    plain: Bytes,
    packed: OnceLock<Bytes>,
}

impl PublicFile {
    pub(crate) fn new(plain: impl Into<Bytes>) -> Self {
        Self { plain: plain.into(), packed: OnceLock::new() }
    }

    /// Ends an answer with it.
    pub(crate) fn answer(&self, request: &impl HttpMessage, response: &mut HttpResponseBuilder) -> HttpResponse {
        if !accepts_gzip(request) {
            return response.body(self.plain.clone());
        }
        let pack = || gzip(&self.plain, Compression::best()).unwrap_or_else(|_| self.plain.clone());
        let packed = self.packed.get_or_init(pack).clone();
        response.insert_header((CONTENT_ENCODING, GZIP)).append_header((VARY, "accept-encoding")).body(packed)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use actix_web::test::TestRequest;
    use flate2::read::GzDecoder;

    use super::*;

    fn accepts(header: &'static str) -> bool {
        accepts_gzip(&TestRequest::default().insert_header(("accept-encoding", header)).to_request())
    }

    #[test]
    fn clients_say_whether_they_take_gzip() {
        assert!(!accepts_gzip(&TestRequest::default().to_request()));
        for yes in ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "identity;q=0, gzip"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "*", "identity", "br", "gzip;q=0", "gzip;q=0.1, identity", "identity;q=0", "*;q=0"] {
            assert!(!accepts(no), "{no}");
        }
    }

    #[test]
    fn texts_are_compressed_and_images_and_archives_are_not() {
        for text in ["application/json", "application/problem+json", "text/csv; charset=utf-8", "text/javascript"] {
            assert!(is_text(text), "{text}");
        }
        for other in ["image/png", "image/jpeg", "application/zip", "application/octet-stream"] {
            assert!(!is_text(other), "{other}");
        }
    }

    #[test]
    fn what_is_compressed_is_the_same() {
        let text = "Circadia ".repeat(10_000);
        for level in [Compression::fast(), Compression::best()] {
            let packed = gzip(text.as_bytes(), level).unwrap();
            assert!(packed.len() < text.len() / 20);
            let mut read = String::new();
            GzDecoder::new(&*packed).read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
    }
}
