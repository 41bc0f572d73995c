//! Personal access tokens: making and revoking them.

use std::sync::Arc;

use circadia_auth::personal_tokens::{PersonalSecret, PersonalTokens};
use circadia_domain::Error as DomainError;
use circadia_domain::audit::{self, AuditAction, AuditDetail};
use circadia_domain::civil::Instant;
use circadia_domain::ids::PersonalTokenId;
use circadia_domain::personal_tokens::{self, DEFAULT_TTL, NewPersonalToken, PersonalToken, Scopes, TokenName};
use circadia_domain::revision::Expected;
use zeroize::Zeroizing;

use crate::authenticate::{Principal, ensure_in_force};
use crate::context::Context;
use crate::error::Error;
use crate::passwords::SubmittedPassword;
use crate::reauthentication::Reauthentication;
use crate::sessions::Sessions;

/// A token to make.
#[derive(Debug)]
pub struct NewToken {
    pub name: TokenName,
    pub scopes: Scopes,
    /// After 90 days if absent.
    pub expires_at: Option<Instant>,
}

/// Makes and revokes personal access tokens.
#[derive(Debug)]
pub struct PersonalAccessTokens {
    pub context: Context,
    pub tokens: Arc<PersonalTokens>,
    pub sessions: Arc<Sessions>,
    pub reauthentication: Arc<Reauthentication>,
}

impl PersonalAccessTokens {
    /// Makes a token. Its text is given this once.
    ///
    /// # Errors
    /// `wrong_password`, `reauthentication_required`, `limit_reached`, `validation_failed`; the store's.
    pub async fn create(
        &self,
        principal: Principal,
        new: NewToken,
        submitted: SubmittedPassword,
    ) -> Result<(PersonalToken, Zeroizing<String>), Error> {
        self.reauthentication.by_password_or_fresh_sign_in(principal, submitted).await?;
        let (context, now) = (self.context.clone(), self.context.now());
        let secret = PersonalSecret::fresh(principal.user, context.ids.fresh().into(), &*context.entropy);
        let new = NewPersonalToken {
            id: secret.id,
            name: new.name,
            scopes: new.scopes,
            secret_hash: secret.hash(),
            expires_at: new.expires_at.unwrap_or_else(|| now.plus_seconds(DEFAULT_TTL)),
        };
        let made = self.context.unit_of_work.write::<_, Error>(principal.user, now, move |tx| {
            ensure_in_force(tx.store, principal, now)?;
            let token = personal_tokens::create(tx, new.clone())?;
            let event = context.audit_event(principal, AuditAction::TOKEN_CREATED, now);
            audit::record(tx.store, &event.with("token", AuditDetail::Id(token.id.as_uuid())))?;
            Ok(token)
        });
        Ok((made.await?, self.tokens.text(&secret)))
    }

    /// Revokes a token. It is refused everywhere within a second.
    ///
    /// # Errors
    /// `personal_token_not_found`, `precondition_failed`; the store's.
    pub async fn revoke(&self, principal: Principal, id: PersonalTokenId, expected: Expected) -> Result<(), Error> {
        let (context, now) = (self.context.clone(), self.context.now());
        self.context
            .unit_of_work
            .write::<_, DomainError>(principal.user, now, move |tx| {
                personal_tokens::revoke(tx, id, &expected)?;
                let event = context.audit_event(principal, AuditAction::TOKEN_REVOKED, now);
                Ok(audit::record(tx.store, &event.with("token", AuditDetail::Id(id.as_uuid())))?)
            })
            .await?;
        self.sessions.follow_revocations().await;
        Ok(())
    }
}
