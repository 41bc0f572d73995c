//! The HTTP surface: routes, extractors, problem+json, OpenAPI.
//!
//! Thin: what is decided is decided in the domain and in [`circadia_app`], and never here. A request goes through the
//! middleware (id, log, headers), CORS, compression, authentication and limits to its route. The route decodes its input
//! ([`http::input`]), calls a service in one unit of work, and answers ([`http::answer`], [`http::page`]) or refuses
//! ([`http::problem`]).

pub mod http;
pub mod routes;

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::web::Data;

pub use http::forwarded::ForwardedHeaders;
pub use http::openapi;
pub use http::routing::RouteConflict;
pub use http::settings::{HttpSettings, RateLimits};
pub use http::state::{AppState, Readiness, RequestThrottles};

use http::{docs, limits, middleware, routing};

/// What all workers share.
#[derive(Clone)]
pub struct HttpApp {
    state: Data<AppState>,
    limits: Data<limits::Limits>,
    schema: Data<docs::Schema>,
    swagger: Data<utoipa_swagger_ui::Config<'static>>,
    routes: Data<routing::RoutingTree>,
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
        let document = openapi::document();
        Ok(Self {
            limits: Data::new(limits::Limits::new(&state)),
            schema: Data::new(docs::Schema::new(openapi::text(&document))),
            swagger: Data::new(docs::swagger()),
            routes: Data::new(routes::all().into_tree()?),
            state: Data::from(state),
        })
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
        actix_web::App::new()
            .app_data(self.state.clone())
            .app_data(self.limits.clone())
            .app_data(self.schema.clone())
            .app_data(self.swagger.clone())
            .app_data(self.routes.clone())
            .default_service(routing::RouterFactory(self.routes.clone()))
            .wrap(from_fn(limits::limit))
            .wrap(from_fn(middleware::identify))
            .wrap(Compress::default())
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
                "if-match",
                "if-none-match",
                "x-request-id",
                "x-csrf-token",
            ])
            .expose_headers([
                "etag",
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
