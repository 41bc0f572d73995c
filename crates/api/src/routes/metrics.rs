//! `/metrics`: what operators' tools scrape. It is no part of the API and of its document: on the API's own address only
//! where the configuration has a token for it, else there is no such path.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use circadia_auth::operator_token::OperatorToken;
use circadia_auth::tokens::{TokenError, bearer};

use crate::http::problem::Problem;
use crate::http::routing::Routes;
use crate::http::state::AppState;

const PATH: &str = "/metrics";

/// All metrics of this process, as tools read them.
#[derive(Debug)]
pub struct MetricsPage {
    pub content_type: &'static str,
    pub text: String,
}

/// Writes the metrics of this process.
pub trait MetricsSource: Send + Sync {
    /// All of them at this moment.
    fn page(&self) -> Pin<Box<dyn Future<Output = MetricsPage> + Send + '_>>;
}

pub(crate) fn routes(routes: &mut Routes) {
    routes.add_undocumented("/metrics", || actix_web::web::to(of_state));
}

async fn of_state(
    state: Data<AppState>,
    source: Data<dyn MetricsSource>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(state.settings.metrics_token.as_ref(), &request)?;
    Ok(answer(&**source).await)
}

/// Refuses who doesn't present the token, if there is one.
fn admit(token: Option<&OperatorToken>, request: &HttpRequest) -> Result<(), TokenError> {
    let Some(token) = token else { return Ok(()) };
    let header = request.headers().get(AUTHORIZATION);
    let presented = bearer(header.map(|value| value.to_str().unwrap_or_default()))?;
    if token.is(presented) { Ok(()) } else { Err(TokenError::Invalid) }
}

async fn answer(source: &dyn MetricsSource) -> HttpResponse {
    let MetricsPage { content_type, text } = source.page().await;
    HttpResponse::Ok().content_type(content_type).insert_header((CACHE_CONTROL, "no-store")).body(text)
}

/// What a server of its own has for `/metrics`.
#[derive(Clone)]
pub struct MetricsApp {
    pub source: Arc<dyn MetricsSource>,
    pub token: Option<OperatorToken>,
}

impl std::fmt::Debug for MetricsApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricsApp").field("token", &self.token).finish_non_exhaustive()
    }
}

impl MetricsApp {
    /// A worker's application, which serves nothing else.
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
        actix_web::App::new().app_data(Data::new(self.clone())).default_service(actix_web::web::to(alone))
    }
}

async fn alone(app: Data<MetricsApp>, request: HttpRequest) -> HttpResponse {
    if request.path() != PATH {
        return HttpResponse::NotFound().finish();
    }
    if !matches!(request.method().as_str(), "GET" | "HEAD") {
        return HttpResponse::MethodNotAllowed().insert_header(("allow", "GET, HEAD")).finish();
    }
    match admit(app.token.as_ref(), &request) {
        Ok(()) => answer(&*app.source).await,
        Err(_) => HttpResponse::Unauthorized().insert_header(("www-authenticate", "Bearer")).finish(),
    }
}
