//! The HTTP surface: routes, extractors, problem+json, OpenAPI.
//!
//! Thin: what is decided is decided in the domain and in [`circadia_app`], and never here. A request goes through the
//! middleware (id, log, headers), CORS, compression, authentication, limits and idempotency keys to its route. The route decodes its input
//! ([`http::input`]), calls a service in one unit of work, and answers ([`http::answer`], [`http::page`]) or refuses
//! ([`http::problem`]).

pub mod http;
pub mod routes;

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::Data;

pub use http::forwarded::ForwardedHeaders;
pub use http::openapi;
pub use http::request_measures::{RequestMeasures, ServedMeasures};
pub use http::routing::RouteConflict;
pub use http::settings::{HttpSettings, RateLimits};
pub use http::state::{AppState, Readiness, RequestThrottles};
pub use routes::metrics::{MetricsApp, MetricsPage, MetricsSource};

use http::{compression, docs, idempotency, limits, middleware, routing};

/// What all workers share.
#[derive(Clone)]
pub struct HttpApp {
    state: Data<AppState>,
    limits: Data<limits::Limits>,
    swagger: Data<utoipa_swagger_ui::Config<'static>>,
    routes: Data<routing::RoutingTree>,
    requests: Data<RequestMeasures>,
    metrics: Option<Data<dyn MetricsSource>>,
}

impl std::fmt::Debug for HttpApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpApp").field("state", &self.state).finish_non_exhaustive()
    }
}

impl HttpApp {
    /// # Errors
    /// [`RouteConflict`], a defect that the tests find.
    pub fn new(state: Arc<AppState>) -> Result<Self, RouteConflict> {
        let mut routes = routes::all();
        if state.settings.metrics_token.is_some() {
            routes::metrics::routes(&mut routes);
        }
        let routes = routes.into_tree()?;
        Ok(Self {
            limits: Data::new(limits::Limits::new(&state)),
            swagger: Data::new(docs::swagger()),
            requests: Data::new(routes.measures()),
            routes: Data::new(routes),
            metrics: None,
            state: Data::from(state),
        })
    }

    /// What requests cost so far, of all workers.
    pub fn requests(&self) -> Arc<RequestMeasures> {
        Arc::clone(&self.requests)
    }

    /// Answers `GET /metrics` from this source, if the settings have a token for it.
    #[must_use]
    pub fn with_metrics(mut self, source: Arc<dyn MetricsSource>) -> Self {
        self.metrics = Some(Data::from(source));
        self
    }

    /// One worker's application.
    pub fn worker(
        &self,
    ) -> actix_web::App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = actix_web::Error,
            InitError = (),
        > + use<>,
    > {
        let app = actix_web::App::new();
        let app = match self.metrics.clone() {
            Some(metrics) => app.app_data(metrics),
            None => app,
        };
        app.app_data(self.state.clone())
            .app_data(self.requests.clone())
            .app_data(self.limits.clone())
            .app_data(self.swagger.clone())
            .app_data(self.routes.clone())
            .default_service(routing::RouterFactory(self.routes.clone()))
            .wrap(from_fn(idempotency::once))
            .wrap(from_fn(limits::limit))
            .wrap(from_fn(middleware::identify))
            .wrap(from_fn(compression::compress))
            .wrap(self.cors())
            .wrap(from_fn(middleware::serve))
    }

    fn cors(&self) -> Condition<Cors> {
        let origins = &self.state.settings.cors_origins;
        let cors = origins
            .iter()
            .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
            .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
            .allowed_headers([
                "authorization",
                "content-type",
                "idempotency-key",
                "if-match",
                "if-none-match",
                "x-request-id",
                "x-csrf-token",
            ])
            .expose_headers([
                "etag",
                "idempotency-replayed",
                "link",
                "location",
                "ratelimit",
                "ratelimit-policy",
                "retry-after",
                "x-request-id",
            ])
            .supports_credentials()
            .max_age(600);
        Condition::new(!origins.is_empty(), cors)
    }
}
