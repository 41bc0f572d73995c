//! What browsers answer, in WebAuthn's JSON forms (`PublicKeyCredential.toJSON()`).

use circadia_domain::ids::UserId;
use circadia_domain::passkeys::Transport;
use serde_json::Value;
use uuid::Uuid;
use webauthn_rp::Registration;
use webauthn_rp::response::auth::DiscoverableAuthentication;
use webauthn_rp::response::auth::ser_relaxed::DiscoverableAuthenticationRelaxed;
use webauthn_rp::response::register::ser_relaxed::RegistrationRelaxed;

use super::{HANDLE_LENGTH, user_handle};
use crate::bytes::base64url;

/// The answer of `navigator.credentials.create`: a `RegistrationResponseJSON`.
#[derive(Debug)]
pub struct Attestation(pub(super) Registration);

impl Attestation {
    /// Reads an answer, whose unknown members and transports are ignored; `None` if it isn't one.
    pub fn parse(json: &Value) -> Option<Self> {
        let mut json = json.clone();
        if let Some(Value::Array(transports)) = json.pointer_mut("/response/transports") {
            transports.retain(|word| word.as_str().is_some_and(|word| Transport::parse(word).is_ok()));
        }
        serde_json::from_value::<RegistrationRelaxed>(json).ok().map(|read| Self(read.0))
    }
}

/// The answer of `navigator.credentials.get`: an `AuthenticationResponseJSON`.
#[derive(Debug)]
pub struct Assertion(pub(super) DiscoverableAuthentication<HANDLE_LENGTH>);

impl Assertion {
    /// Reads an answer, whose unknown members are ignored; `None` if it isn't one. Where the user is known already, a
    /// device may leave its user handle out.
    pub fn parse(json: &Value, known: Option<UserId>) -> Option<Self> {
        let mut json = json.clone();
        let response = json.get_mut("response")?.as_object_mut()?;
        if let Some(user) = known.filter(|_| response.get("userHandle").is_none_or(Value::is_null)) {
            response.insert("userHandle".to_owned(), base64url(&user_handle(user)).into());
        }
        // The library takes null for a user handle, and panics later.
        response.get("userHandle")?.as_str()?;
        serde_json::from_value::<DiscoverableAuthenticationRelaxed<HANDLE_LENGTH>>(json).ok().map(|read| Self(read.0))
    }

    /// The user whose passkey it claims to be.
    pub fn user(&self) -> UserId {
        let handle: Result<[u8; HANDLE_LENGTH], _> = self.0.response().user_handle().as_ref().try_into();
        UserId::from_uuid(handle.map_or(Uuid::nil(), Uuid::from_bytes))
    }

    /// By what the device knows the passkey.
    pub fn credential_id(&self) -> &[u8] {
        self.0.raw_id().into_inner()
    }
}
