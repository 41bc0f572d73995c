//! What it costs to find the operation of a request, over every path of the OpenAPI document.

#![expect(clippy::unwrap_used, reason = "a bench stops where a test would")]

use std::hint::black_box;
use std::time::Instant;

use actix_web::http::Method;
use criterion::{Criterion, criterion_group, criterion_main};

fn routing(criterion: &mut Criterion) {
    let tree = circadia_api::routes::all().into_tree().unwrap();
    let id = "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b";
    let document = circadia_api::openapi::document();
    let instance = |template: &String| {
        let segments = template.split('/').map(|segment| if segment.starts_with('{') { id } else { segment });
        segments.collect::<Vec<_>>().join("/")
    };
    let paths: Vec<String> =
        document.get("paths").and_then(|paths| paths.as_object()).unwrap().keys().map(instance).collect();
    criterion.bench_function(&format!("all {} paths", paths.len()), |bencher| {
        bencher.iter(|| {
            for path in &paths {
                black_box(tree.find(&Method::GET, black_box(path)));
            }
        });
    });
    // The slowest path, each measured for long enough that the clock doesn't matter.
    let slowest = paths.iter().max_by_key(|path| {
        let begun = Instant::now();
        for _ in 0..20_000 {
            black_box(tree.find(&Method::GET, black_box(path)));
        }
        begun.elapsed()
    });
    let slowest = slowest.unwrap();
    criterion.bench_function(&format!("slowest: {slowest}"), |bencher| {
        bencher.iter(|| tree.find(&Method::GET, black_box(slowest)));
    });
}

criterion_group!(benches, routing);
criterion_main!(benches);
