//! Two figures about log-ins, over HTTP: whether their duration reveals who has an account, and whether they slow down
//! other requests. `cargo bench -p circadia-tests --bench logins`
#![expect(clippy::print_stdout, reason = "it is run to be read")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use circadia_tests::{Answer, Backend, Client, TestApp, run};
use serde_json::json;

/// Log-ins of each kind.
const PAIRS: usize = 500;
/// Requests whose times are compared.
const READS: usize = 2_000;
/// Log-ins at once beside them.
const AT_ONCE: usize = 20;

fn main() {
    // Tests compile benches, and run them without this.
    if std::env::args().any(|argument| argument == "--bench") {
        run(measure());
    }
}

async fn measure() {
    let app = TestApp::on(Backend::Sqlite).start();
    let ada = app.user("ada").await;
    ada.habit(json!({"starts_on": "2026-01-01"})).await;
    tell_apart(&app.anonymous()).await;
    hold_up(&app, &ada).await;
}

async fn log_in(client: &Client, email: &str) -> (Duration, Answer) {
    let begun = Instant::now();
    let answer = client.post("/auth/login", json!({"email": email, "password": "wrong horse battery"})).await;
    (begun.elapsed(), answer.expect(401))
}

/// Log-ins with an address that has an account and with one that has none, by turns, each first every other time.
async fn tell_apart(client: &Client) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS + 20 {
        let nobody = format!("nobody-{pair}@example.org");
        let times = if pair % 2 == 0 {
            let first = log_in(client, "ada@example.org").await.0;
            (first, log_in(client, &nobody).await.0)
        } else {
            let first = log_in(client, &nobody).await.0;
            (log_in(client, "ada@example.org").await.0, first)
        };
        // The first ones warm everything up.
        if pair >= 20 {
            known.push(times.0);
            unknown.push(times.1);
        }
    }
    let (known, unknown) = (quantile(&mut known, 50), quantile(&mut unknown, 50));
    let share = known.as_secs_f64() / unknown.as_secs_f64() - 1.0;
    println!("log-in, median of {PAIRS}: known {known:?}, unknown {unknown:?}: {:+.2} %", share * 100.0);
}

/// Reads of a signed-in user, alone and beside log-ins.
async fn hold_up(app: &TestApp, ada: &Client) {
    reads(ada).await;
    let mut idle = reads(ada).await;
    let go_on = Arc::new(AtomicBool::new(true));
    let logins = (0..AT_ONCE).map(|number| {
        let (client, go_on) = (app.anonymous(), Arc::clone(&go_on));
        tokio::spawn(async move {
            let mut count = 0_usize;
            while go_on.load(Ordering::Relaxed) {
                log_in(&client, &format!("nobody-{number}@example.org")).await;
                count += 1;
            }
            count
        })
    });
    let logins: Vec<_> = logins.collect();
    let begun = Instant::now();
    let mut busy = reads(ada).await;
    let lasted = begun.elapsed();
    go_on.store(false, Ordering::Relaxed);
    let mut count = 0;
    for login in logins {
        count += login.await.unwrap_or_default();
    }
    for percent in [50, 99] {
        let (idle, busy) = (quantile(&mut idle, percent), quantile(&mut busy, percent));
        let times = busy.as_secs_f64() / idle.as_secs_f64();
        println!(
            "GET /habits/today, p{percent}: idle {idle:?}, beside {AT_ONCE} log-ins at once {busy:?}: {times:.2} times"
        );
    }
    println!("log-ins meanwhile: {count} in {lasted:?}");
}

async fn reads(client: &Client) -> Vec<Duration> {
    let mut times = Vec::with_capacity(READS);
    for _ in 0..READS {
        let begun = Instant::now();
        client.get("/habits/today").await.expect(200);
        times.push(begun.elapsed());
    }
    times
}

fn quantile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len() - 1)).copied().unwrap_or_default()
}
