//! Sessions: opening, refreshing and ending them, and following their end on other replicas.

use std::sync::Arc;

use circadia_auth::Client;
use circadia_auth::accounts::EmailJob;
use circadia_auth::devices::{DeviceMarkers, KnownDevice};
use circadia_auth::sessions::{
    self, Authenticated, COOKIE_KIND, CookieId, Cookies, Opened, OpenedCookie, RefreshToken, Refreshed, Revocations,
    SessionRef, SessionRefusal, is_live,
};
use circadia_auth::stores::{Ephemera, EphemeralStore, Key, StoreFailure};
use circadia_auth::tokens::{AccessTokens, TokenError};
use circadia_domain::audit::{self, AuditAction, AuditEvent};
use circadia_domain::civil::Instant;
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::logins::{self, LoginClient, SignInNote};
use circadia_domain::sessions::{Session, SessionKind};
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::{self, UserProfile};
use circadia_domain::{Error as DomainError, entity};

use crate::authenticate::{Principal, session_invalid};
use crate::context::Context;
use crate::emails::Emails;
use crate::error::Error;

/// A kind of session that a sign-in opens.
pub trait OpenSession: 'static {
    const KIND: SessionKind;
    /// A session that was just opened.
    type Opened: Send + 'static;

    /// Opens a session within the user's unit of work.
    ///
    /// # Errors
    /// The store's; [`Error::Internal`] if there are no keys.
    fn open(
        opener: &SessionOpener,
        store: &mut dyn Store,
        authenticated: Authenticated,
        client: &Client,
        now: Instant,
    ) -> Result<Self::Opened, Error>;
}

/// A session of access and refresh tokens.
#[derive(Debug, Clone, Copy)]
pub struct TokenSession;

/// A session that a browser keeps in a cookie.
#[derive(Debug, Clone, Copy)]
pub struct CookieSession;

/// Opens sessions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SessionOpener {
    pub context: Context,
    pub tokens: Arc<AccessTokens>,
    pub emails: Emails,
}

impl SessionOpener {
    /// Opens a session for a sign-in that was just recorded, within the same unit of work. Its owner is told
    /// of a new device, within a second.
    ///
    /// # Errors
    /// The store's; [`Error::Internal`] if there are no keys.
    pub(crate) fn open<K: OpenSession>(
        &self,
        store: &mut dyn Store,
        authenticated: Authenticated,
        client: &Client,
        now: Instant,
    ) -> Result<K::Opened, Error> {
        let user = authenticated.user;
        let noted = SignInNote {
            user,
            at: now,
            ip: client.ip,
            client: client.login_client(),
            language: client.language.as_ref(),
        };
        if logins::note_sign_in(store, noted, &*self.context.ids)? {
            let LoginClient { browser, os, device } = noted.client;
            let ip = client.ip.map(|ip| ip.to_string());
            self.emails.enqueue(
                store,
                Some(user),
                &EmailJob::NewDevice { user, browser, os, device, ip, at: now.seconds() },
                now,
            )?;
        }
        K::open(self, store, authenticated, client, now)
    }
}

impl OpenSession for TokenSession {
    const KIND: SessionKind = SessionKind::Token;
    type Opened = Opened;

    fn open(
        opener: &SessionOpener,
        store: &mut dyn Store,
        authenticated: Authenticated,
        client: &Client,
        now: Instant,
    ) -> Result<Opened, Error> {
        let (keys, context) = (opener.tokens.keys(), &opener.context);
        Ok(sessions::open_session(store, authenticated, client, &keys, &*context.ids, &*context.entropy, now)?)
    }
}

impl OpenSession for CookieSession {
    const KIND: SessionKind = SessionKind::Cookie;
    type Opened = OpenedCookie;

    fn open(
        opener: &SessionOpener,
        store: &mut dyn Store,
        authenticated: Authenticated,
        client: &Client,
        now: Instant,
    ) -> Result<OpenedCookie, Error> {
        let context = &opener.context;
        Ok(sessions::open_cookie_session(store, authenticated, client, &*context.ids, &*context.entropy, now)?)
    }
}

/// Refreshes and ends sessions.
pub struct Sessions {
    pub context: Context,
    pub tokens: Arc<AccessTokens>,
    pub cookies: Arc<Cookies>,
    pub devices: DeviceMarkers,
    pub revocations: Arc<Revocations>,
    pub ephemera: Ephemera,
    /// The store that replicas share besides the database, if there is one (Redis).
    pub shared_store: Option<Arc<dyn EphemeralStore>>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("shared_store", &self.shared_store.is_some()).finish_non_exhaustive()
    }
}

impl Sessions {
    /// The marker by which the device of a session is recognised when it signs in again.
    pub fn device_marker(&self, session: &Session) -> String {
        self.devices.mark(KnownDevice { user: session.user, session: session.id }, self.context.now())
    }

    /// The account of a marker; `None` if it isn't good.
    pub fn marked_user(&self, marker: &str) -> Option<UserId> {
        self.devices.read(marker, self.context.now()).map(|device| device.user)
    }

    /// Exchanges a refresh token for the next one.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`, `token_revoked`; the store's.
    pub async fn refresh(&self, token: &str, client: Client) -> Result<(Refreshed, UserProfile), Error> {
        let token = RefreshToken::parse(token)?;
        let (user, now, keys) = (token.user, self.context.now(), self.tokens.keys());
        let ids = Arc::clone(&self.context.ids);
        let refreshed = self.context.unit_of_work.write::<_, Error>(user, now, move |tx| {
            let refreshed = sessions::refresh(tx.store, &token, &client, &keys, now);
            if matches!(refreshed, Err(SessionRefusal::Replayed)) {
                let event = AuditEvent::of(ids.fresh().into(), AuditAction::REFRESH_REPLAYED, now);
                audit::record(tx.store, &event.about(token.user).in_session(token.session).refused())?;
            }
            let refreshed = refreshed?;
            Ok((refreshed, users::profile(tx.store, token.user, now)?))
        });
        refreshed.await.map_err(unknown_user_is_invalid_token)
    }

    /// The active sessions of a user, most recently used first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, user: UserId) -> Result<Vec<Session>, Error> {
        let now = self.context.now();
        let mut sessions =
            self.context.unit_of_work.read::<_, StoreError>(move |store| store.sessions_of(user, now)).await?;
        sessions.retain(|session| is_live(session, now));
        Ok(sessions)
    }

    /// Who is signed in by a cookie session, and when it ends at the latest.
    ///
    /// # Errors
    /// The store's.
    pub async fn current(&self, principal: Principal) -> Result<(UserProfile, Instant), Error> {
        let now = self.context.now();
        let read = self.context.unit_of_work.read::<_, DomainError>(move |store| {
            let profile = users::profile(store, principal.user, now)?;
            let state = store.find_session(principal.user, principal.session)?;
            Ok((profile, state.ok_or(DomainError::not_found::<entity::Session>())?.session.expires_at))
        });
        Ok(read.await?)
    }

    /// Stores a cookie for its new session. The sessions of the browser's `former` cookies end.
    ///
    /// # Errors
    /// The stores'. The new session is then ended, too.
    pub async fn store_cookie(&self, opened: &OpenedCookie, former: &[CookieId]) -> Result<(), Error> {
        let (now, session) = (self.context.now(), &opened.session);
        let target = SessionRef { user: session.user, session: session.id };
        let stored = self.ephemera.put(COOKIE_KIND, opened.id.key(), &target.to_bytes(), session.expires_at, now).await;
        if let Err(failure) = stored {
            if let Err(error) = self.end(target.user, target.session).await {
                tracing::warn!(%error, "a session whose cookie could not be stored can't be removed");
            }
            return Err(failure.into());
        }
        for id in former {
            let value = self.ephemera.get(COOKIE_KIND, id.key(), now).await?;
            let Some(former) = value.and_then(|value| SessionRef::from_bytes(&value)) else { continue };
            match self.end(former.user, former.session).await {
                Err(error) if !is_gone(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Ends a session of a user, of either kind.
    ///
    /// # Errors
    /// `session_not_found` if there is no live one.
    pub async fn end(&self, user: UserId, session: SessionId) -> Result<(), Error> {
        let now = self.context.now();
        let ended = self
            .context
            .unit_of_work
            .write::<_, Error>(user, now, move |tx| {
                let state = tx.store.find_session(user, session)?;
                let live = state.filter(|state| is_live(&state.session, now));
                let live = live.ok_or(DomainError::not_found::<entity::Session>())?.session;
                sessions::revoke(tx.store, user, session, now)?;
                Ok(live)
            })
            .await?;
        if ended.kind == SessionKind::Cookie {
            let key = Key::from_hash(ended.secret_hash);
            self.cookies.forget(key);
            if let Err(failure) = self.ephemera.delete(COOKIE_KIND, key).await {
                tracing::debug!(%failure, "the cookie of an ended session is left to expire");
            }
        }
        self.follow_revocations().await;
        Ok(())
    }

    /// Ends the cookie session of a request.
    ///
    /// # Errors
    /// `session_invalid` if the request wasn't sent with a cookie.
    pub async fn end_cookie_session(&self, principal: Principal) -> Result<(), Error> {
        if principal.kind != SessionKind::Cookie {
            return Err(session_invalid());
        }
        self.end(principal.user, principal.session).await
    }

    /// Ends the session of a refresh token, whether or not an access token of it is still good.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`, `token_revoked`; the store's.
    pub async fn log_out_by_token(&self, token: &RefreshToken) -> Result<(), Error> {
        let (token, keys, ids) = (token.clone(), self.tokens.keys(), Arc::clone(&self.context.ids));
        let (user, now) = (token.user, self.context.now());
        let ended = self.context.unit_of_work.write::<_, Error>(user, now, move |tx| {
            if sessions::revoke_by_token(tx.store, &token, &keys, now)? {
                let event = AuditEvent::by(ids.fresh().into(), AuditAction::SESSION_REVOKED, user, now);
                audit::record(tx.store, &event.in_session(token.session))?;
            }
            Ok(())
        });
        ended.await.map_err(unknown_user_is_invalid_token)?;
        self.follow_revocations().await;
        Ok(())
    }

    /// Ends the session of a request.
    ///
    /// # Errors
    /// The store's.
    pub async fn log_out(&self, principal: Principal) -> Result<(), Error> {
        let (context, now) = (self.context.clone(), self.context.now());
        let ended = self.context.unit_of_work.write::<_, Error>(principal.user, now, move |tx| {
            if sessions::revoke(tx.store, principal.user, principal.session, now)? {
                audit::record(tx.store, &context.audit_event(principal, AuditAction::SESSION_REVOKED, now))?;
            }
            Ok(())
        });
        ended.await.map_err(unknown_user_is_invalid_token)?;
        self.follow_revocations().await;
        Ok(())
    }

    /// Ends every session of a user.
    ///
    /// # Errors
    /// The store's.
    pub async fn log_out_everywhere(&self, principal: Principal) -> Result<(), Error> {
        let (context, now) = (self.context.clone(), self.context.now());
        let ended = self.context.unit_of_work.write::<_, Error>(principal.user, now, move |tx| {
            sessions::revoke_all(tx.store, principal.user, now)?;
            audit::record(tx.store, &context.audit_event(principal, AuditAction::SESSIONS_REVOKED, now))?;
            Ok(())
        });
        ended.await.map_err(unknown_user_is_invalid_token)?;
        self.follow_revocations().await;
        Ok(())
    }

    /// Reads the revocation feed. Every replica does so twice a second, and at once after it ended a session.
    pub async fn follow_revocations(&self) {
        let read_at = self.context.now();
        let since = self.revocations.cursor(read_at);
        let read = self.context.unit_of_work.read::<_, StoreError>(move |store| store.revocations_since(since)).await;
        match read {
            Ok(entries) => {
                self.revocations.apply(&entries, read_at, self.context.now());
                if self.shared_store.is_none() {
                    // The database is the store of cookies.
                    self.cookies.heard_of_store(read_at);
                }
            }
            // While the feed can't be read, the store is asked at each request.
            Err(error) => tracing::warn!(%error, "the revocation feed can't be read"),
        }
    }

    /// Checks that the shared store answers: remembered cookies are believed only while it does. Every replica does so
    /// twice a second.
    ///
    /// # Errors
    /// [`StoreFailure::Unavailable`].
    pub async fn check_shared_store(&self) -> Result<(), StoreFailure> {
        let Some(store) = &self.shared_store else { return Ok(()) };
        let now = self.context.now();
        let answered = store.ping().await;
        match answered {
            Ok(()) => self.cookies.heard_of_store(now),
            Err(_) => self.cookies.lost_store(),
        }
        answered
    }
}

fn unknown_user_is_invalid_token(error: Error) -> Error {
    if error.is_no_such_user() { TokenError::Invalid.into() } else { error }
}

/// Whether a session, or its user, had ended before.
fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Domain(DomainError::NotFound { code: Code::SessionNotFound, .. })) || error.is_no_such_user()
}
