//! The in-memory store: users, identities, sessions and the audit log.

mod credentials;

use circadia_domain::audit::{AuditEvent, AuditQuery, AuditRepository};
use circadia_domain::civil::Instant;
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::identities::{Identity, IdentityRepository, Issuer, Subject};
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::jobs::NewJob;
use circadia_domain::keys::StoredKey;
use circadia_domain::logins::LoginAttempt;
use circadia_domain::one_time::StoredOneTimeToken;
use circadia_domain::passkeys::Passkey;
use circadia_domain::personal_tokens::PersonalToken;
use circadia_domain::revision::Revision;
use circadia_domain::sessions::{Revocation, RevocationTarget, Session, SessionRepository, SessionState};
use circadia_domain::totp::TotpFactor;
use circadia_domain::users::{
    Avatar, Credentials, Email, Login, NewUser, Reservation, Role, Settings, User, UserRepository, Username,
};
use uuid::Uuid;

use super::NOW;

/// All repositories, in memory.
#[derive(Default)]
pub(crate) struct InMemoryStore {
    pub(crate) users: Vec<(NewUser, bool)>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) revocations: Vec<Revocation>,
    pub(crate) keys: Vec<StoredKey>,
    pub(crate) logins: Vec<LoginAttempt>,
    pub(crate) audited: Vec<AuditEvent>,
    pub(crate) jobs: Vec<NewJob>,
    pub(crate) one_time_tokens: Vec<StoredOneTimeToken>,
    pub(crate) personal_tokens: Vec<PersonalToken>,
    pub(crate) totp: Vec<TotpFactor>,
    pub(crate) passkeys: Vec<Passkey>,
    pub(crate) recovery_codes: Vec<(UserId, [u8; 32])>,
    pub(crate) reserved_names: Vec<(String, Reservation)>,
    /// Number of writes to sessions.
    pub(crate) session_writes: usize,
}

impl InMemoryStore {
    /// A store with one active user.
    pub(crate) fn with_user(id: Uuid, hash: Option<&str>) -> Self {
        let mut store = Self::default();
        store.users.push((
            NewUser {
                id: id.into(),
                username: Username::parse("ada").unwrap(),
                email: Email::parse("ada@example.org").unwrap(),
                email_verified_at: None,
                password_hash: hash.map(str::to_owned),
                role: Role::Regular,
                settings: Settings::default(),
                created_at: NOW,
            },
            true,
        ));
        store
    }

    fn user(&self, id: UserId) -> Option<&(NewUser, bool)> {
        self.users.iter().find(|(user, _)| user.id == id)
    }
}

impl UserRepository for InMemoryStore {
    fn insert_user(&mut self, user: &NewUser) -> Result<(), StoreError> {
        if self.users.iter().any(|(other, _)| other.username.key() == user.username.key()) {
            return Err(StoreError::Duplicate(Unique::Username));
        }
        if self.users.iter().any(|(other, _)| other.email == user.email) {
            return Err(StoreError::Duplicate(Unique::Email));
        }
        self.users.push((user.clone(), true));
        Ok(())
    }

    fn find_user(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.user(id).cloned().map(|(user, active)| User {
            id: user.id,
            username: user.username,
            email: user.email,
            email_verified_at: user.email_verified_at,
            role: user.role,
            active,
            settings: user.settings,
            avatar: None,
            created_at: user.created_at,
            updated_at: user.created_at,
            rev: Revision(1),
            latest_rev: Revision(1),
        }))
    }

    fn latest_revision(&mut self, id: UserId) -> Result<Option<Revision>, StoreError> {
        Ok(self.user(id).map(|_| Revision(1)))
    }

    fn find_credentials(&mut self, login: &Login) -> Result<Option<Credentials>, StoreError> {
        let found = self.users.iter().find(|(user, _)| match login {
            Login::Email(email) => user.email.as_str() == email,
            Login::Username(key) => user.username.key() == *key,
        });
        Ok(found.map(|(user, _)| Credentials {
            user: user.id,
            password_hash: user.password_hash.clone(),
            email_verified: user.email_verified_at.is_some(),
        }))
    }

    fn credentials_of(&mut self, id: UserId) -> Result<Option<Credentials>, StoreError> {
        Ok(self.user(id).map(|(user, _)| Credentials {
            user: id,
            password_hash: user.password_hash.clone(),
            email_verified: user.email_verified_at.is_some(),
        }))
    }

    fn update_settings(&mut self, _: UserId, _: &Settings, _: Revision, _: Instant) -> Result<(), StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn update_avatar(&mut self, _: UserId, _: Option<Avatar>, _: Revision, _: Instant) -> Result<(), StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn update_password(&mut self, id: UserId, hash: &str, _: Revision, _: Instant) -> Result<(), StoreError> {
        let found = self.users.iter_mut().find(|(user, _)| user.id == id).ok_or(StoreError::NoSuchUser)?;
        found.0.password_hash = Some(hash.to_owned());
        Ok(())
    }

    fn update_username(&mut self, id: UserId, username: &Username, _: Revision, _: Instant) -> Result<(), StoreError> {
        if self.users.iter().any(|(user, _)| user.id != id && user.username.key() == username.key()) {
            return Err(StoreError::Duplicate(Unique::Username));
        }
        let found = self.users.iter_mut().find(|(user, _)| user.id == id).ok_or(StoreError::NoSuchUser)?;
        found.0.username = username.clone();
        Ok(())
    }

    fn reserve_username(
        &mut self,
        username: &Username,
        password_hash: &str,
        holder: UserId,
        _: Instant,
    ) -> Result<(), StoreError> {
        if self.reserved_names.iter().any(|(name, _)| *name == username.key()) {
            return Err(StoreError::Duplicate(Unique::Other));
        }
        let reservation = Reservation { holder, password_hash: password_hash.to_owned() };
        self.reserved_names.push((username.key(), reservation));
        Ok(())
    }

    fn find_reservation(&mut self, login: &Login, holder: Option<UserId>) -> Result<Option<Reservation>, StoreError> {
        let mut latest = self.reserved_names.iter().rev();
        let found = latest.find(|(name, reservation)| match login {
            Login::Username(key) => name == key,
            Login::Email(_) => Some(reservation.holder) == holder,
        });
        Ok(found.map(|(_, reservation)| reservation.clone()))
    }

    fn confirm_email(&mut self, id: UserId, email: &Email, _: Revision, now: Instant) -> Result<(), StoreError> {
        if self.users.iter().any(|(user, _)| user.id != id && user.email == *email) {
            return Err(StoreError::Duplicate(Unique::Email));
        }
        let found = self.users.iter_mut().find(|(user, _)| user.id == id).ok_or(StoreError::NoSuchUser)?;
        found.0.email = email.clone();
        found.0.email_verified_at = Some(now);
        Ok(())
    }

    fn lock_superusers(&mut self, apart_from: UserId) -> Result<bool, StoreError> {
        let mut others = self.users.iter().filter(|(user, active)| user.id != apart_from && *active);
        Ok(others.any(|(user, _)| user.role == Role::Superuser))
    }

    fn erase_user(&mut self, id: UserId) -> Result<(), StoreError> {
        self.users.retain(|(user, _)| user.id != id);
        self.sessions.retain(|session| session.user != id);
        Ok(())
    }

    fn user_ids(&mut self, after: Option<UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        let mut ids: Vec<UserId> = self.users.iter().map(|(user, _)| user.id).filter(|id| Some(*id) > after).collect();
        ids.sort_unstable();
        ids.truncate(limit);
        Ok(ids)
    }

    fn role_exists(&mut self, role: Role) -> Result<bool, StoreError> {
        Ok(self.users.iter().any(|(user, _)| user.role == role))
    }
}

impl AuditRepository for InMemoryStore {
    fn insert_audit_event(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        self.audited.push(event.clone());
        Ok(())
    }

    fn audit_events(&mut self, _: &AuditQuery, _: usize) -> Result<Vec<AuditEvent>, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn audit_event_total(&mut self, _: &AuditQuery) -> Result<i64, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }
}

impl IdentityRepository for InMemoryStore {
    fn insert_identity(&mut self, identity: &Identity) -> Result<(), StoreError> {
        if self.find_identity(&identity.issuer, &identity.subject)?.is_some() {
            return Err(StoreError::Duplicate(Unique::Identity));
        }
        if self.identities_of(identity.user)?.iter().any(|one| one.issuer == identity.issuer) {
            return Err(StoreError::Duplicate(Unique::Other));
        }
        self.identities.push(identity.clone());
        Ok(())
    }

    fn find_identity(&mut self, issuer: &Issuer, subject: &Subject) -> Result<Option<Identity>, StoreError> {
        Ok(self.identities.iter().find(|one| one.issuer == *issuer && one.subject == *subject).cloned())
    }

    fn identities_of(&mut self, user: UserId) -> Result<Vec<Identity>, StoreError> {
        Ok(self.identities.iter().filter(|one| one.user == user).cloned().collect())
    }

    fn delete_identity(&mut self, user: UserId, issuer: &Issuer) -> Result<bool, StoreError> {
        let before = self.identities.len();
        self.identities.retain(|one| one.user != user || one.issuer != *issuer);
        Ok(self.identities.len() < before)
    }
}

impl SessionRepository for InMemoryStore {
    fn insert_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.session_writes += 1;
        self.sessions.push(session.clone());
        Ok(())
    }

    fn find_session(&mut self, user: UserId, id: SessionId) -> Result<Option<SessionState>, StoreError> {
        let session = self.sessions.iter().find(|session| session.user == user && session.id == id).cloned();
        let user = self.user(user);
        Ok(session.zip(user).map(|(session, (user, active))| SessionState {
            session,
            role: user.role,
            active: *active,
        }))
    }

    fn update_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.session_writes += 1;
        let stored = self.sessions.iter_mut().find(|stored| stored.user == session.user && stored.id == session.id);
        *stored.ok_or_else(|| StoreError::Defect("no such session".into()))? = session.clone();
        Ok(())
    }

    fn sessions_of(&mut self, _: UserId, _: Instant) -> Result<Vec<Session>, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn session_addresses(&mut self, user: UserId) -> Result<Vec<std::net::IpAddr>, StoreError> {
        let of_user = self.sessions.iter().filter(|session| session.user == user);
        Ok(of_user.filter_map(|session| session.ip.as_deref()?.parse().ok()).collect())
    }

    fn touch_session(&mut self, _: &Session) -> Result<(), StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn publish_role(&mut self, user: UserId, now: Instant) -> Result<(), StoreError> {
        self.revocations.push(Revocation { user, target: RevocationTarget::Role, at: now });
        Ok(())
    }

    fn revoke_session(&mut self, user: UserId, id: SessionId, now: Instant) -> Result<bool, StoreError> {
        self.session_writes += 1;
        let live = self.sessions.iter_mut().find(|s| s.user == user && s.id == id && s.revoked_at.is_none());
        let Some(session) = live else { return Ok(false) };
        session.revoked_at = Some(now);
        self.revocations.push(Revocation { user, target: RevocationTarget::Session(id), at: now });
        Ok(true)
    }

    fn revoke_other_sessions(&mut self, user: UserId, kept: SessionId, now: Instant) -> Result<(), StoreError> {
        let others: Vec<SessionId> =
            self.sessions.iter().filter(|s| s.user == user && s.id != kept).map(|s| s.id).collect();
        others.into_iter().try_for_each(|id| self.revoke_session(user, id, now).map(drop))
    }

    fn revoke_sessions(&mut self, user: UserId, now: Instant) -> Result<(), StoreError> {
        self.session_writes += 1;
        for session in self.sessions.iter_mut().filter(|session| session.user == user && session.revoked_at.is_none()) {
            session.revoked_at = Some(now);
        }
        self.revocations.push(Revocation { user, target: RevocationTarget::Sessions, at: now });
        Ok(())
    }

    fn revocations_since(&mut self, since: Instant) -> Result<Vec<Revocation>, StoreError> {
        Ok(self.revocations.iter().filter(|entry| since <= entry.at).cloned().collect())
    }

    fn purge_sessions(&mut self, _: Instant) -> Result<usize, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }
}
