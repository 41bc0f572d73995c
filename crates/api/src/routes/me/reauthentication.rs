//! Reauthentication before actions that can't be undone, or that must not be possible with a stolen session.
use circadia_app::passwords::SubmittedPassword;
use circadia_auth::keys::Kid;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::http::input::{Decode, Fields};
use crate::routes::auth::password_field::reauthentication;

/// Proof of identity.
#[derive(Debug, Default, ToSchema)]
pub(in crate::routes) struct ReauthenticationBody {
    /// The password. Either this or `encrypted_password` is required, unless a sign-in of at most five minutes ago is
    /// proof enough.
    #[schema(value_type = Option<String>, format = Password, example = "correct horse battery")]
    password: Option<Zeroizing<String>>,
    /// The password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
}

impl Decode for ReauthenticationBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let SubmittedPassword { plain, encrypted, kid } = reauthentication(fields);
        Some(Self { password: plain, encrypted_password: encrypted, password_kid: kid })
    }
}

impl ReauthenticationBody {
    pub(super) fn submitted(self) -> SubmittedPassword {
        SubmittedPassword { plain: self.password, encrypted: self.encrypted_password, kid: self.password_kid }
    }
}
