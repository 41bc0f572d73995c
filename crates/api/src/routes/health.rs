//! `/health`: whether the process is alive, and whether it is ready.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use circadia_app::UnitOfWork;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::unstored;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("system", "Health, the keys that verify access tokens, and images.");
    operations!(routes, live, ready);
}

/// The process is alive.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Liveness)]
pub struct LiveBody {
    /// Always `live`.
    #[schema(pattern = "^(live)$")]
    status: &'static str,
    /// The version that is running.
    #[schema(example = json!(env!("CARGO_PKG_VERSION")))]
    version: &'static str,
}

/// Whether the service is ready.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub struct ReadyBody {
    /// `ready` or `unavailable`.
    #[schema(pattern = "^(ready|unavailable)$")]
    status: &'static str,
    /// Each dependency with its state.
    dependencies: DependenciesBody,
}

/// Each dependency with its state.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dependencies)]
pub struct DependenciesBody {
    /// The database: `read_only` while its disk is full, so that writes are refused (503) and the rest is served.
    #[schema(pattern = "^(up|read_only|down)$")]
    database: &'static str,
    /// The database's read replica, where one is configured. While it is down, the database itself answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, pattern = "^(up|down)$")]
    database_replica: Option<&'static str>,
    /// Redis, where one is configured. While it is down, cookie sessions are refused (503) and limits are counted by
    /// each replica; tokens still work, so the service stays ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, pattern = "^(up|down)$")]
    redis: Option<&'static str>,
}

/// How long a dependency may take to answer.
const PING_TIMEOUT: Duration = Duration::from_millis(800);

const fn word(up: bool) -> &'static str {
    if up { "up" } else { "down" }
}

/// Whether a database answers in time.
async fn answers(units: &UnitOfWork) -> bool {
    tokio::time::timeout(PING_TIMEOUT, units.ping()).await.is_ok_and(|pinged| pinged.is_ok())
}

/// Check that the process is alive
///
/// Answers 200 as long as the process serves requests, regardless of its dependencies.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "system",
    operation_id = "getLiveness",
    security(()),
    responses((status = 200, description = "The process is alive", body = LiveBody))
)]
async fn live(state: Data<AppState>) -> HttpResponse {
    let body = LiveBody { status: "live", version: state.settings.version };
    unstored(StatusCode::OK, &body)
}

/// Check that the service is ready
///
/// Answers 503 while a required dependency is down, and while the process shuts down.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "system",
    operation_id = "getReadiness",
    security(()),
    responses(
        (status = 200, description = "The service is ready", body = ReadyBody),
        (status = 503, description = "The service isn't ready", body = ReadyBody),
    )
)]
async fn ready(state: Data<AppState>) -> HttpResponse {
    let units = &state.app.context.unit_of_work;
    let replica = async {
        match units.replica() {
            Some(replica) => Some(word(answers(replica).await)),
            None => None,
        }
    };
    let redis = async {
        match &state.app.sessions.shared_store {
            Some(store) => Some(word(store.ping().await.is_ok())),
            None => None,
        }
    };
    let (database, database_replica, redis) = tokio::join!(answers(units), replica, redis);
    let ready = database && state.readiness.is_ready();
    let database = if database && units.is_full() { "read_only" } else { word(database) };
    let body = ReadyBody {
        status: if ready { "ready" } else { "unavailable" },
        dependencies: DependenciesBody { database, database_replica, redis },
    };
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    unstored(status, &body)
}
