//! Passkeys as a front end uses them: a page of another origin, with the browser's own API.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

use super::chromium::Browser;
use crate::process::{Sandbox, Server, free_port};

/// Serves an empty page until the test's process ends; its origin.
fn front_end() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 4096]);
            let page = "<!doctype html><title>Front end</title>";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
            let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        }
    });
    format!("http://localhost:{port}")
}

/// What each script begins with: how to call the API, and how to begin a ceremony.
const CALL: &str = r"
    const [api, token] = arguments;
    const call = async (path, body, csrf) => {
        const answer = await fetch(`${api}/api/v1${path}`, {
            method: body === undefined ? 'GET' : 'POST',
            credentials: 'include',
            headers: {
                ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
                ...(token ? { Authorization: `Bearer ${token}` } : {}),
            },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        return { status: answer.status, body: await answer.json() };
    };
    const assert = async (finish, body = {}) => {
        const begun = (await call('/auth/passkeys/start', body)).body;
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
        const credential = (await navigator.credentials.get({ publicKey })).toJSON();
        return await call(finish, { ceremony: begun.ceremony, credential, device: 'Chromium' });
    };
";

const ADD: &str = r"
    const begun = (await call('/me/passkeys/start', {})).body;
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.options);
    const credential = (await navigator.credentials.create({ publicKey })).toJSON();
    return await call('/me/passkeys/finish', { ceremony: begun.ceremony, credential, name: 'This computer' });
";

async fn serve(sandbox: &Sandbox, front_end: &str) -> Server {
    let port = free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command.env("PORT", port.to_string()).env("CIRCADIA_RATE_LIMITS", "off").env("CIRCADIA_FRONTEND_URL", front_end);
    Server::start(command, port, sandbox.path("server.log")).await
}

#[tokio::test]
async fn a_passkey_is_added_and_signs_in_on_a_page_of_the_front_end() {
    let (sandbox, page) = (Sandbox::new(), front_end());
    let server = serve(&sandbox, &page).await;
    let api = format!("http://localhost:{}", server.port);
    let account = json!({ "username": "ada.lovelace", "email": "ada@example.org", "password": "seven green bicycles" });
    let answer = reqwest::Client::new().post(server.url("/api/v1/auth/register")).json(&account).send().await.unwrap();
    let account: Value = answer.error_for_status().unwrap().json().await.unwrap();
    let token = &account["access_token"];

    let browser = Browser::start().await;
    browser.page.goto(&page).await.unwrap();
    browser.add_authenticator().await;
    let run = async |script: &str, token: &Value| {
        browser.run(&format!("{CALL} {script}"), vec![json!(api), token.clone()]).await
    };

    let added = run(ADD, token).await;
    assert_eq!((&added["status"], &added["body"]["name"]), (&json!(201), &json!("This computer")), "{added}");
    assert_eq!(added["body"]["transports"], json!(["internal"]), "{added}");
    // A device has one passkey for an account.
    let again = run(ADD, token).await;
    assert!(again["failed"].as_str().unwrap().starts_with("InvalidStateError"), "{again}");

    // Without a user name, for tokens and for a cookie.
    let signed_in = run("return await assert('/auth/passkeys/finish');", &Value::Null).await;
    assert_eq!(signed_in["body"]["user"]["username"], "ada.lovelace", "{signed_in}");
    let opened = run("return await assert('/auth/session/passkey');", &Value::Null).await;
    assert_eq!(opened["status"], 200, "{opened}");
    let me = run("return await call('/me');", &Value::Null).await;
    assert_eq!((&me["status"], &me["body"]["username"]), (&json!(200), &json!("ada.lovelace")), "{me}");
    let listed = run("return await call('/me/passkeys');", &signed_in["body"]["access_token"]).await;
    assert!(listed["body"]["items"][0]["last_used_at"].is_string(), "{listed}");
}
