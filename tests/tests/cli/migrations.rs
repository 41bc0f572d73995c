//! `circadia migrate`, on every database.

use circadia_tests::{Backend, TestDatabase, scenarios};

use crate::process::{Sandbox, Server, free_port};
use crate::run::{Ended, run};

scenarios!(a_database_is_migrated_once, of_several_at_once_one_migrates);

fn migrate(sandbox: &Sandbox, database: &TestDatabase) -> Ended {
    run(sandbox.circadia(&["migrate", "--wait", "20"]).env("DATABASE_URL", database.url()))
}

async fn a_database_is_migrated_once(backend: Backend) {
    let (sandbox, database) = (Sandbox::new(), TestDatabase::create(backend));
    let first = migrate(&sandbox, &database).succeeded();
    assert!(
        first.starts_with("Applied ") && first.contains(" migrations, up to 2") && first.lines().count() == 1,
        "{first}"
    );
    assert_eq!(migrate(&sandbox, &database).succeeded(), "The schema is up to date.\n");

    let port = free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command.env("PORT", port.to_string()).env("DATABASE_URL", database.url());
    let server = Server::start(command, port, sandbox.path("server.log")).await;
    let session = server.register("ada").await;
    assert_eq!(server.get(&session, "/me").await["username"], "ada");
}

async fn of_several_at_once_one_migrates(backend: Backend) {
    let (sandbox, database) = (Sandbox::new(), TestDatabase::create(backend));
    let printed: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(&sandbox, &database).succeeded())).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let applied = printed.iter().filter(|text| text.starts_with("Applied ")).count();
    let up_to_date = printed.iter().filter(|text| *text == "The schema is up to date.\n").count();
    assert_eq!((applied, up_to_date), (1, 3), "{printed:#?}");
    assert_eq!(migrate(&sandbox, &database).succeeded(), "The schema is up to date.\n");
}
