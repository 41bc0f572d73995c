//! What answers where no route does: 404, or 405 with `Allow` where another method would have been right.

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, web};
use utoipa::openapi::OpenApi;

use crate::http::problem::Problem;
use circadia_domain::code::Code;

/// The paths there are, each with its methods.
#[derive(Debug, Clone, Default)]
pub(crate) struct RouteTable {
    paths: BTreeMap<String, Vec<&'static str>>,
}

impl RouteTable {
    /// The routes that a document describes.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let mut paths = BTreeMap::new();
        for (path, item) in &document.paths.paths {
            let methods = [
                ("GET", item.get.is_some()),
                ("HEAD", item.get.is_some()),
                ("PUT", item.put.is_some()),
                ("POST", item.post.is_some()),
                ("PATCH", item.patch.is_some()),
                ("DELETE", item.delete.is_some()),
            ];
            let methods = methods.into_iter().filter(|(_, there)| *there).map(|(method, _)| method).collect();
            paths.insert(path.clone(), methods);
        }
        Self { paths }
    }

    /// The methods of the path that `path` is an instance of.
    fn methods_of(&self, path: &str) -> Option<Vec<&'static str>> {
        // A path that is there word for word is not an instance of a template beside it.
        let found = self.paths.get(path).or_else(|| {
            let mut instances = self.paths.iter().filter(|(template, _)| is_instance(template, path));
            instances.next().map(|(_, methods)| methods)
        });
        found.cloned()
    }
}

fn is_instance(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || (wanted.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

/// Answers what no route answers.
pub(crate) async fn fallback(request: HttpRequest, table: web::Data<RouteTable>) -> HttpResponse {
    match table.methods_of(request.path()) {
        Some(methods) if request.method() == Method::OPTIONS => {
            HttpResponse::NoContent().insert_header(("allow", methods.join(", "))).finish()
        }
        Some(methods) => {
            let allowed = methods.join(", ");
            Problem::of(Code::MethodNotAllowed, format!("Only {allowed} can be used here."))
                .with_header("allow", allowed)
                .error_response()
        }
        None => Problem::of(Code::NotFound, "There is nothing at this address.").error_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_match_segment_by_segment() {
        assert!(is_instance("/a/{id}/b", "/a/1/b"));
        assert!(!is_instance("/a/{id}/b", "/a//b"));
        assert!(!is_instance("/a/{id}", "/a/1/b"));
        assert!(!is_instance("/a/{id}/b", "/a/1"));
    }
}
