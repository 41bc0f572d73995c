//! The connection pool.
//!
//! A connection is opened by the thread that needs it: the thread is what is given up if that doesn't end. Of the idle
//! ones, that which was used last is taken, so that those too many grow old and are closed.
//!
//! Connections aren't tested when they are taken, which would cost a quarter of the throughput; the runner retries on
//! another connection instead.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::TransactionManager as _;
use diesel::result::ConnectionError;
use parking_lot::{Condvar, Mutex};

use crate::backend::Backend;
use crate::connection::{self, AnyConnection};
use crate::options::{StorageError, StorageOptions};

/// How long a connection may be idle before it is closed.
const IDLE_TIMEOUT: Duration = Duration::from_mins(10);
/// How old a connection may become.
const MAX_LIFETIME: Duration = Duration::from_mins(30);

struct Open {
    connection: AnyConnection,
    opened_at: Instant,
    used_at: Instant,
}

impl Open {
    fn is_too_old(&self) -> bool {
        self.opened_at.elapsed() > MAX_LIFETIME || self.used_at.elapsed() > IDLE_TIMEOUT
    }
}

#[derive(Default)]
struct State {
    idle: Vec<Open>,
    /// Idle, in use, and being opened.
    open: u32,
    /// Those of `open` that threads hold which were given up.
    left_behind: u32,
}

struct Shared {
    backend: Backend,
    options: StorageOptions,
    state: Mutex<State>,
    freed: Condvar,
}

/// Connections, at most as many as the options say.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum AcquireError {
    /// All are in use.
    Exhausted,
    /// None could be opened.
    Connect(ConnectionError),
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhausted => f.write_str("all connections are in use"),
            Self::Connect(error) => error.fmt(f),
        }
    }
}

impl Pool {
    /// An empty pool.
    pub(crate) fn new(backend: Backend, options: &StorageOptions) -> Result<Self, StorageError> {
        if options.max_connections == 0 {
            return Err(StorageError::InvalidOptions("max_connections must be at least 1".into()));
        }
        if options.acquire_timeout.is_zero() {
            return Err(StorageError::InvalidOptions("acquire_timeout must be longer than nothing".into()));
        }
        let (state, freed) = (Mutex::default(), Condvar::new());
        Ok(Self(Arc::new(Shared { backend, options: options.clone(), state, freed })))
    }

    /// A connection, idle or new. Waits until the deadline for one to become free.
    pub(crate) fn get(&self, deadline: Instant) -> Result<PooledConnection, AcquireError> {
        let mut state = self.0.state.lock();
        loop {
            if let Some(open) = state.take_idle() {
                return Ok(self.pooled(open));
            }
            if state.open.saturating_sub(state.left_behind) < self.0.options.max_connections {
                state.open += 1;
                drop(state);
                return self.open();
            }
            if self.0.freed.wait_until(&mut state, deadline).timed_out() {
                return Err(AcquireError::Exhausted);
            }
        }
    }

    /// An idle connection, if there is one.
    pub(crate) fn try_get(&self) -> Option<PooledConnection> {
        let idle = self.0.state.lock().take_idle();
        idle.map(|open| self.pooled(open))
    }

    /// A connection outside of the pool.
    pub(crate) fn connect(&self) -> Result<AnyConnection, ConnectionError> {
        connection::open(self.0.backend, &self.0.options)
    }

    /// Allows one connection more, because a thread with one was given up.
    pub(crate) fn leave_behind(&self) {
        self.0.state.lock().left_behind += 1;
        self.0.freed.notify_one();
    }

    /// Takes that back.
    pub(crate) fn came_back(&self) {
        let mut state = self.0.state.lock();
        state.left_behind = state.left_behind.saturating_sub(1);
    }

    /// The number of open connections, and how many of them are idle.
    pub(crate) fn counts(&self) -> (u32, u32) {
        let state = self.0.state.lock();
        (state.open, u32::try_from(state.idle.len()).unwrap_or(u32::MAX))
    }

    /// The number of connections that threads hold which were given up.
    pub(crate) fn left_behind(&self) -> u32 {
        self.0.state.lock().left_behind
    }

    /// Opens one that is counted already.
    fn open(&self) -> Result<PooledConnection, AcquireError> {
        let counted = Counted(self);
        let connection = self.connect().map_err(AcquireError::Connect)?;
        let now = Instant::now();
        std::mem::forget(counted);
        Ok(self.pooled(Open { connection, opened_at: now, used_at: now }))
    }

    fn pooled(&self, open: Open) -> PooledConnection {
        PooledConnection { open: Some(open), broken: false, pool: self.clone() }
    }

    fn forget_one(&self) {
        self.0.state.lock().open -= 1;
        self.0.freed.notify_one();
    }
}

impl State {
    /// The idle connection that was used last. Closes those that are too old.
    fn take_idle(&mut self) -> Option<Open> {
        while let Some(open) = self.idle.pop() {
            if !open.is_too_old() {
                return Some(open);
            }
            self.open -= 1;
        }
        None
    }
}

/// A connection that is being opened. Dropped, it isn't counted any more.
struct Counted<'a>(&'a Pool);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.forget_one();
    }
}

/// A connection in use. Goes back to the pool, or is closed if it is broken.
pub(crate) struct PooledConnection {
    /// Until it is dropped.
    open: Option<Open>,
    /// Set when its state is unknown, or it is known to be dead.
    pub(crate) broken: bool,
    pool: Pool,
}

impl PooledConnection {
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        #[expect(clippy::expect_used, reason = "only `drop` takes it")]
        let open = self.open.as_mut().expect("a connection");
        &mut open.connection
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        type Transactions = <AnyConnection as diesel::Connection>::TransactionManager;
        let broken = self.broken || Transactions::is_broken_transaction_manager(&mut open.connection);
        open.used_at = Instant::now();
        if broken || open.opened_at.elapsed() > MAX_LIFETIME {
            // Closing may take a while, so it is done before the count is right.
            drop(open);
            return self.pool.forget_one();
        }
        self.pool.0.state.lock().idle.push(open);
        self.pool.0.freed.notify_one();
    }
}
