//! What the domain needs of a database, in its own words.
//!
//! A unit of work is one transaction. A *writing* one belongs to a user: it begins by raising that user's revision,
//! which serialises the user's writers on every database (so that check-then-insert is free of races), and every row
//! it touches carries the raised revision. Commit and rollback are the runner's business alone.

use std::fmt;

use serde::Serialize;

use crate::audit::AuditRepository;
use crate::civil::Instant;
use crate::ephemera::EphemeraRepository;
use crate::habits::{EntryRepository, HabitRepository};
use crate::identities::IdentityRepository;
use crate::ids::UserId;
use crate::jobs::JobRepository;
use crate::keys::KeyRepository;
use crate::logins::LoginRepository;
use crate::moods::MoodRepository;
use crate::one_time::OneTimeRepository;
use crate::personal_tokens::PersonalTokenRepository;
use crate::quotes::QuoteRepository;
use crate::sessions::SessionRepository;
use crate::sleep::SleepRepository;
use crate::stats::overview::StatsRepository;
use crate::tasks::TaskRepository;
use crate::themes::ThemeRepository;
use crate::time_entries::TimeEntryRepository;
use crate::timer::TimerRepository;
use crate::totp::TotpRepository;
use crate::users::UserRepository;

/// A user's revision: raised by each of the user's write transactions, carried by the rows it touched. It is what
/// `ETag`s show, and the cursor of delta sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The revision that a caller expects a row to have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Expected {
    /// Whatever it is.
    #[default]
    Anything,
    /// Whatever it is, as long as there is a row.
    Existing,
    /// One of these.
    OneOf(Vec<Revision>),
}

impl Expected {
    /// Holds the stored revision against the expectation.
    ///
    /// # Errors
    /// [`crate::Error::Stale`] on a mismatch.
    pub fn check(&self, current: Revision) -> Result<(), crate::Error> {
        match self {
            Self::OneOf(expected) if !expected.contains(&current) => {
                Err(crate::Error::Stale { current: Some(current) })
            }
            Self::Anything | Self::Existing | Self::OneOf(_) => Ok(()),
        }
    }
}

/// The uniqueness rules that span users; those within a user's rows are checked under the user's revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// Two users of one name.
    Username,
    /// Two users of one e-mail address.
    Email,
    /// Two users of one identity with a provider.
    Identity,
    /// Any other.
    Other,
}

/// What can go wrong between the domain and its database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database can't be reached, or had no connection free in time. Asking again later may help.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A uniqueness rule was broken.
    #[error("a uniqueness rule was broken: {0:?}")]
    Duplicate(Unique),
    /// The user whose unit of work this is has no revision: the account is gone.
    #[error("the user does not exist")]
    NoSuchUser,
    /// A row can't be read as what it should be.
    #[error("stored data can't be read: {0}")]
    Corrupt(String),
    /// Anything else; a defect.
    #[error("the database refused: {0}")]
    Defect(String),
}

/// Every repository, within one transaction.
pub trait Store:
    UserRepository
    + IdentityRepository
    + SessionRepository
    + LoginRepository
    + AuditRepository
    + TotpRepository
    + PersonalTokenRepository
    + KeyRepository
    + EphemeraRepository
    + QuoteRepository
    + StatsRepository
    + JobRepository
    + OneTimeRepository
    + ThemeRepository
    + HabitRepository
    + EntryRepository
    + SleepRepository
    + MoodRepository
    + TaskRepository
    + TimeEntryRepository
    + TimerRepository
{
}

impl<T> Store for T where
    T: UserRepository
        + IdentityRepository
        + SessionRepository
        + LoginRepository
        + AuditRepository
        + TotpRepository
        + PersonalTokenRepository
        + KeyRepository
        + EphemeraRepository
        + QuoteRepository
        + StatsRepository
        + JobRepository
        + OneTimeRepository
        + ThemeRepository
        + HabitRepository
        + EntryRepository
        + SleepRepository
        + MoodRepository
        + TaskRepository
        + TimeEntryRepository
        + TimerRepository
{
}

/// A user's write transaction: the store, and what is stamped on the rows.
pub struct Writing<'a> {
    /// The repositories.
    pub store: &'a mut dyn Store,
    /// Whose transaction it is.
    pub user: UserId,
    /// The revision that this transaction raised the user to.
    pub rev: Revision,
    /// When it happens.
    pub now: Instant,
}

impl fmt::Debug for Writing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writing")
            .field("user", &self.user)
            .field("rev", &self.rev)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// What became of the work, for the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Keep what was written.
    Commit,
    /// Undo it.
    Rollback,
}

/// A database. Its calls block; they are made from threads that may.
///
/// Use [`read`], [`write()`] and [`administer`] rather than the methods.
pub trait Database: Send + Sync {
    /// Runs `work` in one transaction that sees a single snapshot and writes nothing.
    fn run_reading(&self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError>;

    /// Raises the user's revision and runs `work`, all in one transaction.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUser`] without running `work` if the user has no revision.
    fn run_writing(
        &self,
        user: UserId,
        work: &mut dyn FnMut(&mut dyn Store, Revision) -> Verdict,
    ) -> Result<(), StoreError>;

    /// Runs `work` in one writing transaction that belongs to no user: registration, keys, jobs over many users.
    fn run_administering(&self, work: &mut dyn FnMut(&mut dyn Store) -> Verdict) -> Result<(), StoreError>;

    /// Asks the database for a sign of life.
    fn ping(&self) -> Result<(), StoreError>;

    /// How many statements the repositories ran in the last unit of work that this thread ran; without those that
    /// begin and end the transaction and raise the revision. Tests hold it to be constant.
    fn statements_of_last_unit(&self) -> u32;
}

/// Errors that say whether what was written before them must be kept all the same.
pub trait Refusal: From<StoreError> {
    /// Whether the transaction is to be committed although it failed: a recorded failure, a revoked family.
    fn is_remembered(&self) -> bool {
        false
    }
}

impl Refusal for StoreError {}
impl Refusal for crate::Error {}

fn verdict<T, E: Refusal>(result: &Result<T, E>) -> Verdict {
    match result {
        Ok(_) => Verdict::Commit,
        Err(error) if error.is_remembered() => Verdict::Commit,
        Err(_) => Verdict::Rollback,
    }
}

fn finish<T, E: Refusal>(ran: Result<(), StoreError>, outcome: Option<Result<T, E>>) -> Result<T, E> {
    match (ran, outcome) {
        // A failed commit outweighs what the work returned.
        (Err(error), _) => Err(error.into()),
        (Ok(()), Some(outcome)) => outcome,
        (Ok(()), None) => Err(StoreError::Defect("the unit of work was not run".into()).into()),
    }
}

/// Runs a reading unit of work.
pub fn read<T, E: Refusal>(database: &dyn Database, work: impl FnOnce(&mut dyn Store) -> Result<T, E>) -> Result<T, E> {
    let mut work = Some(work);
    let mut outcome = None;
    let ran = database.run_reading(&mut |store| {
        if let Some(work) = work.take() {
            outcome = Some(work(store));
        }
    });
    finish(ran, outcome)
}

/// Runs a user's writing unit of work.
pub fn write<T, E: Refusal>(
    database: &dyn Database,
    user: UserId,
    now: Instant,
    work: impl FnOnce(&mut Writing<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let mut work = Some(work);
    let mut outcome = None;
    let ran = database.run_writing(user, &mut |store, rev| {
        let Some(work) = work.take() else { return Verdict::Rollback };
        let result = work(&mut Writing { store, user, rev, now });
        let verdict = verdict(&result);
        outcome = Some(result);
        verdict
    });
    finish(ran, outcome)
}

/// Runs a writing unit of work that belongs to no user.
pub fn administer<T, E: Refusal>(
    database: &dyn Database,
    work: impl FnOnce(&mut dyn Store) -> Result<T, E>,
) -> Result<T, E> {
    let mut work = Some(work);
    let mut outcome = None;
    let ran = database.run_administering(&mut |store| {
        let Some(work) = work.take() else { return Verdict::Rollback };
        let result = work(store);
        let verdict = verdict(&result);
        outcome = Some(result);
        verdict
    });
    finish(ran, outcome)
}
