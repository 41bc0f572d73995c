//! Subscriptions to Web Push.
//!
//! How attempts end is written by the server that makes them, beside the user's own writes. So what a user's write
//! updates doesn't hold it.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::push_subscriptions::{
    PushSubscription, PushSubscriptionId, PushSubscriptionLabel, PushSubscriptionRepository,
};
use diesel::prelude::*;

use crate::row::{Stored as _, execute, first_row, load_rows, row};
use crate::schema::push_subscriptions;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = push_subscriptions, primary_key(user_id, id))]
    struct PushSubscriptionRow of PushSubscription {
        #[diesel(column_name = user_id, skip_update)]
        user: Sql<UserId>,
        #[diesel(skip_update)]
        id: Sql<PushSubscriptionId>,
        #[diesel(skip_update)]
        endpoint: Sql<OutgoingUrl>,
        #[diesel(skip_update)]
        endpoint_hash: Vec<u8>,
        p256dh: Vec<u8>,
        auth: Vec<u8>,
        label: Option<Sql<PushSubscriptionLabel>>,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        #[diesel(skip_update)]
        last_success_at: Option<Sql<Instant>>,
        failing_since: Option<Sql<Instant>>,
        rev: i64,
    }
}

impl PushSubscriptionRepository for Transaction {
    fn insert_push_subscription(&mut self, subscription: &PushSubscription) -> Result<()> {
        let row = PushSubscriptionRow::from_domain(subscription)?;
        execute!(self, diesel::insert_into(push_subscriptions::table).values(row))
    }

    fn push_subscriptions(&mut self, user: UserId) -> Result<Vec<PushSubscription>> {
        load_rows!(
            self,
            push_subscriptions::table
                .filter(push_subscriptions::user_id.eq(Sql(user)))
                .order((push_subscriptions::created_at, push_subscriptions::id)),
            PushSubscriptionRow
        )
    }

    fn find_push_subscription(&mut self, user: UserId, id: PushSubscriptionId) -> Result<Option<PushSubscription>> {
        first_row!(self, push_subscriptions::table.find((Sql(user), Sql(id))), PushSubscriptionRow)
    }

    fn renew_push_subscription(&mut self, subscription: &PushSubscription) -> Result<()> {
        let stored = push_subscriptions::table.find((Sql(subscription.user), Sql(subscription.id)));
        execute!(self, diesel::update(stored).set(PushSubscriptionRow::from_domain(subscription)?))
    }

    fn note_push(&mut self, user: UserId, id: PushSubscriptionId, succeeded: bool, now: Instant) -> Result<()> {
        let stored = push_subscriptions::table.find((Sql(user), Sql(id)));
        if succeeded {
            let set = (
                push_subscriptions::last_success_at.eq(Some(Sql(now))),
                push_subscriptions::failing_since.eq(None::<Sql<Instant>>),
            );
            return execute!(self, diesel::update(stored).set(set));
        }
        let first = stored.filter(push_subscriptions::failing_since.is_null());
        execute!(self, diesel::update(first).set(push_subscriptions::failing_since.eq(Some(Sql(now)))))
    }

    fn delete_push_subscription(&mut self, user: UserId, id: PushSubscriptionId) -> Result<bool> {
        let stored = push_subscriptions::table.find((Sql(user), Sql(id)));
        let removed = diesel::delete(stored).execute(self.connection()).classified()?;
        Ok(removed > 0)
    }

    fn delete_push_endpoint(&mut self, endpoint_hash: &[u8; 32]) -> Result<()> {
        let known = push_subscriptions::table.filter(push_subscriptions::endpoint_hash.eq(endpoint_hash.as_slice()));
        execute!(self, diesel::delete(known))
    }
}
