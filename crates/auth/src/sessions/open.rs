//! Opening a session: somebody has proven who they are.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{IdSource, SessionId, UserId};
use circadia_domain::sessions::{FirstFactor, Session, SessionKind, SessionRepository};

use super::{RefreshToken, SESSION_TTL, SessionRefusal};
use crate::client::Client;
use crate::entropy::{Entropy, random};
use crate::keys::KeyRing;

/// Who has proven who they are, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authenticated {
    /// Who.
    pub user: UserId,
    /// How.
    pub first_factor: FirstFactor,
}

impl Authenticated {
    /// By their password.
    pub const fn by_password(user: UserId) -> Self {
        Self { user, first_factor: FirstFactor::Password }
    }

    /// Through Google.
    pub const fn through_google(user: UserId) -> Self {
        Self { user, first_factor: FirstFactor::Google }
    }
}

/// A session that was just opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// As stored.
    pub session: Session,
    /// What its client renews its access token with.
    pub refresh_token: RefreshToken,
}

/// Opens a token session for a user who has proven who they are. For the user's writing unit of work.
///
/// # Errors
/// [`SessionRefusal::Keys`] if every key was retired since `keys` were loaded; the store's.
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
