//! What belongs to the request being served, wherever in its task it is asked for.

use std::cell::{Cell, RefCell};
use std::future::Future;

tokio::task_local! {
    static REQUEST: RequestContext;
}

/// The request being served.
#[derive(Debug)]
struct RequestContext {
    id: String,
    database: Cell<DatabaseUse>,
    user: RefCell<Option<String>>,
}

/// What a request cost the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DatabaseUse {
    /// Units of work.
    pub units: u32,
    /// Statements of the repositories (not those that begin and end transactions).
    pub statements: u32,
    /// Time in units of work, waiting for a connection included, in microseconds.
    pub micros: u64,
}

/// Serves a request within its context; also gives back what it cost the database, and whose it was.
pub(crate) async fn serve<F: Future>(id: String, future: F) -> (F::Output, DatabaseUse, Option<String>) {
    let context = RequestContext { id, database: Cell::default(), user: RefCell::default() };
    REQUEST
        .scope(context, async {
            let output = future.await;
            let (database, user) = REQUEST.with(|context| (context.database.get(), context.user.borrow().clone()));
            (output, database, user)
        })
        .await
}

/// The id of the request being served; empty outside of one.
pub(crate) fn request_id() -> String {
    REQUEST.try_with(|context| context.id.clone()).unwrap_or_default()
}

/// Notes a unit of work.
pub(crate) fn note_unit(statements: u32, micros: u64) {
    // Outside of a request (background jobs) there is nobody to tell.
    let _ = REQUEST.try_with(|context| {
        let so_far = context.database.get();
        context.database.set(DatabaseUse {
            units: so_far.units + 1,
            statements: so_far.statements + statements,
            micros: so_far.micros + micros,
        });
    });
}

/// Notes whose request it is, for the log.
pub(crate) fn note_user(user: String) {
    let _ = REQUEST.try_with(|context| context.user.replace(Some(user)));
}
