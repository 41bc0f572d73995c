//! The JSON forms of WebAuthn (Level 3 §5.1), in its own names: what browsers take and give
//! (`PublicKeyCredential.parseCreationOptionsFromJSON`, `parseRequestOptionsFromJSON`, `toJSON`).
//!
//! The answers are kept as they are: here it is only checked that they can be read. `circadia_auth` verifies them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use circadia_app::passkeys::{Creation, Request};
use circadia_auth::passkeys::{ALGORITHMS, CEREMONY_TTL};
use circadia_domain::passkeys::{Passkey, Transport};
use circadia_domain::violation::Violations;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::input::{Decode, Fields, Parsed, Raw, integer, list, text};

/// What the names of the schemas of answers end with: their objects are open.
pub(crate) const ANSWER: &str = "ResponseJSON";

const PUBLIC_KEY: &str = "public-key";

/// Reads bytes in base64url, in at most `most` characters.
fn base64url(most: usize) -> impl Fn(Raw<'_>) -> Parsed<()> {
    text(move |given| {
        if given.len() > most {
            return Err(Violations::of("too_long", format!("must have at most {most} characters")));
        }
        if given.is_empty() || URL_SAFE_NO_PAD.decode(given).is_err() {
            return Err(Violations::of("invalid_encoding", "must be base64url without padding"));
        }
        Ok(())
    })
}

fn word(most: usize) -> impl Fn(Raw<'_>) -> Parsed<()> {
    text(move |given| {
        if given.chars().count() > most {
            return Err(Violations::of("too_long", format!("must have at most {most} characters")));
        }
        Ok(())
    })
}

fn kind(given: &str) -> Parsed<()> {
    if given == PUBLIC_KEY { Ok(()) } else { Err(Violations::of("unknown_value", "must be `public-key`")) }
}

fn algorithm(number: i64) -> Parsed<()> {
    if (-65_536..=65_535).contains(&number) {
        return Ok(());
    }
    Err(Violations::of("out_of_range", "must be between -65536 and 65535"))
}

fn anything(raw: Raw<'_>) -> Parsed<()> {
    raw.members().map(drop)
}

/// The members that both kinds of answers have.
fn answer<T: Decode>(fields: &mut Fields<'_>) -> Option<T> {
    let id = fields.required_with("id", base64url(1364));
    let raw_id = fields.required_with("rawId", base64url(1364));
    let kind = fields.required_with("type", text(kind));
    let attachment = fields.optional_with("authenticatorAttachment", word(32));
    let extensions = fields.required_with("clientExtensionResults", anything);
    let response = fields.required_with("response", Fields::open_object::<T>);
    let _ = (attachment, id?, raw_id?, kind?, extensions?);
    response
}

/// What `navigator.credentials.create` gave, by `toJSON()`.
#[derive(Debug, ToSchema)]
#[schema(as = RegistrationResponseJSON)]
#[expect(dead_code, reason = "it is documented, and kept as it came")]
pub(crate) struct RegistrationAnswer {
    /// The credential's id.
    #[schema(max_length = 1364, pattern = "^[A-Za-z0-9_-]+$")]
    id: String,
    /// The same.
    #[schema(rename = "rawId", max_length = 1364, pattern = "^[A-Za-z0-9_-]+$")]
    raw_id: String,
    /// Always `public-key`.
    #[schema(rename = "type", pattern = "^(public-key)$")]
    kind: String,
    /// `platform` or `cross-platform`.
    #[schema(rename = "authenticatorAttachment", max_length = 32)]
    attachment: Option<String>,
    /// Not used.
    #[schema(rename = "clientExtensionResults", value_type = Object)]
    extensions: Value,
    /// What the device says.
    response: AttestationAnswer,
}

/// What a device says of a credential that it made.
#[derive(Debug, ToSchema)]
#[schema(as = AuthenticatorAttestationResponseJSON)]
#[expect(dead_code, reason = "it is documented, and kept as it came")]
pub(crate) struct AttestationAnswer {
    /// What the browser says.
    #[schema(rename = "clientDataJSON", max_length = 4096, pattern = "^[A-Za-z0-9_-]+$")]
    client_data: String,
    /// The credential, in CBOR.
    #[schema(rename = "attestationObject", max_length = 16384, pattern = "^[A-Za-z0-9_-]+$")]
    object: String,
    /// A part of the same.
    #[schema(rename = "authenticatorData", max_length = 16384, pattern = "^[A-Za-z0-9_-]+$")]
    data: Option<String>,
    /// A part of the same, in DER.
    #[schema(rename = "publicKey", max_length = 4096, pattern = "^[A-Za-z0-9_-]+$")]
    public_key: Option<String>,
    /// A part of the same, as COSE numbers algorithms.
    #[schema(rename = "publicKeyAlgorithm", minimum = -65_536, maximum = 65_535)]
    algorithm: Option<i64>,
    /// How browsers reach the device.
    #[schema(max_items = 16)]
    transports: Option<Vec<String>>,
}

impl Decode for AttestationAnswer {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let client_data = fields.required_with("clientDataJSON", base64url(4096));
        let object = fields.required_with("attestationObject", base64url(16384));
        fields.optional_with("authenticatorData", base64url(16384));
        fields.optional_with("publicKey", base64url(4096));
        fields.optional_with("publicKeyAlgorithm", integer(algorithm));
        fields.optional_with("transports", list(16, word(32)));
        let _ = (client_data?, object?);
        Some(Self {
            client_data: String::new(),
            object: String::new(),
            data: None,
            public_key: None,
            algorithm: None,
            transports: None,
        })
    }
}

/// What `navigator.credentials.get` gave, by `toJSON()`.
#[derive(Debug, ToSchema)]
#[schema(as = AuthenticationResponseJSON)]
#[expect(dead_code, reason = "it is documented, and kept as it came")]
pub(crate) struct AuthenticationAnswer {
    /// The credential's id.
    #[schema(max_length = 1364, pattern = "^[A-Za-z0-9_-]+$")]
    id: String,
    /// The same.
    #[schema(rename = "rawId", max_length = 1364, pattern = "^[A-Za-z0-9_-]+$")]
    raw_id: String,
    /// Always `public-key`.
    #[schema(rename = "type", pattern = "^(public-key)$")]
    kind: String,
    /// `platform` or `cross-platform`.
    #[schema(rename = "authenticatorAttachment", max_length = 32)]
    attachment: Option<String>,
    /// Not used.
    #[schema(rename = "clientExtensionResults", value_type = Object)]
    extensions: Value,
    /// What the device says.
    response: AssertionAnswer,
}

/// What a device says to sign in.
#[derive(Debug, ToSchema)]
#[schema(as = AuthenticatorAssertionResponseJSON)]
#[expect(dead_code, reason = "it is documented, and kept as it came")]
pub(crate) struct AssertionAnswer {
    /// What the browser says.
    #[schema(rename = "clientDataJSON", max_length = 4096, pattern = "^[A-Za-z0-9_-]+$")]
    client_data: String,
    /// What the device says.
    #[schema(rename = "authenticatorData", max_length = 16384, pattern = "^[A-Za-z0-9_-]+$")]
    data: String,
    /// The signature over both.
    #[schema(max_length = 4096, pattern = "^[A-Za-z0-9_-]+$")]
    signature: String,
    /// Whose credential it is. Needed unless it answers a second factor's challenge.
    #[schema(rename = "userHandle", max_length = 128, pattern = "^[A-Za-z0-9_-]+$")]
    user_handle: Option<String>,
}

impl Decode for AssertionAnswer {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let client_data = fields.required_with("clientDataJSON", base64url(4096));
        let data = fields.required_with("authenticatorData", base64url(16384));
        let signature = fields.required_with("signature", base64url(4096));
        fields.optional_with("userHandle", base64url(128));
        let _ = (client_data?, data?, signature?);
        let empty = String::new;
        Some(Self { client_data: empty(), data: empty(), signature: empty(), user_handle: None })
    }
}

/// The members of an answer, checked and left as they are.
struct Checked<T>(std::marker::PhantomData<T>);

impl<T: Decode> Decode for Checked<T> {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        answer::<T>(fields).map(|_| Self(std::marker::PhantomData))
    }
}

/// Reads a `RegistrationResponseJSON`.
pub(crate) fn registration(raw: Raw<'_>) -> Parsed<Value> {
    Fields::open_object::<Checked<AttestationAnswer>>(raw).map(|_| raw.value.clone())
}

/// Reads an `AuthenticationResponseJSON`.
pub(crate) fn authentication(raw: Raw<'_>) -> Parsed<Value> {
    Fields::open_object::<Checked<AssertionAnswer>>(raw).map(|_| raw.value.clone())
}

/// What names a ceremony: 256 bits.
pub(crate) fn ceremony(given: &str) -> Parsed<String> {
    let fine = given.len() == 43 && URL_SAFE_NO_PAD.decode(given).is_ok();
    if fine { Ok(given.to_owned()) } else { Err(Violations::of("invalid_encoding", "is not a `ceremony` of ours")) }
}

/// A credential that exists.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicKeyCredentialDescriptorJSON)]
struct Descriptor {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    transports: Vec<Transport>,
}

impl From<&Passkey> for Descriptor {
    fn from(passkey: &Passkey) -> Self {
        Self {
            id: URL_SAFE_NO_PAD.encode(&passkey.credential_id),
            kind: PUBLIC_KEY,
            transports: passkey.transports.iter().collect(),
        }
    }
}

/// This service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicKeyCredentialRpEntity)]
struct RpEntity {
    /// The domain that passkeys belong to.
    #[schema(example = "example.org")]
    id: String,
    name: &'static str,
}

/// The user, as devices show them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicKeyCredentialUserEntityJSON)]
#[serde(rename_all = "camelCase")]
struct UserEntity {
    /// The user handle.
    id: String,
    name: String,
    display_name: String,
}

/// A signature algorithm.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicKeyCredentialParameters)]
struct Parameters {
    #[serde(rename = "type")]
    kind: &'static str,
    /// As COSE numbers it.
    #[schema(example = -7)]
    alg: i32,
}

/// What is asked of the device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthenticatorSelectionCriteria)]
#[serde(rename_all = "camelCase")]
struct Selection {
    resident_key: &'static str,
    require_resident_key: bool,
    user_verification: &'static str,
}

/// For `PublicKeyCredential.parseCreationOptionsFromJSON`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicKeyCredentialCreationOptionsJSON)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreationOptions {
    rp: RpEntity,
    user: UserEntity,
    challenge: String,
    pub_key_cred_params: Vec<Parameters>,
    /// Milliseconds.
    timeout: i64,
    /// Devices that have one of these make no other.
    exclude_credentials: Vec<Descriptor>,
    authenticator_selection: Selection,
    attestation: &'static str,
}

/// For `PublicKeyCredential.parseRequestOptionsFromJSON`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicKeyCredentialRequestOptionsJSON)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestOptions {
    challenge: String,
    /// Milliseconds.
    timeout: i64,
    rp_id: String,
    /// The passkeys that may answer; any of this service if there are none.
    allow_credentials: Vec<Descriptor>,
    user_verification: &'static str,
}

impl From<&Creation> for CreationOptions {
    fn from(creation: &Creation) -> Self {
        let name = creation.user.username.as_str().to_owned();
        Self {
            rp: RpEntity { id: creation.rp_id.clone(), name: "Circadia" },
            user: UserEntity { id: URL_SAFE_NO_PAD.encode(creation.user_handle), display_name: name.clone(), name },
            challenge: creation.challenge.clone(),
            pub_key_cred_params: ALGORITHMS.into_iter().map(|alg| Parameters { kind: PUBLIC_KEY, alg }).collect(),
            timeout: CEREMONY_TTL * 1000,
            exclude_credentials: creation.exclude.iter().map(Descriptor::from).collect(),
            authenticator_selection: Selection {
                resident_key: "required",
                require_resident_key: true,
                user_verification: "required",
            },
            attestation: "none",
        }
    }
}

impl From<&Request> for RequestOptions {
    fn from(request: &Request) -> Self {
        Self {
            challenge: request.challenge.clone(),
            timeout: CEREMONY_TTL * 1000,
            rp_id: request.rp_id.clone(),
            allow_credentials: request.allow.iter().map(Descriptor::from).collect(),
            user_verification: "required",
        }
    }
}
