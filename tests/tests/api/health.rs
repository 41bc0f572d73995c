//! `/health`, and the documents that the program serves of itself.

use circadia_tests::{Backend, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(it_lives_and_is_ready, the_documents_are_served, the_root_leads_to_the_documentation);

mod redis {
    #[test]
    fn its_state_is_shown_and_the_process_is_ready_without_it() {
        circadia_tests::run(super::its_state_is_shown_and_the_process_is_ready_without_it());
    }
}

async fn it_lives_and_is_ready(backend: Backend) {
    let app = TestApp::on(backend).start();
    let live = app.anonymous().get("/health/live").await.expect(200);
    assert_eq!(live.body["status"], "live");
    assert_eq!(live.header("cache-control"), Some("no-store"));
    let ready = app.anonymous().get("/health/ready").await.expect(200);
    assert_eq!(ready.body, json!({"status": "ready", "dependencies": {"database": "up"}}));
}

async fn its_state_is_shown_and_the_process_is_ready_without_it() {
    let app = TestApp::on(Backend::Sqlite).with_redis().start();
    let ready = app.anonymous().get("/health/ready").await.expect(200);
    assert_eq!(ready.body["dependencies"], json!({"database": "up", "redis": "up"}));
    let alone = TestApp::on(Backend::Sqlite).with_redis_at("redis://127.0.0.1:1").start();
    let ready = alone.anonymous().get("/health/ready").await.expect(200);
    assert_eq!(ready.body, json!({"status": "ready", "dependencies": {"database": "up", "redis": "down"}}));
}

async fn the_documents_are_served(backend: Backend) {
    let app = TestApp::on(backend).start();
    let anonymous = app.anonymous();
    let schema = anonymous.get("/api/schema").await.expect(200);
    assert_eq!(schema.body, serde_json::to_value(circadia_api::openapi::document()).unwrap());
    assert!(schema.body["openapi"].as_str().unwrap().starts_with("3.1"));
    anonymous.with_header("if-none-match", &schema.etag()).get("/api/schema").await.expect(304);
    let moved = anonymous.get("/api/docs").await.expect(308);
    assert_eq!(moved.header("location"), Some("docs/"), "as seen from /api/docs");
    for path in ["/api/docs/", "/api/redoc"] {
        let page = anonymous.get(path).await.expect(200);
        assert!(page.header("content-type").unwrap().starts_with("text/html"), "{path}");
        assert_eq!(page.body, Value::Null);
        let text = String::from_utf8(page.bytes.clone()).unwrap();
        assert!(!text.contains("https://") && !text.contains("//cdn"), "{path} loads something from elsewhere");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self'") && policy.contains("default-src 'none'"), "{policy}");
        assert!(!policy.split(';').any(|part| part.contains("script-src") && part.contains("unsafe")), "{policy}");
    }
}

async fn the_root_leads_to_the_documentation(backend: Backend) {
    let app = TestApp::on(backend).start();
    for path in ["/", "/api", "/api/"] {
        let browser = app.anonymous().with_header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        let page = browser.get(path).await.expect(307);
        assert_eq!(page.header("location"), Some("/api/docs/"), "{path}");
        let index = app.anonymous().get(path).await.expect(200);
        assert_eq!(index.body["name"], "Circadia", "{path}");
        // Each link leads somewhere.
        for name in ["documentation", "reference", "schema", "health"] {
            app.anonymous().get(index.body[name].as_str().unwrap()).await.expect(200);
        }
        let config = format!("{}/config", index.body["api"].as_str().unwrap());
        app.anonymous().get(&config).await.expect(200);
    }
}
