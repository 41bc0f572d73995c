//! Passkeys: WebAuthn credentials of users' devices, which sign in without a password.
//!
//! A passkey is used with the device's own check of its user (a PIN, a fingerprint, a face), so it counts as both
//! factors. Only public keys are stored; the `auth` crate makes them of what devices answer, and verifies with them.

mod repository;
mod service;
mod transport;

pub use repository::PasskeyRepository;
pub use service::{NewPasskey, PasskeyPatch, add, ensure_room, find, list, remove, rename};
pub use transport::{Transport, Transports};

use crate::civil::Instant;
use crate::code::Code;
use crate::entity::Entity;
use crate::ids::{Id, UserId};
use crate::revision::Revision;
use crate::text::Line;

/// A passkey.
#[derive(Debug)]
pub enum PasskeyEntity {}
impl Entity for PasskeyEntity {
    const NAME: &'static str = "passkey";
    const NOT_FOUND: Code = Code::PasskeyNotFound;
}

/// The id of a passkey.
pub type PasskeyId = Id<PasskeyEntity>;

/// What a user calls a passkey: 1–100 characters.
pub type PasskeyName = Line<100>;

/// The most passkeys that a user may have.
pub const MAX_PASSKEYS: usize = 20;

/// A passkey as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// The id.
    pub id: PasskeyId,
    /// The user.
    pub user: UserId,
    /// What its owner calls it.
    pub name: PasskeyName,
    /// By what the device knows it, 1–1,023 bytes; no two users have the same.
    pub credential_id: Vec<u8>,
    /// The public key, as the `auth` crate encodes it.
    pub public_key: Vec<u8>,
    /// How often it was used, as the device counts (0–4,294,967,295); 0 on devices that don't.
    pub sign_count: i64,
    /// Whether the device may copy it to others of its owner.
    pub backup_eligible: bool,
    /// Whether it was copied, as of its latest use.
    pub backed_up: bool,
    /// How browsers reach it.
    pub transports: Transports,
    /// When it was added.
    pub created_at: Instant,
    /// When it signed in last.
    pub last_used_at: Option<Instant>,
    /// The revision of its latest change or use.
    pub rev: Revision,
}
