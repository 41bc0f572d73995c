//! Opening a session for an authenticated user.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{IdSource, SessionId, UserId};
use circadia_domain::sessions::{FirstFactor, Session, SessionKind, SessionRepository};

use super::{RefreshToken, SESSION_TTL, SessionRefusal};
use crate::client::Client;
use crate::entropy::{Entropy, random};
use crate::keys::KeyRing;

/// An authenticated user and the method used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authenticated {
    /// The user.
    pub user: UserId,
    /// The method.
    pub first_factor: FirstFactor,
}

impl Authenticated {
    /// By their password.
    pub const fn by_password(user: UserId) -> Self {
        Self { user, first_factor: FirstFactor::Password }
    }

    /// Through an OpenID provider.
    pub const fn through_provider(user: UserId) -> Self {
        Self { user, first_factor: FirstFactor::Provider }
    }

    /// By a passkey.
    pub const fn by_passkey(user: UserId) -> Self {
        Self { user, first_factor: FirstFactor::Passkey }
    }
}

/// A new session.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The stored session.
    pub session: Session,
    /// The client's refresh token.
    pub refresh_token: RefreshToken,
}

/// Opens a token session for an authenticated user. Runs in the user's writing unit of work.
///
/// # Errors
/// [`SessionRefusal::Keys`] if every key was retired since `keys` were loaded; those of the store.
pub fn open_session<S: SessionRepository + ?Sized>(
    store: &mut S,
    Authenticated { user, first_factor }: Authenticated,
    client: &Client,
    keys: &KeyRing,
    ids: &dyn IdSource,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<Opened, SessionRefusal> {
    let id = SessionId::from_uuid(ids.fresh());
    let refresh_token = RefreshToken::first(user, id, keys.refresh_in_use(now)?, random(entropy));
    let session = Session {
        id,
        user,
        kind: SessionKind::Token,
        first_factor,
        secret_hash: refresh_token.hash(),
        generation: 0,
        rotated_at: now,
        device: client.device.clone(),
        user_agent: client.user_agent.clone(),
        ip: client.ip.map(|ip| ip.to_string()),
        created_at: now,
        last_used_at: now,
        expires_at: now.plus_seconds(SESSION_TTL),
        revoked_at: None,
    };
    store.insert_session(&session)?;
    Ok(Opened { session, refresh_token })
}
