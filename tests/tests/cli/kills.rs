//! Killed again and again while clients write: nothing that was acknowledged is lost, doubled or halved, and nothing
//! that was refused is stored. `CIRCADIA_TEST_KILLS` says how often, for longer runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use circadia_tests::{Backend, fresh_id};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{PASSWORD, Session};
use crate::killed::Killed;
use crate::process::{Server, until};
use crate::run::run;

const KILLS: usize = 20;
/// Two write for each account, so that they wait for each other's locks.
const ACCOUNTS: usize = 2;
const WRITERS_PER_ACCOUNT: usize = 2;
/// How many writes are answered before a kill, at least; then as many more as the cycle's number says.
const ANSWERED: usize = 25;
const DAYS_OF_A_BATCH: usize = 7;
const COUNTED_ON: &str = "2026-02-02";
/// Counted by batches of commands, which are sent until they are answered.
const SYNCED_ON: &str = "2026-02-03";
const COMMANDS: u64 = 3;

/// How often to kill.
fn kills() -> usize {
    std::env::var("CIRCADIA_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap())
}

/// What an answer says of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Stored,
    NotStored,
    Unknown,
}

/// What one writer knows to be stored.
#[derive(Debug)]
struct Written {
    habit: String,
    /// Whether each task is there: `None` if that isn't known.
    tasks: BTreeMap<String, Option<bool>>,
    /// Those of `tasks` that were written since they were last looked at.
    touched: Vec<String>,
    /// How often the counter was raised, at least and at most.
    counted: (u64, u64),
    /// The values that all days of the batch may have.
    batch: Vec<Option<u64>>,
    /// A batch of commands that wasn't answered yet, and how many were.
    commands: Option<Value>,
    synced: u64,
    next: u64,
}

fn batch_dates() -> impl Iterator<Item = String> {
    (1..=DAYS_OF_A_BATCH).map(|day| format!("2026-01-{day:02}"))
}

/// Sends a write and reads of its answer what became of it.
async fn write(server: &Server, session: &Session, method: Method, path: &str, body: Option<&Value>) -> Outcome {
    match server.try_ask(method, path, Some(session), body).await {
        None => Outcome::Unknown,
        Some((status, _)) if status.is_success() => Outcome::Stored,
        Some((status, answer)) => match (status.as_u16(), answer["code"].as_str()) {
            (503, Some("unavailable")) => Outcome::NotStored,
            (503, Some("outcome_unknown")) => Outcome::Unknown,
            _ => panic!("{path}: {status} {answer}"),
        },
    }
}

impl Written {
    fn nothing(habit: String) -> Self {
        Self {
            habit,
            tasks: BTreeMap::new(),
            touched: Vec::new(),
            counted: (0, 0),
            batch: vec![None],
            commands: None,
            synced: 0,
            next: 0,
        }
    }

    /// One write, of each kind in turn.
    async fn write_next(&mut self, server: &Server, session: &Session) -> Outcome {
        self.next += 1;
        match self.next % 5 {
            0 => self.raise(server, session).await,
            4 => self.send_commands(server, session).await,
            1 => self.put_batch(server, session).await,
            2 if self.next.is_multiple_of(3) => self.delete(server, session).await,
            _ => self.create(server, session).await,
        }
    }

    async fn create(&mut self, server: &Server, session: &Session) -> Outcome {
        let id = fresh_id();
        let body = json!({"id": id, "title": format!("Task {}", self.next)});
        let outcome = write(server, session, Method::POST, "/tasks", Some(&body)).await;
        self.note(id, false, outcome);
        outcome
    }

    async fn delete(&mut self, server: &Server, session: &Session) -> Outcome {
        let Some(id) = self.tasks.iter().find(|(_, there)| **there == Some(true)).map(|(id, _)| id.clone()) else {
            return self.create(server, session).await;
        };
        let outcome = write(server, session, Method::DELETE, &format!("/tasks/{id}"), None).await;
        self.note(id, true, outcome);
        outcome
    }

    /// Notes whether a task is there after a write that would change that.
    fn note(&mut self, id: String, was_there: bool, outcome: Outcome) {
        let there = match outcome {
            Outcome::Stored => Some(!was_there),
            Outcome::NotStored => Some(was_there),
            Outcome::Unknown => None,
        };
        self.tasks.insert(id.clone(), there);
        self.touched.push(id);
    }

    async fn raise(&mut self, server: &Server, session: &Session) -> Outcome {
        let path = format!("/habits/{}/entries/{COUNTED_ON}/increment", self.habit);
        let outcome = write(server, session, Method::POST, &path, Some(&json!({"by": 1}))).await;
        match outcome {
            Outcome::Stored => self.counted = (self.counted.0 + 1, self.counted.1 + 1),
            Outcome::NotStored => {}
            Outcome::Unknown => self.counted.1 += 1,
        }
        outcome
    }

    /// Gives all days of the batch another value.
    async fn put_batch(&mut self, server: &Server, session: &Session) -> Outcome {
        let value = self.next;
        let items: Vec<Value> =
            batch_dates().map(|date| json!({"habit_id": self.habit, "date": date, "value": value})).collect();
        let body = json!({"items": items, "atomic": true});
        let outcome = write(server, session, Method::POST, "/entries/batch", Some(&body)).await;
        match outcome {
            Outcome::Stored => self.batch = vec![Some(value)],
            Outcome::NotStored => {}
            Outcome::Unknown => self.batch.push(Some(value)),
        }
        outcome
    }

    /// Sends commands, or those again whose answer was lost: each counts once.
    async fn send_commands(&mut self, server: &Server, session: &Session) -> Outcome {
        let key = format!("{}/{SYNCED_ON}", self.habit);
        let command =
            || json!({"id": fresh_id(), "type": "entry", "operation": "increment", "key": key, "data": {"by": 1}});
        let atomic = self.next.is_multiple_of(2);
        let body = self.commands.take().unwrap_or_else(
            || json!({"commands": (0..COMMANDS).map(|_| command()).collect::<Vec<_>>(), "atomic": atomic}),
        );
        let outcome = write(server, session, Method::POST, "/sync", Some(&body)).await;
        if outcome == Outcome::Stored {
            self.synced += COMMANDS;
        } else {
            self.commands = Some(body);
        }
        outcome
    }

    /// Compares what is stored with what may be, and remembers what was found.
    async fn check(&mut self, server: &Server, session: &Session) {
        for id in std::mem::take(&mut self.touched) {
            let (status, answer) =
                server.try_ask(Method::GET, &format!("/tasks/{id}"), Some(session), None).await.unwrap();
            let found = match status.as_u16() {
                200 => true,
                404 => false,
                _ => panic!("{id}: {status} {answer}"),
            };
            let known = self.tasks.insert(id.clone(), Some(found)).unwrap();
            assert!(known.is_none_or(|there| there == found), "task {id}: there is {found}, acknowledged {known:?}");
        }
        let counted = self.value(server, session, COUNTED_ON).await.unwrap_or(0);
        assert!((self.counted.0..=self.counted.1).contains(&counted), "{counted} counted, not {:?}", self.counted);
        self.counted = (counted, counted);
        while self.commands.is_some() {
            assert_eq!(self.send_commands(server, session).await, Outcome::Stored);
        }
        assert_eq!(
            self.value(server, session, SYNCED_ON).await.unwrap_or(0),
            self.synced,
            "commands were lost or doubled"
        );
        let mut values = Vec::new();
        for date in batch_dates() {
            values.push(self.value(server, session, &date).await);
        }
        let stored = values[0];
        assert!(values.iter().all(|value| *value == stored), "half a batch: {values:?}");
        assert!(self.batch.contains(&stored), "{stored:?} stored, not one of {:?}", self.batch);
        self.batch = vec![stored];
    }

    async fn value(&self, server: &Server, session: &Session, date: &str) -> Option<u64> {
        let path = format!("/habits/{}/entries/{date}", self.habit);
        let (status, answer) = server.try_ask(Method::GET, &path, Some(session), None).await.unwrap();
        assert!(status == 200 || status == 404, "{path}: {status} {answer}");
        answer["value"].as_u64()
    }
}

/// Writes until the kill is over.
async fn write_until(over: &AtomicBool, answered: &AtomicUsize, server: &Server, session: &Session, it: &mut Written) {
    while !over.load(Ordering::Relaxed) {
        if it.write_next(server, session).await == Outcome::Stored {
            answered.fetch_add(1, Ordering::Relaxed);
        } else {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Signs everyone in, lets them write, and kills the server or its database meanwhile.
async fn write_and_kill(killed: &Killed, mut server: Server, cycle: usize, written: &mut [Written]) -> Server {
    let mut sessions = Vec::new();
    for number in 0..ACCOUNTS {
        sessions.push(server.login(&name_of(number), PASSWORD).await);
    }
    let database = killed.database_server.as_ref().filter(|_| cycle.is_multiple_of(2));
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let kill = async {
        let enough = ANSWERED + cycle % ANSWERED;
        until("enough to lose", async || (answered.load(Ordering::Relaxed) >= enough).then_some(())).await;
        if let Some(database) = database {
            database.kill_and_restart().await;
        } else {
            server.kill();
        }
        over.store(true, Ordering::Relaxed);
    };
    let [a, b, c, d] = written else { panic!("there are four writers") };
    let [ada, ben] = &*sessions else { panic!("there are two accounts") };
    tokio::join!(
        kill,
        write_until(&over, &answered, &server, ada, a),
        write_until(&over, &answered, &server, ben, b),
        write_until(&over, &answered, &server, ada, c),
        write_until(&over, &answered, &server, ben, d),
    );
    if database.is_none() {
        drop(server);
        server = killed.serve().await;
    } else {
        let ready = server.url("/health/ready");
        let ask = async || reqwest::get(&ready).await.ok().filter(|answer| answer.status() == 200).map(drop);
        until("a server that found its database again", ask).await;
    }
    for (number, it) in written.iter_mut().enumerate() {
        it.check(&server, &sessions[number % ACCOUNTS]).await;
    }
    server
}

fn name_of(account: usize) -> String {
    format!("writer{account}")
}

async fn write_and_be_killed(backend: Backend) {
    let killed = Killed::with_database_server(backend);
    let mut server = killed.serve().await;
    let mut sessions = Vec::new();
    for number in 0..ACCOUNTS {
        sessions.push(server.register(&name_of(number)).await);
    }
    let mut written = Vec::new();
    for number in 0..ACCOUNTS * WRITERS_PER_ACCOUNT {
        let body = json!({
            "name": format!("Habit {number}"), "kind": {"type": "count", "target": 1_000, "unit": "pages"},
            "schedule": {"type": "daily"}, "starts_on": "2026-01-01",
        });
        let (status, habit) = server.post("/habits", Some(&sessions[number % ACCOUNTS]), &body).await;
        assert_eq!(status, 201, "{habit}");
        written.push(Written::nothing(habit["id"].as_str().unwrap().to_owned()));
    }
    for cycle in 0..kills() {
        server = write_and_kill(&killed, server, cycle, &mut written).await;
    }
    // None came back and none was made twice.
    for account in 0..ACCOUNTS {
        let session = server.login(&name_of(account), PASSWORD).await;
        let stored = all_tasks(&server, &session).await;
        let of_account = written.iter().skip(account).step_by(ACCOUNTS);
        let mut known: Vec<String> = of_account
            .flat_map(|it| it.tasks.iter().filter(|(_, there)| **there == Some(true)).map(|(id, _)| id.clone()))
            .collect();
        known.sort_unstable();
        assert_eq!(stored, known);
    }
    drop(server);
    // What is derived from the entries agrees with them.
    run(killed.sandbox.circadia(&["doctor"]).env("DATABASE_URL", killed.database.url())).succeeded();
    let log = std::fs::read_to_string(killed.log()).unwrap();
    assert!(!log.contains("panicked"), "{log}");
}

/// The ids of all tasks of an account, sorted.
async fn all_tasks(server: &Server, session: &Session) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut path = "/tasks?limit=100".to_owned();
    loop {
        let page = server.get(session, &path).await;
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|task| task["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/tasks?limit=100&cursor={cursor}");
    }
    ids.sort_unstable();
    ids
}

macro_rules! on_each {
    ($($(#[$cfg:meta])? $module:ident: $backend:ident),*) => {$(
        $(#[$cfg])?
        mod $module {
            #[tokio::test]
            async fn what_was_acknowledged_outlives_kills() {
                super::write_and_be_killed(circadia_tests::Backend::$backend).await;
            }
        }
    )*};
}

on_each!(
    sqlite: Sqlite,
    #[cfg(feature = "postgres")]
    postgres: Postgres,
    #[cfg(feature = "mysql")]
    mysql: Mysql
);
