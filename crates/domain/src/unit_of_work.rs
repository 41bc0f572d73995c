//! What the domain needs of a database, in its own words.
//!
//! A unit of work is one transaction, or a query without one. A *writing* one belongs to a user: it begins by raising that user's revision,
//! which serialises the user's writers on every database (so that check-then-insert is free of races), and every row
//! it touches carries the raised revision. Commit and rollback are the runner's business alone.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::accounts::AccountRepository;
use crate::audit::AuditRepository;
use crate::calendar::CalendarRepository;
use crate::civil::Instant;
use crate::database_calls::DatabaseCalls;
use crate::ephemera::EphemeraRepository;
use crate::error::StoreError;
use crate::export::ExportRepository;
use crate::habits::{EntryRepository, HabitRepository};
use crate::home::HomeRepository;
use crate::idempotency_keys::IdempotencyRepository;
use crate::identities::IdentityRepository;
use crate::ids::UserId;
use crate::import::ImportRepository;
use crate::imports::ImportsRepository;
use crate::jobs::JobRepository;
use crate::keys::KeyRepository;
use crate::logins::{LoginAnalyticsRepository, LoginRepository, LoginRollupRepository, SecurityRepository};
use crate::moods::MoodRepository;
use crate::one_time::OneTimeRepository;
use crate::passkeys::PasskeyRepository;
use crate::personal_tokens::PersonalTokenRepository;
use crate::push_subscriptions::PushSubscriptionRepository;
use crate::quotes::QuoteRepository;
use crate::reminders::ReminderRepository;
use crate::revision::Revision;
use crate::sessions::SessionRepository;
use crate::shared_pauses::SharedPauseRepository;
use crate::sleep::SleepRepository;
use crate::stats::overview::StatsRepository;
use crate::sync::{SyncCommandRepository, SyncRepository};
use crate::tasks::TaskRepository;
use crate::themes::ThemeRepository;
use crate::time_entries::TimeEntryRepository;
use crate::timer::TimerRepository;
use crate::tombstones::TombstoneRepository;
use crate::totp::TotpRepository;
use crate::users::UserRepository;
use crate::webhooks::WebhookRepository;

mod error;

pub use error::UnitOfWorkError;

/// Every repository, within one transaction.
pub trait Store:
    UserRepository
    + AccountRepository
    + IdentityRepository
    + SessionRepository
    + LoginRepository
    + LoginAnalyticsRepository
    + LoginRollupRepository
    + SecurityRepository
    + AuditRepository
    + TotpRepository
    + PasskeyRepository
    + PersonalTokenRepository
    + KeyRepository
    + EphemeraRepository
    + QuoteRepository
    + StatsRepository
    + HomeRepository
    + JobRepository
    + OneTimeRepository
    + ThemeRepository
    + HabitRepository
    + EntryRepository
    + SharedPauseRepository
    + SleepRepository
    + MoodRepository
    + TaskRepository
    + TimeEntryRepository
    + TimerRepository
    + TombstoneRepository
    + ExportRepository
    + ImportRepository
    + WebhookRepository
    + SyncRepository
    + SyncCommandRepository
    + ImportsRepository
    + CalendarRepository
    + IdempotencyRepository
    + ReminderRepository
    + PushSubscriptionRepository
{
}

/// A user's write transaction: the store, and what is stamped on the rows.
pub struct WriteTransaction<'a> {
    /// The repositories.
    pub store: &'a mut dyn Store,
    /// Whose transaction it is.
    pub user: UserId,
    /// The revision that this transaction raised the user to.
    pub rev: Revision,
    /// When it happens.
    pub now: Instant,
}

impl fmt::Debug for WriteTransaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteTransaction")
            .field("user", &self.user)
            .field("rev", &self.rev)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// What became of the work, for the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionEnd {
    /// Keep what was written.
    Commit,
    /// Undo it.
    Rollback,
}

/// What a unit of work costs the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnitCost {
    /// Statements of the repositories.
    pub statements: u32,
    /// Everything that was sent to the database: the statements, and those that begin and end the transaction and raise
    /// the revision.
    pub round_trips: u32,
}

/// A writing unit of work that may share a transaction with others, and so learns only after the commit whether what it
/// wrote is kept.
pub trait GroupableWrite: Send {
    /// Whose it is; `None` if it belongs to no user.
    fn user(&self) -> Option<UserId>;

    /// Runs it; called at most once. The revision is that which the user was raised to.
    fn run(&mut self, store: &mut dyn Store, rev: Option<Revision>) -> TransactionEnd;

    /// Tells what became of it, and what it cost; called once, after the transaction ended.
    fn ended(&mut self, ran: Result<(), StoreError>, cost: UnitCost);
}

/// A database. Its calls block, so call it from threads that may block.
///
/// Use [`query`], [`read`], [`write()`] and [`write_unowned`] rather than the methods.
pub trait Database: Send + Sync {
    /// Runs `work` without a transaction: each of its statements sees what was committed before it. `work` runs again
    /// on another connection if the connection turns out to be dead.
    fn run_query(&self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError>;

    /// Runs `work` like [`run_query`](Self::run_query) if that takes less time than handing it to another thread: on an
    /// embedded database that has an idle connection. Whether it ran.
    fn run_query_at_once(&self, _work: &mut dyn FnMut(&mut dyn Store)) -> bool {
        false
    }

    /// Runs `work` in one read-only transaction with a consistent snapshot.
    fn run_read(&self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError>;

    /// Raises the user's revision and runs `work`, all in one transaction. If the database ended it for the sake of another
    /// transaction (a serialisation failure, a deadlock), all of it runs again, a few times.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUser`] without running `work` if the user has no revision.
    fn run_write(
        &self,
        user: UserId,
        work: &mut dyn FnMut(&mut dyn Store, Revision) -> TransactionEnd,
    ) -> Result<(), StoreError>;

    /// Runs `work` in one writing transaction that belongs to no user: registration, keys, jobs over many users. Runs it
    /// again as [`run_write`](Self::run_write) does.
    fn run_unowned_write(&self, work: &mut dyn FnMut(&mut dyn Store) -> TransactionEnd) -> Result<(), StoreError>;

    /// Whether writes gain from sharing a transaction: because there is one writer at a time anyway, and the commit is
    /// what costs.
    fn groups_writes(&self) -> bool {
        false
    }

    /// Runs writes one after the other, in one transaction, as if each had its own: what one undoes is undone alone.
    /// None has `ended` before the commit is on disk; if that fails, none is kept.
    fn run_writes(&self, writes: &mut [&mut dyn GroupableWrite]) {
        for write in writes {
            self.run_alone(*write);
        }
    }

    /// Runs a write in a transaction of its own. A panic in it is an error of it alone.
    fn run_alone(&self, write: &mut dyn GroupableWrite) {
        let ran = catch_unwind(AssertUnwindSafe(|| match write.user() {
            Some(user) => self.run_write(user, &mut |store, rev| write.run(store, Some(rev))),
            None => self.run_unowned_write(&mut |store| write.run(store, None)),
        }));
        let ran = ran.unwrap_or_else(|_| Err(StoreError::Defect("a unit of work panicked".to_owned())));
        write.ended(ran, self.cost_of_last_unit());
    }

    /// Checks that the database answers.
    fn ping(&self) -> Result<(), StoreError>;

    /// Whether the database can be reached, as far as is known: connecting didn't fail, and it answers. Doesn't access
    /// it. Once this is false, only [`probe`](Self::probe) makes it true again.
    fn is_reachable(&self) -> bool;

    /// Whether there was no room on its disk when something was last to be written.
    fn is_full(&self) -> bool;

    /// Opens a connection of its own, and so finds out whether the database is reachable from now on. An error may also
    /// be that of a database that can be reached, but has no schema.
    fn probe(&self) -> Result<(), StoreError>;

    /// From now on, the database counts as unreachable: it doesn't answer.
    fn stopped_answering(&self);

    /// Whether the database itself ends statements that take too long. One that takes longer still isn't answered.
    fn limits_statements(&self) -> bool;

    /// The calls of the present thread.
    fn calls(&self) -> DatabaseCalls;

    /// A thread that is given up holds a connection: another may be opened in its place.
    fn leave_connection_behind(&self);

    /// A thread that was given up has ended its unit of work.
    fn connection_came_back(&self);

    /// What the last unit of work that this thread ran cost the database. Tests hold it to be constant.
    fn cost_of_last_unit(&self) -> UnitCost;
}

fn verdict<T, E: UnitOfWorkError>(result: &Result<T, E>) -> TransactionEnd {
    match result {
        Ok(_) => TransactionEnd::Commit,
        Err(error) if error.commit_on_error() => TransactionEnd::Commit,
        Err(_) => TransactionEnd::Rollback,
    }
}

fn finish<T, E: UnitOfWorkError>(ran: Result<(), StoreError>, outcome: Option<Result<T, E>>) -> Result<T, E> {
    match (ran, outcome) {
        // A failed commit outweighs what the work returned.
        (Err(error), _) => Err(error.into()),
        (Ok(()), Some(outcome)) => outcome,
        (Ok(()), None) => Err(StoreError::Defect("the unit of work was not run".into()).into()),
    }
}

/// Runs a reading unit of work without a transaction, which saves two round trips. Only for what one statement answers,
/// apart from the user's settings, or for parts of which each is answered by one: two statements may see the data of
/// different moments.
pub fn query<T, E: UnitOfWorkError>(
    database: &dyn Database,
    work: impl Fn(&mut dyn Store) -> Result<T, E>,
) -> Result<T, E> {
    let mut outcome = None;
    let ran = database.run_query(&mut |store| outcome = Some(work(store)));
    finish(ran, outcome)
}

/// Runs a [`query`] if that takes less time than handing it to another thread; `None` if not.
pub fn query_at_once<T, E: UnitOfWorkError>(
    database: &dyn Database,
    work: &impl Fn(&mut dyn Store) -> Result<T, E>,
) -> Option<Result<T, E>> {
    let mut outcome = None;
    let ran = database.run_query_at_once(&mut |store| outcome = Some(work(store)));
    outcome.filter(|_| ran)
}

/// Runs a reading unit of work, in one transaction with one snapshot.
pub fn read<T, E: UnitOfWorkError>(
    database: &dyn Database,
    work: impl FnOnce(&mut dyn Store) -> Result<T, E>,
) -> Result<T, E> {
    let mut work = Some(work);
    let mut outcome = None;
    let ran = database.run_read(&mut |store| {
        if let Some(work) = work.take() {
            outcome = Some(work(store));
        }
    });
    finish(ran, outcome)
}

/// A [`GroupableWrite`] of a closure, and where its outcome goes.
pub struct QueuedWrite<W, T, E, S> {
    user: Option<UserId>,
    work: Option<W>,
    outcome: Option<Result<T, E>>,
    send: Option<S>,
}

impl<W, T, E, S> fmt::Debug for QueuedWrite<W, T, E, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedWrite").field("user", &self.user).finish_non_exhaustive()
    }
}

impl<W, T, E, S> QueuedWrite<W, T, E, S>
where
    W: FnOnce(&mut dyn Store, Option<Revision>) -> Result<T, E> + Send,
    E: UnitOfWorkError + Send,
    T: Send,
    S: FnOnce(Result<T, E>, UnitCost) + Send,
{
    /// `send` is called with the outcome and the cost.
    pub const fn new(user: Option<UserId>, work: W, send: S) -> Self {
        Self { user, work: Some(work), outcome: None, send: Some(send) }
    }
}

impl<W, T, E, S> GroupableWrite for QueuedWrite<W, T, E, S>
where
    W: FnOnce(&mut dyn Store, Option<Revision>) -> Result<T, E> + Send,
    E: UnitOfWorkError + Send,
    T: Send,
    S: FnOnce(Result<T, E>, UnitCost) + Send,
{
    fn user(&self) -> Option<UserId> {
        self.user
    }

    fn run(&mut self, store: &mut dyn Store, rev: Option<Revision>) -> TransactionEnd {
        let Some(work) = self.work.take() else { return TransactionEnd::Rollback };
        let result = work(store, rev);
        let verdict = verdict(&result);
        self.outcome = Some(result);
        verdict
    }

    fn ended(&mut self, ran: Result<(), StoreError>, cost: UnitCost) {
        if let Some(send) = self.send.take() {
            send(finish(ran, self.outcome.take()), cost);
        }
    }
}

/// Runs a user's writing unit of work. `work` may run several times, of which one is kept: it must change nothing but the
/// database.
pub fn write<T, E: UnitOfWorkError>(
    database: &dyn Database,
    user: UserId,
    now: Instant,
    mut work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let mut outcome = None;
    let ran = database.run_write(user, &mut |store, rev| {
        let result = work(&mut WriteTransaction { store, user, rev, now });
        let verdict = verdict(&result);
        outcome = Some(result);
        verdict
    });
    finish(ran, outcome)
}

/// Runs a writing unit of work that belongs to no user. `work` may run several times, as in [`write()`].
pub fn write_unowned<T, E: UnitOfWorkError>(
    database: &dyn Database,
    mut work: impl FnMut(&mut dyn Store) -> Result<T, E>,
) -> Result<T, E> {
    let mut outcome = None;
    let ran = database.run_unowned_write(&mut |store| {
        let result = work(store);
        let verdict = verdict(&result);
        outcome = Some(result);
        verdict
    });
    finish(ran, outcome)
}
