//! `circadia serve`.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;
use crate::config::Config;
use crate::server::{Running, start};

/// How long a stop may take in all.
const STOP_TIMEOUT: Duration = Duration::from_secs(25);
/// How long the process may take to end once it has stopped.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// Ends the process after this time if it hasn't ended by itself.
fn exit_after(timeout: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(timeout);
        tracing::warn!("something didn't end in time; it is cut off");
        std::process::exit(0);
    });
}

pub(super) fn run(config: &Config) -> Outcome {
    let production = config.production;
    actix_web::rt::System::new().block_on(async move {
        let (running, server) = start(config)?;
        if !production {
            let root = format!("http://{}", running.address);
            tracing::info!("API {root}/api/v1 · documentation {root}/api/docs and {root}/api/redoc");
        }
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stopper = async {
            tokio::select! {
                _ = terminate.recv() => tracing::info!("asked to stop (SIGTERM)"),
                _ = interrupt.recv() => tracing::info!("asked to stop (SIGINT)"),
            }
            exit_after(STOP_TIMEOUT);
            running.stop(Running::drain_notice(production)).await;
        };
        let (served, ()) = tokio::join!(server, stopper);
        served?;
        tracing::info!("stopped; requests in flight were finished");
        // The runtime waits for its blocking calls, which may wait for a database that doesn't answer.
        exit_after(END_TIMEOUT);
        Ok(())
    })
}
