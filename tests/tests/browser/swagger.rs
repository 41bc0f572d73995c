//! Swagger UI: signing in and trying a request out.

use serde_json::{Value, json};

use super::chromium::Browser;
use crate::process::Sandbox;

#[tokio::test]
async fn a_request_can_be_tried_out_with_a_token() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let browser = Browser::start().await;
    let account = json!({ "username": "ada.lovelace", "email": "ada@example.org", "password": "seven green bicycles" });
    let answer = reqwest::Client::new().post(server.url("/api/v1/auth/register")).json(&account).send().await.unwrap();
    let account: Value = answer.error_for_status().unwrap().json().await.unwrap();
    let token = account["access_token"].as_str().unwrap();

    // Without the slash, as people type it.
    browser.page.goto(&server.url("/api/docs#/me/getMe")).await.unwrap();
    browser.find(".swagger-ui .auth-wrapper button.authorize").await.click().await.unwrap();
    browser.find(".modal-ux input").await.send_keys(token).await.unwrap();
    browser.find(".modal-ux button.authorize").await.click().await.unwrap();
    browser.text_with(".modal-ux", "Logout").await;
    browser.find(".modal-ux button.btn-done").await.click().await.unwrap();

    browser.find("[id$='-getMe'] button.execute").await.click().await.unwrap();
    browser.text_with("[id$='-getMe'] .live-responses-table .response .response-col_status", "200").await;
    browser.text_with("[id$='-getMe'] .live-responses-table .response", "ada.lovelace").await;

    assert_eq!(browser.complaints().await, Vec::<String>::new());
    let requests = browser.requests().await;
    assert!(requests.contains(&server.url("/api/schema")), "{requests:#?}");
    assert!(requests.contains(&server.url("/api/v1/me")), "{requests:#?}");
    let elsewhere: Vec<_> = requests.iter().filter(|url| !url.starts_with(&server.url("/api/"))).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}

#[tokio::test]
async fn a_request_without_a_token_shows_the_problem() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let browser = Browser::start().await;
    browser.page.goto(&server.url("/api/docs/")).await.unwrap();
    assert_eq!(browser.page.title().await.unwrap(), "Circadia API");
    // Operations are folded until their tag is opened.
    browser.find("#operations-tag-me").await.click().await.unwrap();
    browser.find("[id$='-getMe'] .opblock-summary-control").await.click().await.unwrap();
    browser.find("[id$='-getMe'] button.execute").await.click().await.unwrap();
    browser.text_with("[id$='-getMe'] .live-responses-table .response .response-col_status", "401").await;
    browser.text_with("[id$='-getMe'] .live-responses-table .response", "authentication_required").await;
}
