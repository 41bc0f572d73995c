//! HTTP, apart from the routes: extractors, answers, problems, cookies, limits, documentation.

pub mod answer;
pub mod caller;
pub(crate) mod chart;
pub(crate) mod client_address;
pub(crate) mod compression;
mod context;
pub(crate) mod cookies;
pub(crate) mod csrf;
pub(crate) mod csv;
pub(crate) mod docs;
pub(crate) mod forwarded;
pub(crate) mod idempotency;
pub mod input;
pub mod limits;
pub(crate) mod middleware;
pub mod openapi;
pub mod page;
pub(crate) mod pieces;
pub mod problem;
pub mod request_measures;
pub(crate) mod rounding;
pub mod routing;
pub(crate) mod schemas;
mod scopes;
pub mod settings;
pub(crate) mod sort;
pub mod state;

pub(crate) use context::request_id;
