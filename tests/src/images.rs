//! Images to upload, and the forms they are sent in.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;

use crate::{Answer, Client};

/// What separates the parts of a form.
const BOUNDARY: &str = "----a-boundary-of-the-tests";

/// A picture: red at the left, green at the right.
pub fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if 2 * x < width { Rgb([220, 20, 20]) } else { Rgb([20, 180, 20]) })
}

/// It as JPEG.
pub fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut encoded = Vec::new();
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut encoded, 95)).expect("an image");
    encoded
}

/// An image as PNG.
pub fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut encoded = Cursor::new(Vec::new());
    image.into().write_to(&mut encoded, ImageFormat::Png).expect("an image");
    encoded.into_inner()
}

/// A part of a form.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    pub name: &'a str,
    pub file_name: &'a str,
    pub media_type: &'a str,
    pub content: &'a [u8],
}

impl<'a> Part<'a> {
    /// The part that is the file.
    pub const fn file(content: &'a [u8]) -> Self {
        Self { name: "file", file_name: "me.jpg", media_type: "image/jpeg", content }
    }
}

impl Client {
    /// PUT of a form.
    pub async fn put_form(&self, path: &str, parts: &[Part<'_>]) -> Answer {
        let mut form = Vec::new();
        for Part { name, file_name, media_type, content } in parts {
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
                 Content-Type: {media_type}\r\n\r\n"
            );
            form.extend_from_slice(head.as_bytes());
            form.extend_from_slice(content);
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send(self.request(Method::PUT, path).header("content-type", content_type).body(form)).await
    }

    /// Sets the profile image.
    pub async fn put_avatar(&self, content: &[u8]) -> Answer {
        self.put_form("/me/avatar", &[Part::file(content)]).await
    }
}
