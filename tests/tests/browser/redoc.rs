//! ReDoc: reading and searching.

use super::chromium::Browser;
use crate::process::Sandbox;

#[tokio::test]
async fn operations_are_shown_and_found_by_searching() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let browser = Browser::start().await;
    browser.page.goto(&server.url("/api/redoc")).await.unwrap();
    browser.find("[data-section-id$='operation/getMe']").await;
    browser.find("[data-section-id$='operation/incrementEntry']").await;

    browser.find("input[role='search'], input.search-input").await.send_keys("increment").await.unwrap();
    let found = browser.find("[data-role='search:results'] [data-item-id$='operation/incrementEntry']").await;
    found.click().await.unwrap();
    let address = browser.page.current_url().await.unwrap();
    assert!(address.fragment().is_some_and(|part| part.ends_with("operation/incrementEntry")), "{address}");

    let refused: Vec<_> =
        browser.complaints().await.into_iter().filter(|complaint| !is_about_document(complaint)).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let requests = browser.requests().await;
    assert!(requests.contains(&server.url("/api/schema")), "{requests:#?}");
    let elsewhere: Vec<_> = requests.iter().filter(|url| !url.starts_with(&server.url("/"))).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}

#[tokio::test]
async fn nothing_in_the_document_contradicts_itself() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let browser = Browser::start().await;
    browser.page.goto(&server.url("/api/redoc")).await.unwrap();
    browser.find("[data-section-id$='operation/getMe']").await;
    let faults: Vec<_> =
        browser.complaints().await.into_iter().filter(|complaint| is_about_document(complaint)).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// `ReDoc` writes to the console what it can't bring together in the document.
fn is_about_document(complaint: &str) -> bool {
    complaint.starts_with("\"console-api\"")
}
