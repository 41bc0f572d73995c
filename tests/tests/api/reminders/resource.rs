//! `/habits/{habit_id}/reminders`, `/tasks/{task_id}/reminders`, `/sleep/reminders`.

use circadia_tests::{Backend, Client, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

use super::super::tokens::with_scopes;
use super::remind;

scenarios!(
    a_reminder_of_a_habit_is_made_changed_and_deleted,
    tasks_and_bedtime_have_reminders_of_their_own_kind,
    the_same_request_makes_one_reminder,
    what_is_wrong_is_named_with_what_is_allowed,
    a_reminder_is_known_where_it_belongs_and_to_its_owner,
    tokens_need_the_scope_of_what_is_reminded_of,
    reminders_are_limited,
    reminders_go_with_what_they_are_of,
);

async fn a_reminder_of_a_habit_is_made_changed_and_deleted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({})).await;
    let list = format!("/habits/{habit}/reminders");
    let made = ada.post(&list, json!({"time": "08:00"})).await.expect(201);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("{list}/{id}");
    assert_eq!(made.header("location").unwrap(), format!("/api/v1{path}"));
    let expected = json!({
        "id": id, "about": "habit", "habit_id": habit, "task_id": null, "time": "08:00",
        "weekdays": ["mo", "tu", "we", "th", "fr", "sa", "su"], "days_before": null, "wake_time": null,
        "minutes_before": null, "channels": ["email", "webhook", "push"], "enabled": true,
        "created_at": "2026-03-11T12:00:00Z", "updated_at": "2026-03-11T12:00:00Z",
    });
    assert_eq!(made.body, expected);
    app.clock.advance(60);
    let second = remind(&ada, &habit, json!({"time": "21:15", "weekdays": ["su", "mo"], "channels": []})).await;
    assert_eq!((&second["weekdays"], &second["channels"]), (&json!(["mo", "su"]), &json!([])));
    assert_eq!(ada.get(&list).await.expect(200).items(), [expected, second]);

    let change = json!({"time": "09:30", "channels": ["push", "email"], "weekdays": ["fr"], "enabled": false});
    let changed = ada.with_header("If-Match", &made.etag()).patch(&path, change).await.expect(200);
    assert_eq!((&changed.body["time"], &changed.body["weekdays"]), (&json!("09:30"), &json!(["fr"])));
    assert_eq!((&changed.body["channels"], &changed.body["enabled"]), (&json!(["email", "push"]), &json!(false)));
    assert_eq!(changed.body["updated_at"], "2026-03-11T12:01:00Z");
    let stale = ada.with_header("If-Match", &made.etag());
    stale.patch(&path, json!({"time": "10:00"})).await.problem(412, "precondition_failed");
    stale.delete(&path).await.problem(412, "precondition_failed");
    // What is absent stays.
    let same = ada.patch(&path, json!({"enabled": true})).await.expect(200).body;
    assert_eq!((&same["time"], &same["enabled"]), (&json!("09:30"), &json!(true)));
    ada.delete(&path).await.expect(204);
    ada.delete(&path).await.problem(404, "reminder_not_found");
    ada.patch(&path, json!({})).await.problem(404, "reminder_not_found");
    assert_eq!(ada.get(&list).await.expect(200).items().len(), 1);
}

async fn tasks_and_bedtime_have_reminders_of_their_own_kind(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let task = ada.task(json!({"due_on": "2026-03-20"})).await;
    let of_task = format!("/tasks/{task}/reminders");
    let made = ada.post(&of_task, json!({"time": "09:00"})).await.expect(201);
    assert_eq!((&made.body["about"], &made.body["task_id"]), (&json!("task"), &json!(task)));
    assert_eq!((&made.body["days_before"], &made.body["weekdays"]), (&json!(0), &Value::Null));
    let path = format!("{of_task}/{}", made.body["id"].as_str().unwrap());
    assert_eq!(made.header("location").unwrap(), format!("/api/v1{path}"));
    let changed = ada.patch(&path, json!({"days_before": 365})).await.expect(200).body;
    assert_eq!((&changed["days_before"], &changed["time"]), (&json!(365), &json!("09:00")));
    assert_eq!(ada.get(&of_task).await.expect(200).items(), [changed]);

    let made = ada.post("/sleep/reminders", json!({"wake_time": "07:00"})).await.expect(201);
    assert_eq!((&made.body["about"], &made.body["wake_time"]), (&json!("bedtime"), &json!("07:00")));
    assert_eq!((&made.body["minutes_before"], &made.body["time"]), (&json!(30), &Value::Null));
    assert_eq!((&made.body["habit_id"], &made.body["task_id"]), (&Value::Null, &Value::Null));
    let path = format!("/sleep/reminders/{}", made.body["id"].as_str().unwrap());
    assert_eq!(made.header("location").unwrap(), format!("/api/v1{path}"));
    let change = json!({"minutes_before": 0, "wake_time": "06:30", "weekdays": ["mo"]});
    let changed = ada.patch(&path, change).await.expect(200).body;
    assert_eq!((&changed["minutes_before"], &changed["wake_time"]), (&json!(0), &json!("06:30")));
    assert_eq!(ada.get("/sleep/reminders").await.expect(200).items(), [changed]);
    ada.delete(&path).await.expect(204);
    assert_eq!(ada.get("/sleep/reminders").await.expect(200).items(), Vec::<Value>::new());
}

async fn the_same_request_makes_one_reminder(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (habit, other) = (ada.habit(json!({})).await, ada.habit(json!({})).await);
    let (list, id) = (format!("/habits/{habit}/reminders"), fresh_id());
    let body = json!({"id": id, "time": "08:00"});
    let made = ada.post(&list, body.clone()).await.expect(201);
    let again = ada.post(&list, body.clone()).await.expect(201);
    assert_eq!((&made.body, made.etag()), (&again.body, again.etag()));
    assert_eq!(ada.get(&list).await.expect(200).items().len(), 1);
    ada.post(&list, json!({"id": id, "time": "09:00"})).await.problem(409, "id_taken");
    // The same body, but of another habit or another kind.
    ada.post(&format!("/habits/{other}/reminders"), body.clone()).await.problem(409, "id_taken");
    let task = ada.task(json!({})).await;
    ada.post(&format!("/tasks/{task}/reminders"), body.clone()).await.problem(409, "id_taken");
    ada.delete(&format!("{list}/{id}")).await.expect(204);
    ada.post(&list, body.clone()).await.problem(409, "id_taken");
    // An id is unique per user.
    let eve = app.user("eve").await;
    let hers = eve.habit(json!({})).await;
    eve.post(&format!("/habits/{hers}/reminders"), body).await.expect(201);
}

async fn what_is_wrong_is_named_with_what_is_allowed(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (habit, task) = (ada.habit(json!({})).await, ada.task(json!({})).await);
    let lists =
        [format!("/habits/{habit}/reminders"), format!("/tasks/{task}/reminders"), "/sleep/reminders".to_owned()];
    let [habits, tasks, bedtime] = &lists;
    for (path, body, pointer, code, detail) in [
        (habits, json!({}), "/time", "required", "is required"),
        (habits, json!({"time": "24:00"}), "/time", "invalid_time", "is not a time of day such as"),
        (habits, json!({"time": "08:00", "weekdays": []}), "/weekdays", "required", "must name at least one day"),
        (
            habits,
            json!({"time": "08:00", "weekdays": ["mo", "mo"]}),
            "/weekdays",
            "duplicate",
            "must not name a day twice",
        ),
        (habits, json!({"time": "08:00", "weekdays": ["Mo"]}), "/weekdays/0", "unknown_value", "must be `mo`, `tu`"),
        (habits, json!({"time": "08:00", "channels": ["sms"]}), "/channels/0", "unknown_value", "`email`"),
        (
            habits,
            json!({"time": "08:00", "channels": ["push", "push"]}),
            "/channels",
            "duplicate",
            "must not name a channel twice",
        ),
        (habits, json!({"time": "08:00", "enabled": "yes"}), "/enabled", "wrong_type", "must be a boolean"),
        (
            habits,
            json!({"time": "08:00", "days_before": 1}),
            "/days_before",
            "unknown_field",
            "known are: id, time, weekdays",
        ),
        (
            tasks,
            json!({"time": "08:00", "days_before": 366}),
            "/days_before",
            "out_of_range",
            "must be between 0 and 365",
        ),
        (
            tasks,
            json!({"time": "08:00", "days_before": -1}),
            "/days_before",
            "out_of_range",
            "must be between 0 and 365",
        ),
        (tasks, json!({"time": "08:00", "weekdays": ["mo"]}), "/weekdays", "unknown_field", "is not known"),
        (bedtime, json!({}), "/wake_time", "required", "is required"),
        (bedtime, json!({"wake_time": "07:00", "time": "08:00"}), "/time", "unknown_field", "is not known"),
        (
            bedtime,
            json!({"wake_time": "07:00", "minutes_before": 241}),
            "/minutes_before",
            "out_of_range",
            "must be between 0 and 240",
        ),
        (bedtime, json!({"wake_time": "07:00", "weekdays": []}), "/weekdays", "required", "must name at least one day"),
    ] {
        let refused = ada.post(path, body.clone()).await.problem(422, "validation_failed");
        let errors = refused.body["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{body}: {errors:?}");
        assert_eq!((&errors[0]["pointer"], &errors[0]["code"]), (&json!(pointer), &json!(code)), "{body}");
        assert!(errors[0]["detail"].as_str().unwrap().contains(detail), "{body}: {errors:?}");
    }
    // Everything at once, and nothing was made.
    let wrong =
        ada.post(bedtime, json!({"wake_time": 7, "minutes_before": 999, "channels": "all", "sound": "gong"})).await;
    for pointer in ["/wake_time", "/minutes_before", "/channels", "/sound"] {
        wrong.clone().names(pointer);
    }
    for list in &lists {
        assert_eq!(ada.get(list).await.expect(200).items(), Vec::<Value>::new());
    }
    let made = remind(&ada, &habit, json!({"time": "08:00"})).await;
    let path = format!("{habits}/{}", made["id"].as_str().unwrap());
    ada.patch(&path, json!({"weekdays": []})).await.names("/weekdays");
    ada.patch(&path, json!({"time": null})).await.names("/time");
    ada.patch(&path, json!({"habit_id": habit})).await.names("/habit_id");
    assert_eq!(ada.get(habits).await.expect(200).items(), [made]);
}

async fn a_reminder_is_known_where_it_belongs_and_to_its_owner(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (habit, other, task) = (ada.habit(json!({})).await, ada.habit(json!({})).await, ada.task(json!({})).await);
    let made = remind(&ada, &habit, json!({"time": "08:00"})).await;
    let id = made["id"].as_str().unwrap();
    let hers = eve.habit(json!({})).await;
    let wrong = [
        (&ada, format!("/habits/{other}/reminders/{id}")),
        (&ada, format!("/habits/{}/reminders/{id}", fresh_id())),
        (&ada, format!("/tasks/{task}/reminders/{id}")),
        (&ada, format!("/sleep/reminders/{id}")),
        (&eve, format!("/habits/{habit}/reminders/{id}")),
        (&eve, format!("/habits/{hers}/reminders/{id}")),
        (&eve, format!("/sleep/reminders/{id}")),
    ];
    for (client, path) in wrong {
        client.patch(&path, json!({"enabled": false})).await.problem(404, "reminder_not_found");
        client.delete(&path).await.problem(404, "reminder_not_found");
    }
    for unknown in [fresh_id(), habit.clone()] {
        let list = format!("/habits/{unknown}/reminders");
        eve.get(&list).await.problem(404, "habit_not_found");
        eve.post(&list, json!({"time": "08:00"})).await.problem(404, "habit_not_found");
        let list = format!("/tasks/{unknown}/reminders");
        eve.get(&list).await.problem(404, "task_not_found");
        eve.post(&list, json!({"time": "08:00"})).await.problem(404, "task_not_found");
    }
    eve.get("/reminders/upcoming").await.expect(200);
    assert_eq!(ada.get(&format!("/habits/{habit}/reminders")).await.expect(200).items(), [made]);
}

async fn tokens_need_the_scope_of_what_is_reminded_of(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (habit, task) = (ada.habit(json!({})).await, ada.task(json!({})).await);
    let lists = [
        ("habits", format!("/habits/{habit}/reminders"), json!({"time": "08:00"})),
        ("tasks", format!("/tasks/{task}/reminders"), json!({"time": "08:00"})),
        ("sleep", "/sleep/reminders".to_owned(), json!({"wake_time": "08:00"})),
    ];
    for (area, ..) in &lists {
        let (reading, writing) = (format!("{area}:read"), format!("{area}:write"));
        let reading = with_scopes(&ada, &[reading.as_str()]).await.0;
        let writing = with_scopes(&ada, &[writing.as_str()]).await.0;
        for (other, list, body) in &lists {
            let is_let_in = other == area;
            let status = |good: u16| if is_let_in { good } else { 403 };
            reading.get(list).await.expect(status(200));
            reading.post(list, body.clone()).await.problem(403, "insufficient_scope");
            let made = writing.post(list, body.clone()).await.expect(status(201));
            if is_let_in {
                let path = format!("{list}/{}", made.body["id"].as_str().unwrap());
                reading.patch(&path, json!({"enabled": false})).await.problem(403, "insufficient_scope");
                reading.delete(&path).await.problem(403, "insufficient_scope");
                writing.patch(&path, json!({"enabled": false})).await.expect(200);
                writing.delete(&path).await.expect(204);
            }
        }
        reading.get("/reminders/upcoming").await.problem(403, "insufficient_scope");
    }
    let (all, _) = with_scopes(&ada, &["habits:read", "tasks:read", "sleep:read"]).await;
    all.get("/reminders/upcoming").await.expect(200);
}

async fn reminders_are_limited(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({})).await;
    let list = format!("/habits/{habit}/reminders");
    for minute in 0..20 {
        ada.post(&list, json!({"time": format!("08:{minute:02}")})).await.expect(201);
    }
    let refused = ada.post(&list, json!({"time": "09:00"})).await.problem(409, "limit_reached");
    assert!(refused.body["detail"].as_str().unwrap().contains("20"), "{}", refused.body);
    let other = ada.habit(json!({})).await;
    remind(&ada, &other, json!({"time": "09:00"})).await;
    assert_eq!(ada.get(&list).await.expect(200).items().len(), 20);
}

fn counted(app: &TestApp) -> i64 {
    app.database.number("SELECT count(*) FROM reminders")
}

async fn reminders_go_with_what_they_are_of(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve): (Client, Client) = (app.user("ada").await, app.user("eve").await);
    let (habit, task) = (ada.habit(json!({})).await, ada.task(json!({"due_on": "2026-03-20"})).await);
    remind(&ada, &habit, json!({"time": "08:00"})).await;
    ada.post(&format!("/tasks/{task}/reminders"), json!({"time": "08:00"})).await.expect(201);
    ada.post("/sleep/reminders", json!({"wake_time": "08:00"})).await.expect(201);
    let hers = eve.habit(json!({})).await;
    remind(&eve, &hers, json!({"time": "08:00"})).await;
    assert_eq!(counted(&app), 4);
    ada.delete(&format!("/habits/{habit}")).await.expect(204);
    assert_eq!(counted(&app), 3);
    ada.delete(&format!("/tasks/{task}")).await.expect(204);
    assert_eq!(counted(&app), 2);
    ada.post("/me/delete", json!({"password": "correct horse battery"})).await.expect(204);
    assert_eq!(counted(&app), 1);
}
