//! Requests that are carried out once, however often they are sent (`Idempotency-Key`).
//!
//! A request claims its key before its work, in a transaction of its own. Every transaction of the work notes in the key's
//! row that it was committed, and fails if the claim isn't the request's any more. At last the answer is stored. So whatever
//! happens in between, the work is committed for one request at most: a claim whose request has ended without a commit can
//! be taken over, one with a commit can't.

use crate::civil::Instant;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::ids::{Id, UserId};
use crate::unit_of_work::Store;

/// How long a key is remembered, in seconds.
pub const KEY_SECONDS: i64 = 86_400;

/// How long a request has its key to itself, in seconds. Then it counts as ended.
pub const CLAIM_SECONDS: i64 = 60;

/// The most bytes of an answer that is stored.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The keys of a user that are remembered, the newest ones; a few more for a while.
pub const MAX_KEYS: i64 = 2_000;

/// Of so many new keys, one looks for those that are too many.
const KEYS_PER_TRIM: u8 = 32;

/// The most characters of a key.
const MAX_KEY_LENGTH: usize = 255;

/// What the header `Idempotency-Key` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads the header: a quoted string, or a bare token of the same meaning.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches([' ', '\t']);
        let key = match text.strip_prefix('"') {
            Some(opened) => unquoted(opened)?,
            None if text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)) => text.to_owned(),
            None => return None,
        };
        (1..=MAX_KEY_LENGTH).contains(&key.len()).then_some(Self(key))
    }

    /// Its text, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The content of a quoted string (RFC 9651 section 4.2.5) behind its first quote.
fn unquoted(text: &str) -> Option<String> {
    let (mut content, mut characters) = (String::new(), text.chars());
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(content),
            '\\' => content.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            character @ ' '..='~' => content.push(character),
            _ => return None,
        }
    }
}

/// A request with a key; not an item.
#[derive(Debug)]
pub enum IdempotentAttempt {}
impl Entity for IdempotentAttempt {
    const NAME: &'static str = "idempotent_attempt";
}

/// Tells the requests with a key from each other.
pub type AttemptId = Id<IdempotentAttempt>;

/// A request that is to be carried out once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    pub user: UserId,
    /// The hash of the key.
    pub key: [u8; 32],
    /// The hash of the request.
    pub digest: [u8; 32],
    pub id: AttemptId,
}

/// A key that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    pub key_hash: Vec<u8>,
    pub digest: Vec<u8>,
    /// The request that has claimed it.
    pub attempt: AttemptId,
    /// Until when that counts as running.
    pub claimed_until: Instant,
    /// Whether it has committed anything.
    pub is_committed: bool,
    /// The answer, sealed.
    pub answer: Option<Vec<u8>>,
    /// When the key is forgotten.
    pub expires_at: Instant,
}

/// Keys in a store.
pub trait IdempotencyRepository {
    /// The stored key of this hash.
    fn find_idempotency_key(&mut self, user: UserId, key: &[u8; 32]) -> Result<Option<StoredKey>, StoreError>;

    /// Stores a key.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if it is stored already, [`StoreError::NoSuchUser`].
    fn insert_idempotency_key(&mut self, user: UserId, key: &StoredKey) -> Result<(), StoreError>;

    /// Replaces a key that `earlier` has claimed, unless that has committed anything and hasn't expired at `now`. Whether
    /// it was replaced.
    fn take_over_idempotency_key(
        &mut self,
        user: UserId,
        key: &StoredKey,
        earlier: AttemptId,
        now: Instant,
    ) -> Result<bool, StoreError>;

    /// Notes that a request commits something. Whether its claim is still there.
    fn note_idempotent_commit(&mut self, attempt: &Attempt) -> Result<bool, StoreError>;

    /// Ends a claim with an answer, or without any.
    fn end_idempotent_attempt(
        &mut self,
        attempt: &Attempt,
        answer: Option<&[u8]>,
        now: Instant,
    ) -> Result<(), StoreError>;

    /// Frees the key of a request that has committed nothing. Whether there was one.
    fn release_idempotency_key(&mut self, attempt: &Attempt) -> Result<bool, StoreError>;

    /// Removes the keys of a user, but for the `keep` newest ones.
    fn trim_idempotency_keys(&mut self, user: UserId, keep: i64) -> Result<(), StoreError>;

    /// Removes keys that expired before `before`. How many.
    fn purge_idempotency_keys(&mut self, before: Instant) -> Result<usize, StoreError>;
}

/// What became of claiming a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The request is to be carried out.
    Now,
    /// It was; the answer, sealed.
    Before(Vec<u8>),
    /// It was, but its answer isn't known.
    WithoutAnswer,
    /// It is being carried out.
    InUse,
    /// The key was used for another request.
    Reused,
}

/// Claims a key for a request.
///
/// # Errors
/// [`StoreError::Duplicate`] if another request does so at the same time: then the transaction is to be begun again.
pub fn claim(store: &mut dyn Store, attempt: &Attempt, now: Instant) -> Result<Claimed, StoreError> {
    let new = StoredKey {
        key_hash: attempt.key.to_vec(),
        digest: attempt.digest.to_vec(),
        attempt: attempt.id,
        claimed_until: now.plus_seconds(CLAIM_SECONDS),
        is_committed: false,
        answer: None,
        expires_at: now.plus_seconds(KEY_SECONDS),
    };
    let Some(found) = store.find_idempotency_key(attempt.user, &attempt.key)? else {
        store.insert_idempotency_key(attempt.user, &new)?;
        // The last byte of the id is random.
        let [.., random] = attempt.id.as_uuid().into_bytes();
        if random % KEYS_PER_TRIM == 0 {
            store.trim_idempotency_keys(attempt.user, MAX_KEYS)?;
        }
        return Ok(Claimed::Now);
    };
    if found.expires_at > now {
        if found.digest != attempt.digest {
            return Ok(Claimed::Reused);
        }
        if let Some(answer) = found.answer {
            return Ok(Claimed::Before(answer));
        }
        if found.claimed_until > now {
            return Ok(Claimed::InUse);
        }
        if found.is_committed {
            return Ok(Claimed::WithoutAnswer);
        }
    }
    let taken = store.take_over_idempotency_key(attempt.user, &new, found.attempt, now)?;
    // Otherwise it was committed, or another was faster.
    Ok(if taken { Claimed::Now } else { Claimed::InUse })
}

/// Notes, within a transaction of a request, that it is committed.
///
/// # Errors
/// [`StoreError::Unavailable`] if the request took so long that its key is another's: it is to be rolled back.
pub fn note_commit(store: &mut dyn Store, attempt: &Attempt) -> Result<(), StoreError> {
    if store.note_idempotent_commit(attempt)? {
        return Ok(());
    }
    Err(StoreError::Unavailable("the request took so long that its idempotency key was given up".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_quoted_or_bare() {
        let read = |text: &str| IdempotencyKey::parse(text).map(|key| key.as_str().to_owned());
        assert_eq!(read("8e03978e-40d5-43dd-bc93-6894a57f9324"), read("\"8e03978e-40d5-43dd-bc93-6894a57f9324\""));
        assert_eq!(read(" \"a \\\"b\\\\\" ").as_deref(), Some("a \"b\\"));
        let (longest, long) = ("k".repeat(255), "k".repeat(256));
        assert_eq!(read(&longest), Some(longest.clone()));
        for wrong in ["", "\"\"", "\"", "\"a", "a\"", "a b", "a,b", "a;b", "\"a\" b", "\"a\\n\"", "\"é\"", "é", &long]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
