//! The authentication methods of one user. What a test asserts of one must hold for all.

use circadia_tests::{Answer, Client, TestApp};

use super::tokens::with_scopes;

/// An authentication method.
#[derive(Debug, Clone)]
pub(crate) struct AuthMethod {
    /// The name in failure messages.
    pub(crate) name: &'static str,
    pub(crate) client: Client,
    /// The error code it is refused with after it was revoked.
    pub(crate) ended: &'static str,
}

impl AuthMethod {
    /// The same method at another replica.
    pub(crate) fn at(&self, other: &TestApp) -> Self {
        Self { client: self.client.at(&other.anonymous()), ..self.clone() }
    }

    /// Sends requests until one is refused as revoked, for at most a second.
    pub(crate) async fn until_refused(&self) -> Answer {
        self.client.until_refused(401, self.ended).await
    }
}

/// The user's access token, a new cookie session, and a personal access token with the widest scope.
pub(crate) async fn auth_methods(app: &TestApp, user: &Client) -> [AuthMethod; 3] {
    let cookie = app.browser(user.tokens["user"]["username"].as_str().unwrap()).await;
    let (personal, _) = with_scopes(user, &["write"]).await;
    [
        AuthMethod { name: "an access token", client: user.clone(), ended: "token_revoked" },
        AuthMethod { name: "a cookie", client: cookie, ended: "session_invalid" },
        AuthMethod { name: "a personal access token", client: personal, ended: "token_revoked" },
    ]
}
