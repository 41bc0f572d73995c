//! Watches the threads of the database: no request waits long for a database that doesn't answer.
//!
//! A blocking call can't be ended from outside. A thread whose call takes longer than the database's own limits allow is
//! left behind: its client is answered, another thread takes its place, and it ends with its call. While the database
//! counts as unreachable, no unit of work is begun; a thread of its own tries to connect until that succeeds.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant as Stopwatch};

use circadia_domain::database_calls::DatabaseCalls;
use circadia_domain::unit_of_work::Database;

use crate::database_threads::{WorkerThread, WorkerThreads, lock};

/// How often the threads are looked at.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long one call may take: longer than a database's own limits on statements.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a call may take once the database counts as unreachable, and how long a probe takes before it does.
const SUSPECT_TIMEOUT: Duration = Duration::from_millis(300);
/// How long a probe may take before another is tried: the database may be elsewhere by now.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Probes that may wait at a time.
const MAX_PROBES: usize = 4;
/// Threads that may have been left behind at a time. What they hold is freed when their calls end.
const MAX_LEFT_BEHIND: usize = 16;

/// Watches the threads, on a thread of its own, until no more units of work can be submitted.
pub(crate) fn start(workers: Arc<WorkerThreads>, watched: Weak<()>) -> io::Result<()> {
    let mut watch = Watch { workers, suspect: false, probes: Vec::new() };
    let run = move || {
        while watched.strong_count() > 0 {
            thread::sleep(INTERVAL);
            watch.look();
        }
    };
    thread::Builder::new().name("database-watch".to_owned()).spawn(run)?;
    Ok(())
}

struct Watch {
    workers: Arc<WorkerThreads>,
    /// A call took too long, and no probe has ended since.
    suspect: bool,
    probes: Vec<Probe>,
}

/// An attempt to connect.
struct Probe {
    begun: Stopwatch,
    is_done: Arc<AtomicBool>,
}

impl Watch {
    fn look(&mut self) {
        let threads = self.workers.threads();
        let mut left_behind = threads.iter().filter(|thread| lock(&thread.present).is_replaced).count();
        let timeout = if self.workers.database.is_reachable() { CALL_TIMEOUT } else { SUSPECT_TIMEOUT };
        for thread in &threads {
            if !thread.is_stuck(timeout) {
                continue;
            }
            let replace = thread.is_replaceable && left_behind < MAX_LEFT_BEHIND;
            if thread.give_up(replace) {
                left_behind += 1;
                tracing::warn!(left_behind, "the database doesn't answer a thread, which is left behind");
                self.workers.database.leave_connection_behind();
                if let Err(error) = self.workers.spawn() {
                    tracing::error!(%error, "no thread can take its place");
                }
            }
            self.suspect |= self.workers.database.limits_statements();
        }
        self.probe();
    }

    /// Finds out whether the database can be reached, if there is a doubt.
    fn probe(&mut self) {
        let count = self.probes.len();
        self.probes.retain(|probe| !probe.is_done.load(Ordering::Acquire));
        let database = &self.workers.database;
        if self.probes.len() < count && database.is_reachable() {
            // One has succeeded.
            self.suspect = false;
        }
        if !self.suspect && database.is_reachable() {
            return;
        }
        let is_due = self.probes.last().is_none_or(|probe| probe.begun.elapsed() >= PROBE_TIMEOUT);
        if is_due && self.probes.len() < MAX_PROBES {
            self.probes.extend(start_probe(database));
        }
        let waits = self.probes.last().is_none_or(|probe| probe.begun.elapsed() >= SUSPECT_TIMEOUT);
        if waits && database.is_reachable() {
            tracing::error!("the database doesn't answer");
            database.stopped_answering();
        }
    }
}

fn start_probe(database: &Arc<dyn Database>) -> Option<Probe> {
    let (database, is_done) = (Arc::clone(database), Arc::new(AtomicBool::new(false)));
    let done = Arc::clone(&is_done);
    let run = move || {
        match database.probe() {
            Ok(()) => tracing::info!("the database answers"),
            Err(error) => tracing::debug!(%error, "the database doesn't answer"),
        }
        done.store(true, Ordering::Release);
    };
    let started = thread::Builder::new().name("database-probe".to_owned()).spawn(run);
    started.is_ok().then(|| Probe { begun: Stopwatch::now(), is_done })
}

impl WorkerThread {
    /// Whether it runs a unit of work, and has been in the same call for so long.
    fn is_stuck(&self, timeout: Duration) -> bool {
        let count = self.calls.count();
        let mut present = lock(&self.present);
        if present.claims.is_empty() || present.is_replaced || !DatabaseCalls::is_waiting(count) {
            present.seen = None;
            return false;
        }
        match present.seen {
            Some((seen, since)) if seen == count => since.elapsed() >= timeout,
            _ => {
                present.seen = Some((count, Stopwatch::now()));
                false
            }
        }
    }

    /// Gives up what it runs, unless its call has just ended. Whether another thread is to take its place.
    fn give_up(&self, replace: bool) -> bool {
        let mut present = lock(&self.present);
        if present.seen.is_none_or(|(seen, _)| seen != self.calls.count()) {
            return false;
        }
        for claim in &present.claims {
            claim.give_up();
        }
        present.is_replaced = replace;
        replace
    }
}
