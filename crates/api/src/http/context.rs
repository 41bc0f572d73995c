//! The context of the request being served, available anywhere in its task.

use std::cell::Cell;
use std::future::Future;

use circadia_app::database_use::{DatabaseUse, measure};
use circadia_domain::ids::UserId;

tokio::task_local! {
    static REQUEST: RequestContext;
}

#[derive(Debug)]
struct RequestContext {
    id: String,
    user: Cell<Option<UserId>>,
}

/// Serves a request within its context. Also gives what it cost the database, and whose it was.
pub(crate) async fn serve<F: Future>(id: String, future: F) -> (F::Output, DatabaseUse, Option<UserId>) {
    let context = RequestContext { id, user: Cell::default() };
    let served = REQUEST.scope(context, async {
        let output = future.await;
        (output, REQUEST.with(|context| context.user.get()))
    });
    let ((output, user), database) = measure(served).await;
    (output, database, user)
}

/// The id of the request being served; empty outside of one.
pub(crate) fn request_id() -> String {
    REQUEST.try_with(|context| context.id.clone()).unwrap_or_default()
}

/// Notes whose request it is, for the log.
pub(crate) fn note_user(user: UserId) {
    let _ = REQUEST.try_with(|context| context.user.set(Some(user)));
}
