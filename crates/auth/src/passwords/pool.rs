//! The hashing threads: one fewer than there are cores, at a lower priority than those that serve requests, each with a
//! buffer that it keeps while there is work.
//!
//! On the threads that run units of work, twenty concurrent logins would delay every other request by seconds and use
//! gigabytes of memory.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::Block;
use thread_priority::{ThreadPriority, set_current_thread_priority};

/// Idle time after which a thread frees its buffer.
const IDLE_BUFFER_TTL: Duration = Duration::from_secs(10);

/// A thread's buffer.
pub(super) struct HashBuffer(Vec<Block>);

impl HashBuffer {
    /// `blocks` KiB of the buffer, reused or newly allocated.
    pub(super) fn take(&mut self, blocks: usize) -> &mut [Block] {
        if self.0.len() < blocks {
            // Not `resize`, which would copy the old contents.
            self.0 = Vec::new();
            self.0 = vec![Block::new(); blocks];
        }
        self.0.get_mut(..blocks).unwrap_or_default()
    }

    fn give_back(&mut self) {
        self.0 = Vec::new();
    }

    fn is_kept(&self) -> bool {
        !self.0.is_empty()
    }
}

type Job = Box<dyn FnOnce(&mut HashBuffer) + Send>;

struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; `None` when the pool is closed.
    fn next(&self, memory: &mut HashBuffer) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            if memory.is_kept() {
                let (woken, waited) =
                    self.changed.wait_timeout(queue, IDLE_BUFFER_TTL).unwrap_or_else(PoisonError::into_inner);
                queue = woken;
                if waited.timed_out() && queue.jobs.is_empty() {
                    memory.give_back();
                }
            } else {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

/// The threads. When the pool is dropped, they finish the accepted jobs and end.
pub(super) struct Pool {
    shared: Arc<Shared>,
}

impl Pool {
    /// Spawns `threads` threads.
    pub(super) fn start(threads: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue { jobs: VecDeque::new(), closed: false }),
            changed: Condvar::new(),
        });
        let pool = Self { shared };
        for number in 0..threads {
            let shared = pool.shared.clone();
            std::thread::Builder::new().name(format!("hashing-{number}")).spawn(move || {
                if let Err(error) = set_current_thread_priority(ThreadPriority::Min) {
                    tracing::warn!(?error, "hashing threads could not be given a lower priority");
                }
                let mut memory = HashBuffer(Vec::new());
                while let Some(job) = shared.next(&mut memory) {
                    // A panic in one job must not end the thread. The caller notices because its reply channel is
                    // dropped.
                    if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
                        tracing::error!("a hashing job panicked");
                    }
                }
            })?;
        }
        Ok(pool)
    }

    /// Runs `job` on one of the threads. The caller limits the number of waiting jobs.
    pub(super) fn run(&self, job: Job) {
        self.shared.lock().jobs.push_back(job);
        self.shared.changed.notify_one();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}
