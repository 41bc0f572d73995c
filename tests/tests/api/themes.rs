//! `/themes`.

use circadia_tests::{Backend, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

scenarios!(
    themes_are_made_read_changed_and_deleted,
    names_are_unique_whatever_their_case,
    themes_without_a_colour_are_told_apart,
    colours_are_unique_among_the_themes_of_a_user,
    themes_count_their_habits_and_leave_them_behind,
);

async fn themes_are_made_read_changed_and_deleted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let made = ada.post("/themes", json!({"name": "Health", "color": "#1e90ff"})).await.expect(201);
    let path = made.header("location").unwrap().to_owned();
    assert_eq!((&made.body["name"], &made.body["color"]), (&json!("Health"), &json!("#1E90FF")));
    assert_eq!(ada.get(&path).await.expect(200).body, made.body);
    let changed = ada.patch(&path, json!({"name": "Wealth"})).await.expect(200).body;
    assert_eq!((&changed["name"], &changed["color"]), (&json!("Wealth"), &json!("#1E90FF")));
    assert_eq!(ada.get("/themes").await.expect(200).body["items"], json!([changed]));
    ada.delete(&path).await.expect(204);
    ada.get(&path).await.problem(404, "theme_not_found");
    assert_eq!(ada.get("/themes").await.expect(200).body["items"], json!([]));
}

async fn names_are_unique_whatever_their_case(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    ada.theme("José").await;
    let other = ada.theme("Jose").await;
    ada.post("/themes", json!({"name": "JOSÉ"})).await.problem(409, "theme_name_taken");
    ada.patch(&format!("/themes/{other}"), json!({"name": "josé"})).await.problem(409, "theme_name_taken");
    ada.patch(&format!("/themes/{other}"), json!({"name": "JOSE"})).await.expect(200);
    eve.theme("José").await;
}

async fn themes_without_a_colour_are_told_apart(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for number in 0..80 {
        ada.theme(&format!("Theme {number}")).await;
    }
    let mut colors = ada.get("/themes").await.expect(200).each("color");
    colors.sort();
    colors.dedup();
    assert_eq!(colors.len(), 80, "{colors:?}");
}

async fn colours_are_unique_among_the_themes_of_a_user(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let blue = json!({"id": fresh_id(), "name": "Health", "color": "#1E90FF"});
    ada.post("/themes", blue.clone()).await.expect(201);
    // Repeated, it isn't another theme.
    ada.post("/themes", blue.clone()).await.expect(201);
    ada.post("/themes", json!({"name": "Work", "color": "#1e90ff"})).await.problem(409, "theme_color_taken");
    let green = ada.post("/themes", json!({"name": "Work", "color": "#1E90FE"})).await.expect(201).body;
    let path = format!("/themes/{}", green["id"].as_str().unwrap());
    ada.patch(&path, json!({"color": "#1e90ff"})).await.problem(409, "theme_color_taken");
    ada.patch(&path, json!({"color": "#1E90FE", "name": "Play"})).await.expect(200);
    ada.patch(&path, json!({"color": "#102030"})).await.expect(200);
    ada.post("/themes", json!({"name": "Mind", "color": "#1E90FE"})).await.expect(201);
    eve.post("/themes", json!({"name": "Health", "color": "#1E90FF"})).await.expect(201);
}

async fn themes_count_their_habits_and_leave_them_behind(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let theme = ada.theme("Health").await;
    let habit = ada.habit(json!({"theme_id": theme})).await;
    let archived = ada.habit(json!({"theme_id": theme})).await;
    ada.post(&format!("/habits/{archived}/archive"), Value::Null).await.expect(200);
    ada.habit(json!({})).await;
    let path = format!("/themes/{theme}");
    assert_eq!(ada.get(&path).await.expect(200).body["counts"]["habits"], 2);
    assert_eq!(ada.get("/themes").await.expect(200).body["items"][0]["counts"]["habits"], 2);
    ada.delete(&path).await.expect(204);
    for id in [habit, archived] {
        assert_eq!(ada.get(&format!("/habits/{id}")).await.expect(200).body["theme_id"], Value::Null);
    }
}
