//! Lists are walked page by page, forth and back, without losing or repeating anything.

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    lists_are_walked_forth_and_back,
    sorting_by_streak_sorts_across_pages,
    sorting_by_streak_sorts_what_is_due_on_a_day_across_pages,
    cursors_survive_what_comes_and_goes,
    entries_are_walked_forth_and_back,
    entries_across_habits_are_walked_forth_and_back,
    tasks_are_walked_forth_and_back_in_every_order,
    sleep_and_moods_are_walked_forth_and_back,
    foreign_cursors_are_refused,
);

/// Walks a list to its end by the links, and back; asserts that both directions show the same. Returns the items'
/// `member`.
async fn walk(client: &Client, first: &str, member: &str, pages: usize) -> Vec<String> {
    let mut answers: Vec<Answer> = vec![client.get(first).await.expect(200)];
    assert!(answers[0].body["prev_cursor"].is_null() && answers[0].link("prev").is_none());
    while let Some(next) = answers.last().unwrap().link("next") {
        let cursor = answers.last().unwrap().body["next_cursor"].as_str().unwrap().to_owned();
        assert!(next.contains(&cursor), "{next}");
        answers.push(client.get(&next).await.expect(200));
        assert!(answers.len() <= pages, "{first} has more than {pages} pages");
    }
    assert_eq!(answers.len(), pages, "{first}");
    assert!(answers.last().unwrap().body["next_cursor"].is_null());
    let mut back = answers.last().unwrap().clone();
    for answer in answers.iter().rev().skip(1) {
        back = client.get(&back.link("prev").unwrap()).await.expect(200);
        assert_eq!(back.body["items"], answer.body["items"]);
    }
    assert_eq!((back.link("prev").is_none(), back.link("next").is_some()), (true, pages > 1));
    answers.iter().flat_map(|answer| answer.each(member)).collect()
}

async fn lists_are_walked_forth_and_back(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let names = ["b", "A", "d", "C", "é", "e", "f"];
    for name in names {
        ada.habit(json!({"name": name})).await;
        ada.theme(name).await;
    }
    assert_eq!(walk(&ada, "/habits?limit=3", "name", 3).await, names);
    assert_eq!(walk(&ada, "/habits?limit=2&sort=name", "name", 4).await, ["A", "b", "C", "d", "e", "é", "f"]);
    assert_eq!(walk(&ada, "/habits?limit=3&sort=-name", "name", 3).await, ["f", "é", "e", "d", "C", "b", "A"]);
    assert_eq!(walk(&ada, "/habits?limit=3&sort=-created_at", "name", 3).await.len(), 7);
    assert_eq!(walk(&ada, "/habits?limit=2&q=e", "name", 1).await, ["é", "e"]);
    assert_eq!(walk(&ada, "/themes?limit=2", "name", 4).await, ["A", "b", "C", "d", "e", "é", "f"]);
    for (note, from) in [("c", "2026-03-05"), ("a", "2026-03-01"), ("b", "2026-03-05"), ("d", "2026-03-09")] {
        ada.post("/me/pauses", json!({"from": from, "note": note})).await.expect(201);
    }
    assert_eq!(walk(&ada, "/me/pauses?limit=1", "note", 4).await, ["a", "c", "b", "d"]);
    assert_eq!(ada.get("/habits?limit=7").await.expect(200).link("next"), None);
}

/// Daily habits with streaks of as many days as they are called.
async fn with_streaks(client: &Client) {
    let days = ["2026-03-11", "2026-03-10", "2026-03-09", "2026-03-08"];
    for (name, streak) in [("one", 1), ("none", 0), ("four", 4), ("two", 2), ("another", 2)] {
        let habit = client.habit(json!({"name": name, "starts_on": "2026-03-01"})).await;
        client.done(&habit, &days[..streak]).await;
    }
}

async fn sorting_by_streak_sorts_across_pages(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    with_streaks(&ada).await;
    let ascending = walk(&ada, "/habits?limit=2&sort=streak", "name", 3).await;
    assert_eq!(ascending, ["none", "one", "two", "another", "four"]);
    let descending = walk(&ada, "/habits?limit=2&sort=-streak", "name", 3).await;
    assert_eq!(descending, ["four", "another", "two", "one", "none"]);
}

async fn sorting_by_streak_sorts_what_is_due_on_a_day_across_pages(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    with_streaks(&ada).await;
    // On Wednesdays, with the longest streak of all: due on the 11th and the 18th, and on none of the days between.
    let weekly = json!({"type": "weekly", "weekdays": ["we"]});
    let habit = ada.habit(json!({"name": "weekly", "starts_on": "2026-01-01", "schedule": weekly})).await;
    let wednesdays = ["2026-01-28", "2026-02-04", "2026-02-11", "2026-02-18", "2026-02-25", "2026-03-04", "2026-03-11"];
    ada.done(&habit, &wednesdays).await;
    let paused = ada.habit(json!({"name": "paused", "starts_on": "2026-03-01"})).await;
    let pause = json!({"from": "2026-03-12", "to": "2026-03-20"});
    ada.post(&format!("/habits/{paused}/pauses"), pause).await.expect(201);
    let due = async |date: &str, sort: &str, pages| {
        walk(&ada, &format!("/habits?limit=2&due_on={date}&sort={sort}"), "name", pages).await
    };
    assert_eq!(due("2026-03-11", "-streak", 4).await, ["weekly", "four", "another", "two", "one", "paused", "none"]);
    assert_eq!(due("2026-03-12", "-streak", 3).await, ["four", "another", "two", "one", "none"]);
    assert_eq!(due("2026-03-18", "streak", 3).await, ["none", "one", "two", "another", "four", "weekly"]);
}

async fn cursors_survive_what_comes_and_goes(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut ids = Vec::new();
    for name in ["b", "c", "d", "e"] {
        ids.push(ada.habit(json!({"name": name})).await);
    }
    let first = ada.get("/habits?limit=2&sort=name").await.expect(200);
    // One comes before the cursor, and the one that the cursor names goes.
    ada.habit(json!({"name": "a"})).await;
    ada.delete(&format!("/habits/{}", ids[1])).await.expect(204);
    let second = ada.get(&first.link("next").unwrap()).await.expect(200);
    assert_eq!((first.each("name"), second.each("name")), (vec!["b".into(), "c".into()], vec!["d".into(), "e".into()]));
}

async fn entries_are_walked_forth_and_back(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    let dates: Vec<String> = (1..=9).map(|day| format!("2026-03-{day:02}")).collect();
    let dates: Vec<&str> = dates.iter().map(String::as_str).collect();
    ada.done(&habit, &dates).await;
    assert_eq!(walk(&ada, &format!("/habits/{habit}/entries?limit=4"), "date", 3).await, dates);
    let range = format!("/habits/{habit}/entries?limit=2&from=2026-03-02&to=2026-03-06");
    assert_eq!(walk(&ada, &range, "date", 3).await, dates[1..6]);
}

async fn entries_across_habits_are_walked_forth_and_back(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let dates = ["2026-03-08", "2026-03-09", "2026-03-10"];
    let mut habits = Vec::new();
    for _ in 0..3 {
        let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
        ada.done(&habit, &dates).await;
        habits.push(habit);
    }
    habits.sort();
    let each: Vec<String> = dates.iter().flat_map(|date| vec![(*date).to_owned(); 3]).collect();
    let ids: Vec<String> = habits.iter().cycle().take(9).cloned().collect();
    for (limit, pages) in [(1, 9), (2, 5), (4, 3), (9, 1)] {
        let list = format!("/entries?limit={limit}");
        assert_eq!(walk(&ada, &list, "date", pages).await, each);
        assert_eq!(walk(&ada, &list, "habit_id", pages).await, ids);
        let (mut back, mut backwards) = (each.clone(), ids.clone());
        back.reverse();
        backwards.reverse();
        assert_eq!(walk(&ada, &format!("{list}&sort=-date"), "date", pages).await, back);
        assert_eq!(walk(&ada, &format!("{list}&sort=-date"), "habit_id", pages).await, backwards);
    }
    let two = format!("/entries?limit=4&from=2026-03-09&habit_id={},{}", habits[0], habits[2]);
    assert_eq!(walk(&ada, &two, "date", 1).await, ["2026-03-09", "2026-03-09", "2026-03-10", "2026-03-10"]);
    let cursor = ada.get("/entries?limit=1").await.expect(200).body["next_cursor"].as_str().unwrap().to_owned();
    ada.get(&format!("/entries?sort=-date&cursor={cursor}")).await.problem(400, "invalid_cursor");
    ada.get(&format!("/habits/{}/entries?cursor={cursor}", habits[0])).await.problem(400, "invalid_cursor");
}

async fn tasks_are_walked_forth_and_back_in_every_order(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for (title, priority, due_on) in [
        ("b", "low", json!("2026-03-12")),
        ("A", "high", Value::Null),
        ("d", "medium", json!("2026-03-10")),
        ("C", "low", Value::Null),
        ("é", "high", json!("2026-03-10")),
        ("e", "medium", json!("2026-04-01")),
    ] {
        ada.task(json!({"title": title, "priority": priority, "due_on": due_on})).await;
    }
    for (query, expected) in [
        // Those without a due day come last, in either direction.
        ("", ["d", "é", "b", "e", "A", "C"]),
        ("&sort=-due_on", ["e", "b", "é", "d", "C", "A"]),
        ("&sort=priority", ["b", "C", "d", "e", "A", "é"]),
        ("&sort=-priority", ["é", "A", "e", "d", "C", "b"]),
        ("&sort=created_at", ["b", "A", "d", "C", "é", "e"]),
        ("&sort=-title", ["é", "e", "d", "C", "b", "A"]),
    ] {
        for (limit, pages) in [(1, 6), (2, 3), (4, 2)] {
            let list = format!("/tasks?limit={limit}{query}");
            assert_eq!(walk(&ada, &list, "title", pages).await, expected, "{list}");
        }
    }
    let filtered = "/tasks?limit=2&status=todo,in_progress&due_from=2026-03-10&due_to=2026-03-31";
    assert_eq!(walk(&ada, filtered, "title", 2).await, ["d", "é", "b"]);
    let first = ada.get("/tasks?limit=1&sort=title").await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    for other in ["", "&sort=-title", "&sort=priority"] {
        ada.get(&format!("/tasks?cursor={cursor}{other}")).await.problem(400, "invalid_cursor");
    }
}

async fn sleep_and_moods_are_walked_forth_and_back(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut dates = Vec::new();
    for day in 1..=9 {
        let date = format!("2026-03-{day:02}");
        ada.sleep(&format!("{date}T00:00:00Z"), &format!("{date}T07:00:00Z")).await;
        // Days have a mood, or moments, or both: each is one item.
        if day % 3 != 0 {
            ada.put(&format!("/moods/{date}"), json!({"value": day})).await.expect(201);
        }
        for hour in 0..day % 4 {
            let at = format!("{date}T{:02}:00:00Z", hour + 8);
            ada.post("/moods", json!({"at": at, "value": 5})).await.expect(201);
        }
        dates.push(date);
    }
    assert_eq!(walk(&ada, "/sleep?limit=4", "date", 3).await, dates);
    assert_eq!(walk(&ada, "/sleep?limit=2&from=2026-03-02&to=2026-03-06", "date", 3).await, dates[1..6]);
    assert_eq!(walk(&ada, "/moods?limit=4", "date", 3).await, dates);
    assert_eq!(walk(&ada, "/moods?limit=2&from=2026-03-02&to=2026-03-06", "date", 3).await, dates[1..6]);
}

async fn foreign_cursors_are_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for name in ["a", "b"] {
        ada.habit(json!({"name": name})).await;
    }
    let page = ada.get("/habits?limit=1&sort=name").await.expect(200);
    let cursor = page.body["next_cursor"].as_str().unwrap();
    for query in
        [format!("cursor={cursor}"), format!("sort=-name&cursor={cursor}"), "cursor=nonsense".into(), "cursor=".into()]
    {
        ada.get(&format!("/habits?{query}")).await.problem(400, "invalid_cursor");
    }
    ada.get(&format!("/themes?cursor={cursor}")).await.problem(400, "invalid_cursor");
    for limit in ["0", "101", "-1"] {
        ada.get(&format!("/habits?limit={limit}")).await.names("/limit");
    }
}
