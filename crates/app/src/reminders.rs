//! Sending reminders whose time has come.

use std::sync::Arc;

use circadia_auth::accounts::EmailJob;
use circadia_domain::Error as DomainError;
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::measures::{Counter, Each, ReminderOutcome};
use circadia_domain::push_subscriptions::NotificationKind;
use circadia_domain::reminders::{self, Firing, MAX_LATE_SECONDS, ReminderChannel, ReminderNotice};
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::User;
use circadia_domain::webhooks::{self, WebhookEvent};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::context::Context;
use crate::emails::Emails;
use crate::error::Error;
use crate::push::{Push, PushNotification};

/// Users that are looked for at a time.
const MAX_FOUND: usize = 100;
/// Users whose reminders are sent at once. Others need connections, too.
const MAX_AT_ONCE: usize = 4;
/// Users whose reminders the database can't do just now, before the others are left for the next time, too.
const MAX_FAILURES: usize = 8;

/// Reminders by what became of them.
pub type ReminderMeasures = Each<ReminderOutcome, Counter>;

/// Sends reminders. Cheap to clone.
#[derive(Clone)]
pub struct Reminders {
    pub context: Context,
    pub emails: Emails,
    /// Wakes what sends deliveries of webhooks in this process.
    pub webhooks: Arc<Notify>,
    pub push: Push,
    pub measures: Arc<ReminderMeasures>,
}

impl std::fmt::Debug for Reminders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reminders(..)")
    }
}

/// Users that are left for the next time.
#[derive(Debug, Default)]
struct Skipped {
    users: Vec<UserId>,
    /// How many of them for the database's sake, which may be able to do it then, and why the last one.
    failures: usize,
    failure: Option<StoreError>,
}

impl Skipped {
    fn add(&mut self, user: UserId, error: StoreError) {
        self.users.push(user);
        match error {
            StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_) | StoreError::Busy => {
                self.failures += 1;
                self.failure = Some(error);
            }
            StoreError::Corrupt(_) | StoreError::Defect(_) | StoreError::Duplicate(_) | StoreError::NoSuchUser => {
                tracing::error!(%user, %error, "the reminders of a user can't be sent");
            }
        }
    }
}

impl Reminders {
    /// Sends the reminders whose time has come, until none is left or the process is to stop. A user whose reminders can't be
    /// sent holds up no other user. Any number of servers may do this at once: each reminder is sent by one of them.
    ///
    /// # Errors
    /// The store's, if it couldn't do some of it now. What was sent stays sent; the rest is sent the next time.
    pub async fn send_due(&self, is_to_stop: impl Fn() -> bool) -> Result<(), StoreError> {
        let mut skipped = Skipped::default();
        while !is_to_stop() && skipped.failures < MAX_FAILURES {
            let (now, limit) = (self.context.now(), MAX_FOUND.saturating_add(skipped.users.len()));
            let unit_of_work = &self.context.unit_of_work;
            let found = unit_of_work.query::<_, StoreError>(move |store| store.users_to_remind(now, limit)).await?;
            let is_all = found.len() < limit;
            let users: Vec<UserId> = found.into_iter().filter(|user| !skipped.users.contains(user)).collect();
            self.remind_all(users, &mut skipped).await;
            if is_all {
                break;
            }
        }
        skipped.failure.map_or(Ok(()), Err)
    }

    /// Sends the reminders of some users, a few of them at once.
    async fn remind_all(&self, users: Vec<UserId>, skipped: &mut Skipped) {
        let (mut users, mut tasks) = (users.into_iter(), JoinSet::new());
        loop {
            while tasks.len() < MAX_AT_ONCE
                && skipped.failures < MAX_FAILURES
                && let Some(user) = users.next()
            {
                let reminders = self.clone();
                tasks.spawn(async move { (user, reminders.remind(user).await) });
            }
            match tasks.join_next().await {
                None => return,
                Some(Ok((_, Ok(())))) => {}
                Some(Ok((user, Err(error)))) => skipped.add(user, error),
                Some(Err(error)) => tracing::error!(%error, "the sending of reminders ended early"),
            }
        }
    }

    /// Sends a user's reminders: each is moved on in the transaction that enqueues its messages.
    async fn remind(&self, user: UserId) -> Result<(), StoreError> {
        let (unit_of_work, now) = (&self.context.unit_of_work, self.context.now());
        let found = unit_of_work.read::<_, DomainError>(move |store| reminders::due(store, user, now)).await;
        let (user, firings) = match found {
            Ok(Some(due)) => due,
            // Another server was there first, or the account was deleted.
            Ok(None) | Err(DomainError::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(as_store_error(error.into())),
        };
        let reminders = self.clone();
        let passed =
            unit_of_work.write_unowned::<_, Error>(move |store| reminders.pass(store, &user, &firings, now)).await;
        let outcomes = match passed {
            Ok(outcomes) => outcomes,
            Err(error) if error.is_no_such_user() => return Ok(()),
            Err(error) => return Err(as_store_error(error)),
        };
        if outcomes.contains(&ReminderOutcome::Told) {
            self.emails.wake();
            self.webhooks.notify_one();
            self.push.wake();
        }
        for outcome in outcomes {
            self.measures.increment(outcome);
        }
        Ok(())
    }

    /// Moves reminders on, and enqueues their messages, but for those that another server was faster with.
    fn pass(
        &self,
        store: &mut dyn Store,
        user: &User,
        firings: &[Firing],
        now: Instant,
    ) -> Result<Vec<ReminderOutcome>, Error> {
        let mut outcomes = Vec::with_capacity(firings.len());
        for firing in firings {
            if !reminders::pass(store, user.id, firing)? {
                continue;
            }
            let Some(notice) = &firing.notice else {
                outcomes.push(ReminderOutcome::PassedOver);
                continue;
            };
            for channel in notice.channels.iter() {
                self.enqueue(store, user, notice, channel, now)?;
            }
            outcomes.push(ReminderOutcome::Told);
        }
        Ok(outcomes)
    }

    /// Enqueues what one channel is to send.
    fn enqueue(
        &self,
        store: &mut dyn Store,
        user: &User,
        notice: &ReminderNotice,
        channel: ReminderChannel,
        now: Instant,
    ) -> Result<(), Error> {
        match channel {
            ReminderChannel::Email if user.email_verified_at.is_some() => {
                let (title, text) = (notice.title.clone(), notice.text.clone());
                let job = EmailJob::Reminder { user: user.id, title, text, at: notice.at.seconds() };
                self.emails.enqueue(store, Some(user.id), &job, now)?;
            }
            ReminderChannel::Webhook => {
                webhooks::announce(store, user.id, WebhookEvent::ReminderDue, notice, &*self.context.ids, now)?;
            }
            ReminderChannel::Push => self.push.enqueue(store, user.id, &notification(notice), now)?,
            ReminderChannel::Email => {}
        }
        Ok(())
    }
}

fn notification(notice: &ReminderNotice) -> PushNotification {
    PushNotification {
        kind: NotificationKind::Reminder,
        title: notice.title.clone(),
        body: notice.text.clone(),
        // What wasn't seen of the day before is replaced.
        tag: format!("reminder-{}", notice.reminder_id),
        data: json!({
            "reminder_id": notice.reminder_id,
            "date": notice.date,
            "about": notice.about,
            "habit_id": notice.habit_id,
            "task_id": notice.task_id,
        }),
        expires_at: notice.at.plus_seconds(MAX_LATE_SECONDS),
    }
}

fn as_store_error(error: Error) -> StoreError {
    match error {
        Error::Domain(DomainError::Store(error)) => error,
        other => StoreError::Defect(other.to_string()),
    }
}
