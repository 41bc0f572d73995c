//! What holds for every resource: entity tags, preconditions, ids that clients choose.

use circadia_tests::images::{jpeg, picture};
use circadia_tests::{Backend, TestApp, add_passkey, fresh_id, scenarios};
use serde_json::{Value, json};
use uuid::Uuid;

/// A well-formed id of another version than ours.
const RANDOM: &str = "8c7d3f2e-5b1a-4f6d-9e0c-1a2b3c4d5e6f";

scenarios!(
    unchanged_resources_are_not_sent_again,
    writes_on_what_was_changed_meanwhile_are_refused,
    every_kind_of_resource_honours_if_match,
    the_same_request_again_answers_like_the_first_time,
    ids_are_checked,
    parameters_that_are_not_known_are_refused_everywhere,
);

async fn unchanged_resources_are_not_sent_again(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-10"]).await;
    let path = format!("/habits/{habit}");
    let views = [
        path.clone(),
        format!("{path}/entries/2026-03-10"),
        "/me".into(),
        "/habits".into(),
        "/habits/today".into(),
        "/home".into(),
        format!("{path}/streak"),
        format!("{path}/entries"),
        format!("{path}/stats"),
    ];
    let mut tags = Vec::new();
    for view in &views {
        let tag = ada.get(view).await.expect(200).etag();
        assert_eq!(ada.get(view).await.expect(200).etag(), tag, "{view}");
        for header in
            [tag.clone(), format!("\"other\", {tag}"), "*".into(), format!("W/{}", tag.trim_start_matches("W/"))]
        {
            let same = ada.with_header("if-none-match", &header).get(view).await.expect(304);
            assert_eq!((same.bytes.len(), same.etag()), (0, tag.clone()), "{view}");
        }
        ada.with_header("if-none-match", "\"other\"").get(view).await.expect(200);
        ada.with_header("if-none-match", "nonsense").get(view).await.names("/if-none-match");
        tags.push(tag);
    }
    app.clock.advance(1);
    ada.patch(&path, json!({"name": "Other"})).await.expect(200);
    ada.patch("/me", json!({"locale": "de"})).await.expect(200);
    ada.done(&habit, &["2026-03-11"]).await;
    for (view, tag) in views.iter().zip(tags).filter(|(view, _)| !view.ends_with("2026-03-10")) {
        let answer = ada.with_header("if-none-match", &tag).get(view).await.expect(200);
        assert_ne!(answer.etag(), tag, "{view}");
    }
}

async fn writes_on_what_was_changed_meanwhile_are_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({})).await;
    let path = format!("/habits/{habit}");
    let old = ada.get(&path).await.expect(200).etag();
    let new = ada.with_header("if-match", &old).patch(&path, json!({"name": "First"})).await.expect(200).etag();
    assert_ne!(new, old);
    let stale = ada.with_header("if-match", &old);
    stale.patch(&path, json!({"name": "Second"})).await.problem(412, "precondition_failed");
    stale.delete(&path).await.problem(412, "precondition_failed");
    ada.with_header("if-match", "nonsense").patch(&path, json!({})).await.names("/if-match");
    assert_eq!(ada.get(&path).await.expect(200).body["name"], "First");
    ada.with_header("if-match", "*").patch(&path, json!({"name": "Third"})).await.expect(200);
    let tags = format!("{old}, {}", ada.get(&path).await.expect(200).etag());
    ada.with_header("if-match", &tags).delete(&path).await.expect(204);
}

async fn every_kind_of_resource_honours_if_match(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-10"]).await;
    let theme = ada.theme("Health").await;
    let pause = ada.post(&format!("/habits/{habit}/pauses"), json!({"from": "2026-03-02"})).await.expect(201);
    let pause = pause.body["id"].as_str().unwrap();
    let shared = ada.post("/me/pauses", json!({"from": "2026-03-03"})).await.expect(201);
    let shared = shared.header("location").unwrap().to_owned();
    let task = ada.task(json!({})).await;
    let spent = ada.post("/time-entries", json!({"minutes": 5})).await.expect(201);
    let spent = spent.header("location").unwrap();
    let stale = ada.with_header("if-match", "\"0.0\"");
    let entry = format!("/habits/{habit}/entries/2026-03-10");
    let plan = json!({"schedule": {"type": "daily"}, "effective_from": "2026-03-02"});
    let sleep = ada.sleep("2026-03-09T23:00:00Z", "2026-03-10T07:00:00Z").await;
    let sleep = format!("/sleep/{}", sleep["id"].as_str().unwrap());
    let mood = "/moods/2026-03-10";
    ada.put(mood, json!({"value": 5})).await.expect(201);
    let moment = ada.post("/moods", json!({"at": "2026-03-10T12:00:00Z", "value": 5})).await.expect(201);
    let moment = moment.header("location").unwrap().to_owned();
    let passkey = format!("/me/passkeys/{}", add_passkey(&ada).await.1["id"].as_str().unwrap());
    let webhook =
        ada.post("/webhooks", json!({"url": "https://hooks.example/", "events": ["timer.deleted"]})).await.expect(201);
    let webhook = format!("/webhooks/{}", webhook.body["id"].as_str().unwrap());
    let subscription = ada.post("/me/push-subscriptions", super::catalogue::push_subscription()).await.expect(201);
    let subscription = format!("/me/push-subscriptions/{}", subscription.body["id"].as_str().unwrap());
    let before = app.contents().await;
    for answer in [
        stale.delete(&subscription).await,
        stale.patch(&webhook, json!({"description": "x"})).await,
        stale.post(&format!("{webhook}/secret"), json!({})).await,
        stale.delete(&webhook).await,
        stale.patch(&passkey, json!({"name": "x"})).await,
        stale.post(&format!("{passkey}/remove"), json!({})).await,
        stale.patch(&sleep, json!({"quality": 1})).await,
        stale.delete(&sleep).await,
        stale.put(mood, json!({"value": 1})).await,
        stale.put("/moods/2026-03-09", json!({"value": 1})).await,
        stale.delete(mood).await,
        stale.patch(&moment, json!({"value": 1})).await,
        stale.delete(&moment).await,
        stale.patch("/me", json!({"locale": "de"})).await,
        stale.put_avatar(&jpeg(&picture(8, 8))).await,
        stale.delete("/me/avatar").await,
        stale.post("/me/username", json!({"username": "grace"})).await,
        stale.patch(&format!("/themes/{theme}"), json!({"name": "x"})).await,
        stale.delete(&format!("/themes/{theme}")).await,
        stale.put(&entry, json!({"state": "missed"})).await,
        stale.patch(&entry, json!({"note": "x"})).await,
        stale.delete(&entry).await,
        stale.put(&format!("/habits/{habit}/plan"), plan).await,
        stale.patch(&format!("/habits/{habit}/pauses/{pause}"), json!({"to": null})).await,
        stale.delete(&format!("/habits/{habit}/pauses/{pause}")).await,
        stale.patch(&shared, json!({"to": null})).await,
        stale.delete(&shared).await,
        stale.post(&format!("/habits/{habit}/archive"), Value::Null).await,
        stale.post(&format!("/habits/{habit}/restore"), Value::Null).await,
        stale.patch(&format!("/tasks/{task}"), json!({"title": "x"})).await,
        stale.post(&format!("/tasks/{task}/transition"), json!({"to": "done"})).await,
        stale.delete(&format!("/tasks/{task}")).await,
        stale.patch(spent, json!({"minutes": 6})).await,
        stale.delete(spent).await,
    ] {
        answer.problem(412, "precondition_failed");
    }
    assert_eq!(app.contents().await, before);
    let fresh = ada.with_header("if-match", &ada.get(&entry).await.expect(200).etag());
    fresh.put(&entry, json!({"state": "missed"})).await.expect(200);
    fresh.put(&entry, json!({"state": "done"})).await.problem(412, "precondition_failed");
}

async fn the_same_request_again_answers_like_the_first_time(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for (list, body, other) in [
        ("/themes", json!({"name": "Health"}), json!({"name": "Wealth"})),
        ("/time-entries", json!({"minutes": 5}), json!({"minutes": 6})),
        ("/me/pauses", json!({"from": "2026-03-01"}), json!({"from": "2026-03-01", "note": "Holiday"})),
        ("/tasks", json!({"title": "Call"}), json!({"title": "Call", "priority": "low"})),
        (
            "/habits",
            json!({"name": "Run", "schedule": {"type": "daily"}}),
            json!({"name": "Run", "schedule": {"type": "daily", "every": 2}}),
        ),
        (
            "/sleep",
            json!({"start": "2026-03-09T23:00:00Z", "end": "2026-03-10T07:00:00Z"}),
            json!({"start": "2026-03-09T23:00:00Z", "end": "2026-03-10T07:00:01Z"}),
        ),
    ] {
        let id = fresh_id();
        let with_id = |mut body: Value| {
            body["id"] = json!(id);
            body
        };
        let first = ada.post(list, with_id(body.clone())).await.expect(201);
        assert_eq!(first.body["id"], id.as_str());
        let again = ada.post(list, with_id(body.clone())).await.expect(201);
        assert_eq!(
            (&again.body, again.header("location"), again.etag()),
            (&first.body, first.header("location"), first.etag())
        );
        assert_eq!(ada.get(list).await.expect(200).each("id"), [id.as_str()]);
        ada.post(list, with_id(other)).await.problem(409, "id_taken");
        ada.delete(&format!("{list}/{id}")).await.expect(204);
        ada.post(list, with_id(body)).await.problem(409, "id_taken");
        assert_eq!(ada.get(list).await.expect(200).body["items"], json!([]));
    }
}

async fn ids_are_checked(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for id in [RANDOM.replace('-', ""), format!("{{{RANDOM}}}"), format!("urn:uuid:{RANDOM}"), "7".to_owned()] {
        ada.post("/themes", json!({"id": id, "name": "Health"})).await.names("/id");
    }
    // Of any version: many libraries make random ones.
    for id in [fresh_id(), Uuid::max().to_string()] {
        let made = ada.post("/themes", json!({"id": id, "name": id[..20]})).await.expect(201);
        assert_eq!(made.body["id"], id);
    }
    // Ids are case-insensitive.
    let id = fresh_id();
    ada.post("/themes", json!({"id": id, "name": "Health"})).await.expect(201);
    ada.get(&format!("/themes/{}", id.to_uppercase())).await.expect(200);
    ada.get(&format!("/themes/{RANDOM}")).await.problem(404, "theme_not_found");
}

async fn parameters_that_are_not_known_are_refused_everywhere(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({})).await;
    let before = app.contents().await;
    for path in
        ["/me", "/timer", "/themes", "/habits/today", &format!("/habits/{habit}"), &format!("/habits/{habit}/plans")]
    {
        ada.get(&format!("{path}?dry_run=true")).await.names("/dry_run");
    }
    ada.patch("/me?dry_run=true", json!({"timezone": "Europe/Berlin"})).await.names("/dry_run");
    ada.delete(&format!("/habits/{habit}?dry_run=true")).await.names("/dry_run");
    assert_eq!(app.contents().await, before);
    app.anonymous().get("/me?dry_run=true").await.expect(401);
}
