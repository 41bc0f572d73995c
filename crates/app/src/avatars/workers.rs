//! Where images are processed: on threads that may block, few at a time, so that memory stays bounded.

use std::sync::Arc;
use std::time::Duration;

use circadia_domain::code::Code;
use tokio::sync::Semaphore;

use super::processing::{self, ProcessedImage, damaged};
use crate::error::Error;

/// How many images are processed at once.
const AT_ONCE: usize = 2;

/// How many more may wait for their turn, and for how long.
const WAITING: usize = 16;
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// Processes images. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ImageWorkers {
    /// One for each image that is processed or waits.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for ImageWorkers {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE + WAITING)), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

fn busy() -> Error {
    Error::Unavailable {
        code: Code::Unavailable,
        detail: "Too many images are being processed at the moment. Nothing was changed; try again.",
        retry_after_seconds: 2,
    }
}

impl ImageWorkers {
    /// Makes the image that is kept of an uploaded file.
    ///
    /// # Errors
    /// `validation_failed` at `/file`; `unavailable` where too many wait.
    pub(super) async fn process(&self, upload: Vec<u8>) -> Result<ProcessedImage, Error> {
        self.run(move || processing::process(&upload)).await.map_err(|_| busy())?
    }

    /// Runs some work in its turn. The work keeps its turn until it ends, also if its caller is gone.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, circadia_domain::Error> + Send + 'static,
    ) -> Result<Result<T, Error>, Busy> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Busy)?;
        let turn = tokio::time::timeout(TURN_TIMEOUT, Arc::clone(&self.turns).acquire_owned());
        let turn = turn.await.map_err(|_| Busy)?.map_err(|_| Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        Ok(match done.await {
            Ok(done) => done.map_err(Error::from),
            // A decoder that panics is a defect of its crate, and of this file.
            Err(error) => {
                tracing::error!(%error, "an image's decoder panicked");
                Err(damaged("can't be decoded").into())
            }
        })
    }
}

/// Too many images wait.
#[derive(Debug, PartialEq, Eq)]
struct Busy;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn two_are_processed_at_once_and_no_more_wait_than_may() {
        let workers = ImageWorkers::default();
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(std::sync::Mutex::new(released));
        let tasks: Vec<_> = (0..AT_ONCE + WAITING)
            .map(|_| {
                let (workers, running, most) = (workers.clone(), Arc::clone(&running), Arc::clone(&most));
                let released = Arc::clone(&released);
                tokio::spawn(async move {
                    let work = move || {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        released.lock().unwrap().recv().unwrap();
                        running.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    };
                    workers.run(work).await.unwrap().unwrap();
                })
            })
            .collect();
        while workers.places.available_permits() > 0 || running.load(Ordering::SeqCst) < AT_ONCE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(workers.run(|| Ok(())).await.err(), Some(Busy));
        for _ in 0..AT_ONCE + WAITING {
            release.send(()).unwrap();
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
        assert!(workers.run(|| Ok(())).await.is_ok());
    }

    #[tokio::test]
    async fn a_decoder_that_panics_takes_no_place_with_it() {
        let workers = ImageWorkers::default();
        for _ in 0..=(AT_ONCE + WAITING) {
            let panicking = || -> Result<(), circadia_domain::Error> { panic!("as a decoder might") };
            assert!(matches!(workers.run(panicking).await, Ok(Err(Error::Domain(circadia_domain::Error::Invalid(_))))));
        }
    }
}
