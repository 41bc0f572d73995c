//! This service as browsers and devices know it, and its side of the ceremonies.

use circadia_domain::ids::UserId;
use circadia_domain::passkeys::{Passkey, Transport, Transports};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::{
    AuthenticationVerificationOptions, DiscoverableAuthenticationServerState, DiscoverableCredentialRequestOptions,
};
use webauthn_rp::request::register::{
    CoseAlgorithmIdentifier, CoseAlgorithmIdentifiers, CredProtect, PublicKeyCredentialCreationOptions,
    RegistrationServerState, RegistrationVerificationOptions, UserHandle16,
};
use webauthn_rp::request::{AsciiDomain, Challenge, RpId};
use webauthn_rp::response::auth::error::AuthCeremonyErr;
use webauthn_rp::response::register::error::RegCeremonyErr;
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, AuthenticatorAttachment, AuthenticatorTransport, Backup, CredentialId};
use webauthn_rp::{AuthenticatedCredential, RegisteredCredential};

use super::{Assertion, Attestation, HANDLE_LENGTH, user_handle};

/// Lifetime of a ceremony, in seconds.
pub const CEREMONY_TTL: i64 = 5 * 60;

/// The signature algorithms that are accepted, best first: ES256, EdDSA and RS256, as COSE numbers them.
pub const ALGORITHMS: [i32; 3] = [-7, -8, -257];

/// A public key as it is stored.
type StoredKey = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

/// Why a ceremony failed.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyRefusal {
    /// The answer is right, but the device's counter isn't above the one that is known: there may be a copy.
    #[error("the counter went backwards")]
    CounterRegressed,
    /// Anything else that is wrong with the answer. The text is for the log only.
    #[error("{0}")]
    Invalid(String),
    /// What we stored can't be read, which indicates a bug.
    #[error("{0}")]
    Defect(String),
}

fn defect(what: impl std::fmt::Display) -> CeremonyRefusal {
    CeremonyRefusal::Defect(what.to_string())
}

impl From<RegCeremonyErr> for CeremonyRefusal {
    fn from(error: RegCeremonyErr) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<AuthCeremonyErr> for CeremonyRefusal {
    fn from(error: AuthCeremonyErr) -> Self {
        match error {
            AuthCeremonyErr::SignatureCounter => Self::CounterRegressed,
            error => Self::Invalid(error.to_string()),
        }
    }
}

/// A ceremony that has begun.
#[derive(Clone, PartialEq, Eq)]
pub struct Started {
    /// The challenge for the browser, in base64url.
    pub challenge: String,
    /// What the answer is verified against.
    pub state: Vec<u8>,
}

impl std::fmt::Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Started(..)")
    }
}

impl Started {
    fn new(challenge: &Challenge, state: Vec<u8>) -> Result<Self, CeremonyRefusal> {
        let challenge = serde_json::to_value(challenge).map_err(defect)?;
        let challenge = challenge.as_str().ok_or_else(|| defect("a challenge is no text"))?.to_owned();
        Ok(Self { challenge, state })
    }
}

/// A credential that a device made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredential {
    /// By what the device knows it.
    pub credential_id: Vec<u8>,
    /// Its public key, encoded for the store.
    pub public_key: Vec<u8>,
    /// The device's counter.
    pub sign_count: u32,
    /// Whether the device may copy it to others.
    pub backup_eligible: bool,
    /// Whether it did.
    pub backed_up: bool,
    /// How browsers reach it.
    pub transports: Transports,
}

/// This service, as browsers and devices know it.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    id: RpId,
    origins: Vec<String>,
}

impl RelyingParty {
    /// A relying party whose passkeys are used from these origins. `id` is the domain that passkeys belong to: the host
    /// of each origin, or a domain above it.
    ///
    /// # Errors
    /// A text, if `id` isn't a domain in ASCII.
    pub fn new(id: &str, origins: Vec<String>) -> Result<Self, String> {
        let id = AsciiDomain::try_from(id.to_owned()).map_err(|error| error.to_string())?;
        Ok(Self { id: RpId::Domain(id), origins })
    }

    /// The origins that passkeys are used from.
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    /// The id.
    pub fn id(&self) -> &str {
        self.id.as_ref()
    }

    /// Begins to register a passkey. The device has to verify its user, and to keep the passkey so that no user name is
    /// needed to find it.
    ///
    /// # Errors
    /// [`CeremonyRefusal::Defect`].
    pub fn begin_registration(&self, user: UserId) -> Result<Started, CeremonyRefusal> {
        let handle = handle_of(user)?;
        let mut options = PublicKeyCredentialCreationOptions::first_passkey_with_blank_user_info(&self.id, &handle);
        options.pub_key_cred_params = CoseAlgorithmIdentifiers::ALL.remove(CoseAlgorithmIdentifier::Es384);
        // Devices without this extension would be refused, though they verify their user.
        options.extensions.cred_protect = CredProtect::None;
        let (state, client) = options.start_ceremony().map_err(defect)?;
        Started::new(&client.options().challenge, state.encode().map_err(defect)?)
    }

    /// Verifies the answer to [`begin_registration`](Self::begin_registration).
    ///
    /// # Errors
    /// [`CeremonyRefusal`].
    pub fn finish_registration(&self, state: &[u8], answer: &Attestation) -> Result<NewCredential, CeremonyRefusal> {
        let state = RegistrationServerState::<HANDLE_LENGTH>::decode(state).map_err(defect)?;
        let options = RegistrationVerificationOptions::<String, String> {
            allowed_origins: &self.origins,
            error_on_unsolicited_extensions: false,
            client_data_json_relaxed: true,
            ..RegistrationVerificationOptions::default()
        };
        NewCredential::of(&state.verify(&self.id, &answer.0, &options)?)
    }

    /// Begins a sign-in by any passkey.
    ///
    /// # Errors
    /// [`CeremonyRefusal::Defect`].
    pub fn begin_authentication(&self) -> Result<Started, CeremonyRefusal> {
        let (state, client) =
            DiscoverableCredentialRequestOptions::passkey(&self.id).start_ceremony().map_err(defect)?;
        Started::new(&client.options().0.challenge, state.encode().map_err(defect)?)
    }

    /// Verifies the answer to [`begin_authentication`](Self::begin_authentication) by the passkey that it names, whose
    /// counter and backup state are brought up to date.
    ///
    /// # Errors
    /// [`CeremonyRefusal`]; the passkey is unchanged then.
    pub fn authenticate(&self, state: &[u8], answer: &Assertion, passkey: &mut Passkey) -> Result<(), CeremonyRefusal> {
        let state = DiscoverableAuthenticationServerState::decode(state).map_err(defect)?;
        let handle = handle_of(passkey.user)?;
        let known = DynamicState {
            // Nothing is stored, and nothing accepted, that wasn't.
            user_verified: true,
            backup: match (passkey.backup_eligible, passkey.backed_up) {
                (false, _) => Backup::NotEligible,
                (true, false) => Backup::Eligible,
                (true, true) => Backup::Exists,
            },
            sign_count: u32::try_from(passkey.sign_count).map_err(defect)?,
            authenticator_attachment: AuthenticatorAttachment::None,
        };
        let id = CredentialId::<&[u8]>::decode(&passkey.credential_id).map_err(defect)?;
        let key = StaticState::<StoredKey>::decode(&passkey.public_key).map_err(defect)?;
        let mut credential = AuthenticatedCredential::new(id, &handle, key, known).map_err(defect)?;
        let options = AuthenticationVerificationOptions::<String, String> {
            allowed_origins: &self.origins,
            error_on_unsolicited_extensions: false,
            client_data_json_relaxed: true,
            ..AuthenticationVerificationOptions::default()
        };
        state.verify(&self.id, &answer.0, &mut credential, &options)?;
        let now_known = credential.dynamic_state();
        passkey.sign_count = now_known.sign_count.into();
        passkey.backed_up = matches!(now_known.backup, Backup::Exists);
        Ok(())
    }
}

fn handle_of(user: UserId) -> Result<UserHandle16, CeremonyRefusal> {
    UserHandle16::decode(user_handle(user)).map_err(defect)
}

impl NewCredential {
    fn of(registered: &RegisteredCredential<'_, HANDLE_LENGTH>) -> Result<Self, CeremonyRefusal> {
        let state = registered.dynamic_state();
        Ok(Self {
            credential_id: registered.id().as_ref().to_vec(),
            public_key: registered.static_state().encode().map_err(defect)?,
            sign_count: state.sign_count,
            backup_eligible: !matches!(state.backup, Backup::NotEligible),
            backed_up: matches!(state.backup, Backup::Exists),
            transports: transports(registered.transports()),
        })
    }
}

fn transports(told: AuthTransports) -> Transports {
    let known = [
        (AuthenticatorTransport::Ble, Transport::Ble),
        (AuthenticatorTransport::Hybrid, Transport::Hybrid),
        (AuthenticatorTransport::Internal, Transport::Internal),
        (AuthenticatorTransport::Nfc, Transport::Nfc),
        (AuthenticatorTransport::SmartCard, Transport::SmartCard),
        (AuthenticatorTransport::Usb, Transport::Usb),
    ];
    known.into_iter().filter(|(theirs, _)| told.contains(*theirs)).map(|(_, ours)| ours).collect()
}
