//! `/webhooks`: what receivers are sent, when again, and where nothing is ever sent.

use std::time::{Duration, Instant};

use circadia_app::Clock as _;
use circadia_domain::webhooks::{MAX_ATTEMPTS, MAX_WEBHOOKS, RETRY_PAUSES};
use circadia_server::SystemClock;
use circadia_tests::{Backend, Builder, Client, Received, Receiver, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

use super::tokens::with_scopes;

scenarios!(
    a_change_is_told_signed,
    only_what_the_filter_names_is_told,
    secrets_are_rotated_with_an_overlap,
    a_failed_delivery_is_tried_again,
    an_endpoint_that_is_gone_is_disabled_with_a_mail,
    a_dead_endpoint_is_disabled_with_a_mail_and_goes_on_when_it_is_enabled,
    deliveries_are_repeated_and_pinged,
    a_redirect_inwards_is_a_failure,
    an_endpoint_that_hangs_holds_nobody_up,
    what_a_killed_server_was_sending_is_sent_once_more_under_the_same_id,
    many_replicas_tell_each_change_once,
    addresses_that_are_not_public_are_refused,
    addresses_are_checked_at_delivery,
    webhooks_are_their_owners_alone,
    a_webhook_is_created_by_who_may_read_everything,
    webhooks_are_limited_and_go_with_the_account,
);

/// An app that may send to loopback.
fn with_loopback(backend: Backend) -> Builder {
    TestApp::on(backend).set("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "true")
}

/// The same at the present time: receivers refuse messages that are older than five minutes.
fn at_present(backend: Backend) -> Builder {
    with_loopback(backend).at(&SystemClock.now().to_string())
}

async fn create(client: &Client, receiver: &Receiver, events: &[&str]) -> Value {
    client.post("/webhooks", json!({"url": receiver.url(), "events": events})).await.expect(201).body
}

fn path(webhook: &Value) -> String {
    format!("/webhooks/{}", webhook["id"].as_str().unwrap())
}

async fn deliveries(client: &Client, webhook: &Value) -> Vec<Value> {
    let list = client.get(&format!("{}/deliveries", path(webhook))).await.expect(200).body;
    list["items"].as_array().unwrap().clone()
}

/// Waits until the newest delivery is as it should be.
async fn until(client: &Client, webhook: &Value, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let newest = deliveries(client, webhook).await.into_iter().next().unwrap_or_default();
        if is_so(&newest) {
            return newest;
        }
        assert!(begun.elapsed() < Duration::from_secs(25), "{what}: {newest}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_change_is_told_signed(backend: Backend) {
    let app = at_present(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[]));
    let before = ada.theme("Before").await;
    let answer = ada.post("/webhooks", json!({"url": receiver.url(), "description": "Board"})).await.expect(201);
    let webhook = answer.body.clone();
    assert_eq!(answer.header("location").unwrap(), format!("/api/v1{}", path(&webhook)));
    let secret = webhook["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    assert_eq!((&webhook["events"], &webhook["enabled"]), (&json!(["*"]), &json!(true)));
    // It is shown once.
    let mut shown = webhook.clone();
    shown.as_object_mut().unwrap().remove("secret");
    let read = ada.get(&path(&webhook)).await.expect(200);
    assert_eq!((&read.body, read.etag()), (&shown, answer.etag()));
    assert_eq!(ada.get("/webhooks").await.expect(200).body["items"], json!([shown]));

    let theme = ada.theme("Health").await;
    let message = receiver.until(1).await.remove(0);
    assert!(message.is_signed_by(secret), "{message:?}");
    assert!(!message.is_signed_by("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    assert_eq!(message.request, "POST /hook?for=circadia HTTP/1.1");
    assert_eq!(message.headers["content-type"], "application/json");
    let content = message.json();
    assert_eq!(content["type"], "theme.changed");
    assert!(content["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!((&content["data"]["key"], &content["data"]["item"]["name"]), (&json!(theme), &json!("Health")));
    assert!(content["data"]["revision"].as_i64().unwrap() > 1);
    let delivery = until(&ada, &webhook, "a delivery", |newest| newest["status"] == "delivered").await;
    assert_eq!(delivery["id"], message.id());
    assert_eq!((&delivery["attempts"], &delivery["response_status"]), (&json!(1), &json!(200)));
    assert_eq!((&delivery["error"], &delivery["next_attempt_at"]), (&Value::Null, &Value::Null));

    // What is deleted is told, too; what was there before the webhook only when it changes.
    ada.delete(&format!("/themes/{theme}")).await.expect(204);
    let message = receiver.until(2).await.remove(1).json();
    assert_eq!((&message["type"], &message["data"]["key"]), (&json!("theme.deleted"), &json!(theme)));
    assert_eq!(message["data"]["item"], Value::Null);
    ada.patch(&format!("/themes/{before}"), json!({"name": "After"})).await.expect(200);
    assert_eq!(receiver.until(3).await[2].json()["data"]["item"]["name"], "After");
    // A deleted webhook is sent nothing.
    ada.delete(&path(&webhook)).await.expect(204);
    ada.theme("Late").await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(receiver.received().len(), 3);
}

async fn only_what_the_filter_names_is_told(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[]));
    let webhook = create(&ada, &receiver, &["entry.changed", "task.deleted"]).await;
    let habit = ada.habit(json!({"name": "Run", "starts_on": "2026-01-01"})).await;
    ada.done(&habit, &["2026-03-10"]).await;
    let task = ada.task(json!({"title": "Call"})).await;
    ada.delete(&format!("/tasks/{task}")).await.expect(204);
    let kinds = |messages: &[Received]| -> Vec<String> {
        let mut kinds: Vec<_> = messages.iter().map(|one| one.json()["type"].as_str().unwrap().to_owned()).collect();
        kinds.sort();
        kinds
    };
    assert_eq!(kinds(&receiver.until(2).await), ["entry.changed", "task.deleted"]);
    let entry = receiver.received().iter().map(Received::json).find(|one| one["type"] == "entry.changed").unwrap();
    assert_eq!(entry["data"]["key"], format!("{habit}/2026-03-10"));
    assert_eq!(
        (&entry["data"]["item"]["date"], &entry["data"]["item"]["state"]),
        (&json!("2026-03-10"), &json!("done"))
    );
    let changed = ada.patch(&path(&webhook), json!({"events": ["theme.changed"]})).await.expect(200).body;
    assert_eq!(changed["events"], json!(["theme.changed"]));
    ada.done(&habit, &["2026-03-09"]).await;
    ada.theme("Health").await;
    assert_eq!(receiver.until(3).await[2].json()["type"], "theme.changed");
    for (events, pointer) in [
        (json!([]), "/events"),
        (json!(["habit"]), "/events/0"),
        (json!(["*", "ping"]), "/events/1"),
        (json!("*"), "/events"),
    ] {
        ada.patch(&path(&webhook), json!({"events": events})).await.names(pointer);
    }
}

async fn secrets_are_rotated_with_an_overlap(backend: Backend) {
    let app = at_present(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[]));
    let webhook = create(&ada, &receiver, &["theme.changed"]).await;
    let (rotate, ping) = (format!("{}/secret", path(&webhook)), format!("{}/ping", path(&webhook)));
    let first = webhook["secret"].as_str().unwrap().to_owned();
    let rotated = ada.post(&rotate, json!({"overlap_seconds": 60})).await.expect(200);
    let second = rotated.body["secret"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert!(rotated.body["previous_secret_until"].is_string());
    ada.call(reqwest::Method::POST, &ping, &Value::Null).await.expect(202);
    let message = receiver.until(1).await.remove(0);
    assert!(message.is_signed_by(&first) && message.is_signed_by(&second), "{message:?}");
    assert_eq!(message.headers["webhook-signature"].to_str().unwrap().split(' ').count(), 2);
    app.clock.advance(61);
    ada.call(reqwest::Method::POST, &ping, &Value::Null).await.expect(202);
    let message = receiver.until(2).await.remove(1);
    assert!(!message.is_signed_by(&first) && message.is_signed_by(&second));
    assert_eq!(ada.get(&path(&webhook)).await.expect(200).body["previous_secret_until"], Value::Null);
    // Without an overlap, the old one ends at once; by default it goes on for a day.
    let third = ada.post(&rotate, json!({"overlap_seconds": 0})).await.expect(200).body;
    ada.call(reqwest::Method::POST, &ping, &Value::Null).await.expect(202);
    let message = receiver.until(3).await.remove(2);
    assert!(!message.is_signed_by(&second) && message.is_signed_by(third["secret"].as_str().unwrap()));
    let fourth = ada.call(reqwest::Method::POST, &rotate, &Value::Null).await.expect(200);
    assert!(fourth.body["previous_secret_until"].is_string());
    ada.post(&rotate, json!({"overlap_seconds": 604_801})).await.names("/overlap_seconds");
    let stale = ada.with_header("If-Match", &rotated.etag());
    stale.post(&rotate, json!({})).await.problem(412, "precondition_failed");
}

async fn a_failed_delivery_is_tried_again(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[500, 503]));
    let webhook = create(&ada, &receiver, &["theme.changed"]).await;
    ada.theme("Health").await;
    let failed = until(&ada, &webhook, "a failure", |newest| newest["attempts"] == 1).await;
    assert_eq!((&failed["status"], &failed["response_status"]), (&json!("waiting"), &json!(500)));
    assert_eq!(failed["error"], "the answer was 500 (Internal Server Error)");
    assert_eq!(failed["next_attempt_at"], "2026-03-11T12:00:05Z");
    assert_eq!(ada.get(&path(&webhook)).await.expect(200).body["failing_since"], "2026-03-11T12:00:00Z");
    app.clock.advance(5);
    let failed = until(&ada, &webhook, "another", |newest| newest["attempts"] == 2).await;
    assert_eq!(failed["next_attempt_at"], "2026-03-11T12:05:05Z");
    app.clock.advance(300);
    let delivered = until(&ada, &webhook, "a delivery", |newest| newest["status"] == "delivered").await;
    assert_eq!((&delivered["attempts"], &delivered["error"]), (&json!(3), &Value::Null));
    let received = receiver.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|one| one.id() == received[0].id() && one.body == received[0].body));
    assert_ne!(received[0].headers["webhook-timestamp"], received[1].headers["webhook-timestamp"]);
    assert_eq!(ada.get(&path(&webhook)).await.expect(200).body["failing_since"], Value::Null);
}

async fn an_endpoint_that_is_gone_is_disabled_with_a_mail(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[410]));
    app.mail().await;
    let webhook = create(&ada, &receiver, &["theme.changed"]).await;
    ada.theme("Health").await;
    until(&ada, &webhook, "a failure", |newest| newest["status"] == "failed").await;
    let read = ada.get(&path(&webhook)).await.expect(200).body;
    assert_eq!((&read["enabled"], &read["disabled_reason"]), (&json!(false), &json!("gone")));
    let mail = app.mail_to("ada@example.org").await;
    assert_eq!(mail.subject, "A webhook was disabled");
    assert!(mail.text.contains("127.0.0.1") && mail.text.contains("410"), "{}", mail.text);
    assert!(!mail.text.contains("/hook"), "paths often hold secrets");
    ada.theme("Work").await;
    ada.call(reqwest::Method::POST, &format!("{}/ping", path(&webhook)), &Value::Null)
        .await
        .problem(409, "webhook_disabled");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(receiver.received().len(), 1);
}

async fn a_dead_endpoint_is_disabled_with_a_mail_and_goes_on_when_it_is_enabled(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[500; 10]));
    app.mail().await;
    let webhook = create(&ada, &receiver, &["theme.changed"]).await;
    ada.theme("Health").await;
    for (attempts, pause) in (1..).zip(RETRY_PAUSES) {
        // Access tokens end on the way.
        let tried =
            format!("SELECT count(*) FROM webhook_deliveries WHERE attempts = {attempts} AND status = 'waiting'");
        app.until("failed attempts", || app.database.number(&tried) == 1).await;
        assert_eq!(app.database.number("SELECT count(*) FROM webhooks WHERE disabled_at IS NULL"), 1);
        app.clock.advance(pause);
    }
    // The session has ended in these three days.
    let ada = app.log_in("ada").await;
    let failed = until(&ada, &webhook, "the last failure", |newest| newest["status"] == "failed").await;
    assert_eq!(failed["attempts"], MAX_ATTEMPTS);
    let read = ada.get(&path(&webhook)).await.expect(200).body;
    assert_eq!((&read["enabled"], &read["disabled_reason"]), (&json!(false), &json!("failing")));
    let mail: Vec<_> = app.mail().await.into_iter().map(|mail| mail.subject).collect();
    assert!(mail.contains(&"A webhook was disabled".to_owned()), "{mail:?}");
    // What changes in the meantime is told when it is enabled again, once.
    let theme = ada.theme("Work").await;
    ada.patch(&format!("/themes/{theme}"), json!({"name": "Play"})).await.expect(200);
    ada.patch(&path(&webhook), json!({"enabled": true})).await.expect(200);
    let received = receiver.until(11).await;
    assert_eq!(received[10].json()["data"]["item"]["name"], "Play");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(receiver.received().len(), 11);
    // By hand.
    let disabled = ada.patch(&path(&webhook), json!({"enabled": false})).await.expect(200).body;
    assert_eq!(disabled["disabled_reason"], "user");
}

async fn deliveries_are_repeated_and_pinged(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[]));
    let webhook = create(&ada, &receiver, &["theme.changed"]).await;
    let post =
        async |rest: String| ada.call(reqwest::Method::POST, &format!("{}/{rest}", path(&webhook)), &Value::Null).await;
    let ping = post("ping".to_owned()).await.expect(202).body;
    assert_eq!((&ping["event"], &ping["status"]), (&json!("ping"), &json!("waiting")));
    assert_eq!(receiver.until(1).await[0].json()["type"], "ping");
    until(&ada, &webhook, "a delivery", |newest| newest["status"] == "delivered").await;
    let id = ping["id"].as_str().unwrap();
    let again = post(format!("deliveries/{id}/replay")).await.expect(202).body;
    assert_eq!((&again["id"], &again["attempts"]), (&ping["id"], &json!(0)));
    let received = receiver.until(2).await;
    assert_eq!((received[0].id(), &received[0].body), (received[1].id(), &received[1].body));
    until(&ada, &webhook, "a delivery", |newest| newest["status"] == "delivered").await;
    receiver.answer(&[500]);
    post("ping".to_owned()).await.expect(202);
    let waiting =
        until(&ada, &webhook, "a failure", |newest| newest["attempts"] == 1 && newest["status"] == "waiting").await;
    post(format!("deliveries/{}/replay", waiting["id"].as_str().unwrap())).await.problem(409, "delivery_waiting");
    post(format!("deliveries/{}/replay", fresh_id())).await.problem(404, "webhook_delivery_not_found");
    let of_status = async |status: &str| {
        let list = ada.get(&format!("{}/deliveries?status={status}&limit=1", path(&webhook))).await.expect(200).body;
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((of_status("delivered").await, of_status("waiting").await, of_status("failed").await), (1, 1, 0));
    ada.get(&format!("{}/deliveries?status=lost", path(&webhook))).await.names("/status");
    // A walk in pages of one.
    let first = ada.get(&format!("{}/deliveries?limit=1", path(&webhook))).await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ada.get(&format!("{}/deliveries?limit=1&cursor={cursor}", path(&webhook))).await.expect(200).body;
    assert_eq!((&first["items"][0]["id"], &second["items"][0]["id"]), (&waiting["id"], &ping["id"]));
    assert!(second["next_cursor"].is_null() && second["prev_cursor"].is_string());
}

async fn a_redirect_inwards_is_a_failure(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[307]));
    let webhook = create(&ada, &receiver, &["theme.changed"]).await;
    ada.theme("Health").await;
    let failed = until(&ada, &webhook, "a failure", |newest| newest["attempts"] == 1).await;
    assert_eq!(failed["response_status"], 307);
    assert!(failed["error"].as_str().unwrap().contains("redirects aren't followed"), "{failed}");
}

async fn an_endpoint_that_hangs_holds_nobody_up(backend: Backend) {
    let app = with_loopback(backend).start();
    let (hangs, answers) = (Receiver::start(&[0; 50]), Receiver::start(&[]));
    let eve = app.user("eve").await;
    for _ in 0..5 {
        create(&eve, &hangs, &["theme.changed"]).await;
    }
    eve.theme("Slow").await;
    hangs.until(5).await;
    let begun = Instant::now();
    let ada = app.user("ada").await;
    create(&ada, &answers, &["theme.changed"]).await;
    ada.theme("Quick").await;
    answers.until(1).await;
    // Mail isn't, either.
    app.mail_to("ada@example.org").await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

async fn what_a_killed_server_was_sending_is_sent_once_more_under_the_same_id(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[0]));
    let webhook = create(&ada, &receiver, &["theme.changed"]).await;
    let next = app.replica().set("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "true");
    ada.theme("Health").await;
    let first = receiver.until(1).await.remove(0);
    // Its runtime ends while it waits for the answer: nothing is noted.
    drop(app);
    let next = next.start();
    let ada = ada.at(&next.anonymous());
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(receiver.received().len(), 1, "the other server has it on lease");
    next.clock.advance(90);
    let delivered = until(&ada, &webhook, "a delivery", |newest| newest["status"] == "delivered").await;
    assert_eq!(delivered["attempts"], 1);
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!((received[1].id(), &received[1].body), (first.id(), &first.body));
}

async fn many_replicas_tell_each_change_once(backend: Backend) {
    let app = with_loopback(backend).start();
    let replicas: Vec<TestApp> =
        (0..2).map(|_| app.replica().set("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "true").start()).collect();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[]));
    create(&ada, &receiver, &["theme.changed"]).await;
    let mut themes = Vec::new();
    for number in 0..30 {
        let at = &replicas[number % 2];
        themes.push(ada.at(&at.anonymous()).theme(&format!("Theme {number}")).await);
    }
    receiver.until(30).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let told: Vec<String> =
        receiver.received().iter().map(|one| one.json()["data"]["key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, themes, "each once, in the order of the commits");
}

/// Where nothing may ever be sent.
pub(super) const FORBIDDEN: [&str; 56] = [
    "https://127.0.0.1/",
    "https://127.0.0.1:8443/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.0.0.1./",
    "https://0/",
    "https://0.0.0.0/",
    "https://%31%32%37.0.0.1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://100.64.0.1/",
    "https://100.100.100.200/",
    "https://192.0.0.192/",
    "https://168.63.129.16/",
    "https://198.18.0.1/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001::1]/",
    "https://[fd00:ec2::254]/",
    "https://[fc00::1]/",
    "https://[fe80::1]/",
    "https://[ff02::1]/",
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://a.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://intranet/",
    "https://example.com:22/",
    "https://example.com:6667/",
    "http://example.com/",
    "https://user:password@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "https://example.com@127.0.0.1/",
];

async fn addresses_that_are_not_public_are_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for url in FORBIDDEN {
        ada.post("/webhooks", json!({"url": url})).await.names("/url");
    }
    assert_eq!(ada.get("/webhooks").await.expect(200).body["items"], json!([]));
    let webhook = ada.post("/webhooks", json!({"url": "https://hooks.example/a"})).await.expect(201).body;
    for url in FORBIDDEN {
        ada.patch(&path(&webhook), json!({"url": url})).await.names("/url");
    }
    assert_eq!(ada.get(&path(&webhook)).await.expect(200).body["url"], "https://hooks.example/a");
    // Even where private targets are allowed, a URL is one of HTTP, without credentials.
    let app = with_loopback(backend).start();
    let ada = app.user("ada").await;
    for url in ["ftp://127.0.0.1/", "https://user@127.0.0.1/", "https://127.0.0.1/#a", "127.0.0.1"] {
        ada.post("/webhooks", json!({"url": url})).await.names("/url");
    }
    // Everything that is wrong, at once.
    let wrong =
        ada.post("/webhooks", json!({"url": "x", "events": ["y"], "description": "", "secret": "whsec_a"})).await;
    for pointer in ["/url", "/events/0", "/description", "/secret"] {
        wrong.clone().names(pointer);
    }
}

/// What was accepted under another configuration isn't sent under a stricter one.
async fn addresses_are_checked_at_delivery(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[]));
    let webhook = create(&ada, &receiver, &["theme.changed"]).await;
    let strict = app.replica();
    drop(app);
    let strict = strict.start();
    let ada = ada.at(&strict.anonymous());
    ada.theme("Health").await;
    let failed = until(&ada, &webhook, "a failure", |newest| newest["attempts"] == 1).await;
    assert!(failed["error"].as_str().unwrap().starts_with("the URL isn't one of the public internet"), "{failed}");
    assert_eq!((failed["response_status"].is_null(), receiver.received().len()), (true, 0));
}

async fn webhooks_are_their_owners_alone(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, eve, receiver) = (app.user("ada").await, app.user("eve").await, Receiver::start(&[]));
    let webhook = create(&ada, &receiver, &["theme.changed"]).await;
    let own = create(&eve, &receiver, &["timer.deleted"]).await;
    let ping = format!("{}/ping", path(&webhook));
    let delivery = ada.call(reqwest::Method::POST, &ping, &Value::Null).await.expect(202).body;
    until(&ada, &webhook, "a delivery", |newest| newest["status"] == "delivered").await;
    let delivery = delivery["id"].as_str().unwrap();
    for (method, rest, body) in [
        (reqwest::Method::GET, String::new(), Value::Null),
        (reqwest::Method::PATCH, String::new(), json!({"enabled": false})),
        (reqwest::Method::PATCH, String::new(), json!({"url": "https://[::1]:1/#x"})),
        (reqwest::Method::DELETE, String::new(), Value::Null),
        (reqwest::Method::POST, "/secret".to_owned(), json!({})),
        (reqwest::Method::POST, "/ping".to_owned(), Value::Null),
        (reqwest::Method::GET, "/deliveries".to_owned(), Value::Null),
        (reqwest::Method::POST, format!("/deliveries/{delivery}/replay"), Value::Null),
    ] {
        let path = format!("{}{rest}", path(&webhook));
        let answer = eve.call(method.clone(), &path, &body).await;
        assert!(answer.status == 404 || answer.status == 422, "{method} {path}: {}", answer.status);
        if answer.status == 422 {
            answer.names("/url");
        } else {
            answer.problem(404, "webhook_not_found");
        }
    }
    let stolen = format!("{}/deliveries/{delivery}/replay", path(&own));
    eve.call(reqwest::Method::POST, &stolen, &Value::Null).await.problem(404, "webhook_delivery_not_found");
    assert_eq!(deliveries(&eve, &own).await, Vec::<Value>::new());
    // What Eve changes isn't told to Ada's receiver.
    eve.theme("Hers").await;
    ada.theme("Own").await;
    receiver.until(2).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].json()["data"]["item"]["name"], "Own");
}

async fn a_webhook_is_created_by_who_may_read_everything(backend: Backend) {
    let app = with_loopback(backend).start();
    let ada = app.user("ada").await;
    let body = json!({"url": "http://127.0.0.1:9/"});
    let (narrow, _) = with_scopes(&ada, &["webhooks:write"]).await;
    narrow.post("/webhooks", body.clone()).await.problem(403, "insufficient_scope");
    narrow.get("/webhooks").await.expect(200);
    let (wide, _) = with_scopes(&ada, &["webhooks:write", "read"]).await;
    let webhook = wide.post("/webhooks", body).await.expect(201).body;
    narrow.patch(&path(&webhook), json!({"events": ["*"]})).await.problem(403, "insufficient_scope");
    let (reading, _) = with_scopes(&ada, &["read"]).await;
    reading.get(&path(&webhook)).await.expect(200);
    reading.delete(&path(&webhook)).await.problem(403, "insufficient_scope");
    narrow.delete(&path(&webhook)).await.expect(204);
}

async fn webhooks_are_limited_and_go_with_the_account(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[0; 20]));
    for _ in 0..MAX_WEBHOOKS {
        create(&ada, &receiver, &["theme.changed"]).await;
    }
    ada.post("/webhooks", json!({"url": receiver.url()})).await.problem(409, "limit_reached");
    ada.theme("Health").await;
    receiver.until(MAX_WEBHOOKS).await;
    // While its deliveries are being sent.
    ada.post("/me/delete", json!({"password": "correct horse battery"})).await.expect(204);
    assert_eq!(app.database.number("SELECT count(*) FROM webhooks"), 0);
    assert_eq!(app.database.number("SELECT count(*) FROM webhook_deliveries"), 0);
}
