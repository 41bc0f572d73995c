//! `/metrics`: where it is served and to whom, and that its figures are those of what happened.
#![expect(clippy::float_cmp, reason = "counts are whole numbers, which are compared exactly")]

use std::collections::BTreeSet;

use circadia_server::metrics::METRICS;
use circadia_tests::{Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::jobs::{instant, uuid};

scenarios!(
    what_happens_is_counted,
    every_metric_is_written_with_its_labels,
    unknown_paths_make_no_new_series,
    sign_ins_are_counted_by_how_they_end,
    jobs_and_mails_are_counted,
);

#[cfg(feature = "postgres")]
mod frozen {
    mod postgres {
        #[test]
        fn a_database_that_does_not_answer_is_told_and_holds_no_page_up() {
            circadia_tests::run(super::super::a_database_that_does_not_answer_is_told_and_holds_no_page_up());
        }
    }
}

mod sqlite_only {
    #[test]
    fn without_configuration_there_is_no_such_path() {
        circadia_tests::run(super::without_configuration_there_is_no_such_path());
    }

    #[test]
    fn at_the_api_s_address_a_token_is_asked_for() {
        circadia_tests::run(super::at_the_api_s_address_a_token_is_asked_for());
    }

    #[test]
    fn at_their_own_address_a_token_is_asked_for_if_there_is_one() {
        circadia_tests::run(super::at_their_own_address_a_token_is_asked_for_if_there_is_one());
    }

    #[test]
    fn refusals_of_limits_are_counted_by_their_names() {
        circadia_tests::run(super::refusals_of_limits_are_counted_by_their_names());
    }
}

const TOKEN: &str = "a-token-of-the-tests";

fn with_metrics(backend: Backend) -> TestApp {
    TestApp::on(backend).set("CIRCADIA_METRICS_BIND", "127.0.0.1:0").start()
}

async fn without_configuration_there_is_no_such_path() {
    let app = TestApp::on(Backend::Sqlite).start();
    for method in [Method::GET, Method::POST, Method::OPTIONS] {
        let path = app.anonymous().call(method.clone(), "/metrics", &Value::Null).await.expect(404);
        let unknown = app.anonymous().call(method, "/health", &Value::Null).await.expect(404);
        let without_id = |mut body: Value| {
            body["instance"] = Value::Null;
            body
        };
        assert_eq!(without_id(path.body), without_id(unknown.body));
    }
}

async fn at_the_api_s_address_a_token_is_asked_for() {
    let app = TestApp::on(Backend::Sqlite).set("CIRCADIA_METRICS_TOKEN", TOKEN).start();
    let (anonymous, ada) = (app.anonymous(), app.user("ada").await);
    anonymous.get("/metrics").await.problem(401, "authentication_required");
    for wrong in ["", "another-token-of-the-tests", "a-token-of-the-test", ada.token()] {
        let refused = anonymous.with_header("authorization", &format!("Bearer {wrong}")).get("/metrics").await;
        assert_eq!(refused.status, 401, "{wrong}");
        assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"));
    }
    let page = anonymous.with_header("authorization", &format!("Bearer {TOKEN}")).get("/metrics").await.expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(String::from_utf8(page.bytes).unwrap().contains("\ncircadia_build_info{version="));
    // The token opens nothing else.
    anonymous.with_header("authorization", &format!("Bearer {TOKEN}")).get("/me").await.problem(401, "token_invalid");
}

async fn at_their_own_address_a_token_is_asked_for_if_there_is_one() {
    let open = with_metrics(Backend::Sqlite);
    open.metrics().await;
    // They are there alone, and nothing else is there.
    open.anonymous().get("/metrics").await.expect(404);
    for path in ["/", "/health/live", "/api/v1/config", "/metrics/"] {
        let answer = reqwest::get(format!("{}{path}", open.metrics_client().root())).await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    open.metrics_client().call(Method::POST, "/metrics", &Value::Null).await.expect(405);
    let closed = TestApp::on(Backend::Sqlite)
        .set("CIRCADIA_METRICS_BIND", "127.0.0.1:0")
        .set("CIRCADIA_METRICS_TOKEN", TOKEN)
        .start();
    let bearer = |client: Client| client.with_header("authorization", &format!("Bearer {TOKEN}"));
    for client in [closed.metrics_client(), closed.anonymous()] {
        client.get("/metrics").await.expect(401);
        bearer(client).get("/metrics").await.expect(200);
    }
}

async fn what_happens_is_counted(backend: Backend) {
    let app = with_metrics(backend);
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({})).await;
    for _ in 0..3 {
        ada.get(&format!("/habits/{habit}")).await.expect(200);
    }
    ada.get(&format!("/habits/{}", circadia_tests::fresh_id())).await.expect(404);
    let before = app.metrics().await;
    let route = [("method", "GET"), ("route", "/api/v1/habits/{habit_id}")];
    assert_eq!(before.sum("circadia_http_requests_total", &[route[0], route[1], ("status", "2xx")]), 3.0);
    assert_eq!(before.sum("circadia_http_requests_total", &[route[0], route[1], ("status", "4xx")]), 1.0);
    assert_eq!(before.sum("circadia_http_request_duration_seconds_count", &route), 4.0);
    let buckets = before.samples.iter().filter(|sample| {
        sample.name == "circadia_http_request_duration_seconds_bucket"
            && sample.labels.get("route").is_some_and(|own| own == route[1].1)
    });
    let buckets: Vec<f64> = buckets.map(|sample| sample.value).collect();
    assert!(buckets.is_sorted() && buckets.last() == Some(&4.0), "{buckets:?}");
    assert!(before.sum("circadia_http_request_duration_seconds_sum", &route) > 0.0);
    assert_eq!(before.sum("circadia_http_requests_in_flight", &[]), 0.0);
    assert_eq!(before.sum("circadia_database_up", &[]), 1.0);
    assert!(before.sum("circadia_database_connections", &[]) >= 1.0);
    assert!(before.sum("circadia_database_connections_max", &[]) >= 8.0);
    assert_eq!(before.sum("circadia_database_threads_left_behind", &[]), 0.0);
    assert!(before.sum("circadia_revocation_feed_age_seconds", &[]) < 5.0);
    assert_eq!(before.sum("circadia_password_hash_wait_seconds_count", &[]), 1.0, "of her registration");
    assert_eq!(before.sum("circadia_password_hash_refusals_total", &[]), 0.0);

    // A write, a refused one and a query: each is a unit of work.
    let units = |metrics: &circadia_tests::Metrics, kind, outcome| {
        metrics.sum("circadia_database_units_total", &[("kind", kind), ("outcome", outcome)])
    };
    let statements = ada.patch(&format!("/habits/{habit}"), json!({"name": "Run"})).await.expect(200).statements();
    ada.patch(&format!("/habits/{}", circadia_tests::fresh_id()), json!({"name": "Run"})).await.expect(404);
    let after = app.metrics().await;
    assert_eq!(units(&after, "write", "done") - units(&before, "write", "done"), 1.0);
    assert_eq!(units(&after, "write", "refused") - units(&before, "write", "refused"), 1.0);
    let durations = |metrics: &circadia_tests::Metrics| {
        metrics.sum("circadia_database_unit_duration_seconds_count", &[("kind", "write")])
    };
    assert_eq!(durations(&after) - durations(&before), 2.0);
    let counted = |name| after.sum(name, &[]) - before.sum(name, &[]);
    assert!(counted("circadia_database_statements_total") >= f64::from(statements));
    assert!(counted("circadia_database_round_trips_total") > counted("circadia_database_statements_total"));
    assert!(counted("circadia_database_wait_seconds_count") >= 2.0);
}

async fn every_metric_is_written_with_its_labels(backend: Backend) {
    let app = with_metrics(backend);
    app.user("ada").await.get("/me").await.expect(200);
    let page = app.metrics().await;
    let kinds: Vec<(&str, &str)> = METRICS.iter().map(|metric| (metric.name, metric.kind)).collect();
    let written: BTreeSet<(&str, &str)> =
        page.kinds.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
    assert_eq!(written, kinds.into_iter().collect());
    for metric in METRICS {
        let of_it = page.samples.iter().filter(|sample| match metric.kind {
            "histogram" => ["_bucket", "_sum", "_count"].iter().any(|part| sample.name == [metric.name, part].concat()),
            _ => sample.name == metric.name,
        });
        let of_it: Vec<_> = of_it.collect();
        assert!(!of_it.is_empty(), "{} has no sample", metric.name);
        for sample in of_it {
            let labels: BTreeSet<&str> =
                sample.labels.keys().map(String::as_str).filter(|name| *name != "le").collect();
            assert_eq!(labels, metric.labels.iter().copied().collect(), "{}", sample.name);
        }
    }
}

async fn unknown_paths_make_no_new_series(backend: Backend) {
    let app = with_metrics(backend);
    let anonymous = app.anonymous();
    anonymous.get("/media").await.expect(404);
    anonymous.get("/habits").await.expect(401);
    let series = |metrics: &circadia_tests::Metrics| metrics.samples.len();
    let before = app.metrics().await;
    for number in 0..300 {
        anonymous.get(&format!("/media/x{number}/y?z={number}")).await.expect(404);
        anonymous.get(&format!("/nothing/{number}")).await.expect(404);
        anonymous.get(&format!("/habits?q={number}")).await.expect(401);
    }
    let after = app.metrics().await;
    assert_eq!(series(&after), series(&before));
    let none = [("method", "GET"), ("route", "none"), ("status", "4xx")];
    let count = |metrics: &circadia_tests::Metrics| metrics.sum("circadia_http_requests_total", &none);
    assert_eq!(count(&after) - count(&before), 600.0);
}

async fn sign_ins_are_counted_by_how_they_end(backend: Backend) {
    let app = with_metrics(backend);
    app.user("ada").await;
    app.log_in("ada").await;
    app.browser("ada").await;
    for _ in 0..3 {
        let wrong = json!({"username": "ada", "password": "wrong horse battery"});
        app.anonymous().post("/auth/login", wrong).await.expect(401);
    }
    let answer = json!({"challenge": "none", "code": "123456"});
    app.anonymous().post("/auth/login/totp", answer).await.problem(401, "challenge_expired");
    let page = app.metrics().await;
    let counted = page.samples.iter().filter(|sample| sample.name == "circadia_sign_ins_total" && sample.value > 0.0);
    let counted: Vec<(&str, &str, f64)> =
        counted.map(|sample| (&*sample.labels["method"], &*sample.labels["outcome"], sample.value)).collect();
    let expected = [("password", "signed_in", 2.0), ("password", "wrong_credentials", 3.0), ("totp", "refused", 1.0)];
    assert_eq!(counted, expected);
}

async fn jobs_and_mails_are_counted(backend: Backend) {
    let app = with_metrics(backend);
    app.user("ada").await;
    let attempts = [("kind", "mail"), ("outcome", "done")];
    let mut page = app.metrics().await;
    // Workers look for jobs within a second.
    for _ in 0..200 {
        if page.sum("circadia_job_attempts_total", &attempts) > 0.0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        page = app.metrics().await;
    }
    assert_eq!(page.sum("circadia_job_attempts_total", &attempts), 1.0);
    assert_eq!(page.sum("circadia_mails_total", &[("outcome", "sent")]), 1.0);
    let jobs = |kind, state| page.sum("circadia_jobs", &[("kind", kind), ("state", state)]);
    assert_eq!([jobs("mail", "waiting"), jobs("mail", "running"), jobs("mail", "dead")], [0.0; 3]);
    // What was given up, and what waits for a newer version.
    for (kind, state, finished_at) in [("newer", "waiting", "NULL".to_owned()), ("mail", "dead", instant(backend, 0))] {
        let (id, at) = (uuid(backend, &circadia_tests::fresh_id()), instant(backend, 0));
        app.database.execute(&format!(
            "INSERT INTO jobs (id, kind, state, run_at, attempts, created_at, finished_at) \
             VALUES ({id}, '{kind}', '{state}', {at}, 0, {at}, {finished_at})"
        ));
    }
    app.clock.advance(90);
    let page = app.metrics().await;
    let jobs = |kind, state| page.sum("circadia_jobs", &[("kind", kind), ("state", state)]);
    assert_eq!([jobs("mail", "waiting"), jobs("mail", "dead"), jobs("other", "waiting")], [0.0, 1.0, 1.0]);
    assert_eq!(page.sum("circadia_jobs_overdue_seconds", &[("kind", "other")]), 90.0);
    assert_eq!(page.sum("circadia_jobs_overdue_seconds", &[("kind", "mail")]), 0.0);
}

#[cfg(feature = "postgres")]
async fn a_database_that_does_not_answer_is_told_and_holds_no_page_up() {
    let (builder, proxy) = TestApp::on(Backend::Postgres).by_proxy().await;
    let app = builder.set("CIRCADIA_METRICS_BIND", "127.0.0.1:0").start();
    let ada = app.user("ada").await;
    assert_eq!(app.metrics().await.sum("circadia_database_up", &[]), 1.0);
    let frozen = proxy.freeze();
    ada.post("/themes", json!({"name": "Health"})).await.expect(503);
    let begun = std::time::Instant::now();
    let page = app.metrics().await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(page.sum("circadia_database_up", &[]), 0.0);
    assert_eq!(page.find("circadia_jobs", &[]), None);
    assert!(page.sum("circadia_database_units_total", &[("outcome", "unavailable")]) >= 1.0);
    assert!(page.sum("circadia_revocation_feed_age_seconds", &[]) >= 0.0);
    drop(frozen);
    // It is used again, and what was left behind comes back.
    for _ in 0..200 {
        let page = app.metrics().await;
        let is_well = page.sum("circadia_database_up", &[]) == 1.0
            && page.sum("circadia_database_threads_left_behind", &[]) == 0.0
            && page.find("circadia_jobs", &[]).is_some();
        if is_well {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{:#?}", app.metrics().await);
}

async fn refusals_of_limits_are_counted_by_their_names() {
    let app = TestApp::on(Backend::Sqlite)
        .set("CIRCADIA_METRICS_BIND", "127.0.0.1:0")
        .set("CIRCADIA_RATE_LIMIT_AUTH", "3/h")
        .set("CIRCADIA_RATE_LIMIT_ANONYMOUS", "2/h")
        .start();
    for name in 0..5 {
        let login = json!({"username": format!("nobody-{name}"), "password": "wrong horse battery"});
        app.anonymous().post("/auth/login", login).await;
    }
    for _ in 0..3 {
        app.anonymous().get("/config").await;
    }
    let page = app.metrics().await;
    let refused = |limit| page.sum("circadia_rate_limit_refusals_total", &[("limit", limit)]);
    assert_eq!(["auth", "anonymous", "user", "account"].map(refused), [2.0, 1.0, 0.0, 0.0]);
}
