//! `/quotes`.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    a_user_keeps_a_quotation_all_day,
    quotations_are_in_the_users_language,
    a_new_set_leaves_today_alone,
    a_provider_that_says_nothing_holds_nobody_up,
);

async fn quote(client: &Client, query: &str) -> Value {
    client.get(&format!("/quotes/today{query}")).await.expect(200).body
}

async fn a_user_keeps_a_quotation_all_day(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-10T10:00:00Z").start();
    let ada = app.user_in("ada", "Pacific/Kiritimati").await;
    let replica = app.replica().start();
    let morning = quote(&ada, "").await;
    assert_eq!((&morning["date"], &morning["source"]), (&json!("2026-03-11"), &json!("built_in")));
    for instant in ["2026-03-10T18:00:00Z", "2026-03-11T09:59:59Z"] {
        app.clock.set(instant);
        let ada = app.log_in("ada").await;
        assert_eq!(quote(&ada, "").await, morning);
        assert_eq!(quote(&ada.at(&replica.anonymous()), "").await, morning);
    }
    app.clock.set("2026-03-11T10:00:00Z");
    let ada = app.log_in("ada").await;
    let tomorrow = quote(&ada, "").await;
    assert_eq!(tomorrow["date"], "2026-03-12");
    assert_ne!(tomorrow["text"], morning["text"]);
    assert_eq!(quote(&ada, "?on=2026-03-11").await, morning);
    let answer = ada.get("/quotes/today").await.expect(200);
    ada.with_header("If-None-Match", &answer.etag()).get("/quotes/today").await.expect(304);
    ada.get("/quotes/today?on=soon").await.names("/on");
    app.anonymous().get("/quotes/today").await.problem(401, "authentication_required");
}

async fn quotations_are_in_the_users_language(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for (locale, language) in [("de-AT", "de"), ("fr", "fr"), ("es-MX", "es"), ("en-GB", "en"), ("fi", "en")] {
        ada.patch("/me", json!({"locale": locale})).await.expect(200);
        assert_eq!(quote(&ada, "").await["locale"], language, "{locale}");
    }
}

/// A provider on the loopback interface that answers each request with the same quotations, or never.
fn provider(quotes: Option<Value>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(quotes) = &quotes else {
                kept.push(stream);
                continue;
            };
            let _ = stream.read(&mut [0; 4096]);
            let body = quotes.to_string();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    format!("http://{address}/")
}

async fn a_new_set_leaves_today_alone(backend: Backend) {
    let quotes: Vec<Value> = (0..9).map(|number| json!({"q": format!("No. {number}"), "a": "Somebody"})).collect();
    let url = provider(Some(Value::Array(quotes)));
    let app = TestApp::on(backend).set("CIRCADIA_QUOTES_URL", &url).start();
    let ada = app.user("ada").await;
    // It is 2026-03-11, and 2026-03-12 has begun in Kiritimati: from the 13th on.
    let mut coming = Value::Null;
    for _ in 0..3000 {
        coming = quote(&ada, "?on=2026-03-13").await;
        if coming["source"] == "provider" {
            break;
        }
    }
    assert_eq!(
        (&coming["source"], &coming["author"], &coming["locale"]),
        (&json!("provider"), &json!("Somebody"), &Value::Null)
    );
    for day in ["", "?on=2026-03-12", "?on=2025-01-01"] {
        assert_eq!(quote(&ada, day).await["source"], "built_in", "{day}");
    }
    app.clock.set("2026-03-13T08:00:00Z");
    let morning = app.log_in("ada").await;
    assert_eq!(quote(&morning, "").await, coming);
}

async fn a_provider_that_says_nothing_holds_nobody_up(backend: Backend) {
    let begun = std::time::Instant::now();
    let app = TestApp::on(backend).set("CIRCADIA_QUOTES_URL", &provider(None)).start();
    let ada = app.user("ada").await;
    assert_eq!(quote(&ada, "").await["source"], "built_in");
    drop(app);
    assert!(begun.elapsed() < std::time::Duration::from_secs(15), "{:?}", begun.elapsed());
}
