//! Routing: each operation is declared once, on its handler, and everything else is built from that.
//!
//! `#[utoipa::path]` on a handler names its method, path, scopes (`x-scope`), role (`x-role`) and rate limit
//! (`x-rate-limit`); `operations!` adds it to [`Routes`]. From these come the OpenAPI document, the routing tree and each operation's
//! `Policy`. A path is looked up in a radix tree, so its cost doesn't grow with the number of routes, and before
//! authentication and limits, which ask the operation for its policy.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::{Extensions, Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError as _, Route};
use circadia_domain::code::Code;
use circadia_domain::personal_tokens::Scopes;
use circadia_domain::users::Role;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use utoipa::openapi::path::{Operation as Documented, Parameter, ParameterIn, Paths};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{PathItem, RefOr};
use utoipa_actix_web::OpenApiFactory;

use crate::http::limits::RateLimit;
use crate::http::problem::Problem;
use crate::http::request_measures::RequestMeasures;

/// The document's extension that names the scopes of a personal access token, with a blank between: it must hold all of
/// them. Without the extension, no such token is let in.
const SCOPE: &str = "x-scope";
/// The document's extension that names the least role that is let in.
const ROLE: &str = "x-role";
/// The document's extension that names a stricter rate limit.
const RATE_LIMIT: &str = "x-rate-limit";

/// Adds handlers, with what `#[utoipa::path]` says of them, to [`Routes`].
macro_rules! operations {
    ($routes:expr, $($handler:ident),+ $(,)?) => {
        pastey::paste! {
            $($routes.add(&[<__path_ $handler>], || actix_web::web::to($handler));)+
        }
    };
}
pub(crate) use operations;

/// The scopes, role and rate limit of an operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// The scopes that a personal access token must hold.
    pub(crate) scopes: Option<Scopes>,
    /// The least role that a user must have.
    pub(crate) role: Option<Role>,
    pub(crate) rate_limit: RateLimit,
    /// Whether a request can have an `Idempotency-Key`: where a signed-in user posts something. Not where secrets are tried,
    /// sessions begin or end, or large documents come in.
    pub(crate) takes_idempotency_key: bool,
    /// Whether it is documented with parameters in the query.
    pub(crate) takes_query: bool,
}

/// An operation: what answers a method of a path.
#[derive(Debug, Clone, Copy)]
struct Operation {
    policy: Policy,
    service: fn() -> Route,
}

/// The operations of one path, each with its method.
#[derive(Debug, Clone)]
struct PathEntry {
    template: Arc<str>,
    methods: Vec<(Method, usize)>,
    /// The `Allow` header.
    allow: String,
}

/// The schemas of the document, by name.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// Collects operations.
#[derive(Default)]
pub struct Routes {
    prefix: &'static str,
    paths: Paths,
    schemas: Schemas,
    tags: Vec<Tag>,
    entries: Vec<PathEntry>,
    operations: Vec<Operation>,
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Routes").field("operations", &self.operations.len()).finish_non_exhaustive()
    }
}

impl Routes {
    /// Adds operations whose paths begin with `prefix`.
    pub(crate) fn under(&mut self, prefix: &'static str, add: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.prefix, prefix);
        add(self);
        self.prefix = before;
    }

    /// Declares a tag of operations.
    pub(crate) fn tag(&mut self, name: &str, description: &str) {
        self.tags.push(TagBuilder::new().name(name).description(Some(description)).build());
    }

    /// Adds a documented operation.
    pub(crate) fn add(&mut self, documented: &dyn OpenApiFactory, service: fn() -> Route) {
        documented.schemas(&mut self.schemas);
        for (path, mut item) in documented.paths().paths {
            let template = format!("{}{path}", self.prefix);
            for (method, operation) in methods(&mut item) {
                let mut policy = take_policy(operation);
                policy.takes_idempotency_key = method == Method::POST
                    && template.starts_with("/api/v1/")
                    && !template.starts_with("/api/v1/auth/")
                    && policy.rate_limit == RateLimit::Standard
                    && !super::openapi::is_public(operation);
                if policy.takes_idempotency_key {
                    let parameter = super::idempotency::parameter();
                    operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
                }
                self.insert(&template, method, Operation { policy, service });
            }
            self.paths.paths.entry(template).or_default().merge_operations(item);
        }
    }

    /// Adds an operation that isn't documented: the documentation itself.
    pub(crate) fn add_undocumented(&mut self, template: &str, service: fn() -> Route) {
        self.insert(template, Method::GET, Operation { policy: Policy::default(), service });
    }

    fn insert(&mut self, template: &str, method: Method, operation: Operation) {
        let index = self.operations.len();
        self.operations.push(operation);
        if let Some(entry) = self.entries.iter_mut().find(|entry| *entry.template == *template) {
            entry.methods.push((method, index));
        } else {
            let (template, methods) = (template.into(), vec![(method, index)]);
            self.entries.push(PathEntry { template, methods, allow: String::new() });
        }
    }

    /// The operations that are for a role only: method, path, and the least role.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (&Method, &str, Role)> {
        let policies = self.entries.iter().flat_map(|entry| {
            let operation = |index: usize| self.operations.get(index).map(|operation| operation.policy);
            entry.methods.iter().map(move |(method, index)| (method, &*entry.template, operation(*index)))
        });
        policies.filter_map(|(method, path, policy)| Some((method, path, policy?.role?)))
    }

    /// The paths, schemas and tags of the document.
    pub(crate) fn into_document_parts(self) -> (Paths, Schemas, Vec<Tag>) {
        (self.paths, self.schemas, self.tags)
    }

    /// The routing tree.
    ///
    /// # Errors
    /// [`RouteConflict`], a defect that the tests find.
    pub fn into_tree(mut self) -> Result<RoutingTree, RouteConflict> {
        let mut tree = matchit::Router::new();
        for (index, entry) in self.entries.iter_mut().enumerate() {
            tree.insert(entry.template.to_string(), index)?;
            entry.methods.sort_by_key(|(method, _)| ORDER.iter().position(|known| method == known));
            let heads = entry.methods.iter().any(|(method, _)| method == Method::GET).then_some("HEAD");
            let mut names: Vec<&str> = entry.methods.iter().map(|(method, _)| method.as_str()).collect();
            names.splice(names.len().min(1)..names.len().min(1), heads);
            entry.allow = names.join(", ");
        }
        Ok(RoutingTree { tree, entries: self.entries, operations: self.operations })
    }
}

/// Two paths have the same shape.
#[derive(Debug, thiserror::Error)]
#[error("two routes conflict: {0}")]
pub struct RouteConflict(#[from] matchit::InsertError);

/// The order of methods in `Allow`.
const ORDER: [Method; 5] = [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE];

fn methods(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Documented)> {
    let operations = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    operations.into_iter().filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

/// Reads the policy of an operation. Its scopes are documented by `security`, its role in words; the extensions leave the
/// document.
fn take_policy(operation: &mut Documented) -> Policy {
    let extension = |name: &str| operation.extensions.as_ref().and_then(|extensions| extensions.get(name)?.as_str());
    let policy = Policy {
        scopes: extension(SCOPE).and_then(Scopes::from_text),
        role: extension(ROLE).and_then(|text| Role::parse(text).ok()),
        rate_limit: extension(RATE_LIMIT).and_then(RateLimit::parse).unwrap_or_default(),
        takes_idempotency_key: false,
        takes_query: operation.parameters.iter().flatten().any(is_in_query),
    };
    if let Some(extensions) = &mut operation.extensions {
        extensions.retain(|name, _: &mut Value| ![SCOPE, ROLE, RATE_LIMIT].contains(&name.as_str()));
    }
    if let Some(role) = policy.role {
        super::openapi::document_role(operation, role);
    }
    if let Some(scopes) = policy.scopes {
        operation.security = Some(super::openapi::security_with_scopes(scopes));
    }
    policy
}

fn is_in_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

/// Finds the operation of a request. One for all workers.
#[derive(Debug)]
pub struct RoutingTree {
    tree: matchit::Router<usize>,
    entries: Vec<PathEntry>,
    operations: Vec<Operation>,
}

/// The route of a request.
#[derive(Debug, Clone)]
pub struct Matched {
    entry: Option<usize>,
    pub(crate) operation: Option<usize>,
    /// `None` where there is no such path.
    pub(crate) template: Option<Arc<str>>,
    /// Whether the path is one of the API proper.
    pub(crate) versioned: bool,
    pub(crate) policy: Policy,
    params: Vec<(String, String)>,
}

impl Matched {
    /// The text of a path parameter.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl RoutingTree {
    /// Fresh measures of its operations.
    pub(crate) fn measures(&self) -> RequestMeasures {
        let paths = self.entries.iter().flat_map(|entry| {
            entry.methods.iter().map(|(method, index)| (*index, (method.clone(), Arc::clone(&entry.template))))
        });
        let by_number: BTreeMap<usize, (Method, Arc<str>)> = paths.collect();
        RequestMeasures::new(by_number.into_values())
    }

    /// Looks up a request.
    pub fn find(&self, method: &Method, path: &str) -> Matched {
        let found = self.tree.at(path).ok();
        let entry = found.as_ref().map(|found| *found.value);
        let known = entry.and_then(|entry| self.entries.get(entry));
        let operation =
            known.and_then(|known| known.methods.iter().find(|(own, _)| own == method)).map(|(_, index)| *index);
        let policy = match operation.and_then(|index| self.operations.get(index)) {
            Some(operation) => operation.policy,
            // Unknown paths there must be limited as strictly as passwords.
            None if path.starts_with("/api/v1/auth/") => Policy { rate_limit: RateLimit::Auth, ..Policy::default() },
            None => Policy::default(),
        };
        Matched {
            entry,
            operation,
            template: known.map(|known| Arc::clone(&known.template)),
            versioned: path.starts_with("/api/v1/"),
            policy,
            params: found.map_or_else(Vec::new, |found| {
                found.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
            }),
        }
    }

    /// Answers what no operation answers: 404, or 405 with `Allow` where another method would have been right.
    fn refuse(&self, matched: Option<&Matched>, method: &Method) -> HttpResponse {
        let entry = matched.and_then(|matched| matched.entry).and_then(|entry| self.entries.get(entry));
        match entry {
            Some(entry) if method == Method::OPTIONS => {
                HttpResponse::NoContent().insert_header(("allow", entry.allow.as_str())).finish()
            }
            Some(entry) => Problem::of(Code::MethodNotAllowed, format!("Only {} can be used here.", entry.allow))
                .with_header("allow", entry.allow.clone())
                .error_response(),
            None => Problem::of(Code::NotFound, "There is nothing at this address.").error_response(),
        }
    }
}

/// The route of a request, if it was looked up.
pub(crate) fn matched(request: &impl HttpMessage) -> Option<std::cell::Ref<'_, Matched>> {
    std::cell::Ref::filter_map(request.extensions(), Extensions::get::<Matched>).ok()
}

/// Makes a worker's router.
#[derive(Debug, Clone)]
pub(crate) struct RouterFactory(pub(crate) Data<RoutingTree>);

/// Sends requests to their operations.
pub(crate) struct Router {
    tree: Data<RoutingTree>,
    services: Rc<Vec<<Route as ServiceFactory<ServiceRequest>>::Service>>,
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router").field("services", &self.services.len()).finish_non_exhaustive()
    }
}

impl ServiceFactory<ServiceRequest> for RouterFactory {
    type Response = ServiceResponse;
    type Error = Error;
    type Config = ();
    type Service = Router;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Router, ()>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let tree = self.0.clone();
        Box::pin(async move {
            let mut services = Vec::with_capacity(tree.operations.len());
            for operation in &tree.operations {
                services.push((operation.service)().new_service(()).await?);
            }
            Ok(Router { tree, services: Rc::new(services) })
        })
    }
}

impl Service<ServiceRequest> for Router {
    type Response = ServiceResponse;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<ServiceResponse, Error>>;

    actix_web::dev::always_ready!();

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let operation = matched(&request).and_then(|matched| matched.operation);
        if let Some(service) = operation.and_then(|index| self.services.get(index)) {
            return service.call(request);
        }
        let refusal = self.tree.refuse(matched(&request).as_deref(), request.method());
        Box::pin(std::future::ready(Ok(request.into_response(refusal))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> RoutingTree {
        crate::routes::all().into_tree().unwrap()
    }

    #[test]
    fn a_fixed_path_is_not_an_instance_of_a_template_beside_it() {
        let tree = tree();
        let template = |path: &str| tree.find(&Method::GET, path).template.map(|template| template.to_string());
        assert_eq!(template("/api/v1/habits/today").as_deref(), Some("/api/v1/habits/today"));
        assert_eq!(template("/api/v1/habits/x").as_deref(), Some("/api/v1/habits/{habit_id}"));
        assert_eq!(template("/api/v1/habits/"), None);
        assert_eq!(template("/api/v1/habits/x/"), None);
        assert_eq!(tree.find(&Method::GET, "/api/v1/habits/x").param("habit_id"), Some("x"));
        assert!(tree.find(&Method::PUT, "/api/v1/habits/today").operation.is_none());
    }

    #[test]
    fn every_operation_of_the_document_is_found() {
        let (tree, document) = (tree(), crate::http::openapi::document());
        let mut seen = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let found = tree.find(&method, &path.replace(['{', '}'], ""));
                assert_eq!(found.template.as_deref(), Some(path.as_str()));
                assert!(found.operation.is_some(), "{method} {path}");
                seen += 1;
            }
        }
        assert!(seen > 100, "{seen}");
    }
}
