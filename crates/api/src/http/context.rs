//! The context of the request being served, available anywhere in its task.

use std::cell::Cell;
use std::future::Future;

use circadia_app::database_use::{DatabaseUse, measure};
use circadia_domain::ids::UserId;

use crate::http::limits::LimitName;

tokio::task_local! {
    static REQUEST: RequestContext;
}

#[derive(Debug)]
struct RequestContext {
    id: String,
    noted: Cell<Noted>,
}

/// What is found out about a request while it is served.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Noted {
    /// Whose it is.
    pub(crate) user: Option<UserId>,
    /// The limit that refused it.
    pub(crate) refused_by: Option<LimitName>,
}

/// Serves a request within its context. Also gives what it cost the database, and what was noted of it.
pub(crate) async fn serve<F: Future>(id: String, future: F) -> (F::Output, DatabaseUse, Noted) {
    let context = RequestContext { id, noted: Cell::default() };
    let served = REQUEST.scope(context, async {
        let output = future.await;
        (output, REQUEST.with(|context| context.noted.get()))
    });
    let ((output, noted), database) = measure(served).await;
    (output, database, noted)
}

/// The id of the request being served; empty outside of one.
pub(crate) fn request_id() -> String {
    REQUEST.try_with(|context| context.id.clone()).unwrap_or_default()
}

/// Notes whose request it is, for the log.
pub(crate) fn note_user(user: UserId) {
    note(|noted| Noted { user: Some(user), ..noted });
}

/// Notes the limit that refuses the request.
pub(crate) fn note_refusal(limit: LimitName) {
    note(|noted| Noted { refused_by: Some(limit), ..noted });
}

fn note(change: impl FnOnce(Noted) -> Noted) {
    let _ = REQUEST.try_with(|context| context.noted.set(change(context.noted.get())));
}
