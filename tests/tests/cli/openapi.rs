//! `circadia openapi`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::process::Sandbox;
use crate::run::run;

#[test]
fn the_committed_document_is_what_the_routes_say() {
    let sandbox = Sandbox::new();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/openapi.json");
    run(sandbox.circadia(&["openapi", "--check", "--path"]).arg(committed)).succeeded();
}

#[test]
fn a_document_that_differs_is_refused_with_the_command_that_mends_it() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("openapi/openapi.json");
    let missing = run(&mut sandbox.circadia(&["openapi", "--check"])).failed();
    assert!(missing.contains("openapi.json") && missing.contains("circadia openapi"), "{missing}");

    run(&mut sandbox.circadia(&["openapi"])).succeeded();
    run(&mut sandbox.circadia(&["openapi", "--check"])).succeeded();

    let text = fs::read_to_string(&path).unwrap();
    let changed = text.replacen("\"openapi\"", "\"opanepi\"", 1);
    assert_ne!(text, changed);
    for wrong in [changed, format!("{text}\n"), text[..text.len() - 1].to_owned(), String::new()] {
        fs::write(&path, &wrong).unwrap();
        let differs = run(&mut sandbox.circadia(&["openapi", "--check"])).failed();
        assert!(differs.contains("cargo run -p circadia-server -- openapi"), "{differs}");
        assert_eq!(fs::read_to_string(&path).unwrap(), wrong, "a check writes nothing");
    }
}

#[tokio::test]
async fn what_is_printed_is_what_is_served() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let printed = run(&mut sandbox.circadia(&["openapi", "--path", "-"])).succeeded();
    let served = reqwest::get(server.url("/api/schema")).await.unwrap().text().await.unwrap();
    assert_eq!(printed, served);
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_document_needs_no_configuration() {
    let sandbox = Sandbox::new();
    run(sandbox.circadia(&["openapi"]).env("CIRCADIA_ENV", "production")).succeeded();
}
