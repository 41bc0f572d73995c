//! Webhooks and their deliveries.
//!
//! A webhook's row is written to by its owner, by the server that turns changes into deliveries, and by the server that sends
//! them, at the same time. So the updates here name their columns, and add to what is stored. A change of when the
//! next delivery is due writes to the webhook's row first, which locks it.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::webhooks::{
    Delivery, DeliveryId, DeliverySeek, DeliveryStatus, DisabledReason, Due, EventFilter, Lease, Seen, Webhook,
    WebhookDescription, WebhookEvent, WebhookId, WebhookRepository,
};
use diesel::dsl::{count_star, exists, min};
use diesel::prelude::*;

use crate::convert::sql_limit;
use crate::dialect::{SkipLocked, insert_rows};
use crate::row::{Stored as _, execute, first_row, load_rows, row};
use crate::schema::{user_revisions, webhook_deliveries, webhooks};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = webhooks, primary_key(user_id, id))]
    struct WebhookRow of Webhook {
        #[diesel(column_name = user_id, skip_update)]
        user: Sql<UserId>,
        #[diesel(skip_update)]
        id: Sql<WebhookId>,
        url: Sql<OutgoingUrl>,
        description: Option<Sql<WebhookDescription>>,
        events: Sql<EventFilter>,
        secret: Vec<u8>,
        previous_secret: Option<Vec<u8>>,
        previous_secret_until: Option<Sql<Instant>>,
        #[diesel(skip_update)]
        disabled_at: Option<Sql<Instant>>,
        #[diesel(skip_update)]
        disabled_reason: Option<Sql<DisabledReason>>,
        #[diesel(skip_update)]
        failing_since: Option<Sql<Instant>>,
        #[diesel(skip_update)]
        seen_rev: i64,
        #[diesel(skip_update)]
        seen_position: Option<Vec<u8>>,
        #[diesel(skip_update)]
        pending: i32,
        #[diesel(skip_update)]
        next_delivery_at: Option<Sql<Instant>>,
        #[diesel(skip_update)]
        leased_until: Option<Sql<Instant>>,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
    }
}

row! {
    #[diesel(table_name = webhook_deliveries, primary_key(user_id, webhook_id, id))]
    struct DeliveryRow of Delivery {
        #[diesel(skip_update)]
        id: Sql<DeliveryId>,
        #[diesel(column_name = webhook_id, skip_update)]
        webhook: Sql<WebhookId>,
        #[diesel(skip_update)]
        event: Sql<WebhookEvent>,
        #[diesel(skip_update)]
        body: Vec<u8>,
        status: Sql<DeliveryStatus>,
        attempts: i32,
        next_attempt_at: Option<Sql<Instant>>,
        last_attempt_at: Option<Sql<Instant>>,
        response_status: Option<i32>,
        duration_ms: Option<i32>,
        error: Option<String>,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        finished_at: Option<Sql<Instant>>,
    }
}

/// Webhooks that have a delivery that is due, and aren't leased.
macro_rules! due {
    ($now:expr) => {
        webhooks::table
            .filter(webhooks::next_delivery_at.le(Some(Sql($now))))
            .filter(webhooks::disabled_at.is_null())
            .filter(webhooks::leased_until.is_null().or(webhooks::leased_until.le(Some(Sql($now)))))
    };
}

/// The deliveries of a webhook that wait.
macro_rules! waiting {
    ($user:expr, $webhook:expr) => {
        webhook_deliveries::table
            .filter(webhook_deliveries::user_id.eq(Sql($user)))
            .filter(webhook_deliveries::webhook_id.eq(Sql($webhook)))
            .filter(webhook_deliveries::status.eq(Sql(DeliveryStatus::Waiting)))
    };
}

impl Transaction {
    /// Counts deliveries that are due at once. The row is locked from here on.
    fn add_pending(&mut self, user: UserId, webhook: WebhookId, count: i32, now: Instant) -> Result<()> {
        execute!(
            self,
            diesel::update(webhooks::table.find((Sql(user), Sql(webhook))))
                .set((webhooks::pending.eq(webhooks::pending + count), webhooks::next_delivery_at.eq(Some(Sql(now)))))
        )
    }
}

impl WebhookRepository for Transaction {
    fn insert_webhook(&mut self, webhook: &Webhook) -> Result<()> {
        execute!(self, diesel::insert_into(webhooks::table).values(WebhookRow::from_domain(webhook)?))
    }

    fn webhooks(&mut self, user: UserId) -> Result<Vec<Webhook>> {
        load_rows!(
            self,
            webhooks::table.filter(webhooks::user_id.eq(Sql(user))).order((webhooks::created_at, webhooks::id)),
            WebhookRow
        )
    }

    fn find_webhook(&mut self, user: UserId, id: WebhookId) -> Result<Option<Webhook>> {
        first_row!(self, webhooks::table.find((Sql(user), Sql(id))), WebhookRow)
    }

    fn update_webhook(&mut self, webhook: &Webhook) -> Result<()> {
        let stored = webhooks::table.find((Sql(webhook.user), Sql(webhook.id)));
        execute!(self, diesel::update(stored).set(WebhookRow::from_domain(webhook)?))
    }

    fn disable_webhook(&mut self, user: UserId, id: WebhookId, reason: DisabledReason, now: Instant) -> Result<bool> {
        let enabled = webhooks::table.find((Sql(user), Sql(id))).filter(webhooks::disabled_at.is_null());
        let disabled = diesel::update(enabled)
            .set((webhooks::disabled_at.eq(Some(Sql(now))), webhooks::disabled_reason.eq(Some(Sql(reason)))))
            .execute(self.connection())
            .classified()?;
        Ok(disabled == 1)
    }

    fn enable_webhook(&mut self, user: UserId, id: WebhookId, seen: Option<&Seen>, now: Instant) -> Result<()> {
        let webhook = webhooks::table.find((Sql(user), Sql(id)));
        diesel::update(webhook)
            .set((
                webhooks::disabled_at.eq(None::<Sql<Instant>>),
                webhooks::disabled_reason.eq(None::<Sql<DisabledReason>>),
                webhooks::failing_since.eq(None::<Sql<Instant>>),
            ))
            .execute(self.connection())
            .classified()?;
        if let Some(seen) = seen {
            diesel::update(webhook)
                .set((webhooks::seen_rev.eq(seen.rev.0), webhooks::seen_position.eq(seen.position.clone())))
                .execute(self.connection())
                .classified()?;
        }
        diesel::update(waiting!(user, id))
            .set(webhook_deliveries::next_attempt_at.eq(Some(Sql(now))))
            .execute(self.connection())
            .classified()?;
        let pending: i64 = waiting!(user, id).select(count_star()).get_result(self.connection()).classified()?;
        let next = (pending > 0).then_some(Sql(now));
        let pending = i32::try_from(pending).unwrap_or(i32::MAX);
        execute!(
            self,
            diesel::update(webhook).set((webhooks::pending.eq(pending), webhooks::next_delivery_at.eq(next)))
        )
    }

    fn delete_webhook(&mut self, user: UserId, id: WebhookId) -> Result<()> {
        let deliveries = webhook_deliveries::table
            .filter(webhook_deliveries::user_id.eq(Sql(user)))
            .filter(webhook_deliveries::webhook_id.eq(Sql(id)));
        // Locked first, so that no deliveries are added in between.
        diesel::update(webhooks::table.find((Sql(user), Sql(id))))
            .set(webhooks::next_delivery_at.eq(None::<Sql<Instant>>))
            .execute(self.connection())
            .classified()?;
        diesel::delete(deliveries).execute(self.connection()).classified()?;
        execute!(self, diesel::delete(webhooks::table.find((Sql(user), Sql(id)))))
    }

    fn webhooks_to_tell(&mut self, max_pending: usize, limit: usize) -> Result<Vec<Due>> {
        let has_news =
            webhooks::seen_rev.lt(user_revisions::rev).or(webhooks::seen_position.is_not_null().assume_not_null());
        let found: Vec<(Sql<UserId>, Sql<WebhookId>)> = webhooks::table
            .inner_join(user_revisions::table.on(user_revisions::user_id.eq(webhooks::user_id)))
            .filter(webhooks::disabled_at.is_null())
            .filter(webhooks::pending.lt(i32::try_from(max_pending).unwrap_or(i32::MAX)))
            .filter(has_news)
            .select((webhooks::user_id, webhooks::id))
            .limit(sql_limit(limit))
            .load(self.connection())
            .classified()?;
        Ok(found.into_iter().map(|(user, webhook)| Due { user: user.0, webhook: webhook.0 }).collect())
    }

    fn move_webhook_on(&mut self, webhook: &Webhook, seen: &Seen) -> Result<bool> {
        let unmoved = webhooks::table
            .find((Sql(webhook.user), Sql(webhook.id)))
            .filter(webhooks::disabled_at.is_null())
            .filter(webhooks::seen_rev.eq(webhook.seen_rev.0));
        let set = (webhooks::seen_rev.eq(seen.rev.0), webhooks::seen_position.eq(seen.position.clone()));
        let moved = match &webhook.seen_position {
            Some(position) => diesel::update(unmoved.filter(webhooks::seen_position.eq(Some(position.clone()))))
                .set(set)
                .execute(self.connection()),
            None => {
                diesel::update(unmoved.filter(webhooks::seen_position.is_null())).set(set).execute(self.connection())
            }
        };
        Ok(moved.classified()? == 1)
    }

    fn insert_webhook_deliveries(
        &mut self,
        user: UserId,
        webhook: WebhookId,
        deliveries: &[Delivery],
        now: Instant,
    ) -> Result<()> {
        self.add_pending(user, webhook, i32::try_from(deliveries.len()).unwrap_or(i32::MAX), now)?;
        let rows: Result<Vec<DeliveryRow>> = deliveries.iter().map(DeliveryRow::from_domain).collect();
        let rows = rows?.into_iter().map(|row| (webhook_deliveries::user_id.eq(Sql(user)), row));
        insert_rows!(self.connection(), webhook_deliveries, rows).of_a_user()
    }

    fn repeat_delivery(&mut self, user: UserId, delivery: &Delivery, now: Instant) -> Result<()> {
        self.add_pending(user, delivery.webhook, 1, now)?;
        let stored = webhook_deliveries::table.find((Sql(user), Sql(delivery.webhook), Sql(delivery.id)));
        execute!(self, diesel::update(stored).set(DeliveryRow::from_domain(delivery)?))
    }

    fn webhook_is_due(&mut self, now: Instant) -> Result<bool> {
        diesel::select(exists(due!(now))).get_result(self.connection()).classified()
    }

    fn claim_webhooks(&mut self, now: Instant, leased_until: Instant, limit: usize) -> Result<Vec<Lease>> {
        let candidates = due!(now)
            .order((webhooks::next_delivery_at, webhooks::id))
            .limit(sql_limit(limit))
            .select(WebhookRow::as_select());
        let connection = self.connection();
        let candidates: Vec<WebhookRow> = SkipLocked::new(connection, candidates).load(connection).classified()?;
        let mut leases = Vec::with_capacity(candidates.len());
        for row in candidates {
            let webhook = Webhook { leased_until: Some(leased_until), ..row.into_domain()? };
            diesel::update(webhooks::table.find((Sql(webhook.user), Sql(webhook.id))))
                .set(webhooks::leased_until.eq(Some(Sql(leased_until))))
                .execute(self.connection())
                .classified()?;
            leases.push(Lease { webhook, until: leased_until });
        }
        Ok(leases)
    }

    fn due_deliveries(
        &mut self,
        user: UserId,
        webhook: WebhookId,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        load_rows!(
            self,
            waiting!(user, webhook)
                .filter(webhook_deliveries::next_attempt_at.le(Some(Sql(now))))
                .order((webhook_deliveries::next_attempt_at, webhook_deliveries::id))
                .limit(sql_limit(limit)),
            DeliveryRow
        )
    }

    fn update_delivery(&mut self, user: UserId, delivery: &Delivery, attempts_before: i32) -> Result<bool> {
        let waiting = waiting!(user, delivery.webhook)
            .filter(webhook_deliveries::id.eq(Sql(delivery.id)))
            .filter(webhook_deliveries::attempts.eq(attempts_before));
        let updated =
            diesel::update(waiting).set(DeliveryRow::from_domain(delivery)?).execute(self.connection()).classified()?;
        Ok(updated == 1)
    }

    fn note_webhook_attempt(
        &mut self,
        user: UserId,
        webhook: WebhookId,
        failed_at: Option<Instant>,
        finished: bool,
    ) -> Result<()> {
        let stored = webhooks::table.find((Sql(user), Sql(webhook)));
        let noted = match failed_at {
            Some(failed_at) => diesel::update(stored.filter(webhooks::failing_since.is_null()))
                .set(webhooks::failing_since.eq(Some(Sql(failed_at))))
                .execute(self.connection()),
            None => diesel::update(stored.filter(webhooks::failing_since.is_not_null()))
                .set(webhooks::failing_since.eq(None::<Sql<Instant>>))
                .execute(self.connection()),
        };
        noted.classified()?;
        if finished {
            diesel::update(stored.filter(webhooks::pending.gt(0)))
                .set(webhooks::pending.eq(webhooks::pending - 1))
                .execute(self.connection())
                .classified()?;
        }
        Ok(())
    }

    fn release_webhook(&mut self, lease: &Lease, earliest: Instant) -> Result<()> {
        let (user, id) = lease.key();
        let webhook = webhooks::table.find((Sql(user), Sql(id)));
        let released = diesel::update(webhook.filter(webhooks::leased_until.eq(Some(Sql(lease.until)))))
            .set(webhooks::leased_until.eq(None::<Sql<Instant>>))
            .execute(self.connection())
            .classified()?;
        if released == 0 {
            return Ok(());
        }
        let next: Option<Sql<Instant>> = waiting!(user, id)
            .select(min(webhook_deliveries::next_attempt_at))
            .get_result(self.connection())
            .classified()?;
        let next = next.map(|Sql(next)| Sql(next.max(earliest)));
        execute!(self, diesel::update(webhook).set(webhooks::next_delivery_at.eq(next)))
    }

    fn webhook_deliveries(&mut self, user: UserId, webhook: WebhookId, seek: DeliverySeek) -> Result<Vec<Delivery>> {
        let mut query = webhook_deliveries::table
            .filter(webhook_deliveries::user_id.eq(Sql(user)))
            .filter(webhook_deliveries::webhook_id.eq(Sql(webhook)))
            .into_boxed();
        if let Some(status) = seek.status {
            query = query.filter(webhook_deliveries::status.eq(Sql(status)));
        }
        query = match (seek.beyond, seek.backwards) {
            (None, _) => query,
            (Some(id), false) => query.filter(webhook_deliveries::id.lt(Sql(id))),
            (Some(id), true) => query.filter(webhook_deliveries::id.gt(Sql(id))),
        };
        // Ids are in the order of their making.
        query = if seek.backwards {
            query.order(webhook_deliveries::id.asc())
        } else {
            query.order(webhook_deliveries::id.desc())
        };
        load_rows!(self, query.limit(sql_limit(seek.limit)), DeliveryRow)
    }

    fn find_delivery(&mut self, user: UserId, webhook: WebhookId, id: DeliveryId) -> Result<Option<Delivery>> {
        first_row!(self, webhook_deliveries::table.find((Sql(user), Sql(webhook), Sql(id))), DeliveryRow)
    }

    fn purge_webhook_deliveries(&mut self, before: Instant) -> Result<usize> {
        diesel::delete(webhook_deliveries::table.filter(webhook_deliveries::created_at.lt(Sql(before))))
            .execute(self.connection())
            .classified()
    }
}
