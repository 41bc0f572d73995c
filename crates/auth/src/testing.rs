//! What tests stand on: seeded randomness, ids in a row, and the repositories that this crate needs, in memory.

use std::sync::atomic::{AtomicU64, Ordering};

use circadia_domain::audit::{AuditEvent, AuditQuery, AuditRepository};
use circadia_domain::civil::Instant;
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::identities::{Identity, IdentityRepository, Provider, Subject};
use circadia_domain::ids::{IdSource, PersonalTokenId, SessionId, UserId};
use circadia_domain::jobs::{Job, JobKind, JobRepository, NewJob};
use circadia_domain::keys::{KeyRepository, StoredKey};
use circadia_domain::logins::{LoginAttempt, LoginCounts, LoginRepository};
use circadia_domain::one_time::{OneTimePurpose, OneTimeRepository, StoredOneTimeToken};
use circadia_domain::personal_tokens::{PersonalToken, PersonalTokenRepository, PersonalTokenState};
use circadia_domain::revision::Revision;
use circadia_domain::sessions::{Revocation, Session, SessionRepository, SessionState, Stopped};
use circadia_domain::totp::{TotpFactor, TotpRepository};
use circadia_domain::users::{Credentials, Email, Login, NewUser, Role, Settings, User, UserRepository, Username};
use uuid::Uuid;

use crate::bytes::sha256;
use crate::entropy::Entropy;

/// A master key.
pub(crate) const MASTER: &str = "a master key that only the tests know";

/// The present: 2026-03-01T12:00:00Z.
pub(crate) const NOW: Instant = Instant::from_seconds(1_772_366_400);

/// Bytes that follow from a seed.
pub(crate) struct Seeded {
    seed: u64,
    drawn: AtomicU64,
}

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
            let block = sha256(&[self.seed.to_be_bytes(), drawn.to_be_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// A `UUIDv7` that is recognised by its number.
pub(crate) fn id(number: u8) -> Uuid {
    let mut bytes = [0; 16];
    bytes[6] = 0x70;
    bytes[8] = 0x80;
    bytes[15] = number;
    Uuid::from_bytes(bytes)
}

/// Ids in a row.
#[derive(Default)]
pub(crate) struct Ids(AtomicU64);

impl IdSource for Ids {
    fn fresh(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bytes[0] = 1;
        bytes[6] = 0x70;
        bytes[8] |= 0x80;
        Uuid::from_bytes(bytes)
    }
}

/// The repositories, in memory.
#[derive(Default)]
pub(crate) struct Memory {
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
    pub(crate) recovery_codes: Vec<(UserId, [u8; 32])>,
    /// Changes to sessions: so that tests see what wrote.
    pub(crate) session_writes: usize,
}

impl Memory {
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

impl UserRepository for Memory {
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
            created_at: user.created_at,
            updated_at: user.created_at,
            rev: Revision(1),
            latest_rev: Revision(1),
        }))
    }

    fn find_credentials(&mut self, login: &Login) -> Result<Option<Credentials>, StoreError> {
        let found = self.users.iter().find(|(user, _)| match login {
            Login::Email(email) => user.email.as_str() == email,
            Login::Username(key) => user.username.key() == *key,
        });
        Ok(found.map(|(user, _)| Credentials { user: user.id, password_hash: user.password_hash.clone() }))
    }

    fn credentials_of(&mut self, id: UserId) -> Result<Option<Credentials>, StoreError> {
        Ok(self.user(id).map(|(user, _)| Credentials { user: id, password_hash: user.password_hash.clone() }))
    }

    fn update_settings(&mut self, _: UserId, _: &Settings, _: Revision, _: Instant) -> Result<(), StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn update_password(&mut self, id: UserId, hash: &str, _: Revision, _: Instant) -> Result<(), StoreError> {
        let found = self.users.iter_mut().find(|(user, _)| user.id == id).ok_or(StoreError::NoSuchUser)?;
        found.0.password_hash = Some(hash.to_owned());
        Ok(())
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

    fn hold_superusers(&mut self, apart_from: UserId) -> Result<bool, StoreError> {
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

impl AuditRepository for Memory {
    fn insert_audit_event(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        self.audited.push(event.clone());
        Ok(())
    }

    fn audit_events(&mut self, _: &AuditQuery, _: usize) -> Result<Vec<AuditEvent>, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }
}

impl IdentityRepository for Memory {
    fn insert_identity(&mut self, identity: &Identity) -> Result<(), StoreError> {
        if self.find_identity(identity.provider, &identity.subject)?.is_some() {
            return Err(StoreError::Duplicate(Unique::Identity));
        }
        if self.identity_of(identity.user, identity.provider)?.is_some() {
            return Err(StoreError::Duplicate(Unique::Other));
        }
        self.identities.push(identity.clone());
        Ok(())
    }

    fn find_identity(&mut self, provider: Provider, subject: &Subject) -> Result<Option<Identity>, StoreError> {
        Ok(self.identities.iter().find(|one| one.provider == provider && one.subject == *subject).cloned())
    }

    fn identity_of(&mut self, user: UserId, provider: Provider) -> Result<Option<Identity>, StoreError> {
        Ok(self.identities.iter().find(|one| one.user == user && one.provider == provider).cloned())
    }

    fn delete_identity(&mut self, user: UserId, provider: Provider) -> Result<bool, StoreError> {
        let before = self.identities.len();
        self.identities.retain(|one| one.user != user || one.provider != provider);
        Ok(self.identities.len() < before)
    }
}

impl SessionRepository for Memory {
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

    fn touch_session(&mut self, _: &Session) -> Result<(), StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn publish_role(&mut self, user: UserId, now: Instant) -> Result<(), StoreError> {
        self.revocations.push(Revocation { user, what: Stopped::Role, at: now });
        Ok(())
    }

    fn revoke_session(&mut self, user: UserId, id: SessionId, now: Instant) -> Result<bool, StoreError> {
        self.session_writes += 1;
        let live = self.sessions.iter_mut().find(|s| s.user == user && s.id == id && s.revoked_at.is_none());
        let Some(session) = live else { return Ok(false) };
        session.revoked_at = Some(now);
        self.revocations.push(Revocation { user, what: Stopped::Session(id), at: now });
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
        self.revocations.push(Revocation { user, what: Stopped::Sessions, at: now });
        Ok(())
    }

    fn revocations_since(&mut self, since: Instant) -> Result<Vec<Revocation>, StoreError> {
        Ok(self.revocations.iter().filter(|entry| since <= entry.at).cloned().collect())
    }

    fn purge_sessions(&mut self, _: Instant) -> Result<usize, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }
}

impl KeyRepository for Memory {
    fn keys(&mut self) -> Result<Vec<StoredKey>, StoreError> {
        Ok(self.keys.clone())
    }

    fn insert_key(&mut self, key: &StoredKey) -> Result<(), StoreError> {
        self.keys.push(key.clone());
        Ok(())
    }

    fn retire_key(&mut self, kid: &str, at: Instant) -> Result<(), StoreError> {
        for key in self.keys.iter_mut().filter(|key| key.kid == kid) {
            key.retires_at = Some(at);
        }
        Ok(())
    }
}

impl LoginRepository for Memory {
    fn insert_login(&mut self, attempt: &LoginAttempt) -> Result<(), StoreError> {
        self.logins.push(attempt.clone());
        Ok(())
    }

    fn login_counts(&mut self, _: UserId, _: Instant, _: Instant) -> Result<LoginCounts, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }
}

impl OneTimeRepository for Memory {
    fn put_one_time_token(&mut self, token: &StoredOneTimeToken) -> Result<(), StoreError> {
        if self.user(token.user).is_none() {
            return Err(StoreError::NoSuchUser);
        }
        self.delete_one_time_tokens(token.user, &[token.purpose])?;
        self.one_time_tokens.push(token.clone());
        Ok(())
    }

    fn find_one_time_token(
        &mut self,
        user: UserId,
        purpose: OneTimePurpose,
    ) -> Result<Option<StoredOneTimeToken>, StoreError> {
        Ok(self.one_time_tokens.iter().find(|token| token.user == user && token.purpose == purpose).cloned())
    }

    fn delete_one_time_tokens(&mut self, user: UserId, purposes: &[OneTimePurpose]) -> Result<(), StoreError> {
        self.one_time_tokens.retain(|token| token.user != user || !purposes.contains(&token.purpose));
        Ok(())
    }

    fn purge_one_time_tokens(&mut self, _: Instant) -> Result<usize, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }
}

impl JobRepository for Memory {
    fn enqueue_job(&mut self, job: &NewJob) -> Result<(), StoreError> {
        self.jobs.push(job.clone());
        Ok(())
    }

    fn job_is_due(&mut self, _: &[JobKind], _: Instant) -> Result<bool, StoreError> {
        Ok(!self.jobs.is_empty())
    }

    fn claim_job(&mut self, _: &[JobKind], _: Instant, _: Instant) -> Result<Option<Job>, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn finish_job(&mut self, _: &Job, _: Instant) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn retry_job(&mut self, _: &Job, _: Instant, _: &str) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn give_up_job(&mut self, _: &Job, _: &str, _: Instant) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn purge_jobs(&mut self, _: Instant, _: Instant) -> Result<usize, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }
}

impl PersonalTokenRepository for Memory {
    fn insert_personal_token(&mut self, token: &PersonalToken) -> Result<(), StoreError> {
        self.personal_tokens.push(token.clone());
        Ok(())
    }

    fn personal_tokens(&mut self, user: UserId) -> Result<Vec<PersonalToken>, StoreError> {
        Ok(self.personal_tokens.iter().filter(|token| token.user == user).cloned().collect())
    }

    fn find_personal_token(&mut self, _: UserId, _: PersonalTokenId) -> Result<Option<PersonalTokenState>, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn delete_personal_token(&mut self, _: UserId, _: PersonalTokenId, _: Instant) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn delete_personal_tokens(&mut self, user: UserId) -> Result<(), StoreError> {
        self.personal_tokens.retain(|token| token.user != user);
        Ok(())
    }

    fn note_personal_token_use(
        &mut self,
        _: UserId,
        _: PersonalTokenId,
        _: Instant,
        _: Instant,
    ) -> Result<(), StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn purge_personal_tokens(&mut self, _: Instant) -> Result<usize, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }
}

impl TotpRepository for Memory {
    fn find_totp(&mut self, user: UserId) -> Result<Option<TotpFactor>, StoreError> {
        Ok(self.totp.iter().find(|factor| factor.user == user).cloned())
    }

    fn put_totp(&mut self, factor: &TotpFactor) -> Result<(), StoreError> {
        self.totp.retain(|stored| stored.user != factor.user);
        self.totp.push(factor.clone());
        Ok(())
    }

    fn delete_totp(&mut self, user: UserId) -> Result<bool, StoreError> {
        let before = self.totp.len();
        self.totp.retain(|stored| stored.user != user);
        self.recovery_codes.retain(|(owner, _)| *owner != user);
        Ok(self.totp.len() < before)
    }

    fn replace_recovery_codes(&mut self, user: UserId, hashes: &[[u8; 32]], _: Instant) -> Result<(), StoreError> {
        self.recovery_codes.retain(|(owner, _)| *owner != user);
        self.recovery_codes.extend(hashes.iter().map(|hash| (user, *hash)));
        Ok(())
    }

    fn use_recovery_code(&mut self, user: UserId, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let before = self.recovery_codes.len();
        self.recovery_codes.retain(|code| *code != (user, *hash));
        Ok(self.recovery_codes.len() < before)
    }

    fn recovery_codes_left(&mut self, user: UserId) -> Result<i64, StoreError> {
        Ok(self.recovery_codes.iter().filter(|(owner, _)| *owner == user).count().try_into().unwrap())
    }
}
