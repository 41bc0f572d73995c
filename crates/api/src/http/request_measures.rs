//! What serving requests costs this process, for those who operate it: by operation, so that no client can make up more
//! of them.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use circadia_domain::measures::{Counter, Durations, Each, Level};
use circadia_domain::words::Words;

use crate::http::limits::LimitName;

/// The requests of this process, of all workers.
#[derive(Debug)]
pub struct RequestMeasures {
    /// Those that are being served.
    pub in_flight: Level,
    /// In the order of the routing tree.
    operations: Box<[OperationMeasures]>,
    /// Those that no operation answers.
    unrouted: Each<UnroutedMethod, ServedMeasures>,
    /// Those that a limit refused.
    pub refusals: Each<LimitName, Counter>,
}

/// The requests of one operation.
#[derive(Debug)]
struct OperationMeasures {
    method: Method,
    template: Arc<str>,
    served: ServedMeasures,
}

/// Requests that were served.
#[derive(Debug, Default)]
pub struct ServedMeasures {
    pub statuses: Each<StatusClass, Counter>,
    /// From the request's head to the answer's.
    pub durations: Durations,
}

impl ServedMeasures {
    fn note(&self, status: StatusCode, duration: Duration) {
        self.statuses.increment(StatusClass::of(status));
        self.durations.observe(duration);
    }
}

/// What stands for a route where no operation answers.
pub const NO_ROUTE: &str = "none";

impl RequestMeasures {
    pub(crate) fn new(operations: impl Iterator<Item = (Method, Arc<str>)>) -> Self {
        let measures = |(method, template)| OperationMeasures { method, template, served: ServedMeasures::default() };
        Self {
            in_flight: Level::default(),
            operations: operations.map(measures).collect(),
            unrouted: Each::default(),
            refusals: Each::default(),
        }
    }

    /// Notes a request that was served, by the number of its operation if it has one.
    pub(crate) fn note(&self, operation: Option<usize>, method: &Method, status: StatusCode, duration: Duration) {
        let served = operation.and_then(|index| self.operations.get(index)).map(|operation| &operation.served);
        if let Some(served) = served.or_else(|| self.unrouted.of(UnroutedMethod::of(method))) {
            served.note(status, duration);
        }
    }

    /// Each operation's method, route and requests; then those that no operation answers.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &ServedMeasures)> {
        let routed = self.operations.iter();
        let routed = routed.map(|operation| (operation.method.as_str(), &*operation.template, &operation.served));
        routed.chain(self.unrouted.iter().map(|(method, served)| (method.as_str(), NO_ROUTE, served)))
    }
}

/// The class of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusClass {
    Informational,
    Success,
    Redirection,
    ClientError,
    ServerError,
}

impl StatusClass {
    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            ..200 => Self::Informational,
            200..300 => Self::Success,
            300..400 => Self::Redirection,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }
}

impl Words for StatusClass {
    const ALL: &'static [Self] =
        &[Self::Informational, Self::Success, Self::Redirection, Self::ClientError, Self::ServerError];

    fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "1xx",
            Self::Success => "2xx",
            Self::Redirection => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
        }
    }
}

/// The method of a request that no operation answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnroutedMethod {
    Get,
    Put,
    Post,
    Patch,
    Delete,
    Options,
    Other,
}

impl UnroutedMethod {
    fn of(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::PUT => Self::Put,
            Method::POST => Self::Post,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            Method::OPTIONS => Self::Options,
            _ => Self::Other,
        }
    }
}

impl Words for UnroutedMethod {
    const ALL: &'static [Self] =
        &[Self::Get, Self::Put, Self::Post, Self::Patch, Self::Delete, Self::Options, Self::Other];

    fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::http::routing::RoutingTree;

    fn noted(measures: &RequestMeasures) -> Vec<(&str, &str, u64)> {
        let all = measures.iter().map(|(method, route, served)| (method, route, served.durations.counts().count()));
        all.filter(|(.., count)| *count > 0).collect()
    }

    #[test]
    fn a_request_counts_for_its_operation() {
        let tree = crate::routes::all().into_tree().unwrap();
        let measures = tree.measures();
        for path in ["/api/v1/habits/a", "/api/v1/habits/b"] {
            let operation = tree.find(&Method::GET, path).operation;
            measures.note(operation, &Method::GET, StatusCode::NOT_FOUND, Duration::from_millis(1));
        }
        measures.note(None, &Method::TRACE, StatusCode::NOT_FOUND, Duration::ZERO);
        assert_eq!(noted(&measures), [("GET", "/api/v1/habits/{habit_id}", 2), ("other", NO_ROUTE, 1)]);
        let (.., served) = measures.iter().find(|(_, route, _)| *route == "/api/v1/habits/{habit_id}").unwrap();
        assert_eq!(served.statuses.of(StatusClass::ClientError).unwrap().count(), 2);
    }

    static TREE: LazyLock<RoutingTree> = LazyLock::new(|| crate::routes::all().into_tree().unwrap());

    proptest! {
        /// Whatever is asked for, the set of routes and methods stays the same.
        #[test]
        fn no_request_makes_another_series(path in "/[ -~]{0,60}", method in "[A-Z]{1,12}", status in 100_u16..1000) {
            let measures = TREE.measures();
            let before = measures.iter().count();
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let status = StatusCode::from_u16(status).unwrap();
            measures.note(TREE.find(&method, &path).operation, &method, status, Duration::ZERO);
            prop_assert_eq!(measures.iter().count(), before);
            let noted = noted(&measures);
            prop_assert_eq!(noted.len(), 1);
            prop_assert_eq!(noted[0].2, 1);
        }
    }
}
