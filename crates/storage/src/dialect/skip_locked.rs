//! `FOR UPDATE SKIP LOCKED`: locks the rows that a query finds, but for those that another transaction has locked.
//!
//! SQLite has neither, and needs neither: of two writing transactions, the second begins when the first has ended.
//! MySQL has it from 8.0 on, MariaDB from 10.6.

use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

use crate::connection::{AnyConnection, MultiBackend};

/// A query of rows that are locked until the end of the transaction, for a writing one.
pub(crate) struct SkipLocked<Q> {
    query: Q,
    lock: &'static str,
}

impl<Q> SkipLocked<Q> {
    pub(crate) fn new(connection: &AnyConnection, query: Q) -> Self {
        let lock = if matches!(connection, AnyConnection::Sqlite(_)) { "" } else { " FOR UPDATE SKIP LOCKED" };
        Self { query, lock }
    }
}

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for SkipLocked<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(self.lock);
        Ok(())
    }
}

impl<Q> QueryId for SkipLocked<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for SkipLocked<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<AnyConnection> for SkipLocked<Q> {}
