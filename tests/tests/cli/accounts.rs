//! `circadia create-admin`.

use crate::api::PASSWORD;
use crate::process::Sandbox;
use crate::run::{run, run_with};

#[tokio::test]
async fn the_superuser_can_log_in() {
    let sandbox = Sandbox::new();
    let given = ["create-admin", "--username", "grace", "--email", "grace@example.org", "--password-stdin"];
    let said = run_with(&mut sandbox.circadia(&given), &format!("{PASSWORD}\n")).succeeded();
    assert!(said.contains("grace") && !said.contains(PASSWORD), "{said}");
    let made = ["create-admin", "--username", "ada", "--email", "ada@example.org"];
    let said = run(&mut sandbox.circadia(&made)).succeeded();
    let password = said.lines().find_map(|line| line.strip_prefix("Password: ")).unwrap();

    let server = sandbox.serve().await;
    for (username, password) in [("grace", PASSWORD), ("ada", password)] {
        let session = server.login(username, password).await;
        let me = server.get(&session, "/me").await;
        assert_eq!(me["role"], "superuser", "{me}");
        assert_eq!(me["email_verified"], true, "{me}");
    }
    // Beside a server that runs, too.
    let beside = ["create-admin", "--username", "mary", "--email", "mary@example.org", "--password-stdin"];
    run_with(&mut sandbox.circadia(&beside), PASSWORD).succeeded();
    server.login("mary", PASSWORD).await;
}

#[tokio::test]
async fn what_is_refused_is_refused_with_its_reason() {
    let sandbox = Sandbox::new();
    let refused = |username: &str, email: &str, password: &str| {
        let arguments = ["create-admin", "--username", username, "--email", email, "--password-stdin"];
        run_with(&mut sandbox.circadia(&arguments), &format!("{password}\n")).failed()
    };
    for (password, reason) in
        [("", "at least"), ("aB3$", "at least"), ("password123", "guessed first"), ("grace-hopper", "name")]
    {
        let said = refused("grace-hopper", "grace@example.org", password);
        assert!(said.contains("password") && said.contains(reason), "`{password}`: {said}");
    }
    let said = refused("", "grace@example.org", PASSWORD);
    assert!(said.contains("--username"), "{said}");
    let said = refused("grace", "nowhere", PASSWORD);
    assert!(said.contains("--email"), "{said}");

    // Nothing was made by all this, and what was made isn't made twice.
    let arguments = ["create-admin", "--username", "grace-hopper", "--email", "grace@example.org", "--password-stdin"];
    run_with(&mut sandbox.circadia(&arguments), PASSWORD).succeeded();
    let said = refused("grace-hopper", "other@example.org", PASSWORD);
    assert!(said.contains("already"), "{said}");
    let said = refused("other", "Grace@Example.org", PASSWORD);
    assert!(said.contains("already"), "{said}");
}

#[tokio::test]
async fn an_existing_account_is_promoted_and_both_ways_are_audited() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    for name in ["ada", "eve"] {
        server.register(name).await;
    }
    let promote = |given: &[&str]| sandbox.circadia(&[&["create-admin", "--promote"], given].concat());
    // Nobody is meant, nobody is found, or two are.
    for (given, reason) in [
        (&[][..], "--username"),
        (&["--username", "grace"], "user name"),
        (&["--email", "grace@example.org"], "e-mail address"),
        (&["--username", "ada", "--email", "eve@example.org"], "two accounts"),
    ] {
        let said = run(&mut promote(given)).failed();
        assert!(said.contains(reason), "{given:?}: {said}");
    }
    let said = run(&mut promote(&["--username", "ADA"])).succeeded();
    assert!(said.contains("Made ada <ada@example.org> a superuser.") && said.contains("isn't verified"), "{said}");
    let said = run(&mut promote(&["--username", "ada", "--email", "ada@example.org"])).failed();
    assert!(said.contains("already"), "{said}");
    // Who creates an account that there is is told how to promote it.
    let create = ["create-admin", "--username", "eve", "--email", "other@example.org", "--password-stdin"];
    let said = run_with(&mut sandbox.circadia(&create), PASSWORD).failed();
    assert!(said.contains("--promote"), "{said}");
    let create = ["create-admin", "--username", "grace", "--email", "grace@example.org", "--password-stdin"];
    run_with(&mut sandbox.circadia(&create), PASSWORD).succeeded();

    let ada = server.login("ada", PASSWORD).await;
    assert_eq!(server.get(&ada, "/me").await["role"], "superuser");
    let events = server.get(&ada, "/admin/audit").await;
    let events: Vec<_> = events["items"].as_array().unwrap().iter().collect();
    let of = |action: &str| *events.iter().find(|event| event["action"] == action).unwrap();
    let role = serde_json::json!({"role": {"before": "regular", "after": "superuser"}});
    assert_eq!(of("account_changed")["details"], role);
    assert_eq!(of("account_created")["details"], serde_json::json!({"role": "superuser"}));
    for event in ["account_changed", "account_created"].map(of) {
        assert!(event["actor_id"].is_null() && event["subject_id"].is_string(), "{event}");
    }

    // One that was deactivated can sign in again.
    let accounts = server.get(&ada, "/admin/users?q=eve").await;
    let path = format!("/admin/users/{}", accounts["items"][0]["id"].as_str().unwrap());
    let body = serde_json::json!({"active": false});
    server.try_ask(reqwest::Method::PATCH, &path, Some(&ada), Some(&body)).await.unwrap();
    run(&mut promote(&["--email", "EVE@example.org"])).succeeded();
    let eve = server.login("eve", PASSWORD).await;
    assert_eq!(server.get(&eve, "/me").await["role"], "superuser");
}
