//! `circadia serve`.

use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;
use crate::config::Config;
use crate::server::{Running, start};

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
            running.stop(Running::drain_notice(production)).await;
        };
        let (served, ()) = tokio::join!(server, stopper);
        served?;
        tracing::info!("stopped; requests in flight were finished");
        Ok(())
    })
}
