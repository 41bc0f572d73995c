//! The ways in which the same user proves who they are: whatever holds for one of them holds for all.

use circadia_tests::{Answer, Client, TestApp};

use super::tokens::with_scopes;

/// A way in.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// What it is called in messages.
    pub(crate) name: &'static str,
    pub(crate) client: Client,
    /// The code that it is refused with once it has ended.
    pub(crate) ended: &'static str,
}

impl Way {
    /// The same way at another replica.
    pub(crate) fn at(&self, other: &TestApp) -> Self {
        Self { client: self.client.at(&other.anonymous()), ..self.clone() }
    }

    /// Asks until it is refused because it has ended, for a second at most.
    pub(crate) async fn until_refused(&self) -> Answer {
        self.client.until_refused(401, self.ended).await
    }
}

/// A user who is signed in by access token, by the same, by a cookie of their own, and by a personal access token that
/// may do all that one is let in for.
pub(crate) async fn ways_of(app: &TestApp, user: &Client) -> [Way; 3] {
    let cookie = app.browser(user.tokens["user"]["username"].as_str().unwrap()).await;
    let (personal, _) = with_scopes(user, &["write"]).await;
    [
        Way { name: "an access token", client: user.clone(), ended: "token_revoked" },
        Way { name: "a cookie", client: cookie, ended: "session_invalid" },
        Way { name: "a personal access token", client: personal, ended: "token_revoked" },
    ]
}
