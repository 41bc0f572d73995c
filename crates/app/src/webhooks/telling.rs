//! Turns what changed into deliveries.

use std::sync::Arc;

use circadia_domain::Error as DomainError;
use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::Store;
use circadia_domain::webhooks::{self, Due, MAX_PENDING};

use super::Webhooks;

/// Webhooks that are looked for at a time to be told of changes, and how often one after the other.
const MAX_TOLD: usize = 100;
const MAX_ROUNDS: usize = 10;
/// Units of work in which one of them is told: of many changes, it is told by parts.
const MAX_PARTS: usize = 20;

impl Webhooks {
    /// Turns what changed into deliveries, each webhook in transactions of its own. How many were made.
    ///
    /// # Errors
    /// The store's. What was made before stays.
    pub async fn tell(&self) -> Result<usize, StoreError> {
        let unit_of_work = &self.context.unit_of_work;
        let find = |store: &mut dyn Store| store.webhooks_to_tell(MAX_PENDING, MAX_TOLD);
        let mut made = 0;
        for _ in 0..MAX_ROUNDS {
            let found = unit_of_work.query::<_, StoreError>(find).await?;
            for due in &found {
                match self.tell_one(*due).await {
                    Ok(count) => made += count,
                    // One that can't be told holds up no other.
                    Err(error @ (StoreError::Corrupt(_) | StoreError::Defect(_))) => {
                        tracing::error!(webhook = %due.webhook, %error, "a webhook can't be told of changes");
                    }
                    Err(error) => return Err(error),
                }
            }
            if found.len() < MAX_TOLD {
                break;
            }
        }
        Ok(made)
    }

    async fn tell_one(&self, due: Due) -> Result<usize, StoreError> {
        let mut made = 0;
        for _ in 0..MAX_PARTS {
            let (unit_of_work, now) = (&self.context.unit_of_work, self.context.now());
            let news = unit_of_work.read::<_, DomainError>(move |store| webhooks::news(store, due, now)).await;
            let news = match news {
                Ok(Some(news)) => news,
                // The account may have been deleted meanwhile.
                Ok(None) | Err(DomainError::NotFound { .. }) => break,
                Err(DomainError::Store(error)) => return Err(error),
                Err(error) => return Err(StoreError::Defect(error.to_string())),
            };
            let (ids, has_more) = (Arc::clone(&self.context.ids), news.has_more);
            let added = unit_of_work
                .write_unowned::<_, StoreError>(move |store| webhooks::add_deliveries(store, &news, &*ids, now));
            match added.await {
                Ok(count) => made += count,
                Err(StoreError::NoSuchUser) => break,
                Err(error) => return Err(error),
            }
            if !has_more {
                break;
            }
        }
        Ok(made)
    }
}
