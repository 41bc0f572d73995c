//! Being killed: what was acknowledged is there.

use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;

use crate::process::{Sandbox, until};
use crate::run::run;

/// How many entries are acknowledged before the server is killed, at least.
const ENOUGH: usize = 150;
const WRITERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_entry_outlives_a_kill() {
    let sandbox = Sandbox::new();
    let mut server = sandbox.serve().await;
    let session = server.register("ada").await;
    let mut habits = Vec::new();
    for number in 0..WRITERS {
        habits.push(server.daily_habit(&session, &format!("Habit {number}"), "2020-01-01").await);
    }
    let count = AtomicUsize::new(0);
    let process = server.child.id().to_string();
    let write = async |habit: &str| {
        let mut acknowledged = Vec::new();
        for (year, month, day) in (2020..2026).flat_map(|y| (1..13).flat_map(move |m| (1..29).map(move |d| (y, m, d))))
        {
            let date = format!("{year}-{month:02}-{day:02}");
            match server.try_put_done(&session, habit, &date).await {
                Some(status) => assert!(status.is_success(), "{date}: {status}"),
                None => return acknowledged,
            }
            acknowledged.push(date);
            count.fetch_add(1, Ordering::Relaxed);
        }
        panic!("the server was not killed in time");
    };
    let kill = async {
        until("enough to lose", async || (count.load(Ordering::Relaxed) >= ENOUGH).then_some(())).await;
        let killed = std::process::Command::new("kill").args(["-KILL", &process]).status().unwrap();
        assert!(killed.success());
    };
    let (a, b, c, d, ()) =
        tokio::join!(write(&habits[0]), write(&habits[1]), write(&habits[2]), write(&habits[3]), kill);
    let acknowledged = [a, b, c, d];
    assert_eq!(server.child.wait().unwrap().code(), None, "ended by the signal");
    drop(server);

    let server = sandbox.serve().await;
    let mut lost = Vec::new();
    for (habit, dates) in habits.iter().zip(&acknowledged) {
        assert!(!dates.is_empty());
        for date in dates {
            let path = format!("/habits/{habit}/entries/{date}");
            let (status, entry) = server.try_ask(Method::GET, &path, Some(&session), None).await.unwrap();
            if status != 200 || entry["state"] != "done" {
                lost.push((habit, date, status, entry));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
    // What is derived from the entries agrees with them.
    run(&mut sandbox.circadia(&["doctor"])).succeeded();
}
