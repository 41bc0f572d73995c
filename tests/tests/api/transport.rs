//! What every answer carries, and what becomes of requests that reach no route.

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::catalogue::Catalogue;

scenarios!(
    every_answer_carries_security_headers,
    request_ids_are_taken_over_if_they_are_sane,
    what_is_not_there_is_a_problem,
    other_methods_are_refused_with_those_that_are_allowed,
    head_answers_like_get_without_a_body,
    answers_are_compressed_when_asked_for,
    browsers_may_call_from_listed_origins_only,
    front_ends_in_development_need_no_configuration,
    production_refuses_plain_http,
    production_believes_trusted_proxies_only,
);

#[track_caller]
fn assert_secure(answer: &Answer) {
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")]
    {
        assert_eq!(answer.header(name), Some(value), "{} {}", answer.request, answer.status);
    }
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()));
    assert_eq!(answer.header("server"), None);
}

async fn every_answer_carries_security_headers(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMIT_ANONYMOUS", "2/min").start();
    let ada = app.user("ada").await;
    let anonymous = app.anonymous();
    let limited = async || {
        for _ in 0..2 {
            anonymous.get("/habits").await.problem(401, "authentication_required");
        }
        anonymous.get("/habits").await
    };
    for (status, answer) in [
        (200, ada.get("/habits").await),
        (200, ada.get("/health/live").await),
        (200, ada.get("/api/schema").await),
        (404, ada.get("/nothing").await),
        (404, ada.get("/api/docs/nothing").await),
        (405, ada.delete("/habits").await),
        (422, ada.get("/habits?limit=0").await),
        (413, ada.call_raw(Method::POST, "/themes", vec![b' '; 300 * 1024]).await),
        (400, ada.call_raw(Method::POST, "/themes", "{").await),
        (415, ada.send(ada.request(Method::POST, "/themes").body("{}")).await),
        (429, limited().await),
    ] {
        let answer = answer.expect(status);
        assert_secure(&answer);
        assert_eq!(answer.header("strict-transport-security"), None, "in development");
        if status >= 400 {
            answer.refusal();
        }
    }
    let private = ada.get("/habits").await.expect(200);
    assert_eq!(private.header("cache-control"), Some("no-store"));
}

async fn request_ids_are_taken_over_if_they_are_sane(backend: Backend) {
    let app = TestApp::on(backend).start();
    let with = async |id: &str| {
        let answer = app.anonymous().with_header("x-request-id", id).get("/nothing").await.problem(404, "not_found");
        answer.header("x-request-id").unwrap().to_owned()
    };
    for sane in ["abc-1_2.3", "0190a000-0000-7000-8000-000000000001", &"a".repeat(64)] {
        assert_eq!(with(sane).await, sane);
    }
    let mut made = vec![app.anonymous().get("/health/live").await.header("x-request-id").unwrap().to_owned()];
    for insane in ["a b", "\"}{", "<script>", &"a".repeat(65), ""] {
        let id = with(insane).await;
        assert!(!id.is_empty() && id != insane, "{id}");
        made.push(id);
    }
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 6);
}

async fn what_is_not_there_is_a_problem(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for path in
        ["/nothing", "/api/v2/habits", "/habits/", "/themes//", "/me/x", "/api/nothing", "/health", "/habits/today/x"]
    {
        ada.get(path).await.problem(404, "not_found");
        app.anonymous().post(path, json!({})).await.problem(404, "not_found");
    }
}

async fn other_methods_are_refused_with_those_that_are_allowed(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let catalogue = Catalogue::read();
    for operation in &catalogue.operations {
        let id = "0190a000-0000-7000-8000-000000000001";
        let path = operation.path.replace("{date}", "2026-03-11");
        let path: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect();
        let path = path.join("/");
        let answer = ada.call(Method::from_bytes(b"PURGE").unwrap(), &path, &Value::Null).await;
        let answer = answer.problem(405, "method_not_allowed");
        let allow = answer.header("allow").unwrap();
        let method = operation.method.as_str();
        assert!(allow.split(", ").any(|allowed| allowed == method), "{path} {allow}");
        let options = ada.call(Method::OPTIONS, &path, &Value::Null).await.expect(204);
        assert_eq!(options.header("allow"), Some(allow));
    }
    ada.delete("/habits").await.problem(405, "method_not_allowed");
}

async fn head_answers_like_get_without_a_body(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({})).await;
    for path in [
        "/habits".to_owned(),
        format!("/habits/{habit}"),
        "/me".to_owned(),
        "/health/ready".to_owned(),
        "/nothing".to_owned(),
    ] {
        let get = ada.get(&path).await;
        let head = ada.call(Method::HEAD, &path, &Value::Null).await.expect(get.status);
        assert!(head.bytes.is_empty());
        for header in ["etag", "content-type", "cache-control", "link"] {
            assert_eq!(head.header(header), get.header(header), "{path} {header}");
        }
    }
    app.anonymous().call(Method::HEAD, "/me", &Value::Null).await.expect(401);
    // The length of what is compressed isn't known before it is, so it isn't told.
    let packed = ada.with_header("accept-encoding", "gzip");
    let head = packed.call(Method::HEAD, "/habits", &Value::Null).await.expect(200);
    assert_ne!(head.header("content-length"), Some("0"));
}

async fn answers_are_compressed_when_asked_for(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"description": "x".repeat(2_000)})).await;
    let path = format!("/habits/{habit}");
    let plain = ada.get(&path).await.expect(200);
    assert_eq!(plain.header("content-encoding"), None);
    let packed = ada.with_header("accept-encoding", "gzip").get(&path).await.expect(200);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.bytes.len() < plain.bytes.len() / 2 && packed.bytes.starts_with(&[0x1f, 0x8b]));
    assert!(packed.header("vary").is_some_and(|vary| vary.to_lowercase().contains("accept-encoding")));
    for other in ["identity", "br", "gzip;q=0", "identity;q=0"] {
        let as_it_is = ada.with_header("accept-encoding", other).get(&path).await.expect(200);
        assert_eq!((as_it_is.header("content-encoding"), &as_it_is.bytes), (None, &plain.bytes), "{other}");
        assert!(as_it_is.header("vary").is_some_and(|vary| vary.to_lowercase().contains("accept-encoding")));
    }
    // The tag is a weak one of the same text, and good for the same.
    assert_eq!(packed.etag(), format!("W/{}", plain.etag()));
    ada.with_header("if-none-match", &packed.etag()).get(&path).await.expect(304);
    let tagged = ada.with_header("if-match", &packed.etag());
    tagged.patch(&path, json!({"description": null})).await.expect(200);
    tagged.patch(&path, json!({"description": "y"})).await.problem(412, "precondition_failed");
    let small = ada.with_header("accept-encoding", "gzip").get("/health/live").await.expect(200);
    assert_eq!(small.header("content-encoding"), None);
    // What anyone may ask for is compressed once, and answers in pieces as they come.
    for public in ["/api/schema", "/api/docs/swagger-ui-bundle.js", "/api/docs/swagger-ui.css", "/me/export"] {
        let plain = ada.get(public).await.expect(200);
        let packed = ada.with_header("accept-encoding", "gzip").get(public).await.expect(200);
        assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), (None, Some("gzip")));
        assert!(packed.bytes.len() < plain.bytes.len() && packed.bytes.starts_with(&[0x1f, 0x8b]), "{public}");
        assert_eq!(packed.header("content-type"), plain.header("content-type"));
    }
    // What is sent must not be compressed: a small body could become a large one.
    let request = ada.request(Method::POST, "/themes").header("content-encoding", "gzip");
    ada.send(request.json(&json!({"name": "x"}))).await.problem(415, "unsupported_media_type");
}

async fn browsers_may_call_from_listed_origins_only(backend: Backend) {
    let origin = "https://app.example.org";
    let app = TestApp::on(backend).set("CIRCADIA_CORS_ORIGINS", origin).start();
    let ada = app.user("ada").await;
    let preflight = async |origin: &str| {
        let client = app.anonymous().with_header("origin", origin);
        let client = client.with_header("access-control-request-method", "PATCH");
        let client = client.with_header("access-control-request-headers", "authorization,content-type,if-match");
        client.call(Method::OPTIONS, "/habits", &Value::Null).await
    };
    let allowed = preflight(origin).await;
    assert!(allowed.status < 300, "{}", allowed.status);
    assert_eq!(allowed.header("access-control-allow-origin"), Some(origin));
    assert!(allowed.header("access-control-allow-methods").unwrap().contains("PATCH"));
    let headers = allowed.header("access-control-allow-headers").unwrap().to_lowercase();
    assert!(["authorization", "content-type", "if-match"].iter().all(|name| headers.contains(name)), "{headers}");
    let answer = ada.with_header("origin", origin).get("/habits").await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    let exposed = answer.header("access-control-expose-headers").unwrap().to_lowercase();
    assert!(["etag", "link", "retry-after"].iter().all(|name| exposed.contains(name)), "{exposed}");
    for other in ["https://evil.example", "https://app.example.org.evil.example", "http://app.example.org", "null"] {
        let refused = preflight(other).await;
        assert_eq!(refused.header("access-control-allow-origin"), None, "{other}");
        assert_secure(&refused);
        let answer = ada.with_header("origin", other).get("/habits").await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{other}");
        assert_secure(&answer);
    }
}

fn production(backend: Backend) -> circadia_tests::Builder {
    TestApp::on(backend).in_production()
}

async fn front_ends_in_development_need_no_configuration(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let credentials = json!({"username": "ada", "password": "correct horse battery"});
    for origin in ["http://localhost:3000", "http://127.0.0.1:3000", "http://localhost:5173", "http://127.0.0.1:5173"] {
        let page = |client: &Client| {
            let client = client.without_header("sec-fetch-site");
            client.with_header("origin", origin).with_header("sec-fetch-site", "same-site")
        };
        let answer = page(&ada).get("/habits").await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        let opened = page(&app.anonymous()).post("/auth/session", credentials.clone()).await.expect(200);
        let browser = page(&app.anonymous().in_browser(&opened));
        browser.get("/me").await.expect(200);
        browser.post("/habits", json!({"name": "Run", "schedule": {"type": "daily"}})).await.expect(201);
    }
    for other in ["http://localhost:3001", "https://localhost:3000", "http://evil.example:3000"] {
        let answer = ada.with_header("origin", other).get("/habits").await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{other}");
    }
    // A front end that was named is the only one.
    let app = TestApp::on(backend).set("CIRCADIA_FRONTEND_URL", "http://localhost:8080/app").start();
    for (origin, allowed) in [("http://localhost:8080", true), ("http://localhost:3000", false)] {
        let answer = app.anonymous().with_header("origin", origin).get("/health/live").await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed.then_some(origin), "{origin}");
    }
}

async fn production_refuses_plain_http(backend: Backend) {
    let app = production(backend).set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8").start();
    let plain = app.anonymous();
    for path in ["/habits", "/api/docs", "/api/schema", "/.well-known/jwks.json", "/nothing"] {
        let refused = plain.get(path).await.problem(403, "https_required");
        assert_secure(&refused);
        plain.with_header("x-forwarded-proto", "http").get(path).await.problem(403, "https_required");
    }
    plain.post("/auth/login", json!({})).await.problem(403, "https_required");
    for path in ["/health/live", "/health/ready"] {
        plain.get(path).await.expect(200);
    }
    let secure = plain.with_header("x-forwarded-proto", "https");
    let answer = secure.get("/habits").await.problem(401, "authentication_required");
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains; preload"));
    assert_eq!(answer.header("server-timing"), None);
    let body = json!({"username": "ada", "email": "ada@example.org", "password": "correct horse battery"});
    let ada: Client = secure.signed_in(&secure.post("/auth/register", body).await.expect(201).body);
    let answer = ada.get("/habits").await.expect(200);
    assert_eq!(answer.header("server-timing"), None, "only in development");
}

async fn production_believes_trusted_proxies_only(backend: Backend) {
    let app = production(backend).set("CIRCADIA_TRUSTED_PROXIES", "192.0.2.0/24").start();
    let client = app.anonymous().with_header("x-forwarded-proto", "https");
    client.get("/habits").await.problem(403, "https_required");
}
