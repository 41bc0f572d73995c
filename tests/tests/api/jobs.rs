//! Background jobs: at several replicas, and `/admin/jobs`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use circadia_auth::SystemEntropy;
use circadia_auth::keys::{MasterKey, Purpose};
use circadia_tests::{Backend, Client, SECRET_KEY, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

use super::audit::audited;

scenarios!(
    each_of_many_jobs_is_done_once_by_five_replicas,
    a_worker_that_dies_passes_its_lease_on,
    what_recurs_is_enqueued_once_by_five_replicas,
    a_job_that_was_given_up_is_retried_by_a_superuser,
    jobs_are_listed_without_what_they_hold,
    jobs_and_schedules_are_for_superusers_alone,
    lists_of_jobs_cost_the_same_however_many_there_are,
);

/// When the tests begin, in seconds since 1970.
const BEGIN: i64 = 1_773_230_400;

/// An instant as it is written in SQL, in seconds after the beginning of the test.
pub(crate) fn instant(backend: Backend, seconds: i64) -> String {
    match backend {
        Backend::Sqlite => ((BEGIN + seconds) * 1_000_000).to_string(),
        Backend::Postgres => format!("to_timestamp({})", BEGIN + seconds),
        Backend::Mysql => format!("timestampadd(SECOND, {}, '1970-01-01 00:00:00')", BEGIN + seconds),
    }
}

/// An id as it is written in SQL.
pub(crate) fn uuid(backend: Backend, id: &str) -> String {
    match backend {
        Backend::Postgres => format!("'{id}'"),
        Backend::Sqlite | Backend::Mysql => format!("X'{}'", id.replace('-', "")),
    }
}

/// Gives a user a role, and waits until the server knows.
async fn in_role(app: &TestApp, user: &Client, name: &str, role: &str) {
    app.give_role(name, role);
    let begun = Instant::now();
    while user.get("/me").await.expect(200).body["role"] != role {
        assert!(begun.elapsed().as_secs() < 10, "{name} isn't {role}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A superuser, signed in.
async fn superuser(app: &TestApp) -> Client {
    let root = app.user("root").await;
    in_role(app, &root, "root", "superuser").await;
    root
}

fn id_of(client: &Client) -> &str {
    client.tokens["user"]["id"].as_str().unwrap()
}

/// Stores jobs that welcome a user by mail, due some seconds after the beginning. Their ids.
fn store_mail_jobs(app: &TestApp, user: &str, count: usize, due_after: i64) -> BTreeSet<String> {
    let backend = app.database.backend();
    let master = MasterKey::from_text(SECRET_KEY).unwrap();
    let content = json!({"letter": "welcome", "user": user}).to_string();
    let (run_at, created_at) = (instant(backend, due_after), instant(backend, 0));
    let ids: Vec<String> = (0..count).map(|_| fresh_id()).collect();
    for ids in ids.chunks(500) {
        let rows = ids.iter().map(|id| {
            let sealed = master.seal(Purpose::Jobs, id, content.as_bytes(), &SystemEntropy::new()).unwrap();
            let payload = app.database.literal(&sealed);
            format!("({}, 'mail', {payload}, 'waiting', {run_at}, 0, {created_at})", uuid(backend, id))
        });
        let rows = rows.collect::<Vec<_>>().join(", ");
        app.database.execute(&format!(
            "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, created_at) VALUES {rows}"
        ));
    }
    ids.into_iter().collect()
}

/// The jobs whose mail is in a folder, as often as it is there.
fn jobs_of_mail(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| Some(name.strip_suffix(".eml")?.split_once('-')?.1.to_owned())).collect()
}

async fn each_of_many_jobs_is_done_once_by_five_replicas(backend: Backend) {
    let count = if backend == Backend::Postgres { 10_000 } else { 1_000 };
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    app.mail().await;
    let jobs = store_mail_jobs(&app, id_of(&ada), count, 60);
    let folders: Vec<_> = (1..5).map(|number| app.database.folder().join(format!("replica{number}"))).collect();
    let start = |folder: &Path| app.replica().set("CIRCADIA_DATA_DIR", &folder.display().to_string()).start();
    let replicas: Vec<TestApp> = folders.iter().map(|folder| start(folder)).collect();
    let begun = Instant::now();
    app.clock.advance(60);
    while app.database.number("SELECT count(*) FROM jobs WHERE kind = 'mail' AND state = 'waiting'") > 0 {
        assert!(begun.elapsed().as_secs() < 110, "they take too long");
        tokio::time::sleep(Duration::from_millis(50)).await;
        let untried = "SELECT count(*) FROM jobs WHERE kind = 'mail' AND state = 'waiting' AND last_error IS NULL";
        if backend == Backend::Sqlite && app.database.number(untried) == 0 {
            // Of five processes that write to one file, some may find it locked for too long, and try again.
            app.clock.advance(18);
        }
    }
    let took = begun.elapsed();
    drop(replicas);
    let mut done = jobs_of_mail(&app.database.folder().join("data/mail"));
    for folder in &folders {
        done.extend(jobs_of_mail(&folder.join("mail")));
    }
    let each: BTreeSet<String> = done.iter().cloned().collect();
    assert_eq!(done.len(), each.len(), "some were done twice");
    assert_eq!(each, jobs);
    if backend != Backend::Sqlite {
        let again = "SELECT count(*) FROM jobs WHERE state <> 'done' OR attempts <> 1";
        assert_eq!(app.database.number(again), 0, "some were begun twice");
    }
    // Seen with `--no-capture`: the figure of docs/JOBS.md.
    println!("{count} jobs in {took:?}");
}

async fn a_worker_that_dies_passes_its_lease_on(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    app.mail().await;
    let jobs = store_mail_jobs(&app, id_of(&ada), 1, 3_600);
    let job = uuid(backend, jobs.first().unwrap());
    // Another replica's worker took it just now, and ended.
    let (run_at, leased_until) = (instant(backend, 0), instant(backend, 120));
    app.database.execute(&format!(
        "UPDATE jobs SET run_at = {run_at}, leased_until = {leased_until}, attempts = 1 WHERE id = {job}"
    ));
    let root = superuser(&app).await;
    app.clock.advance(119);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let running = root.get("/admin/jobs?state=running").await.expect(200);
    assert_eq!(running.each("id"), jobs.iter().cloned().collect::<Vec<_>>());
    app.clock.advance(1);
    let done = format!("SELECT count(*) FROM jobs WHERE id = {job} AND state = 'done' AND attempts = 2");
    app.until("jobs that were taken over", || app.database.number(&done) == 1).await;
    assert_eq!(
        jobs_of_mail(&app.database.folder().join("data/mail")).iter().filter(|id| jobs.contains(*id)).count(),
        1
    );
}

async fn what_recurs_is_enqueued_once_by_five_replicas(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replicas: Vec<TestApp> = (0..4).map(|_| app.replica().start()).collect();
    let purges = |state: &str| {
        app.database.number(&format!("SELECT count(*) FROM jobs WHERE kind = 'purge' AND state = '{state}'"))
    };
    for period in 1..=4 {
        app.until("purges that are done", || purges("done") == period).await;
        // Every replica looks once more.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!((purges("done"), purges("waiting")), (period, 0));
        app.clock.advance(60);
    }
    drop(replicas);
}

/// Waits until a job is in a state.
async fn until_state(root: &Client, id: &str, state: &str) -> Value {
    let begun = Instant::now();
    loop {
        let listed = root.get("/admin/jobs").await.expect(200).body;
        let job = listed["items"].as_array().unwrap().iter().find(|job| job["id"] == id).cloned();
        if let Some(job) = job
            && job["state"] == state
        {
            return job;
        }
        assert!(begun.elapsed().as_secs() < 20, "{id} isn't {state}: {listed}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_job_that_was_given_up_is_retried_by_a_superuser(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, root) = (app.user("ada").await, superuser(&app).await);
    app.mail().await;
    let jobs = store_mail_jobs(&app, id_of(&ada), 1, 0);
    let id = jobs.first().unwrap();
    let done = until_state(&root, id, "done").await;
    root.post(&format!("/admin/jobs/{id}/retry"), Value::Null).await.problem(409, "job_not_dead");
    root.post(&format!("/admin/jobs/{}/retry", fresh_id()), Value::Null).await.problem(404, "job_not_found");
    assert_eq!(
        (&done["attempts"], &done["last_error"], &done["leased_until"]),
        (&json!(1), &Value::Null, &Value::Null)
    );
    assert_eq!(audited(&app, "job_retried", "done"), 0);

    // One that can't be opened, as after a change of the key: tried twelve times, and given up with what it holds.
    let jobs = store_mail_jobs(&app, id_of(&ada), 1, 0);
    let id = jobs.first().unwrap();
    until_state(&root, id, "done").await;
    let (broken, of_job) = (app.database.literal(&[1; 40]), uuid(backend, id));
    let (error, now) = ("535 refused", instant(backend, 0));
    let content = json!({"letter": "welcome", "user": id_of(&ada)}).to_string();
    let sealed = MasterKey::from_text(SECRET_KEY)
        .unwrap()
        .seal(Purpose::Jobs, id, content.as_bytes(), &SystemEntropy::new())
        .unwrap();
    let give_up = |payload: &str| {
        app.database.execute(&format!(
            "UPDATE jobs SET state = 'dead', attempts = 12, last_error = '{error}', finished_at = {now}, payload = {payload} WHERE id = {of_job}"
        ));
    };
    give_up(&broken);
    let dead = until_state(&root, id, "dead").await;
    assert_eq!((&dead["attempts"], &dead["last_error"]), (&json!(12), &json!(error)));
    assert!(dead["finished_at"].is_string());
    let retried = root.post(&format!("/admin/jobs/{id}/retry"), Value::Null).await.expect(200).body;
    assert_eq!((&retried["state"], &retried["attempts"]), (&json!("waiting"), &json!(0)));
    assert_eq!((&retried["run_at"], &retried["finished_at"]), (&json!("2026-03-11T12:00:00Z"), &Value::Null));
    app.until("attempts that failed", || {
        let tried = format!("SELECT count(*) FROM jobs WHERE id = {of_job} AND attempts = 1 AND leased_until IS NULL");
        app.database.number(&tried) == 1
    })
    .await;
    root.post(&format!("/admin/jobs/{id}/retry"), Value::Null).await.problem(409, "job_not_dead");

    // Once what was wrong is put right, it is done at once.
    give_up(&app.database.literal(&sealed));
    let before = jobs_of_mail(&app.database.folder().join("data/mail")).len();
    root.post(&format!("/admin/jobs/{id}/retry"), Value::Null).await.expect(200);
    let done = until_state(&root, id, "done").await;
    assert_eq!((&done["attempts"], &done["last_error"]), (&json!(1), &Value::Null));
    // It has the same name as when it was first sent.
    assert_eq!(jobs_of_mail(&app.database.folder().join("data/mail")).len(), before);
    assert_eq!(audited(&app, "job_retried", "done"), 2);
    let details = app.database.number(&format!(
        "SELECT count(*) FROM audit_events WHERE action = 'job_retried' AND actor_id = {} AND details LIKE '%{id}%' AND details LIKE '%\"mail\"%'",
        uuid(backend, id_of(&root))
    ));
    assert_eq!(details, 2);
}

async fn jobs_are_listed_without_what_they_hold(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, root) = (app.user("ada").await, superuser(&app).await);
    ada.post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    app.no_job_waits().await;
    let all = root.get("/admin/jobs").await.expect(200);
    let text = all.body.to_string();
    assert!(!text.contains("example.org") && !text.contains("payload"), "{text}");
    let items = all.body["items"].as_array().unwrap().clone();
    assert_eq!((&all.body["total"], &all.body["page"]), (&json!(items.len()), &json!(1)));
    let kinds: BTreeSet<&str> = items.iter().map(|job| job["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["login_retention", "logins", "mail", "purge"]));
    let ids = all.each("id");
    let mut sorted = ids.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!(ids, sorted, "newest first");

    store_mail_jobs(&app, id_of(&ada), 5, 3_600);
    let waiting = root.get("/admin/jobs?kind=mail&state=waiting&limit=2").await.expect(200);
    assert_eq!((&waiting.body["total"], waiting.each("id").len()), (&json!(5), 2));
    let next = waiting.body["next_cursor"].as_str().unwrap();
    let second = root.get(&format!("/admin/jobs?kind=mail&state=waiting&limit=2&cursor={next}")).await.expect(200);
    let by_number = root.get("/admin/jobs?kind=mail&state=waiting&page=2&size=2").await.expect(200);
    assert_eq!(second.each("id"), by_number.each("id"));
    assert_eq!(second.each("id").len(), 2);
    let prev = second.body["prev_cursor"].as_str().unwrap();
    let first = root.get(&format!("/admin/jobs?kind=mail&state=waiting&limit=2&cursor={prev}")).await.expect(200);
    assert_eq!(first.each("id"), waiting.each("id"));
    assert_eq!(root.get("/admin/jobs?kind=purge&state=dead").await.expect(200).body["total"], 0);
    root.get("/admin/jobs?state=asleep").await.names("/state");
    root.get("/admin/jobs?kind=nonsense").await.names("/kind");

    let schedules = root.get("/admin/jobs/schedules").await.expect(200).body;
    let expected = json!([
        {"kind": "login_retention", "next_at": "2026-03-11T13:00:00Z", "interval_seconds": 3_600},
        {"kind": "logins", "next_at": "2026-03-11T12:01:00Z", "interval_seconds": 60},
        {"kind": "purge", "next_at": "2026-03-11T12:01:00Z", "interval_seconds": 60},
    ]);
    assert_eq!(schedules["items"], expected);
}

async fn jobs_and_schedules_are_for_superusers_alone(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let operations = [
        (reqwest::Method::GET, "/admin/jobs".to_owned()),
        (reqwest::Method::GET, "/admin/jobs/schedules".to_owned()),
        (reqwest::Method::POST, format!("/admin/jobs/{}/retry", fresh_id())),
    ];
    for (method, path) in &operations {
        app.anonymous().call(method.clone(), path, &Value::Null).await.problem(401, "authentication_required");
    }
    for role in ["regular", "staff", "superuser"] {
        in_role(&app, &ada, "ada", role).await;
        let made =
            ada.post("/me/tokens", json!({"name": role, "scopes": ["write"], "password": "correct horse battery"}));
        let token = made.await.expect(201).body["token"].as_str().unwrap().to_owned();
        let program = app.anonymous().with_header("authorization", &format!("Bearer {token}"));
        for (method, path) in &operations {
            program.call(method.clone(), path, &Value::Null).await.problem(403, "insufficient_scope");
            let answer = ada.call(method.clone(), path, &Value::Null).await;
            match (role, method.as_str()) {
                ("superuser", "GET") => drop(answer.expect(200)),
                ("superuser", _) => drop(answer.problem(404, "job_not_found")),
                _ => drop(answer.problem(403, "insufficient_role")),
            }
        }
    }
}

/// What a list costs, apart from what authenticating costs now and then.
async fn statements(client: &Client, path: &str) -> u32 {
    let begun = Instant::now();
    loop {
        let answer = client.get(path).await.expect(200);
        if answer.units() == 1 {
            return answer.statements();
        }
        assert!(begun.elapsed().as_secs() < 20, "{path} always takes several units of work");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn lists_of_jobs_cost_the_same_however_many_there_are(backend: Backend) {
    let app = TestApp::on(backend).start();
    let root = superuser(&app).await;
    // For a while after a change, roles are read from the store at each request.
    app.clock.advance(200);
    app.no_job_waits().await;
    for count in [3, 300] {
        store_mail_jobs(&app, id_of(&root), count, 3_600);
        for path in ["/admin/jobs", "/admin/jobs?state=waiting&kind=mail&page=2&size=2", "/admin/jobs?state=dead"] {
            assert_eq!(statements(&root, path).await, 2, "{path}");
        }
        assert_eq!(statements(&root, "/admin/jobs/schedules").await, 1);
    }
}
