//! Every route that is served is one of the document, so that no generated test passes it by. What is served says so in
//! the source alone: that is what is read here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::catalogue::Catalogue;

/// Served without being part of the API: its documentation, and what operators' tools read.
const NO_PART_OF_IT: [&str; 10] = [
    "/metrics",
    "/",
    "/api",
    "/api/",
    "/api/schema",
    "/api/docs",
    "/api/docs/",
    "/api/docs/{*file}",
    "/api/redoc",
    "/api/redoc/{file}",
];

/// Words by which routes could be added past the macros that document them.
const OTHER_WAYS: [&str; 7] =
    ["web::resource(", "web::scope(", "Resource::new(", "Route::new(", "actix_web::route(", ".route(\"", ".service("];

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
        for handler in text.split("#[utoipa::path(").skip(1) {
            let method = handler.split(',').next().unwrap().trim().to_uppercase();
            served.insert((method, quoted_after(handler, "path = \"").next().unwrap().to_owned()));
        }
        for way in OTHER_WAYS {
            assert!(!text.contains(way), "{} uses {way}): it would not be documented", file.display());
        }
        added.extend(quoted_after(&text, "add_undocumented(\"").map(str::to_owned));
    }
    assert_eq!(added, NO_PART_OF_IT.map(str::to_owned).into(), "what is added by itself isn't documented");
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
