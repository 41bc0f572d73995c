//! Calendar feeds: their secret addresses, and what these show.

use circadia_auth::CalendarSecret;
use circadia_domain::Error as DomainError;
use circadia_domain::audit::{self, AuditAction};
use circadia_domain::calendar::{self, Calendar, CalendarParts};
use circadia_domain::revision::Expected;
use zeroize::Zeroizing;

use crate::authenticate::{Principal, ensure_in_force};
use crate::context::Context;
use crate::error::Error;

/// Makes, revokes and reads calendar feeds.
#[derive(Debug)]
pub struct Calendars {
    pub context: Context,
}

impl Calendars {
    /// Makes a user's feed, or gives it another address. The secret of the address is given this once.
    ///
    /// # Errors
    /// The store's.
    pub async fn create(
        &self,
        principal: Principal,
        include: Option<CalendarParts>,
    ) -> Result<(Calendar, Zeroizing<String>), Error> {
        let (context, now) = (self.context.clone(), self.context.now());
        let secret = CalendarSecret::fresh(principal.user, &*context.entropy);
        let hash = secret.hash();
        let made = self.context.unit_of_work.write::<_, Error>(principal.user, now, move |tx| {
            ensure_in_force(tx.store, principal, now)?;
            let calendar = calendar::create(tx, hash, include)?;
            audit::record(tx.store, &context.audit_event(principal, AuditAction::CALENDAR_SHARED, now))?;
            Ok(calendar)
        });
        Ok((made.await?, secret.text()))
    }

    /// Ends a user's feed. Its address shows nothing from now on.
    ///
    /// # Errors
    /// `precondition_failed`; the store's.
    pub async fn revoke(&self, principal: Principal, expected: Expected) -> Result<(), Error> {
        let (context, now) = (self.context.clone(), self.context.now());
        let ended = self.context.unit_of_work.write::<_, DomainError>(principal.user, now, move |tx| {
            if calendar::delete(tx, &expected)? {
                audit::record(tx.store, &context.audit_event(principal, AuditAction::CALENDAR_REVOKED, now))?;
            }
            Ok(())
        });
        Ok(ended.await?)
    }

    /// What the address with this secret shows, as iCalendar; `None` if there is no such address.
    ///
    /// # Errors
    /// The store's.
    pub async fn feed(&self, secret: &str) -> Result<Option<String>, Error> {
        let Some(secret) = CalendarSecret::read(secret) else { return Ok(None) };
        let now = self.context.now();
        let content = self.context.unit_of_work.read::<_, DomainError>(move |store| {
            calendar::content(store, secret.user, now, |known| secret.opens(known))
        });
        Ok(content.await?.map(|content| calendar::render(&content)))
    }
}
