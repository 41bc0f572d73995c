//! The HTTP surface: routes, DTOs, extractors, problem+json, OpenAPI.
//!
//! Knows the domain and identity, never a database. A request goes from outside in through `around` (id, log,
//! headers), CORS, compression, identification and limits to its route; the route decodes its input
//! ([`input`]), runs one unit of work ([`work`]) and answers ([`conditional`], [`page`]) or refuses ([`problem`]).
//!
//! To add a feature: a module in the domain (types, rules, repository trait, service), its repository in `storage`,
//! a file in [`routes`] with its DTOs, its `routes` function in [`routes::versioned`], then
//! `circadia openapi` to bring the committed document up to date.

pub mod app;
mod around;
mod client_address;
pub mod conditional;
mod context;
mod cookies;
mod docs;
pub mod google;
pub mod identity;
pub mod input;
mod letters;
pub mod limits;
pub mod openapi;
pub mod page;
mod personal;
mod prelogin;
pub mod problem;
mod rounding;
pub mod routes;
mod routing;
mod scopes;
pub mod settings;
pub mod work;

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::web::{self, Data};
use utoipa_actix_web::AppExt as _;

pub use app::{App, Clock};
pub use google::Google;
pub use identity::Identity;
pub use routes::health::Readiness;
pub use settings::{ApiSettings, RateLimits};
pub use work::UnitOfWork;

/// What all workers share.
#[derive(Clone)]
pub struct HttpApp {
    app: Data<App>,
    limits: Data<limits::Limits>,
    schema: Data<docs::Schema>,
    table: Data<routing::RouteTable>,
}

impl std::fmt::Debug for HttpApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpApp").field("app", &self.app).finish_non_exhaustive()
    }
}

impl HttpApp {
    /// Prepares what all workers share.
    pub fn new(app: Arc<App>) -> Self {
        let document = openapi::document();
        Self {
            limits: Data::new(limits::Limits::new(app.settings.rate_limits, app.identity.redis.as_ref())),
            schema: Data::new(docs::Schema::new(openapi::text(&document))),
            table: Data::new(routing::RouteTable::of(&document)),
            app: Data::from(app),
        }
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
        let schema = self.schema.clone();
        actix_web::App::new()
            .into_utoipa_app()
            .service(utoipa_actix_web::scope("/api/v1").configure(routes::versioned))
            .configure(routes::unversioned)
            .into_app()
            .configure(move |config| docs::configure(config, schema))
            .app_data(self.app.clone())
            .app_data(self.limits.clone())
            .app_data(self.table.clone())
            .default_service(web::to(routing::fallback))
            .wrap(from_fn(limits::limit))
            .wrap(from_fn(around::identify))
            .wrap(Compress::default())
            .wrap(self.cors())
            .wrap(from_fn(around::serve))
    }

    fn cors(&self) -> Condition<Cors> {
        let origins = &self.app.settings.cors_origins;
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
