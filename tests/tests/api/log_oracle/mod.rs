//! Random accounts (zones, changes of clocks, day starts, nights in pieces, naps, gaps, logs made elsewhere, edits,
//! timers), whose statistics are compared, figure by figure, with a slow reading of the definitions.
//!
//! `CIRCADIA_TEST_ORACLE_ACCOUNTS` says how many accounts there are, instead of [`circadia_tests::oracle::ACCOUNTS`];
//! `CIRCADIA_TEST_ORACLE_FROM` says the number of the first one, instead of 0.

#![expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "figures are small")]

mod naive;

use chrono::{DateTime, Datelike as _, Duration, NaiveDate};
use chrono_tz::Tz;
use circadia_tests::oracle::{Dice, accounts, agree};
use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

use naive::{Log, Minute, Person, Place, Spent, utc};

scenarios!(statistics_of_random_accounts_are_those_of_the_definitions);

/// After clocks changed in Europe, America and Australia.
const NOW: &str = "2026-11-12T12:00:00Z";
const DAYS: i64 = 50;

fn minute(text: &str) -> Minute {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp() / 60
}

fn zone(name: &str) -> Place {
    Place::Named(name.parse::<Tz>().unwrap())
}

/// An instant as a phone at a place writes it.
fn written(place: Place, at: Minute) -> String {
    let offset = Place::Offset(place.ahead(at)).name();
    format!("{}:00{offset}", place.clock(at).format("%Y-%m-%dT%H:%M"))
}

/// Where the server takes it to be that is written at an offset alone.
fn taken(person: &Person, offset: i64, at: Minute) -> Place {
    if person.home.ahead(at) == offset { person.home } else { Place::Offset(offset) }
}

/// Where something at `at` is logged, and how that is said: by name, by the offset, or not at all.
fn whereabouts(dice: &mut Dice, person: &Person, at: Minute) -> (Place, Option<String>, bool) {
    match dice.roll(8) {
        0 => {
            let place = dice.pick(&[zone("Asia/Tokyo"), zone("America/New_York"), Place::Offset(345)]);
            (place, Some(place.name()), dice.one_in(2))
        }
        1 => (taken(person, 330, at), None, true),
        2 => (taken(person, -480, at), None, true),
        3 | 4 => (person.home, None, true),
        _ => (person.home, None, false),
    }
}

/// How an offset is written where only that is known, of a place that [`whereabouts`] named.
fn as_sent(place: Place, at: Minute, with_offset: bool) -> String {
    if with_offset { written(place, at) } else { utc(at) }
}

async fn person(dice: &mut Dice, client: &Client, home: Place) -> Person {
    let weekdays = ["mo", "tu", "we", "th", "fr", "sa", "su"];
    let (day_start, week_start) = (dice.pick(&[0, 0, 240, 330]), dice.pick(&[0, 5, 6]));
    let free_days = dice.pick(&[vec![5, 6], vec![4, 5], vec![6], vec![]]);
    let goal = 420 + dice.roll(100);
    let names: Vec<&str> = free_days.iter().map(|day: &i64| weekdays[usize::try_from(*day).unwrap()]).collect();
    let settings = json!({
        "day_start": format!("{:02}:{:02}", day_start / 60, day_start % 60),
        "week_start": weekdays[usize::try_from(week_start).unwrap()],
        "free_days": names,
        "sleep_goal_minutes": goal,
        "allow_overlapping_time": true,
    });
    client.patch("/me", settings).await.expect(200);
    let today = (home.clock(minute(NOW)) - Duration::minutes(day_start)).date();
    Person { home, day_start, week_start, free_days, goal, today }
}

async fn sleep(dice: &mut Dice, client: &Client, person: &Person) -> Vec<Log> {
    let now = minute(NOW);
    let mut logs: Vec<Log> = Vec::new();
    let mut free_from = 0;
    for day in 0..DAYS {
        let midnight = now - (DAYS - day) * 1_440;
        if dice.one_in(8) {
            continue;
        }
        let (place, named, with_offset) = whereabouts(dice, person, midnight);
        // Midnight in the place, more or less.
        let mut at = (midnight - 720 - place.ahead(midnight) + dice.roll(480) - 240).max(free_from);
        let mut parts: Vec<(Minute, Minute, bool)> = Vec::new();
        for _ in 0..dice.pick(&[1, 1, 1, 2, 2, 3]) {
            let end = at + 45 + dice.roll(400);
            parts.push((at, end, true));
            let gap = dice.pick(&[0, 5, 50, 179, 180, 181, 200, 240]);
            if gap > 60 && dice.one_in(4) {
                parts.push((end + 10, end + 10 + 5 + dice.roll(40), false));
            }
            at = end + gap;
        }
        if dice.one_in(3) {
            let start = at + 300 + dice.roll(300);
            parts.push((start, start + 5 + dice.roll(90), false));
        }
        for (start, end, main) in parts {
            if end > now {
                break;
            }
            let quality = (!dice.one_in(3)).then(|| 1 + dice.roll(5));
            let awake_seconds = (!dice.one_in(3)).then(|| dice.roll((end - start).min(40) * 60));
            let sent = |at| as_sent(place, at, with_offset);
            // What was only an offset then may be the user's zone at another time, or the other way round.
            let place = match (&named, place) {
                (None, Place::Offset(offset)) => taken(person, offset, end),
                _ => place,
            };
            let log = json!({
                "start": sent(start), "end": sent(end), "kind": if main { "main" } else { "nap" },
                "quality": quality, "awake_seconds": awake_seconds, "timezone": named,
            });
            let made = client.post("/sleep", log).await.expect(201).body;
            let id = made["id"].as_str().unwrap().to_owned();
            assert_eq!((&made["date"], &made["timezone"]), (&json!(place.date(end).to_string()), &json!(place.name())));
            logs.push(Log { id, start, end, place, main, quality, awake_seconds });
            free_from = end;
        }
    }
    logs
}

/// What an answer wrote: its entry, and those of the days after.
fn ids(written: &Value) -> Vec<String> {
    let rest = written["continued"].as_array().cloned().unwrap_or_default();
    std::iter::once(written).chain(&rest).map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

fn spent(person: &Person, place: Place, from: Minute, to: Minute, habit: Option<usize>, ids: &[String]) -> Vec<Spent> {
    let days = naive::days_of(person, place, from, to);
    assert_eq!(days.len(), ids.len(), "{days:?}");
    let entry =
        |((date, minutes), id): ((NaiveDate, i64), &String)| Spent { id: id.clone(), date, minutes, habit, place };
    days.into_iter().zip(ids).map(entry).collect()
}

async fn time(dice: &mut Dice, client: &Client, person: &Person, habits: &[String]) -> Vec<Spent> {
    let now = minute(NOW);
    let mut entries: Vec<Spent> = Vec::new();
    for _ in 0..30 {
        let habit = dice.pick(&[None, Some(0), Some(1)]);
        let habit_id = habit.map(|habit: usize| habits[habit].clone());
        let length = 5 + dice.roll(700);
        let from = now - length - dice.roll(29 * 1_440);
        let to = from + length;
        let (place, named, with_offset) = whereabouts(dice, person, from);
        let sent = |at| as_sent(place, at, with_offset);
        match dice.roll(4) {
            0 => {
                let date = person.today - Duration::days(dice.roll(DAYS));
                let body = json!({"date": date.to_string(), "minutes": length, "habit_id": habit_id});
                let made = client.post("/time-entries", body).await.expect(201).body;
                let id = made["id"].as_str().unwrap().to_owned();
                entries.push(Spent { id, date, minutes: length, habit, place: person.home });
            }
            1 => {
                let start = json!({"started_at": sent(from), "habit_id": habit_id, "timezone": named});
                client.post("/timer/start", start).await.expect(201);
                let stopped = client.post("/timer/stop", json!({"ended_at": utc(to)})).await.expect(201);
                entries.extend(spent(person, place, from, to, habit, &stopped.each("id")));
            }
            _ => {
                let body = json!({
                    "started_at": sent(from), "ended_at": sent(to), "habit_id": habit_id, "timezone": named,
                });
                let made = client.post("/time-entries", body).await.expect(201).body;
                let mut own = spent(person, place, from, to, habit, &ids(&made));
                if dice.one_in(2) {
                    // Edited at home: what was its first day's part now ends, or begins, elsewhere.
                    let first = own.remove(0);
                    let end = minute(made["ended_at"].as_str().unwrap());
                    let (from, to) = dice.pick(&[
                        (from, (from + 5 + length / 2).min(now)),
                        (from - 90, end),
                        (from - 2_000, end - 2_000),
                    ]);
                    let change = json!({"started_at": written(person.home, from), "ended_at": utc(to)});
                    let changed = client.patch(&format!("/time-entries/{}", first.id), change).await.expect(200).body;
                    let written = ids(&changed);
                    // A later day's part that was there already stays what it is.
                    own.retain(|entry| !written.contains(&entry.id));
                    own.extend(spent(person, place, from, to, habit, &written));
                }
                entries.extend(own);
            }
        }
        if dice.one_in(6) && !entries.is_empty() {
            let gone = entries.swap_remove(usize::try_from(dice.roll(i64::try_from(entries.len()).unwrap())).unwrap());
            client.delete(&format!("/time-entries/{}", gone.id)).await.expect(204);
        }
    }
    let listed = client.get("/time-entries?limit=100").await.expect(200).body["items"].clone();
    for entry in listed.as_array().unwrap() {
        assert!(entries.iter().any(|known| entry["id"] == json!(known.id)), "who made {entry}?");
    }
    for (index, entry) in entries.iter().enumerate() {
        let twice = entries.iter().take(index).find(|known| known.id == entry.id);
        assert!(twice.is_none(), "{entry:?} is {twice:?}");
    }
    assert_eq!(listed.as_array().unwrap().len(), entries.len().min(100));
    entries
}

async fn compare_sleep(client: &Client, person: &Person, logs: &[Log], (from, to): (NaiveDate, NaiveDate)) {
    let get = async |path: &str| (path.to_owned(), client.get(path).await.expect(200).body);
    let (path, stats) = get(&format!("/sleep/stats?from={from}&to={to}")).await;
    agree(&path, &stats, &naive::sleep_stats(logs, person, from, to));
    let (path, day) = get(&format!("/sleep/views/day?date={from}")).await;
    agree(&path, &day, &naive::sleep_day(logs, from));
    for block in day["hours"].as_array().unwrap() {
        let start = minute(block["start"].as_str().unwrap());
        let asleep = naive::asleep_between(logs, start, start + block["minutes"].as_i64().unwrap());
        assert_eq!(block["asleep_minutes"], asleep, "{path}: {block}");
        assert_eq!(person.home.date(start), from, "{path}: {block}");
    }
    let (first, last) = naive::week_of(person, to);
    let (path, week) = get(&format!("/sleep/views/week?date={to}")).await;
    agree(&path, &week, &naive::sleep_period(logs, person, first, last));
    let first = from.with_day(1).unwrap();
    let last = first.iter_days().take_while(|date| date.month() == first.month()).last().unwrap();
    let (path, month) = get(&format!("/sleep/views/month?date={from}")).await;
    agree(&path, &month, &naive::sleep_period(logs, person, first, last));
}

async fn compare_time(
    client: &Client,
    person: &Person,
    habits: &[String],
    entries: &[Spent],
    (from, to): (NaiveDate, NaiveDate),
) {
    let get = async |path: String| {
        let body = client.get(&path).await.expect(200).body;
        (path, body)
    };
    let sums = async |by: &str| get(format!("/time-entries/summary?from={from}&to={to}&group_by={by}")).await;
    let (path, days) = sums("day").await;
    agree(&path, &days, &naive::time_by(entries, from, to, |date| date));
    let (path, weeks) = sums("week").await;
    agree(&path, &weeks, &naive::time_by(entries, from, to, |date| naive::week_of(person, date).0));
    let (path, months) = sums("month").await;
    agree(&path, &months, &naive::time_by(entries, from, to, |date| date.with_day(1).unwrap()));
    let (_, by_habit) = sums("habit").await;
    for (habit, id) in habits.iter().enumerate() {
        let found = by_habit["items"].as_array().unwrap().iter().find(|item| item["habit_id"] == json!(id));
        let minutes = found.map_or(0, |item| item["minutes"].as_i64().unwrap());
        let expected: i64 = from
            .iter_days()
            .take_while(|date| *date <= to)
            .map(|date| naive::minutes_of(entries, Some(habit), date))
            .sum();
        assert_eq!(minutes, expected, "of habit {habit} in {from} to {to}");
        let (path, week) = get(format!("/habits/{id}/time/weekly?on={to}")).await;
        agree(&path, &week, &naive::habit_week(entries, person, habit, to));
        // What flowed into the habit, which measures minutes.
        let answer = client.get(&format!("/habits/{id}/entries/{to}")).await;
        let tracked =
            if answer.status == 404 { 0 } else { answer.expect(200).body["tracked_minutes"].as_i64().unwrap() };
        assert_eq!(tracked, naive::minutes_of(entries, Some(habit), to), "of habit {habit} on {to}");
    }
    for entry in entries.iter().take(10) {
        let (path, found) = get(format!("/time-entries/{}", entry.id)).await;
        let expected = json!({
            "date": entry.date.to_string(), "minutes": entry.minutes, "timezone": entry.place.name(),
        });
        agree(&path, &found, &expected);
    }
}

async fn statistics_of_random_accounts_are_those_of_the_definitions(backend: Backend) {
    let app = TestApp::on(backend).at(NOW).start();
    let zones = [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Pacific/Kiritimati",
        "UTC",
        "Europe/London",
        "Pacific/Honolulu",
        "America/St_Johns",
    ];
    for account in accounts() {
        eprintln!("account {account}");
        let mut dice = Dice(account);
        let name = zones[usize::try_from(account).unwrap() % zones.len()];
        let client = app.user_in(&format!("account-{account}"), name).await;
        let person = person(&mut dice, &client, zone(name)).await;
        let kind = json!({"type": "minutes", "target": 30});
        let mut habits = Vec::new();
        for name in ["Read", "Run"] {
            habits.push(client.habit(json!({"name": name, "kind": kind, "starts_on": "2026-09-01"})).await);
        }
        let logs = sleep(&mut dice, &client, &person).await;
        let entries = time(&mut dice, &client, &person, &habits).await;
        for _ in 0..4 {
            let to = person.today - Duration::days(dice.roll(35));
            let range = (to - Duration::days(dice.pick(&[0, 1, 6, 13, 29])), to);
            compare_sleep(&client, &person, &logs, range).await;
            compare_time(&client, &person, &habits, &entries, range).await;
            let path = format!("/stats/overview?from={}&to={}", range.0, range.1);
            let overview = client.get(&path).await.expect(200).body;
            agree(&path, &overview["sleep"], &naive::sleep_overview(&logs, range.0, range.1));
            agree(&path, &overview["time"], &naive::time_overview(&entries, range.0, range.1));
        }
    }
}
