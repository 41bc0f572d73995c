//! Replacing the keys that replicas share. Those that run read the keys again every few seconds.

use std::time::Duration;

use circadia_app::Clock;
use circadia_auth::SystemEntropy;
use circadia_auth::keys::{KeyRing, LoginSecret, Rotation};
use circadia_domain::audit::{self, AuditAction, AuditDetail, AuditEvent};
use circadia_domain::ids::IdSource;
use circadia_domain::keys::KeyPurpose;
use circadia_domain::unit_of_work;

use crate::composition::open_database;
use crate::config::Config;
use crate::keys::master_key;
use crate::server::StartError;

/// Replaces the keys of these purposes in the database of the configuration.
///
/// # Errors
/// As [`StartError`] says.
pub fn rotate_keys(
    config: &Config,
    purposes: &[KeyPurpose],
    rotation: Rotation,
    clock: &dyn Clock,
    ids: &dyn IdSource,
) -> Result<(), StartError> {
    let database = open_database(config)?;
    database.migrate(Duration::ZERO)?;
    let entropy = SystemEntropy::new();
    let master = master_key(config, &entropy)?;
    // Made before the lock is taken: it takes a moment.
    let login = if purposes.contains(&KeyPurpose::Login) { Some(LoginSecret::generate()?) } else { None };
    let now = clock.now();
    unit_of_work::write_unowned::<_, StartError>(&database, |store| {
        KeyRing::rotate(store, purposes, rotation, login.as_ref(), &master, &entropy, now)?;
        for purpose in purposes {
            let event = AuditEvent::of(ids.fresh().into(), AuditAction::KEYS_ROTATED, now)
                .with("purpose", AuditDetail::Word(purpose.as_str()))
                .with("emergency", AuditDetail::Flag(rotation == Rotation::Emergency));
            audit::record(store, &event)?;
        }
        Ok(())
    })
}
