//! The keys that replicas share: reading them again, issuing access tokens, and the key for encrypted passwords.

use std::sync::Arc;
use std::time::Instant as Stopwatch;

use circadia_auth::keys::{KeyRing, LoginPublicKey, LoginSecret, MasterKey};
use circadia_auth::tokens::{AccessToken, AccessTokens};
use circadia_domain::code::Code;
use circadia_domain::sessions::Session;
use tokio::sync::Mutex;

use crate::context::Context;
use crate::error::Error;

/// The keys that replicas share.
pub struct Keys {
    context: Context,
    master: MasterKey,
    tokens: Arc<AccessTokens>,
    /// When the latest reading began. Held while keys are read, so that an older reading never replaces a newer one.
    reload: Mutex<Option<Stopwatch>>,
    /// Held while the first key for passwords is made.
    first_login_key: Mutex<()>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Keys {
    pub fn new(context: Context, master: MasterKey, tokens: Arc<AccessTokens>) -> Self {
        Self { context, master, tokens, reload: Mutex::default(), first_login_key: Mutex::default() }
    }

    /// The keys as they were read last.
    pub fn ring(&self) -> Arc<KeyRing> {
        self.tokens.keys()
    }

    /// An access token for a session.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn issue_access_token(&self, session: &Session) -> Result<AccessToken, Error> {
        Ok(self.tokens.issue(session, &*self.context.ids, self.context.now())?)
    }

    /// The JSON Web Key Set that verifies access tokens.
    pub fn jwks(&self) -> serde_json::Value {
        self.ring().jwks(self.context.now())
    }

    /// Reads the keys from the database. Every replica does so every few seconds, and when an unknown key is asked for.
    ///
    /// # Errors
    /// The store's; [`Error::Internal`] if they can't be unsealed.
    pub async fn reload(&self) -> Result<(), Error> {
        let asked_at = Stopwatch::now();
        let mut latest = self.reload.lock().await;
        if latest.is_some_and(|began_at| began_at > asked_at) {
            // They were read while this call waited.
            return Ok(());
        }
        let begins_at = Stopwatch::now();
        let (master, now) = (self.master.clone(), self.context.now());
        let ring = self
            .context
            .unit_of_work
            .read(move |store| KeyRing::load(store, &master, now).map_err(Error::from))
            .await?;
        self.tokens.replace_keys(ring);
        *latest = Some(begins_at);
        Ok(())
    }

    /// The public key that passwords may be encrypted with. The first one is made when it is first asked for: that takes
    /// much longer than a start should.
    ///
    /// # Errors
    /// The store's; [`Error::Unavailable`] while it is being replaced.
    pub async fn login_public_key(&self) -> Result<LoginPublicKey, Error> {
        let known = || self.ring().login_public(self.context.now());
        if let Some(key) = known() {
            return Ok(key);
        }
        let _guard = self.first_login_key.lock().await;
        if known().is_none() {
            self.reload().await?;
        }
        if known().is_none() {
            let secret = tokio::task::spawn_blocking(LoginSecret::generate).await.map_err(Error::internal)??;
            let (master, entropy, now) = (self.master.clone(), self.context.entropy.clone(), self.context.now());
            self.context
                .unit_of_work
                .write_unowned::<_, Error>(move |store| {
                    KeyRing::ensure_login(store, &secret, &master, &*entropy, now)?;
                    Ok(())
                })
                .await?;
            self.reload().await?;
        }
        known().ok_or(Error::Unavailable {
            code: Code::Unavailable,
            detail: "The key for passwords is being replaced. Try again in a moment.",
            retry_after_seconds: 1,
        })
    }
}
