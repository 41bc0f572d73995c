//! Every route that is served is one of the document, so that no generated test passes it by. What is served says so in
//! the source alone: that is what is read here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::catalogue::Catalogue;

/// Served without being part of the API: its documentation, for whoever asks.
const DOCUMENTATION: [&str; 5] = ["/api/schema", "/api/docs", "/api/docs/{file:.*}", "/api/redoc", "/api/redoc/{file}"];

/// Words by which routes could be added past the macros that document them.
const OTHER_WAYS: [&str; 5] = ["web::resource(", "web::scope(", "Resource::new(", "Route::new(", "actix_web::route("];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What stands in quotation marks after a word, wherever it stands in a text.
fn quoted_after<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(word).map(move |(at, _)| text[at + word.len()..].split('"').next().unwrap())
}

#[test]
fn every_route_that_is_served_is_documented() {
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    for folder in ["api/src", "server/src"] {
        sources(&root.join(folder), &mut files);
    }
    let (mut served, mut added) = (BTreeSet::new(), BTreeSet::new());
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        for method in ["get", "put", "post", "patch", "delete", "head", "options", "trace", "connect"] {
            let paths = quoted_after(&text, &format!("#[{method}(\"")).map(str::to_owned).collect::<Vec<_>>();
            served.extend(paths.into_iter().map(|path| (method.to_uppercase(), path)));
        }
        assert!(!text.contains("#[route("), "{}: one method each, so that each is documented", file.display());
        for way in OTHER_WAYS {
            let text = text.replace("utoipa_actix_web::scope(", "");
            assert!(!text.contains(way), "{} uses {way}): it would not be documented", file.display());
        }
        // A path that only tells which methods there are serves nothing.
        let lines = text.lines().filter(|line| line.contains(".route(\"") && !line.contains("to(fallback)"));
        added.extend(lines.flat_map(|line| quoted_after(line, ".route(\"")).map(str::to_owned).collect::<Vec<_>>());
    }
    assert_eq!(added, DOCUMENTATION.map(str::to_owned).into(), "what is added by itself isn't documented");
    let documented: BTreeSet<(String, String)> = Catalogue::read()
        .operations
        .iter()
        .map(|operation| {
            let path = operation.path.strip_prefix("/api/v1").unwrap_or(&operation.path);
            (operation.method.to_string(), path.to_owned())
        })
        .collect();
    assert!(served.len() > 100, "only {} were found", served.len());
    assert_eq!(served, documented);
}
