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
