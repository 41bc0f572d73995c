//! Random accounts (all schedules and kinds, zones, day starts, pauses, archives, ends, changes of plans at one time and
//! another), whose habits are compared, figure by figure, with a slow reading of the definitions.
//!
//! `CIRCADIA_TEST_ORACLE_ACCOUNTS` says how many accounts there are, instead of [`circadia_tests::oracle::ACCOUNTS`];
//! `CIRCADIA_TEST_ORACLE_FROM` says the number of the first one, instead of 0.

mod naive;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Duration};
use chrono_tz::Tz;
use circadia_tests::oracle::{Dice, accounts, agree};
use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

use naive::{Day, Habit, Kind, Outcome, Per, Plan, Schedule, State, Streak, WEEKDAYS, day, plus, ratio, six, weekday};

scenarios!(habits_of_random_accounts_are_those_of_the_definitions);

/// When something is done with the habits: the last one is the present.
const PHASES: [&str; 5] = [
    "2025-06-11T12:00:00Z",
    "2025-08-15T09:30:00Z",
    "2025-11-03T21:15:00Z",
    "2026-01-20T02:10:00Z",
    "2026-03-10T17:45:00Z",
];
const HABITS: usize = 5;

struct Account {
    name: String,
    dice: Dice,
    zone: Tz,
    /// Minutes after midnight.
    day_start: i64,
    week_start: i64,
    themes: Vec<String>,
    habits: Vec<Habit>,
    /// Up to when entries were made.
    recorded: Day,
}

impl Account {
    fn today(&self, instant: &str) -> Day {
        let at = DateTime::parse_from_rfc3339(instant).unwrap().with_timezone(&self.zone).naive_local();
        (at - Duration::minutes(self.day_start)).date()
    }

    fn schedule(&mut self) -> Schedule {
        let dice = &mut self.dice;
        let every = dice.pick(&[1, 1, 1, 2, 3]);
        match dice.roll(14) {
            0 | 1 => Schedule::Daily(1),
            2 => Schedule::Daily(2 + dice.roll(6)),
            3 | 4 => Schedule::Weekly(dice.pick(&[vec![0, 2, 4], vec![6], vec![1, 3], vec![0, 1, 2, 3, 4]]), every),
            5 => Schedule::DaysOfMonth(dice.pick(&[vec![1, 15, 31], vec![-1], vec![5, -2]]), every, dice.one_in(2)),
            6 => Schedule::WeekdaysOfMonth(dice.pick(&[vec![(-1, 4)], vec![(1, 0), (3, 0)], vec![(5, 2)]]), every),
            7 => Schedule::DatesOfYear(vec![(2, 29), (3, 1), (7, 14), (12, 24)], dice.one_in(2)),
            8 => Schedule::Cycle(1 + dice.roll(4), dice.roll(4)),
            9 => Schedule::Times(u64::try_from(1 + dice.roll(7)).unwrap(), Per::Week),
            10 => match dice.roll(3) {
                0 => Schedule::Times(u64::try_from(1 + dice.roll(7)).unwrap(), Per::Week),
                1 => Schedule::Times(u64::try_from(1 + dice.roll(20)).unwrap(), Per::Month),
                _ => Schedule::Times(u64::try_from(10 + dice.roll(150)).unwrap(), Per::Year),
            },
            11 | 12 => {
                let most = dice.pick(&[6, 6, 30]);
                let days = 2 + dice.roll(most);
                Schedule::Rolling(u64::try_from(1 + dice.roll(days)).unwrap(), u64::try_from(days).unwrap())
            }
            _ => {
                let per = dice.pick(&[Per::Week, Per::Week, Per::Month]);
                Schedule::Amount(u64::try_from(5 + dice.roll(200)).unwrap(), per)
            }
        }
    }

    fn kind(&mut self) -> Kind {
        let dice = &mut self.dice;
        match dice.roll(7) {
            0..=2 => Kind::Check,
            3 => Kind::Count(8, false),
            4 => Kind::Count(3, true),
            5 => Kind::Minutes(30, false),
            _ => Kind::Minutes(0, true),
        }
    }

    /// A schedule and a kind that go together.
    fn plan(&mut self) -> (Schedule, Kind) {
        let (schedule, kind) = (self.schedule(), self.kind());
        match (&schedule, kind) {
            (Schedule::Amount(..), Kind::Check) => (schedule, Kind::Minutes(30, false)),
            _ => (schedule, kind),
        }
    }

    async fn make_habits(&mut self, client: &Client, today: Day) {
        for number in 0..HABITS {
            let (schedule, kind) = self.plan();
            let starts = plus(today, -self.dice.roll(90));
            let theme = self.dice.pick(&[None, Some(0), Some(1)]);
            let made = json!({
                "name": format!("Habit {number}"), "schedule": schedule.json(), "kind": kind.json(),
                "starts_on": starts, "theme_id": theme.map(|theme| &self.themes[theme]),
            });
            let plan = Plan { from: starts, anchor: starts, week_start: self.week_start, schedule, kind };
            self.habits.push(Habit {
                id: client.habit(made).await,
                theme,
                starts,
                ends: None,
                plans: vec![plan],
                pauses: Vec::new(),
                archives: Vec::new(),
                entries: BTreeMap::new(),
                settled: BTreeSet::new(),
                today,
            });
        }
    }

    /// Changes habits, as people do.
    async fn change(&mut self, client: &Client, today: Day) {
        for index in 0..self.habits.len() {
            self.habits[index].today = today;
            let path = format!("/habits/{}", self.habits[index].id);
            match self.dice.roll(7) {
                0 => self.put_plan(client, index, today).await,
                1 => self.edit(client, index, today).await,
                2 | 3 => {
                    let from = plus(today, -self.dice.roll(60) + 10);
                    let to = (!self.dice.one_in(6)).then(|| plus(from, self.dice.roll(30)));
                    client.post(&format!("{path}/pauses"), json!({"from": from, "to": to})).await.expect(201);
                    self.habits[index].pauses.push((from, to));
                }
                4 | 5 => {
                    let habit = &mut self.habits[index];
                    let is_over = habit.ends.is_some_and(|ends| ends < today);
                    if let Some((_, until @ None)) = habit.archives.last_mut() {
                        *until = Some(today);
                        client.post(&format!("{path}/restore"), Value::Null).await.expect(if is_over {
                            409
                        } else {
                            200
                        });
                        if is_over {
                            *habit.archives.last_mut().unwrap() = (habit.archives.last().unwrap().0, None);
                        }
                    } else {
                        habit.archives.push((today, None));
                        client.post(&format!("{path}/archive"), Value::Null).await.expect(200);
                    }
                }
                _ => {
                    let ends = (!self.dice.one_in(3)).then(|| plus(today, self.dice.roll(120) - 20));
                    let habit = &mut self.habits[index];
                    let ends = ends.map(|ends| ends.max(habit.starts));
                    client.patch(&path, json!({"ends_on": ends})).await.expect(200);
                    // A habit that had ended and is brought back was archived in between.
                    if let Some(ended) =
                        habit.ends.filter(|ended| *ended < today && ends.is_none_or(|ends| ends > *ended))
                    {
                        habit.archives.insert(0, (plus(ended, 1), Some(today)));
                    }
                    habit.ends = ends;
                }
            }
        }
        if self.dice.one_in(2) {
            self.pause_all(client, today).await;
        }
    }

    /// Pauses all habits but one.
    async fn pause_all(&mut self, client: &Client, today: Day) {
        let from = plus(today, -self.dice.roll(40));
        let to = plus(from, self.dice.roll(12));
        let ids: Vec<String> = self.habits.iter().map(|habit| habit.id.clone()).collect();
        let left_out = self.dice.pick(&ids);
        client.post("/me/pauses", json!({"from": from, "to": to, "except_habits": [left_out]})).await.expect(201);
        for habit in self.habits.iter_mut().filter(|habit| habit.id != left_out) {
            habit.pauses.push((from, Some(to)));
        }
    }

    async fn put_plan(&mut self, client: &Client, index: usize, today: Day) {
        let (schedule, kind) = self.plan();
        let from = plus(today, self.dice.roll(50) - 40).max(self.habits[index].starts);
        let body = json!({"schedule": schedule.json(), "kind": kind.json(), "effective_from": from});
        let habit = &mut self.habits[index];
        client.put(&format!("/habits/{}/plan", habit.id), body).await.expect(200);
        habit.plans.retain(|plan| plan.from != from);
        habit.plans.push(Plan { from, anchor: from, week_start: self.week_start, schedule, kind });
        habit.plans.sort_by_key(|plan| plan.from);
    }

    /// Another schedule from today on, sometimes taken back at once.
    async fn edit(&mut self, client: &Client, index: usize, today: Day) {
        let schedule = self.schedule();
        let is_taken_back = self.dice.one_in(2);
        let habit = &mut self.habits[index];
        let present = habit.plan(today.max(habit.starts)).clone();
        let is_amount = matches!(schedule, Schedule::Amount(..));
        if is_amount && present.kind == Kind::Check || schedule == present.schedule || present.from == today {
            return;
        }
        let path = format!("/habits/{}", habit.id);
        client.patch(&path, json!({"schedule": schedule.json()})).await.expect(200);
        if is_taken_back {
            client.patch(&path, json!({"schedule": present.schedule.json()})).await.expect(200);
            return;
        }
        let kind = present.kind;
        habit.plans.push(Plan { from: today, anchor: today, week_start: self.week_start, schedule, kind });
        habit.plans.sort_by_key(|plan| plan.from);
    }

    /// Records what was done since the last time.
    async fn record(&mut self, client: &Client, today: Day) {
        let mut items = Vec::new();
        for habit in &mut self.habits {
            let keeps = self.dice.pick(&[2, 4, 9]);
            let mut date = self.recorded.max(habit.starts);
            while date <= today && habit.ends.is_none_or(|ends| date <= ends) {
                if !self.dice.one_in(keeps) {
                    let kind = habit.plan(date).kind;
                    let (state, value) = done_on(&mut self.dice, kind);
                    let settles = kind.is_limit() && state == State::Done && self.dice.one_in(2);
                    if settles {
                        habit.settled.insert(date);
                    }
                    let named = match state {
                        State::Done if settles => Some("done"),
                        State::Skipped => Some("skipped"),
                        State::Missed if value.is_none() => Some("missed"),
                        State::Done if value.is_none() => Some("done"),
                        State::Done | State::Missed => None,
                    };
                    items.push(json!({"habit_id": habit.id, "date": date, "state": named, "value": value}));
                    habit.entries.insert(date, (state, value));
                }
                date = plus(date, 1);
            }
        }
        self.recorded = plus(today, 1);
        for items in items.chunks(1_000) {
            let items: Vec<Value> = items.iter().map(without_nulls).collect();
            let answer = client.post("/entries/batch", json!({"items": items, "atomic": true})).await.expect(200).body;
            assert_eq!(answer["refused"], 0, "{answer}");
        }
    }
}

fn without_nulls(item: &Value) -> Value {
    let mut item = item.as_object().unwrap().clone();
    item.retain(|_, value| !value.is_null());
    Value::Object(item)
}

fn done_on(dice: &mut Dice, kind: Kind) -> (State, Option<u64>) {
    let what = dice.roll(12);
    let Some(target) = kind.target() else {
        return match what {
            0 | 1 => (State::Skipped, None),
            2 => (State::Missed, None),
            _ => (State::Done, None),
        };
    };
    let value = match what {
        0..=4 => u64::try_from(dice.roll(50)).unwrap(),
        _ if kind.is_limit() => u64::try_from(dice.roll(4)).unwrap().min(target),
        _ => target + u64::try_from(dice.roll(5)).unwrap(),
    };
    match what {
        0 => (State::Skipped, None),
        1 => (State::Missed, None),
        _ if (value <= target) == kind.is_limit() || value == target => (State::Done, Some(value)),
        _ => (State::Missed, Some(value)),
    }
}

fn streak_json(streak: &Streak) -> Value {
    json!({"length": streak.length, "unit": streak.unit, "from": streak.from, "to": streak.to})
}

fn count(outcomes: &[Outcome], of: impl Fn(&Outcome) -> bool) -> u64 {
    u64::try_from(outcomes.iter().filter(|outcome| of(outcome)).count()).unwrap()
}

fn tally(outcomes: &[Outcome], of: impl Fn(&Outcome) -> bool) -> (u64, u64) {
    (count(outcomes, |outcome| of(outcome) && outcome.done), count(outcomes, of))
}

fn due_and_done((done, due): (u64, u64)) -> Value {
    json!({"due": due, "done": done})
}

/// Days of each weekday from the first of the week on: (weekday, done, due).
fn by_weekday(days: &[(Day, bool)], week_start: i64) -> Vec<(&'static str, u64, u64)> {
    let on = |of: i64| days.iter().filter(move |(date, _)| weekday(*date) == of);
    let number = |count: usize| u64::try_from(count).unwrap();
    (week_start..week_start + 7)
        .map(|of| of % 7)
        .map(|of| {
            let done = on(of).filter(|(_, done)| *done).count();
            (WEEKDAYS[usize::try_from(of).unwrap()], number(done), number(on(of).count()))
        })
        .collect()
}

async fn compare_habit(client: &Client, habit: &Habit, week_start: i64) {
    let get = async |part: &str| {
        let path = format!("/habits/{}/{part}", habit.id);
        (path.clone(), client.get(&path).await.expect(200).body)
    };
    let today = habit.today;
    eprintln!("{} to {:?} as of {today}: {:?}", habit.starts, habit.ends, habit.plans);
    eprintln!("pauses {:?}, archives {:?}", habit.pauses, habit.archives);
    eprintln!("entries {:?}, settled {:?}", habit.entries, habit.settled);
    let (all, current) = habit.streaks();
    let unit = habit.unit(today.clamp(habit.starts, habit.ends.unwrap_or(today).max(habit.starts)));
    let longest = all.iter().filter(|streak| streak.unit == unit).map(|streak| streak.length).max().unwrap_or(0);
    let mut best: Vec<&Streak> = all.iter().rev().collect();
    best.sort_by_key(|streak| std::cmp::Reverse(streak.length));
    let best: Vec<Value> = best.into_iter().take(10).map(streak_json).collect();
    let (path, streak) = get("streak").await;
    let expected = json!({
        "current": current.map_or(0, |run| run.length), "longest": longest, "unit": unit,
        "current_from": current.map(|run| run.from), "current_to": current.map(|run| run.to), "best": best,
    });
    agree(&path, &streak, &expected);

    let from = plus(today, -400).max(habit.starts);
    let (path, scores) = get(&format!("score?from={from}&to={today}")).await;
    let expected: Vec<Value> = habit
        .scores()
        .into_iter()
        .filter(|(date, _)| from <= *date)
        .map(|(date, score)| json!({"date": date, "score": six(score)}))
        .collect();
    agree(&path, &scores["items"], &json!(expected));

    for year in [2025, 2026] {
        let (path, calendar) = get(&format!("calendar?year={year}")).await;
        for found in calendar["days"].as_array().unwrap() {
            let date = day(found["date"].as_str().unwrap());
            assert_eq!(found["state"], habit.state(date), "{path}: {date}");
        }
    }

    let (path, stats) = get("stats").await;
    let outcomes = habit.outcomes(habit.starts, today);
    let states: Vec<(Day, &str)> = (0..=(today - habit.starts).num_days())
        .map(|past| plus(habit.starts, past))
        .map(|date| (date, habit.state(date)))
        .collect();
    let of = |wanted: &str| states.iter().filter(|(_, state)| *state == wanted).count();
    let whole = tally(&outcomes, |_| true);
    let weekdays: Vec<Value> = by_weekday(&habit.counted_days(habit.starts, today), week_start)
        .into_iter()
        .map(|(weekday, done, due)| json!({"weekday": weekday, "done": done, "due": due, "rate": ratio(done, due)}))
        .collect();
    let mut months: Vec<String> = outcomes.iter().map(|outcome| outcome.date.format("%Y-%m").to_string()).collect();
    months.sort();
    months.dedup();
    let months: Vec<Value> = months
        .iter()
        .map(|month| {
            let (done, due) = tally(&outcomes, |outcome| outcome.date.format("%Y-%m").to_string() == *month);
            json!({"month": month, "done": done, "due": due, "rate": ratio(done, due)})
        })
        .collect();
    let expected = json!({
        "totals": {
            "done": of("done") + of("bonus"), "bonus": of("bonus"),
            "due": whole.1, "missed": whole.1 - whole.0,
            "days": due_and_done(tally(&outcomes, |outcome| !outcome.is_period)),
            "periods": due_and_done(tally(&outcomes, |outcome| outcome.is_period)),
        },
        "completion_rate": ratio(whole.0, whole.1),
        "by_weekday": weekdays,
        "by_month": months,
        "progress": habit.progress(),
    });
    agree(&path, &stats, &expected);
}

/// Whether a habit is archived as of its today.
fn is_put_away(habit: &Habit) -> bool {
    habit.archives.iter().any(|(_, until)| until.is_none()) || habit.ends.is_some_and(|ends| ends < habit.today)
}

async fn compare_today(client: &Client, account: &Account, today: Day) {
    let found = client.get("/habits/today").await.expect(200).body;
    let mut expected = Vec::new();
    for habit in &account.habits {
        let in_window = habit.starts <= today && habit.ends.is_none_or(|ends| today <= ends);
        let asked = habit.is_asked(today);
        if in_window && (!habit.archived(today) || asked) {
            let score = habit.scores().last().map_or(0.0, |(_, score)| *score);
            let current = habit.streaks().1.map_or(0, |run| run.length);
            expected.push(json!({
                "habit": {"id": habit.id}, "due": asked, "state": habit.state(today), "score": six(score),
                "value": habit.value(today), "streak": {"current": current, "unit": habit.unit(today)},
            }));
        }
    }
    agree("/habits/today", &found["items"], &json!(expected));
}

async fn compare_overview(client: &Client, account: &Account, from: Day, to: Day) {
    let path = format!("/stats/overview?from={from}&to={to}");
    let found = client.get(&path).await.expect(200).body["habits"].clone();
    let mut outcomes = Vec::new();
    let mut days = Vec::new();
    let mut themes: BTreeMap<usize, (u64, Vec<Outcome>)> = BTreeMap::new();
    for habit in &account.habits {
        let own = habit.outcomes(from, to);
        days.extend(habit.counted_days(from, to));
        let theme = themes.entry(habit.theme.unwrap_or(usize::MAX)).or_default();
        theme.0 += 1;
        theme.1.extend(&own);
        outcomes.extend(own);
    }
    let whole = tally(&outcomes, |_| true);
    let by_theme: Vec<Value> = themes
        .values()
        .map(|(habits, outcomes)| {
            let (done, due) = tally(outcomes, |_| true);
            json!({"habits": habits, "due": due, "done": done, "rate": ratio(done, due)})
        })
        .collect();
    let weekdays = by_weekday(&days, account.week_start);
    let mut running: Vec<(&Habit, Streak)> = account
        .habits
        .iter()
        .filter(|habit| !is_put_away(habit))
        .filter_map(|habit| Some((habit, habit.streaks().1?)))
        .collect();
    running.sort_by_key(|(_, streak)| std::cmp::Reverse(streak.to - streak.from));
    let running: Vec<Value> = running
        .into_iter()
        .take(5)
        .map(|(habit, streak)| {
            let mut body = streak_json(&streak);
            body["habit_id"] = json!(habit.id);
            body
        })
        .collect();
    let away = account.habits.iter().filter(|habit| is_put_away(habit)).count();
    let expected = json!({
        "active": account.habits.len() - away, "archived": away,
        "due": whole.1, "done": whole.0, "completion_rate": ratio(whole.0, whole.1),
        "days": due_and_done(tally(&outcomes, |outcome| !outcome.is_period)),
        "periods": due_and_done(tally(&outcomes, |outcome| outcome.is_period)),
        "by_theme": by_theme,
        "top_streaks": running,
        "by_weekday": {
            "labels": weekdays.iter().map(|(name, ..)| *name).collect::<Vec<_>>(),
            "datasets": [
                {"key": "due", "data": weekdays.iter().map(|(_, _, due)| *due).collect::<Vec<_>>()},
                {"key": "done", "data": weekdays.iter().map(|(_, done, _)| *done).collect::<Vec<_>>()},
                {"key": "rate", "data": weekdays.iter().map(|(_, done, due)| ratio(*done, *due)).collect::<Vec<_>>()},
            ],
        },
    });
    agree(&path, &found, &expected);
}

/// The week around a day: its cells, and which habits have a row.
async fn compare_week(client: &Client, account: &Account, date: Day) {
    let path = format!("/habits/views/week?date={date}");
    let found = client.get(&path).await.expect(200).body;
    let first = plus(date, -(weekday(date) - account.week_start).rem_euclid(7));
    let mut rows = Vec::new();
    for habit in &account.habits {
        let days: Vec<Day> = (0..7).map(|past| plus(first, past)).collect();
        let states: Vec<&str> = days.iter().map(|date| habit.state(*date)).collect();
        let kept = days.iter().zip(&states).any(|(date, state)| {
            habit.starts <= *date
                && habit.ends.is_none_or(|ends| *date <= ends)
                && (!habit.archived(*date) || *state == "done")
        });
        if kept {
            let cells: Vec<Value> = states
                .iter()
                .map(|state| {
                    let shown = if *state == "bonus" { "done" } else { state };
                    json!({"state": shown})
                })
                .collect();
            rows.push(json!({"habit": {"id": habit.id}, "cells": cells}));
        }
    }
    agree(&path, &found["items"], &json!(rows));
}

async fn habits_of_random_accounts_are_those_of_the_definitions(backend: Backend) {
    let app = TestApp::on(backend).at(PHASES[0]).start();
    let zones = ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "UTC", "Pacific/Honolulu", "Asia/Kolkata"];
    let mut all = Vec::new();
    for number in accounts() {
        let mut dice = Dice(number + 1_000);
        let zone = zones[usize::try_from(number).unwrap() % zones.len()];
        let name = format!("account-{number}");
        let client = app.user_in(&name, zone).await;
        let (day_start, week_start) = (dice.pick(&[0, 0, 240]), dice.pick(&[0, 0, 6, 5]));
        let settings = json!({
            "day_start": format!("{:02}:00", day_start / 60), "week_start": WEEKDAYS[usize::try_from(week_start).unwrap()],
        });
        client.patch("/me", settings).await.expect(200);
        let mut themes = Vec::new();
        for theme in ["A", "B"] {
            themes.push(
                client.post("/themes", json!({"name": theme})).await.expect(201).body["id"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        let zone = zone.parse().unwrap();
        let recorded = day("2025-01-01");
        all.push(Account { name, dice, zone, day_start, week_start, themes, habits: Vec::new(), recorded });
    }
    for (phase, instant) in PHASES.iter().enumerate() {
        app.clock.set(instant);
        for account in &mut all {
            eprintln!("{} at {instant}", account.name);
            let client = app.log_in(&account.name).await;
            let today = account.today(instant);
            if phase == 0 {
                account.make_habits(&client, today).await;
            }
            account.record(&client, today).await;
            if phase > 0 {
                account.change(&client, today).await;
            }
            if phase < 2 && account.dice.roll(4) > 0 {
                continue;
            }
            for habit in &account.habits {
                compare_habit(&client, habit, account.week_start).await;
            }
            compare_today(&client, account, today).await;
            for _ in 0..3 {
                let to = plus(today, -account.dice.roll(40));
                let from = plus(to, -account.dice.roll(120));
                compare_overview(&client, account, from, to).await;
                compare_week(&client, account, to).await;
            }
        }
    }
    assert!(all.iter().all(|account| account.habits.iter().all(|habit| habit.today.year() == 2026)));
}
