//! What is made of an uploaded file: recognised by its first bytes, decoded within limits, turned upright, cropped to a
//! square, made smaller, its colours put in terms of sRGB, and encoded anew. Nothing of the file but its pixels is kept.

use std::io::Cursor;

use circadia_domain::Error;
use circadia_domain::users::{AvatarFormat, AvatarSize};
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{CompressionType, FilterType, PngDecoder, PngEncoder};
use image::imageops::FilterType as Resampling;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, Limits, Rgba, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::jpeg;

/// The most bytes that an image is decoded to: about 16 megapixels, or 12 with transparency.
const MAX_DECODED_BYTES: u64 = 48 * 1024 * 1024;

/// The most bytes that what stands before the pixels of a PNG file is decoded to.
const MAX_HEADER_BYTES: u64 = 8 * 1024 * 1024;

/// Of encoded JPEG.
const QUALITY: u8 = 85;

/// The image that is kept of an uploaded file.
#[derive(Debug)]
pub(super) struct ProcessedImage {
    pub(super) format: AvatarFormat,
    /// The files of each size.
    pub(super) files: Vec<(AvatarSize, Vec<u8>)>,
}

fn refused(code: &'static str, detail: String) -> Error {
    Error::field("/file", code, detail)
}

/// The error for a file that begins like an image, but isn't one.
pub(super) fn damaged(what: &str) -> Error {
    refused("damaged_image", format!("must be a whole JPEG or PNG image: this one {what}"))
}

/// # Errors
/// `unsupported_image`, `damaged_image` and `image_too_large`, at `/file`.
pub(super) fn process(upload: &[u8]) -> Result<ProcessedImage, Error> {
    let decoded = match image::guess_format(upload) {
        Ok(ImageFormat::Jpeg) => {
            jpeg::check(upload).map_err(|defect| match defect {
                jpeg::Defect::CutOff => damaged("ends too early"),
                jpeg::Defect::TooManyScans => damaged("has too many scans"),
            })?;
            decode(JpegDecoder::new(Cursor::new(upload)).map_err(|error| undecodable(&error))?)?
        }
        Ok(ImageFormat::Png) => {
            let mut limits = Limits::no_limits();
            limits.max_alloc = Some(MAX_HEADER_BYTES);
            decode(PngDecoder::with_limits(Cursor::new(upload), limits).map_err(|error| undecodable(&error))?)?
        }
        other => return Err(unsupported(other.ok(), upload)),
    };
    encode_sizes(decoded)
}

fn unsupported(format: Option<ImageFormat>, upload: &[u8]) -> Error {
    let found = match format {
        _ if upload.is_empty() => "an empty file",
        Some(ImageFormat::Gif) => "a GIF image",
        Some(ImageFormat::WebP) => "a WebP image",
        Some(ImageFormat::Avif) => "an AVIF image",
        Some(ImageFormat::Tiff) => "a TIFF image",
        Some(ImageFormat::Bmp) => "a BMP image",
        Some(ImageFormat::Ico) => "an icon",
        _ => "something else",
    };
    refused("unsupported_image", format!("must be a JPEG or PNG image, but is {found}"))
}

/// The library's own words may quote the file.
fn undecodable(error: &ImageError) -> Error {
    tracing::debug!(%error, "an image can't be decoded");
    match error {
        ImageError::Unsupported(_) => refused(
            "unsupported_image",
            "must be a JPEG or PNG image of a usual kind: this kind isn't supported".into(),
        ),
        ImageError::Limits(_) => refused("image_too_large", "needs more memory to decode than is accepted".into()),
        _ => damaged("can't be decoded"),
    }
}

struct Decoded {
    image: DynamicImage,
    orientation: Orientation,
    /// The ICC profile, which says what the colours are.
    profile: Option<Vec<u8>>,
}

fn decode(mut decoder: impl ImageDecoder) -> Result<Decoded, Error> {
    let (width, height) = decoder.dimensions();
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        let most = MAX_DECODED_BYTES / (1024 * 1024);
        let detail = format!(
            "must have at most {most} MiB of pixels, which is about 16 megapixels, but has {width} × {height} pixels"
        );
        return Err(refused("image_too_large", detail));
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    decoder.set_limits(limits).map_err(|error| undecodable(&error))?;
    // What can't be read of the metadata changes nothing.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let image = DynamicImage::from_decoder(decoder).map_err(|error| undecodable(&error))?;
    Ok(Decoded { image, orientation, profile })
}

/// The square in the middle.
fn square(image: DynamicImage) -> DynamicImage {
    let (width, height) = (image.width(), image.height());
    let side = width.min(height);
    if width == height {
        return image;
    }
    image.crop_imm((width - side) / 2, (height - side) / 2, side, side)
}

fn encode_sizes(Decoded { image, orientation, profile }: Decoded) -> Result<ProcessedImage, Error> {
    let square = square(image);
    let mut image = if square.color().has_alpha() {
        DynamicImage::ImageRgba8(square.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(square.into_rgb8())
    };
    let is_opaque = image.as_rgba8().is_none_or(|pixels| pixels.pixels().all(|Rgba([.., alpha])| *alpha == u8::MAX));
    if is_opaque {
        image = DynamicImage::ImageRgb8(image.into_rgb8());
    }
    let format = if is_opaque { AvatarFormat::Jpeg } else { AvatarFormat::Png };
    image = shrink(image, AvatarSize::Large.pixels());
    image.apply_orientation(orientation);
    if let Some(in_srgb) = profile.and_then(|profile| in_srgb(&image, &profile)) {
        image = in_srgb;
    }
    let mut files = Vec::with_capacity(AvatarSize::ALL.len());
    // From the largest to the smallest, each made of the one before.
    for size in AvatarSize::ALL {
        image = shrink(image, size.pixels());
        files.push((size, encode(&image, format).map_err(|error| Error::Store(defect(&error)))?));
    }
    Ok(ProcessedImage { format, files })
}

/// The same colours in terms of sRGB, which browsers assume of an image without a profile. None where the profile can't be
/// read, or isn't one of RGB.
fn in_srgb(image: &DynamicImage, profile: &[u8]) -> Option<DynamicImage> {
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    let layout = if image.color().has_alpha() { Layout::Rgba } else { Layout::Rgb };
    if profile.color_space != DataColorSpace::Rgb {
        return None;
    }
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    let transform = profile.create_transform_8bit(layout, &srgb, layout, options).ok()?;
    let mut converted = image.clone();
    let pixels = match &mut converted {
        DynamicImage::ImageRgb8(pixels) => &mut **pixels,
        DynamicImage::ImageRgba8(pixels) => &mut **pixels,
        _ => return None,
    };
    transform.transform(image.as_bytes(), pixels).ok()?;
    Some(converted)
}

fn defect(error: &ImageError) -> circadia_domain::error::StoreError {
    circadia_domain::error::StoreError::Defect(format!("an image can't be encoded: {error}"))
}

/// The square with at most so many pixels a side.
fn shrink(image: DynamicImage, most: u32) -> DynamicImage {
    if image.width() <= most {
        return image;
    }
    match image {
        DynamicImage::ImageRgba8(mut pixels) => {
            // Or the colours of transparent pixels, which aren't seen, would shine through at the edges.
            multiply_by_alpha(&mut pixels);
            let mut small =
                DynamicImage::ImageRgba8(pixels).resize_exact(most, most, Resampling::Lanczos3).into_rgba8();
            divide_by_alpha(&mut small);
            DynamicImage::ImageRgba8(small)
        }
        image => image.resize_exact(most, most, Resampling::Lanczos3),
    }
}

fn multiply_by_alpha(image: &mut RgbaImage) {
    for Rgba([red, green, blue, alpha]) in image.pixels_mut() {
        for color in [red, green, blue] {
            let scaled = (u16::from(*color) * u16::from(*alpha) + 127) / 255;
            *color = u8::try_from(scaled).unwrap_or(u8::MAX);
        }
    }
}

fn divide_by_alpha(image: &mut RgbaImage) {
    for Rgba([red, green, blue, alpha]) in image.pixels_mut().filter(|Rgba([.., alpha])| *alpha > 0) {
        for color in [red, green, blue] {
            let scaled = (u16::from(*color) * 255 + u16::from(*alpha) / 2) / u16::from(*alpha);
            *color = u8::try_from(scaled).unwrap_or(u8::MAX);
        }
    }
}

fn encode(image: &DynamicImage, format: AvatarFormat) -> Result<Vec<u8>, ImageError> {
    let mut encoded = Vec::new();
    match format {
        AvatarFormat::Jpeg => image.write_with_encoder(JpegEncoder::new_with_quality(&mut encoded, QUALITY))?,
        AvatarFormat::Png => {
            let (compression, filter) = (CompressionType::Default, FilterType::Adaptive);
            image.write_with_encoder(PngEncoder::new_with_quality(&mut encoded, compression, filter))?;
        }
    }
    Ok(encoded)
}

#[cfg(test)]
mod tests;
