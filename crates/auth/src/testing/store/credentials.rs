//! The in-memory store: keys, sign-ins, tokens, second factors, passkeys and jobs.

use circadia_domain::civil::Instant;
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::ids::{JobId, PersonalTokenId, UserId};
use circadia_domain::jobs::{
    Job, JobCount, JobFilter, JobKind, JobOverview, JobRepository, JobSeek, JobState, NewJob, Retention,
    ScheduleOverview,
};
use circadia_domain::keys::{KeyRepository, StoredKey};
use circadia_domain::logins::{LoginAttempt, LoginCounts, LoginRepository};
use circadia_domain::one_time::{OneTimePurpose, OneTimeRepository, StoredOneTimeToken};
use circadia_domain::passkeys::{Passkey, PasskeyId, PasskeyRepository};
use circadia_domain::personal_tokens::{PersonalToken, PersonalTokenRepository, PersonalTokenState};
use circadia_domain::totp::{TotpFactor, TotpRepository};

use super::InMemoryStore;

impl KeyRepository for InMemoryStore {
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

impl LoginRepository for InMemoryStore {
    fn insert_login(&mut self, attempt: &LoginAttempt) -> Result<(), StoreError> {
        self.logins.push(attempt.clone());
        Ok(())
    }

    fn login_counts(&mut self, _: UserId, _: Instant, _: Instant) -> Result<LoginCounts, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }
}

impl OneTimeRepository for InMemoryStore {
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

impl JobRepository for InMemoryStore {
    fn enqueue_job(&mut self, job: &NewJob) -> Result<(), StoreError> {
        self.jobs.push(job.clone());
        Ok(())
    }

    fn job_is_due(&mut self, _: &[JobKind], _: Instant) -> Result<bool, StoreError> {
        Ok(!self.jobs.is_empty())
    }

    fn claim_jobs(&mut self, _: &[JobKind], _: Instant, _: Instant, _: usize) -> Result<Vec<Job>, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn hand_back_job(&mut self, _: &Job) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn renew_lease(&mut self, _: &Job, _: Instant) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn finish_job(&mut self, _: &Job, _: Instant) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn continue_job(&mut self, _: &Job, _: Instant) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn retry_job(&mut self, _: &Job, _: Instant, _: &str) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn give_up_job(&mut self, _: &Job, _: &str, _: Instant) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn revive_job(&mut self, _: JobId, _: Instant) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn purge_jobs(&mut self, _: &Retention) -> Result<usize, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn jobs(&mut self, _: JobFilter, _: JobSeek, _: Instant) -> Result<Vec<JobOverview>, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn count_jobs(&mut self, _: JobFilter, _: Instant) -> Result<i64, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn count_jobs_by_kind(&mut self, _: JobState, _: Instant) -> Result<Vec<JobCount>, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn find_job(&mut self, _: JobId, _: Instant) -> Result<Option<JobOverview>, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn job_schedules(&mut self) -> Result<Vec<ScheduleOverview>, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn add_schedule(&mut self, _: JobKind, _: Instant) -> Result<(), StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn move_schedule(&mut self, _: JobKind, _: Instant, _: Instant) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn job_waits(&mut self, _: JobKind) -> Result<bool, StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }

    fn bring_forward(&mut self, _: JobKind, _: Instant, _: Instant, _: Instant) -> Result<(), StoreError> {
        Err(StoreError::Defect("not for these tests".into()))
    }
}

impl PersonalTokenRepository for InMemoryStore {
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

impl TotpRepository for InMemoryStore {
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

impl PasskeyRepository for InMemoryStore {
    fn insert_passkey(&mut self, passkey: &Passkey) -> Result<(), StoreError> {
        if self.passkeys.iter().any(|stored| stored.credential_id == passkey.credential_id) {
            return Err(StoreError::Duplicate(Unique::Passkey));
        }
        self.passkeys.push(passkey.clone());
        Ok(())
    }

    fn passkeys(&mut self, user: UserId) -> Result<Vec<Passkey>, StoreError> {
        Ok(self.passkeys.iter().filter(|passkey| passkey.user == user).cloned().collect())
    }

    fn find_passkey(&mut self, user: UserId, id: PasskeyId) -> Result<Option<Passkey>, StoreError> {
        Ok(self.passkeys.iter().find(|passkey| passkey.user == user && passkey.id == id).cloned())
    }

    fn find_passkey_of_credential(&mut self, user: UserId, id: &[u8]) -> Result<Option<Passkey>, StoreError> {
        Ok(self.passkeys.iter().find(|passkey| passkey.user == user && passkey.credential_id == id).cloned())
    }

    fn update_passkey(&mut self, passkey: &Passkey) -> Result<(), StoreError> {
        let stored = self.passkeys.iter_mut().find(|stored| stored.user == passkey.user && stored.id == passkey.id);
        *stored.ok_or_else(|| StoreError::Defect("no such passkey".into()))? = passkey.clone();
        Ok(())
    }

    fn delete_passkey(&mut self, user: UserId, id: PasskeyId) -> Result<bool, StoreError> {
        let before = self.passkeys.len();
        self.passkeys.retain(|passkey| passkey.user != user || passkey.id != id);
        Ok(self.passkeys.len() < before)
    }

    fn delete_passkeys(&mut self, user: UserId) -> Result<usize, StoreError> {
        let before = self.passkeys.len();
        self.passkeys.retain(|passkey| passkey.user != user);
        Ok(before - self.passkeys.len())
    }
}
