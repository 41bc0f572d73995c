use std::fmt::Write as _;

use image::{GenericImageView as _, GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage};

use super::*;

/// Left red, right green, below blue: so that turning and cropping show.
fn colored(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (2 * x < width, 2 * y < height) {
        (true, true) => Rgb([220, 20, 20]),
        (false, true) => Rgb([20, 180, 20]),
        (_, false) => Rgb([20, 20, 220]),
    })
}

fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut encoded = Vec::new();
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut encoded, 95)).unwrap();
    encoded
}

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut encoded = Cursor::new(Vec::new());
    image.into().write_to(&mut encoded, ImageFormat::Png).unwrap();
    encoded.into_inner()
}

/// The image with a segment behind its first marker.
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, content, &jpeg[2..]].concat()
}

/// Metadata with an orientation, and a word that must not get out.
fn exif(orientation: u8) -> Vec<u8> {
    let ifd = [1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
    [&b"Exif\0\0II*\0\x08\0\0\0"[..], &ifd, b"home-address"].concat()
}

/// CRC-32 as PNG uses it.
fn crc(bytes: &[u8]) -> [u8; 4] {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    };
    (!bytes.iter().fold(u32::MAX, step)).to_be_bytes()
}

fn chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), content].concat();
    [&u32::try_from(content.len()).unwrap().to_be_bytes()[..], &named, &crc(&named)].concat()
}

/// The image with other dimensions in its header.
fn claiming(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &png[24..29]].concat();
    [&png[..8], &chunk(*b"IHDR", &header), &png[33..]].concat()
}

/// The same of a JPEG.
fn jpeg_claiming(jpeg: &[u8], side: u16) -> Vec<u8> {
    let mut claiming = jpeg.to_vec();
    let frame = claiming.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    claiming[frame + 5..frame + 7].copy_from_slice(&side.to_be_bytes());
    claiming[frame + 7..frame + 9].copy_from_slice(&side.to_be_bytes());
    claiming
}

/// A baseline JPEG of one color in four components, as Adobe's programs write CMYK: inverted.
fn cmyk(inverted: [u8; 4]) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8];
    let mut segment = |marker: u8, content: &[u8]| {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        file.extend([&[0xFF, marker], &length[..], content].concat());
    };
    segment(0xEE, b"Adobe\0\x64\0\0\0\0\0");
    // Every coefficient is kept in steps of eight.
    segment(0xDB, &[&[0][..], &[8; 64]].concat());
    segment(0xC0, &[8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0]);
    // Of the first coefficient, sizes 0 to 8 have four bits each; of the others, the only word is the end, in one bit.
    segment(
        0xC4,
        &[&[0x00, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0, 1, 2, 3, 4, 5, 6, 7, 8]].concat(),
    );
    segment(0xC4, &[&[0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0]].concat());
    segment(0xDA, &[4, 1, 0x00, 2, 0x00, 3, 0x00, 4, 0x00, 0, 63, 0]);
    let mut bits = String::new();
    for value in inverted {
        let coefficient = i32::from(value) - 128;
        let size = usize::try_from(32 - coefficient.unsigned_abs().leading_zeros()).unwrap();
        let magnitude = if coefficient < 0 { coefficient + (1 << size) - 1 } else { coefficient };
        write!(bits, "{size:04b}").unwrap();
        if size > 0 {
            write!(bits, "{magnitude:0size$b}").unwrap();
        }
        bits.push('0');
    }
    while !bits.len().is_multiple_of(8) {
        bits.push('1');
    }
    for byte in bits.as_bytes().chunks(8) {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap();
        file.push(byte);
        if byte == 0xFF {
            file.push(0);
        }
    }
    file.extend([0xFF, 0xD9]);
    file
}

/// The large file of what is made of an upload.
fn large(upload: &[u8]) -> (Vec<u8>, DynamicImage) {
    let processed = process(upload).unwrap();
    let (size, content) = &processed.files[0];
    assert_eq!(*size, AvatarSize::Large);
    (content.clone(), image::load_from_memory(content).unwrap())
}

#[track_caller]
fn refusal(upload: &[u8]) -> (&'static str, String) {
    let Err(Error::Invalid(wrong)) = process(upload) else { panic!("it was accepted") };
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert_eq!((wrong.len(), wrong[0].path.as_str()), (1, "/file"));
    (wrong[0].code, wrong[0].detail.to_string())
}

#[track_caller]
fn assert_color(image: &DynamicImage, (x, y): (u32, u32), expected: [u8; 3]) {
    let Rgba([red, green, blue, _]) = image.get_pixel(x, y);
    let near = [red, green, blue].iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) < 12);
    assert!(near, "{:?} instead of {expected:?} at {x}, {y}", [red, green, blue]);
}

const RED: [u8; 3] = [220, 20, 20];
const GREEN: [u8; 3] = [20, 180, 20];
const BLUE: [u8; 3] = [20, 20, 220];

#[test]
fn the_square_in_the_middle_is_kept_in_two_sizes() {
    for upload in [jpeg(&colored(1200, 800)), png(colored(1200, 800))] {
        let processed = process(&upload).unwrap();
        assert_eq!(processed.format, AvatarFormat::Jpeg);
        let sizes: Vec<_> = processed
            .files
            .iter()
            .map(|(size, content)| {
                assert_eq!(image::guess_format(content).unwrap(), ImageFormat::Jpeg);
                let image = image::load_from_memory(content).unwrap();
                assert_eq!((image.width(), image.height()), (size.pixels(), size.pixels()));
                let far = size.pixels() / 4;
                assert_color(&image, (far, far), RED);
                assert_color(&image, (3 * far, far), GREEN);
                assert_color(&image, (far, 3 * far), BLUE);
                size.pixels()
            })
            .collect();
        assert_eq!(sizes, [512, 128]);
    }
}

#[test]
fn small_images_are_not_enlarged() {
    for (width, height, sides) in [(300, 200, [200, 128]), (100, 100, [100, 100]), (1, 3, [1, 1])] {
        let processed = process(&png(colored(width, height))).unwrap();
        let found = processed.files.iter().map(|(_, content)| image::load_from_memory(content).unwrap().width());
        assert_eq!(found.collect::<Vec<_>>(), sides);
    }
}

#[test]
fn the_orientation_is_honoured_and_the_metadata_is_gone() {
    let plain = jpeg(&colored(400, 400));
    // Six: what is stored as left is shown above. The image is to be turned clockwise.
    let turned = with_segment(&with_segment(&plain, 0xFE, b"home-address"), 0xE1, &exif(6));
    let (content, image) = large(&turned);
    assert_color(&image, (300, 100), RED);
    assert_color(&image, (300, 300), GREEN);
    assert_color(&image, (100, 200), BLUE);
    for gone in [&b"home-address"[..], b"Exif"] {
        assert!(turned.windows(gone.len()).any(|window| window == gone));
        assert!(!content.windows(gone.len()).any(|window| window == gone));
    }
    // A frame that is higher than wide is cropped after it is turned, which is the same.
    let (_, image) = large(&with_segment(&jpeg(&colored(400, 200)), 0xE1, &exif(6)));
    assert_eq!((image.width(), image.height()), (200, 200));
    assert_color(&image, (150, 50), RED);
    // Metadata that makes no sense turns nothing.
    let (_, image) = large(&with_segment(&plain, 0xE1, b"Exif\0\0nonsense"));
    assert_color(&image, (100, 100), RED);

    let plain = png(colored(40, 40));
    let text = chunk(*b"tEXt", b"Comment\0home-address");
    let (content, _) = large(&[&plain[..33], &text, &plain[33..]].concat());
    assert!(!content.windows(12).any(|window| window == b"home-address"));
}

#[test]
fn transparency_stays_and_hidden_colors_do_not_shine_through() {
    // A disc of white on what is transparent, and would be black.
    let disc = RgbaImage::from_fn(1024, 1024, |x, y| {
        let (far, high) = (x.abs_diff(512), y.abs_diff(512));
        if far * far + high * high < 300 * 300 { Rgba([255; 4]) } else { Rgba([0; 4]) }
    });
    let processed = process(&png(disc)).unwrap();
    assert_eq!(processed.format, AvatarFormat::Png);
    for (size, content) in &processed.files {
        let image = image::load_from_memory(content).unwrap().into_rgba8();
        assert_eq!(image.width(), size.pixels());
        assert_eq!(image.get_pixel(0, 0).0[3], 0);
        assert_eq!(image.get_pixel(size.pixels() / 2, size.pixels() / 2).0, [255; 4]);
        let seen = image.pixels().filter(|pixel| pixel.0[3] > 16);
        assert!(seen.clone().all(|pixel| pixel.0[0] > 240), "a dark edge in {}", size.pixels());
        assert!(seen.count() > 0);
    }
    // What has the channel, but is opaque, needs no PNG.
    let opaque = RgbaImage::from_pixel(64, 64, Rgba([220, 20, 20, 255]));
    assert_eq!(process(&png(opaque)).unwrap().format, AvatarFormat::Jpeg);
}

#[test]
fn gray_palettes_and_sixteen_bits_are_understood() {
    let deep = ImageBuffer::from_pixel(64, 64, Rgb([220_u16 << 8, 20 << 8, 20 << 8]));
    assert_color(&large(&png(DynamicImage::ImageRgb16(deep))).1, (32, 32), RED);
    let gray = GrayImage::from_pixel(64, 64, Luma([77]));
    assert_color(&large(&png(gray)).1, (32, 32), [77; 3]);
    let half = ImageBuffer::from_pixel(64, 64, LumaA([77_u16 << 8, 128 << 8]));
    let (_, half) = large(&png(DynamicImage::ImageLumaA16(half)));
    assert_eq!(half.get_pixel(32, 32), Rgba([77, 77, 77, 128]));
    let mut gray = Vec::new();
    let encoder = JpegEncoder::new(&mut gray);
    GrayImage::from_pixel(64, 64, Luma([77])).write_with_encoder(encoder).unwrap();
    assert_color(&large(&gray).1, (32, 32), [77; 3]);
}

#[test]
fn colors_of_a_wider_space_are_put_in_terms_of_srgb() {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let segment = [&b"ICC_PROFILE\0\x01\x01"[..], &profile].concat();
    // What Display P3 calls a faint red is a strong one in sRGB.
    let faint = jpeg(&RgbImage::from_pixel(64, 64, Rgb([200, 60, 60])));
    assert_color(&large(&faint).1, (32, 32), [200, 60, 60]);
    let (content, image) = large(&with_segment(&faint, 0xE2, &segment));
    assert_color(&image, (32, 32), [217, 42, 52]);
    assert!(!content.windows(11).any(|window| window == b"ICC_PROFILE"));
    for nonsense in [&b"ICC_PROFILE\0\x01\x01nonsense"[..], &segment[..200]] {
        assert_color(&large(&with_segment(&faint, 0xE2, nonsense)).1, (32, 32), [200, 60, 60]);
    }
}

#[test]
fn cmyk_becomes_the_colors_that_it_would_print() {
    for (inverted, seen) in [
        ([255, 0, 0, 255], [255, 0, 0]),
        ([0, 255, 255, 255], [0, 255, 255]),
        ([255, 255, 255, 255], [255, 255, 255]),
        ([255, 255, 255, 0], [0, 0, 0]),
    ] {
        assert_color(&large(&cmyk(inverted)).1, (4, 4), seen);
    }
}

#[test]
fn nothing_but_jpeg_and_png_is_taken() {
    let bmp = [b"BM".as_slice(), &[0; 64]].concat();
    for (upload, found) in [
        (&b""[..], "an empty file"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>", "something else"),
        (b"GIF89a\x01\0\x01\0\0\0\0;", "a GIF image"),
        (b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0", "a WebP image"),
        (b"%PDF-1.7", "something else"),
        (b"hello", "something else"),
        (&bmp, "a BMP image"),
        (b"\xff\xd8", "something else"),
    ] {
        let (code, detail) = refusal(upload);
        assert_eq!(code, "unsupported_image");
        assert!(detail.ends_with(found), "{detail}");
    }
}

#[test]
fn what_is_cut_off_is_damaged() {
    // So big that every cut below is in the middle of the pixels.
    let noisy = RgbImage::from_fn(64, 64, |x, y| {
        let noise = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761).to_be_bytes();
        Rgb([noise[0], noise[1], noise[2]])
    });
    for whole in [jpeg(&noisy), png(noisy)] {
        process(&whole).unwrap();
        for part in 1..10 {
            let (code, _) = refusal(&whole[..whole.len() * part / 10]);
            assert_eq!(code, "damaged_image", "{part} tenths");
        }
    }
    assert_eq!(refusal(&jpeg(&colored(64, 64))[..3]).0, "damaged_image");
    assert_eq!(refusal(&png(colored(64, 64))[..8]).0, "damaged_image");
    // The header's sum is wrong.
    let mut changed = png(colored(64, 64));
    changed[20] ^= 1;
    assert_eq!(refusal(&changed).0, "damaged_image");
    let scans = jpeg(&colored(8, 8));
    let begin = scans.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let scan = &scans[begin..scans.len() - 2];
    assert_eq!(refusal(&[&scans[..begin], &scan.repeat(100), &[0xFF, 0xD9]].concat()).0, "damaged_image");
}

#[test]
fn nothing_of_what_is_behind_an_image_survives() {
    for behind in [&b"PK\x03\x04archive"[..], b"<html><script>alert(1)</script></html>"] {
        for upload in [jpeg(&colored(64, 64)), png(colored(64, 64))] {
            let (content, image) = large(&[&upload[..], behind].concat());
            assert_color(&image, (16, 16), RED);
            assert!(!content.windows(behind.len()).any(|window| window == behind));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn images_that_claim_to_be_huge_cost_next_to_nothing() {
    let highest = || -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let small = colored(256, 256);
    let bombs = [
        claiming(&png(small.clone()), 60_000, 60_000),
        claiming(&png(DynamicImage::ImageRgb16(DynamicImage::from(small.clone()).into_rgb16())), 60_000, 60_000),
        claiming(&png(small.clone()), u32::MAX / 2, u32::MAX / 2),
        jpeg_claiming(&jpeg(&small), 60_000),
        jpeg_claiming(&jpeg(&small), 65_500),
    ];
    let before = highest();
    for bomb in &bombs {
        assert!(bomb.len() < 16 * 1024);
        let (code, _) = refusal(bomb);
        assert!(["image_too_large", "damaged_image"].contains(&code), "{code}");
    }
    assert_eq!(refusal(&bombs[0]).0, "image_too_large");
    assert_eq!(refusal(&bombs[3]).0, "image_too_large");
    let cost = highest() - before;
    assert!(cost < 64 * 1024, "{cost} KiB");
    // One too many, by little.
    assert_eq!(refusal(&claiming(&png(small.clone()), 4_096, 4_097)).0, "image_too_large");
    assert_eq!(refusal(&claiming(&png(small), 4_096, 4_096)).0, "damaged_image");
}
