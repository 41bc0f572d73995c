//! The log, at its most talkative: it holds nothing that opens an account.

use std::fs;

use circadia_tests::Mail;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::api::{PASSWORD, Session};
use crate::process::{Sandbox, Server, free_port, until};

/// Sends a request with credentials. Returns the answer and the cookie it set.
async fn ask(server: &Server, method: Method, path: &str, header: (&str, &str), body: &Value) -> (Value, String) {
    let request = Client::new().request(method, server.url(&format!("/api/v1{path}"))).header(header.0, header.1);
    let answer = if body.is_null() { request.send() } else { request.json(body).send() }.await.unwrap();
    let cookie = answer.headers().get("set-cookie").map(|set| set.to_str().unwrap().to_owned()).unwrap_or_default();
    let text = answer.text().await.unwrap();
    (serde_json::from_str(&text).unwrap_or_default(), cookie)
}

#[tokio::test]
async fn no_secret_is_in_the_log() {
    let sandbox = Sandbox::new();
    let port = free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command.env("PORT", port.to_string()).env("CIRCADIA_RATE_LIMITS", "off").env("CIRCADIA_LOG", "trace");
    let server = Server::start(command, port, sandbox.path("server.log")).await;
    let Session { access_token, refresh_token } = server.register("ada").await;
    let none = ("accept", "*/*");
    let bearer = format!("Bearer {access_token}");
    let mut secrets = vec![PASSWORD.to_owned(), "wrong green bicycles".to_owned(), "two red bicycles".to_owned()];
    secrets.extend([access_token.clone(), access_token.rsplit('.').next().unwrap().to_owned(), refresh_token.clone()]);
    // Right and wrong ones.
    for password in [PASSWORD, "wrong green bicycles"] {
        let body = json!({"username": "ada", "password": password});
        let (opened, cookie) = ask(&server, Method::POST, "/auth/session", none, &body).await;
        if let Some((pair, _)) = cookie.split_once(';') {
            secrets.push(pair.split_once('=').unwrap().1.to_owned());
            secrets.push(opened["csrf_token"].as_str().unwrap().to_owned());
            ask(&server, Method::GET, "/auth/session", ("cookie", pair), &Value::Null).await;
            ask(&server, Method::POST, "/themes", ("cookie", pair), &json!({"name": "Health"})).await;
            let altered = format!("{pair}x");
            ask(&server, Method::GET, "/auth/session", ("cookie", &altered), &Value::Null).await;
        }
    }
    let (renewed, _) =
        ask(&server, Method::POST, "/auth/refresh", none, &json!({"refresh_token": refresh_token})).await;
    secrets.push(renewed["refresh_token"].as_str().unwrap().to_owned());
    let of_token = json!({"name": "Importer", "scopes": ["read"]});
    let (made, _) = ask(&server, Method::POST, "/me/tokens", ("authorization", &bearer), &of_token).await;
    let personal = made["token"].as_str().unwrap().to_owned();
    let header = format!("Bearer {personal}");
    ask(&server, Method::GET, "/themes", ("authorization", &header), &Value::Null).await;
    secrets.push(personal);
    let (totp, _) =
        ask(&server, Method::POST, "/me/totp", ("authorization", &bearer), &json!({"password": PASSWORD})).await;
    secrets.push(totp["secret"].as_str().unwrap().to_owned());
    let authenticator = totp_rs::Totp::from_url(totp["otpauth_uri"].as_str().unwrap()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the binary's clock is the system's")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let code = json!({"code": authenticator.generate(now).to_string()});
    let (codes, _) = ask(&server, Method::POST, "/me/totp/confirm", ("authorization", &bearer), &code).await;
    secrets.extend(codes["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()));
    let credentials = json!({"username": "ada", "password": PASSWORD});
    let (asked, _) = ask(&server, Method::POST, "/auth/login", none, &credentials).await;
    secrets.push(asked["challenge"].as_str().unwrap().to_owned());
    let answer = json!({"challenge": asked["challenge"], "code": codes["recovery_codes"][0]});
    let (tokens, _) = ask(&server, Method::POST, "/auth/login/totp", none, &answer).await;
    secrets.push(tokens["refresh_token"].as_str().unwrap().to_owned());
    // What comes by mail, and is used.
    ask(&server, Method::POST, "/auth/password/forgot", none, &json!({"email": "ada@example.org"})).await;
    let token = until("a letter", async || {
        let mails = fs::read_dir(sandbox.path("data/mail")).ok()?;
        let mails = mails.filter_map(|entry| fs::read(entry.unwrap().path()).ok()).filter(|raw| !raw.is_empty());
        let mut mails = mails.map(Mail::parse).filter(|mail| mail.text.contains("reset-password?token="));
        mails.next().map(|mail| mail.token().to_owned())
    })
    .await;
    let reset = json!({"token": token, "password": "two red bicycles"});
    ask(&server, Method::POST, "/auth/password/reset", none, &reset).await;
    secrets.push(token);
    let again = server.login("ada", "two red bicycles").await;
    secrets.extend([again.access_token, again.refresh_token]);
    drop(server);

    let log = fs::read_to_string(sandbox.path("server.log")).unwrap();
    assert!(log.contains("TRACE") && log.contains("served") && log.contains("/api/v1/auth/login"), "{log}");
    assert_eq!(secrets.len(), 26);
    for secret in secrets {
        assert!(secret.len() >= 16, "{secret}");
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
}
