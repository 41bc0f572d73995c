//! What is wrong with the configuration stops the start, and is named.

use std::fs;

use crate::process::{Sandbox, Server, free_port};
use crate::run::run;

#[test]
fn every_wrong_value_stops_the_start_and_is_named() {
    let wrong = [
        ("CIRCADIA_COLOUR", "blue"),
        ("CIRCADIA_ENV", "staging"),
        ("CIRCADIA_BIND", "nowhere"),
        ("PORT", "http"),
        ("CIRCADIA_DB_CONNECTIONS", "0"),
        ("REDIS_URL", "http://127.0.0.1"),
        ("CIRCADIA_SECRET_KEY", "short"),
        ("CIRCADIA_SECRET_KEY_FILE", "no-such-file"),
        ("CIRCADIA_RATE_LIMITS", "some"),
        ("CIRCADIA_RATE_LIMIT_USER", "5/fortnight"),
        ("CIRCADIA_TRUSTED_PROXIES", "10.0.0.0/8, home"),
        ("CIRCADIA_CORS_ORIGINS", "https://app.example.org/path"),
        ("CIRCADIA_DB_KIND", "oracle"),
        ("CIRCADIA_EMAIL_VERIFICATION", "perhaps"),
        ("SMTP_URL", "mail.example.org"),
        ("CIRCADIA_MAIL_FROM", "nobody"),
        ("CIRCADIA_FRONTEND_URL", "app.example.org"),
    ];
    let sandbox = Sandbox::new();
    for (name, value) in wrong {
        let said = run(sandbox.circadia(&["serve"]).env(name, value)).failed();
        assert!(said.contains(name), "{name} is missing in: {said}");
    }
    // All of them at once; and no command starts with them.
    let said = run(sandbox.circadia(&["migrate"]).envs(wrong)).failed();
    for (name, _) in wrong {
        assert!(said.contains(name), "{name} is missing in: {said}");
    }
    assert!(!sandbox.path("data").exists(), "nothing is touched before the configuration is read");
}

#[tokio::test]
async fn a_shell_with_the_variables_of_the_tests_may_start_a_server() {
    let sandbox = Sandbox::new();
    let port = free_port();
    let mut command = sandbox.circadia(&[]);
    command.env("CIRCADIA_TEST_POSTGRES_URL", "postgres://x").env("PORT", port.to_string());
    let _server = Server::start(command, port, sandbox.path("server.log")).await;
}

#[tokio::test]
async fn production_insists_on_a_secret_key() {
    let sandbox = Sandbox::new();
    let said = run(sandbox.circadia(&[]).env("CIRCADIA_ENV", "production")).failed();
    assert!(said.contains("CIRCADIA_SECRET_KEY"), "{said}");

    let port = free_port();
    fs::write(sandbox.path("key"), "0123456789abcdef0123456789abcdef\n").unwrap();
    let mut command = sandbox.circadia(&[]);
    command
        .env("CIRCADIA_ENV", "production")
        .env("CIRCADIA_EMAIL_VERIFICATION", "optional")
        .env("CIRCADIA_SECRET_KEY_FILE", "key")
        .env("PORT", port.to_string());
    let _server = Server::start(command, port, sandbox.path("server.log")).await;
    assert!(!sandbox.path("data/secret.key").exists());
}

#[test]
fn a_database_that_cannot_be_used_is_told_without_its_password() {
    let sandbox = Sandbox::new();
    for url in [
        "postgres://ada:hush-hush@127.0.0.1:1/circadia",
        "postgresql://ada:hush-hush@127.0.0.1:1/circadia",
        "mysql://ada:hush-hush@127.0.0.1:1/circadia",
        "oracle://ada:hush-hush@127.0.0.1:1/circadia",
        "hush-hush",
    ] {
        let said = run(sandbox.circadia(&["serve"]).env("DATABASE_URL", url)).failed();
        assert!(!said.contains("hush-hush"), "{url}: {said}");
        assert!(!said.contains("the configuration is wrong") || !url.contains("sql"), "{url}: {said}");
        // Neither does a word that is no URL make a file.
        assert!(!sandbox.path("hush-hush").exists());
    }
    #[cfg(not(feature = "postgres"))]
    {
        let said = run(sandbox.circadia(&["serve"]).env("DATABASE_URL", "postgres://db/circadia")).failed();
        assert!(said.contains("--features postgres"), "{said}");
    }
}

#[tokio::test]
async fn a_dotenv_file_is_read_and_the_environment_outranks_it() {
    let sandbox = Sandbox::new();
    let (port, other) = (free_port(), free_port());
    let text = format!("PORT={port}\nDATABASE_URL=sqlite://elsewhere.db\nCIRCADIA_RATE_LIMITS=off\n");
    fs::write(sandbox.path(".env"), text).unwrap();
    let server = Server::start(sandbox.circadia(&["serve"]), port, sandbox.path("server.log")).await;
    assert!(sandbox.path("elsewhere.db").exists() && !sandbox.path("data/circadia.db").exists());
    drop(server);

    let mut command = sandbox.circadia(&["serve"]);
    command.env("PORT", other.to_string());
    drop(Server::start(command, other, sandbox.path("server.log")).await);

    fs::write(sandbox.path(".env"), "CIRCADIA_COLOUR=blue\n").unwrap();
    let said = run(&mut sandbox.circadia(&["serve"])).failed();
    assert!(said.contains("CIRCADIA_COLOUR"), "{said}");
}

#[test]
fn a_broken_line_of_a_dotenv_file_is_told_by_its_number_and_without_what_is_in_it() {
    let sandbox = Sandbox::new();
    for broken in ["CIRCADIA_SECRET_KEY hush-hush", "SMTP_URL=\"smtp://ada:hush-hush@mail", "hush-hush", "A='hush-hush"]
    {
        fs::write(sandbox.path(".env"), format!("# ours\n\nPORT=1\n{broken}\n")).unwrap();
        let said = run(&mut sandbox.circadia(&["serve"])).failed();
        assert!(said.contains(".env") && said.contains("line 4") && !said.contains("hush"), "{broken}: {said}");
    }
}

#[tokio::test]
async fn a_dotenv_file_is_read_in_the_working_folder_or_where_it_is_said_to_be_and_nowhere_else() {
    let sandbox = Sandbox::new();
    let port = free_port();
    let inner = sandbox.path("inner");
    fs::create_dir(&inner).unwrap();
    // One above isn't ours.
    fs::write(sandbox.path(".env"), "CIRCADIA_COLOUR=blue\n").unwrap();
    let mut command = sandbox.circadia(&["serve"]);
    command.current_dir(&inner).env("PORT", port.to_string());
    drop(Server::start(command, port, sandbox.path("server.log")).await);

    let said = run(sandbox.circadia(&["serve"]).current_dir(&inner).env("CIRCADIA_ENV_FILE", "../.env")).failed();
    assert!(said.contains("CIRCADIA_COLOUR"), "{said}");
    let said = run(sandbox.circadia(&["serve"]).current_dir(&inner).env("CIRCADIA_ENV_FILE", "elsewhere")).failed();
    assert!(said.contains("CIRCADIA_ENV_FILE") && said.contains("elsewhere"), "{said}");
    fs::write(sandbox.path("ours.env"), "CIRCADIA_ENV=staging\n").unwrap();
    let said = run(sandbox.circadia(&["serve"]).current_dir(&inner).env("CIRCADIA_ENV_FILE", "../ours.env")).failed();
    assert!(said.contains("CIRCADIA_ENV must be"), "{said}");
}
