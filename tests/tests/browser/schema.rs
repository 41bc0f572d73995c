//! The document that both pages read.

use serde_json::Value;

use super::chromium::Browser;
use crate::process::Sandbox;

async fn document(url: String) -> Value {
    reqwest::get(url).await.unwrap().error_for_status().unwrap().json().await.unwrap()
}

#[tokio::test]
async fn both_pages_show_the_document_that_is_served() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let browser = Browser::start().await;
    let document = document(server.url("/api/schema")).await;
    let title = document["info"]["title"].as_str().unwrap();
    let version = document["info"]["version"].as_str().unwrap();
    let operations: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .filter(|operation| operation["operationId"].is_string())
        .count();
    assert!(operations > 10, "{operations} operations");

    browser.page.goto(&server.url("/api/docs/")).await.unwrap();
    let heading = browser.text_with(".swagger-ui .info .title", title).await;
    assert!(heading.contains(version) && heading.contains("OAS 3.1"), "{heading}");
    // Operations are folded under their tags.
    let tags = document["tags"].as_array().unwrap();
    for tag in tags {
        let name = tag["name"].as_str().unwrap();
        browser.find(&format!("#operations-tag-{name}")).await.click().await.unwrap();
        browser.find(&format!("[id^='operations-{name}-'].opblock")).await;
    }
    let shown = browser.page.find_all(fantoccini::Locator::Css(".opblock")).await.unwrap().len();
    assert_eq!(shown, operations, "operations that Swagger UI shows");

    browser.page.goto(&server.url("/api/redoc")).await.unwrap();
    let heading = browser.text_with("#redoc h1", title).await;
    assert!(heading.contains(version), "{heading}");
    let shown = browser.page.find_all(fantoccini::Locator::Css("[data-section-id^='operation/']")).await.unwrap().len();
    assert_eq!(shown, operations, "operations that ReDoc shows");
}
