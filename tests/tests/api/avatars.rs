//! `/me/avatar` and `/media`: profile images.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use circadia_tests::images::{Part, jpeg, picture, png};
use circadia_tests::{Answer, Backend, Client, TestApp, fresh_id, scenarios};
use image::{GenericImageView as _, ImageFormat, Rgba, RgbaImage};
use reqwest::Method;
use serde_json::{Value, json};

scenarios!(
    an_image_is_kept_in_two_sizes_and_nothing_of_its_file_but_pixels,
    transparency_is_kept,
    the_content_decides_and_not_the_name_or_the_declared_type,
    what_is_no_image_is_refused_and_nothing_is_stored,
    an_image_that_claims_to_be_huge_costs_next_to_nothing,
    the_largest_file_is_taken_and_one_byte_more_is_not,
    forms_are_read_strictly,
    another_image_replaces_the_one_before,
    removing_an_image_twice_is_removing_it_once,
    an_image_goes_with_its_account_and_others_stay,
    files_without_a_row_are_removed_after_an_hour,
    what_can_not_be_removed_is_removed_later,
    changes_depend_on_what_they_were_made_of,
    a_browser_may_send_an_image,
    images_are_served_to_anybody_for_ever,
    media_paths_that_are_no_key_are_not_found,
    without_the_store_of_images_the_rest_is_served,
);

/// The image's address, as any answer with a user shows it.
#[track_caller]
fn url_of(user: &Value) -> String {
    let url = user["avatar_url"].as_str().unwrap_or_else(|| panic!("no image in {user}"));
    let name = url.strip_prefix("/media/avatars/").unwrap_or_else(|| panic!("{url} is elsewhere"));
    let (id, rest) = name.split_at(36);
    assert!(uuid::Uuid::parse_str(id).is_ok() && ["-512.jpg", "-512.png"].contains(&rest), "{url}");
    url.to_owned()
}

async fn set(client: &Client, content: &[u8]) -> String {
    url_of(&client.put_avatar(content).await.expect(200).body)
}

fn small(url: &str) -> String {
    url.replace("-512.", "-128.")
}

fn media(app: &TestApp) -> PathBuf {
    app.database.folder().join("data/media")
}

/// The files that are kept, by name.
fn files(app: &TestApp) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(media(app).join("avatars")) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The names of an image's files.
fn names(url: &str) -> Vec<String> {
    let name = |url: &str| url.rsplit('/').next().unwrap().to_owned();
    let mut names = vec![name(url), name(&small(url))];
    names.sort();
    names
}

fn holds(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}

fn decoded(answer: &Answer) -> image::DynamicImage {
    image::load_from_memory(&answer.bytes).unwrap_or_else(|error| panic!("{}: {error}", answer.request))
}

fn is_red(image: &image::DynamicImage, x: u32, y: u32) -> bool {
    let Rgba([red, green, blue, _]) = image.get_pixel(x, y);
    red > 200 && green < 40 && blue < 40
}

/// A photograph as a telephone writes it: turned by its metadata, which tell where it was taken.
fn photograph() -> Vec<u8> {
    let plain = jpeg(&picture(900, 600));
    let ifd = [1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
    let exif = [&b"Exif\0\0II*\0\x08\0\0\0"[..], &ifd, b"home-address"].concat();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], &[0xFF, 0xE1], &length, &exif, &plain[2..], b"PK\x03\x04 an archive <script>"].concat()
}

async fn an_image_is_kept_in_two_sizes_and_nothing_of_its_file_but_pixels(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    assert_eq!(ada.tokens["user"]["avatar_url"], Value::Null);
    let before = ada.get("/me").await.expect(200);
    assert_eq!(before.body["avatar_url"], Value::Null);
    app.clock.advance(1);
    let answer = ada.put_avatar(&photograph()).await.expect(200);
    let url = url_of(&answer.body);
    let after = ada.get("/me").await.expect(200);
    assert_eq!((&after.body, after.etag()), (&answer.body, answer.etag()));
    assert_ne!((after.etag(), &after.body["updated_at"]), (before.etag(), &before.body["updated_at"]));
    assert_eq!(app.log_in("ada").await.tokens["user"]["avatar_url"], json!(url));
    for (url, side) in [(url.clone(), 512), (small(&url), 128)] {
        let file = ada.get(&url).await.expect(200);
        assert_eq!(image::guess_format(&file.bytes).unwrap(), ImageFormat::Jpeg);
        let image = decoded(&file);
        assert_eq!((image.width(), image.height()), (side, side));
        // What was left is above: it was turned.
        assert!(is_red(&image, side / 4, side / 8) && is_red(&image, side * 3 / 4, side / 8));
        assert!(!is_red(&image, side / 4, side * 7 / 8));
        for gone in [&b"Exif"[..], b"home-address", b"PK\x03\x04", b"<script>"] {
            assert!(!holds(&file.bytes, gone));
        }
    }
    assert_eq!(files(&app), names(&url));
    // What changes otherwise changes nothing about it.
    ada.patch("/me", json!({"locale": "de"})).await.expect(200);
    assert_eq!(url_of(&ada.get("/me").await.expect(200).body), url);
}

async fn transparency_is_kept(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let half = RgbaImage::from_fn(200, 200, |x, _| if x < 100 { Rgba([220, 20, 20, 255]) } else { Rgba([0; 4]) });
    let url = set(&ada, &png(half)).await;
    assert_eq!(url.rsplit('.').next(), Some("png"));
    let file = ada.get(&url).await.expect(200);
    assert_eq!(file.header("content-type"), Some("image/png"));
    let image = decoded(&file);
    assert_eq!((image.width(), image.get_pixel(150, 100).0[3]), (200, 0), "it was made larger, or opaque");
    assert!(is_red(&image, 50, 100));
    assert_eq!(decoded(&ada.get(&small(&url)).await.expect(200)).width(), 128);
}

async fn the_content_decides_and_not_the_name_or_the_declared_type(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let content = png(picture(64, 64));
    for (file_name, media_type) in [
        ("me.svg", "image/svg+xml"),
        ("me.html", "text/html"),
        ("", "nonsense"),
        ("../../circadia.db", "application/octet-stream"),
    ] {
        let part = Part { name: "file", file_name, media_type, content: &content };
        let answer = ada.put_form("/me/avatar", &[part]).await.expect(200);
        let file = ada.get(&url_of(&answer.body)).await.expect(200);
        assert_eq!(file.header("content-type"), Some("image/jpeg"));
    }
    let html = b"<html><script>alert(1)</script></html>";
    let part = Part { name: "file", file_name: "me.png", media_type: "image/png", content: html };
    ada.put_form("/me/avatar", &[part]).await.names("/file");
}

#[track_caller]
fn refused_as(answer: Answer, code: &str) -> String {
    let answer = answer.names("/file");
    let error = &answer.body["errors"][0];
    assert_eq!((&error["code"], &error["in"]), (&json!(code), &json!("body")), "{}", answer.body);
    error["detail"].as_str().unwrap().to_owned()
}

async fn what_is_no_image_is_refused_and_nothing_is_stored(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (jpeg, png) = (jpeg(&picture(64, 64)), png(picture(64, 64)));
    let before = app.contents().await;
    for (content, code) in [
        (&b""[..], "unsupported_image"),
        (b"hello", "unsupported_image"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", "unsupported_image"),
        (b"GIF89a\x01\0\x01\0\0\0\0;", "unsupported_image"),
        (b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0", "unsupported_image"),
        (b"%PDF-1.7 and so on", "unsupported_image"),
        (&jpeg[..jpeg.len() / 2], "damaged_image"),
        (&jpeg[..jpeg.len() - 2], "damaged_image"),
        (&png[..png.len() / 2], "damaged_image"),
        (&png[..20], "damaged_image"),
    ] {
        let detail = refused_as(ada.put_avatar(content).await, code);
        assert!(detail.contains("JPEG or PNG"), "{detail}");
    }
    assert_eq!(app.contents().await, before, "something was stored");
    assert_eq!((files(&app), app.database.number("SELECT count(*) FROM jobs WHERE kind = 'media'")), (Vec::new(), 0));
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    };
    (!bytes.iter().fold(u32::MAX, step)).to_be_bytes()
}

/// A PNG image with other dimensions in its header.
fn claiming(png: &[u8], side: u32) -> Vec<u8> {
    let side = side.to_be_bytes();
    let header = [b"IHDR", &side[..], &side, &png[24..29]].concat();
    [&png[..12], &header, &crc(&header), &png[33..]].concat()
}

#[cfg(target_os = "linux")]
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The server runs in this process.
async fn an_image_that_claims_to_be_huge_costs_next_to_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let bomb = claiming(&png(picture(256, 256)), 60_000);
    assert!(bomb.len() < 8 * 1024);
    set(&ada, &png(picture(256, 256))).await;
    #[cfg(target_os = "linux")]
    let before = most_memory();
    let uploads: Vec<_> = (0..8)
        .map(|_| {
            let (ada, bomb) = (ada.clone(), bomb.clone());
            tokio::spawn(async move { ada.put_avatar(&bomb).await })
        })
        .collect();
    for upload in uploads {
        let detail = refused_as(upload.await.unwrap(), "image_too_large");
        assert!(detail.contains("60000 × 60000"), "{detail}");
    }
    #[cfg(target_os = "linux")]
    assert!(most_memory() - before < 64 * 1024, "{} KiB", most_memory() - before);
}

async fn the_largest_file_is_taken_and_one_byte_more_is_not(backend: Backend) {
    const MOST: usize = 2 * 1024 * 1024;
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut content = jpeg(&picture(64, 64));
    content.resize(MOST, 0);
    let url = set(&ada, &content).await;
    content.push(0);
    ada.put_avatar(&content).await.problem(413, "payload_too_large");
    // What is announced as larger than any form isn't read; what isn't announced is, up to there.
    content.resize(MOST + 100_000, 0);
    ada.put_avatar(&content).await.problem(413, "payload_too_large");
    assert_eq!(url_of(&ada.get("/me").await.expect(200).body), url);
}

async fn forms_are_read_strictly(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let content = jpeg(&picture(64, 64));
    let file = Part::file(&content);
    let other = Part { name: "user_id", ..file };
    ada.put_form("/me/avatar", &[]).await.names("/file");
    ada.put_form("/me/avatar", &[other]).await.names("/file").names("/user_id");
    ada.put_form("/me/avatar", &[file, other]).await.names("/user_id");
    ada.put_form("/me/avatar", &[other, file]).await.names("/user_id");
    ada.put_form("/me/avatar", &[file, file]).await.names("/file");
    let put = |content_type: &str, body: &'static [u8]| {
        let request = ada.request(Method::PUT, "/me/avatar").header("content-type", content_type);
        ada.send(request.body(body))
    };
    for content_type in ["application/json", "image/jpeg", "multipart/mixed; boundary=x", "nonsense", "text/plain"] {
        put(content_type, b"{}").await.problem(415, "unsupported_media_type");
    }
    ada.send(ada.request(Method::PUT, "/me/avatar")).await.problem(415, "unsupported_media_type");
    put("multipart/form-data", b"").await.problem(400, "malformed_multipart");
    put("multipart/form-data; boundary=x", b"").await.problem(400, "incomplete_body");
    put("multipart/form-data; boundary=x", b"--x\r\n").await.problem(400, "incomplete_body");
    put("multipart/form-data; boundary=x", b"--x\r\nno header\r\n\r\n--x--\r\n")
        .await
        .problem(400, "malformed_multipart");
    let compressed = ada.with_header("content-encoding", "gzip");
    compressed.put_avatar(&content).await.problem(415, "unsupported_media_type");
    assert_eq!(ada.get("/me").await.expect(200).body["avatar_url"], Value::Null);
    app.anonymous().put_avatar(&content).await.problem(401, "authentication_required");
}

async fn another_image_replaces_the_one_before(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let content = jpeg(&picture(64, 64));
    let hers = set(&eve, &content).await;
    let first = set(&ada, &content).await;
    let second = set(&ada, &content).await;
    assert_ne!(first, second, "the address doesn't follow from the content");
    let mut left = [names(&hers), names(&second)].concat();
    left.sort();
    app.until("files that are removed", || files(&app) == left).await;
    for url in [first.clone(), small(&first)] {
        ada.get(&url).await.problem(404, "not_found");
        ada.with_header("if-none-match", "*").get(&url).await.problem(404, "not_found");
    }
    for url in [second, hers] {
        ada.get(&url).await.expect(200);
    }
}

async fn removing_an_image_twice_is_removing_it_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.delete("/me/avatar").await.expect(204);
    let url = set(&ada, &jpeg(&picture(64, 64))).await;
    let with = ada.get("/me").await.expect(200).etag();
    app.clock.advance(1);
    ada.delete("/me/avatar").await.expect(204);
    let without = ada.get("/me").await.expect(200);
    assert_eq!(without.body["avatar_url"], Value::Null);
    assert_ne!(without.etag(), with);
    ada.delete("/me/avatar").await.expect(204);
    assert_eq!(ada.get("/me").await.expect(200).etag(), without.etag(), "what changed nothing changed the tag");
    app.until("files that are removed", || files(&app).is_empty()).await;
    ada.get(&url).await.problem(404, "not_found");
    // The job that was enqueued before the upload finds nothing to do.
    app.clock.advance(3_700);
    app.until("jobs that are done", || waiting(&app) == 0).await;
    assert_eq!(app.database.number("SELECT count(*) FROM jobs WHERE state <> 'done'"), 0);
}

fn waiting(app: &TestApp) -> i64 {
    app.database.number("SELECT count(*) FROM jobs WHERE state = 'waiting'")
}

async fn an_image_goes_with_its_account_and_others_stay(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let content = jpeg(&picture(64, 64));
    let (hers, others) = (set(&ada, &content).await, set(&eve, &content).await);
    ada.post("/me/delete", json!({"password": "correct horse battery"})).await.expect(204);
    app.until("files that are removed", || files(&app) == names(&others)).await;
    app.anonymous().get(&hers).await.problem(404, "not_found");
    app.anonymous().get(&others).await.expect(200);
    assert_eq!(url_of(&eve.get("/me").await.expect(200).body), others);
}

async fn files_without_a_row_are_removed_after_an_hour(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let content = jpeg(&picture(64, 64));
    let lost = set(&ada, &content).await;
    let kept = set(&eve, &content).await;
    // As if the process had died between the store of images and the database.
    app.database.execute("UPDATE users SET avatar = NULL WHERE username = 'ada'");
    app.clock.advance(3_500);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let mut both = [names(&lost), names(&kept)].concat();
    both.sort();
    assert_eq!(files(&app), both, "an upload has an hour's time");
    app.clock.advance(200);
    app.until("files that are removed", || files(&app) == names(&kept)).await;
    app.until("jobs that are done", || waiting(&app) == 0).await;
    assert_eq!(files(&app), names(&kept));
    app.anonymous().get(&kept).await.expect(200);
}

/// Puts a file where the folder is, and moves that aside.
fn break_store(app: &TestApp) -> PathBuf {
    let aside = media(app).with_file_name("aside");
    std::fs::rename(media(app), &aside).unwrap();
    std::fs::write(media(app), "no folder").unwrap();
    aside
}

fn mend_store(app: &TestApp, aside: &Path) {
    std::fs::remove_file(media(app)).unwrap();
    std::fs::rename(aside, media(app)).unwrap();
}

async fn what_can_not_be_removed_is_removed_later(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let url = set(&ada, &jpeg(&picture(64, 64))).await;
    let aside = break_store(&app);
    ada.post("/me/delete", json!({"password": "correct horse battery"})).await.expect(204);
    let failed = || app.database.number("SELECT count(*) FROM jobs WHERE last_error IS NOT NULL");
    app.until("attempts that failed", || failed() > 0).await;
    // However long it takes: longer than jobs are tried.
    for _ in 0..14 {
        app.clock.advance(3_600);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    mend_store(&app, &aside);
    assert_eq!(files(&app), names(&url));
    app.clock.advance(12 * 3_600);
    app.until("files that are removed", || files(&app).is_empty()).await;
    assert_eq!(app.database.number("SELECT count(*) FROM jobs WHERE state = 'dead'"), 0);
}

async fn changes_depend_on_what_they_were_made_of(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let content = jpeg(&picture(64, 64));
    let old = ada.get("/me").await.expect(200).etag();
    let new = ada.with_header("if-match", &old).put_avatar(&content).await.expect(200);
    let stale = ada.with_header("if-match", &old);
    stale.put_avatar(&content).await.problem(412, "precondition_failed");
    stale.delete("/me/avatar").await.problem(412, "precondition_failed");
    assert_eq!(ada.get("/me").await.expect(200).etag(), new.etag());
    assert_eq!(files(&app), names(&url_of(&new.body)), "what was refused was stored");
    ada.with_header("if-match", &new.etag()).delete("/me/avatar").await.expect(204);
}

async fn a_browser_may_send_an_image(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let browser = app.browser("ada").await;
    let content = jpeg(&picture(64, 64));
    let url = set(&browser, &content).await;
    // An `img` of the front end's site shows it.
    let file = app.anonymous().with_header("sec-fetch-site", "same-site").get(&url).await.expect(200);
    assert_eq!(file.header("cross-origin-resource-policy"), Some("cross-origin"));
    browser.without_header("x-csrf-token").put_avatar(&content).await.problem(403, "csrf_failed");
}

async fn images_are_served_to_anybody_for_ever(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMITS", "standard").start();
    let ada = app.user("ada").await;
    let url = set(&ada, &jpeg(&picture(64, 64))).await;
    let anonymous = app.anonymous();
    // More often than anything else may be asked for.
    for _ in 0..40 {
        let file = anonymous.get(&url).await.expect(200);
        assert_eq!(file.header("ratelimit"), None);
    }
    let file = anonymous.with_header("accept-encoding", "gzip").get(&url).await.expect(200);
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
    ] {
        assert_eq!(file.header(name), Some(value));
    }
    for name in ["content-encoding", "set-cookie", "server-timing"] {
        assert_eq!(file.header(name), None, "{name}");
    }
    for tag in [file.etag(), format!("W/{}", file.etag()), "*".to_owned()] {
        let same = anonymous.with_header("if-none-match", &tag).get(&url).await.expect(304);
        assert_eq!((same.bytes.len(), same.etag()), (0, file.etag()));
        assert_eq!(same.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(same.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    }
    anonymous.with_header("if-none-match", "\"other\"").get(&url).await.expect(200);
    assert_ne!(anonymous.get(&small(&url)).await.expect(200).etag(), file.etag());
    let head = anonymous.send(anonymous.request(Method::HEAD, &url)).await.expect(200);
    assert_eq!((head.bytes.len(), head.header("content-type")), (0, Some("image/jpeg")));
    anonymous.send(anonymous.request(Method::PUT, &url)).await.problem(405, "method_not_allowed");
    // Tokens are none of its business.
    anonymous.with_token("nonsense").get(&url).await.expect(200);
}

/// Sends a path as it is, which clients would normalise first; the status.
fn status_of(app: &TestApp, path: &str) -> String {
    let root = app.anonymous().root().to_owned();
    let mut stream = TcpStream::connect(root.strip_prefix("http://").unwrap()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(!answer.contains("root:") && !answer.contains("SQLite format"), "{path} answered {answer}");
    answer.split(' ').nth(1).unwrap_or_else(|| panic!("{path} answered {answer:?}")).to_owned()
}

async fn media_paths_that_are_no_key_are_not_found(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let url = set(&ada, &jpeg(&picture(64, 64))).await;
    let name = url.rsplit('/').next().unwrap().to_owned();
    std::fs::write(media(&app).join("secret.jpg"), "SQLite format").unwrap();
    std::fs::write(media(&app).join("avatars/secret.jpg"), "SQLite format").unwrap();
    assert_eq!(status_of(&app, &url), "200");
    for path in [
        "/media".to_owned(),
        "/media/".to_owned(),
        "/media/avatars".to_owned(),
        "/media/avatars/".to_owned(),
        "/media/secret.jpg".to_owned(),
        "/media/avatars/secret.jpg".to_owned(),
        "/media/avatars/../secret.jpg".to_owned(),
        "/media/avatars/../../circadia.db".to_owned(),
        "/media/avatars/..%2f..%2fcircadia.db".to_owned(),
        "/media/avatars/%2e%2e/%2e%2e/circadia.db".to_owned(),
        "/media/avatars/%2e%2e%2fsecret.jpg".to_owned(),
        "/media/avatars/%252e%252e%252fsecret.jpg".to_owned(),
        "/media/avatars/..\\secret.jpg".to_owned(),
        "/media/avatars/%5c..%5csecret.jpg".to_owned(),
        "/media/avatars//etc/passwd".to_owned(),
        "/media/avatars/%2fetc%2fpasswd".to_owned(),
        "/media/..%2f..%2f..%2f..%2fetc/passwd".to_owned(),
        format!("/media/avatars/{name}%00"),
        format!("/media/avatars/%00{name}"),
        format!("/media/avatars/{name}%00.png"),
        format!("/media/avatars/./{name}"),
        format!("/media/avatars/%2e/{name}"),
        format!("/media/avatars/x/../{name}"),
        format!("/media//avatars/{name}"),
        format!("/media/avatars/{name}/"),
        format!("/media/avatars/{}", name.to_uppercase()),
        format!("/media/avatars/{}", name.replace("-512", "-256")),
        format!("/media/avatars/{}", name.replace(".jpg", ".png")),
        format!("/media/avatars/{}", name.replace(".jpg", "")),
        format!("/media/avatars/{}-512.jpg", fresh_id()),
        format!("/api/v1{url}"),
    ] {
        assert_eq!(status_of(&app, &path), "404", "{path}");
    }
}

async fn without_the_store_of_images_the_rest_is_served(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let content = jpeg(&picture(64, 64));
    let url = set(&ada, &content).await;
    let aside = break_store(&app);
    for answer in [ada.get(&url).await, ada.put_avatar(&content).await] {
        let answer = answer.expect(503);
        assert_eq!(answer.body["code"], "unavailable");
        assert_eq!(answer.header("retry-after"), Some("5"));
        let text = answer.body.to_string();
        assert!(!text.contains("media/") && !text.contains("os error"), "{text}");
    }
    assert_eq!(url_of(&ada.get("/me").await.expect(200).body), url);
    ada.delete("/me/avatar").await.expect(204);
    ada.get("/health/ready").await.expect(200);
    mend_store(&app, &aside);
    set(&ada, &content).await;
}

/// Against a real server: `CIRCADIA_TEST_S3_ENDPOINT` with the bucket `CIRCADIA_TEST_S3_BUCKET` (`tests/run` starts it).
mod s3 {
    use circadia_tests::{Builder, run};

    use super::*;

    fn variable(name: &str) -> String {
        std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: tests/run starts the server and sets it"))
    }

    fn with_bucket(builder: Builder, endpoint: &str, url: &str) -> Builder {
        builder
            .set("CIRCADIA_MEDIA_URL", url)
            .set("AWS_ENDPOINT_URL", endpoint)
            .set("AWS_ACCESS_KEY_ID", "tests")
            .set("AWS_SECRET_ACCESS_KEY", "tests")
            .set("AWS_REGION", "us-east-1")
    }

    /// Whether the bucket has a key: to a stranger, it answers that it is not for them.
    async fn has(endpoint: &str, key: &str) -> bool {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let status = client.get(format!("{endpoint}/{key}")).send().await.unwrap().status().as_u16();
        assert!([403, 404].contains(&status), "{key}: {status}");
        status == 403
    }

    #[test]
    fn images_are_kept_in_a_bucket() {
        run(async {
            let (endpoint, bucket) = (variable("CIRCADIA_TEST_S3_ENDPOINT"), variable("CIRCADIA_TEST_S3_BUCKET"));
            // Keys that no other test has.
            let prefix = format!("{bucket}/{}/images", fresh_id());
            let url = format!("s3://{prefix}");
            let app = with_bucket(TestApp::on(Backend::Sqlite), &endpoint, &url).start();
            let ada = app.user("ada").await;
            let content = jpeg(&picture(900, 600));
            let first = set(&ada, &content).await;
            let key = |url: &str| format!("{prefix}/{}", url.strip_prefix("/media/").unwrap());
            for url in [first.clone(), small(&first)] {
                assert!(has(&endpoint, &key(&url)).await);
                let file = app.anonymous().get(&url).await.expect(200);
                assert_eq!(file.header("content-type"), Some("image/jpeg"));
                assert!(decoded(&file).width() >= 128);
            }
            // Any replica serves it.
            let replica = with_bucket(app.replica(), &endpoint, &url).start();
            replica.anonymous().get(&first).await.expect(200);
            let unknown = format!("/media/avatars/{}-512.jpg", uuid::Uuid::from_u128(7));
            app.anonymous().get(&unknown).await.problem(404, "not_found");
            assert_eq!(files(&app), Vec::<String>::new(), "nothing is kept in the folder");

            let second = set(&ada, &content).await;
            until_gone(&endpoint, &key(&first)).await;
            until_gone(&endpoint, &key(&small(&first))).await;
            ada.get(&first).await.problem(404, "not_found");
            ada.post("/me/delete", json!({"password": "correct horse battery"})).await.expect(204);
            until_gone(&endpoint, &key(&second)).await;
        });
    }

    async fn until_gone(endpoint: &str, key: &str) {
        for _ in 0..400 {
            if !has(endpoint, key).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{key} is still there");
    }

    #[test]
    fn a_bucket_that_is_not_there_is_a_503() {
        run(async {
            let endpoint = variable("CIRCADIA_TEST_S3_ENDPOINT");
            let app = with_bucket(TestApp::on(Backend::Sqlite), &endpoint, "s3://nothing-of-this-name").start();
            let ada = app.user("ada").await;
            ada.put_avatar(&jpeg(&picture(64, 64))).await.expect(503);
            assert_eq!(ada.get("/me").await.expect(200).body["avatar_url"], Value::Null);
        });
    }
}
