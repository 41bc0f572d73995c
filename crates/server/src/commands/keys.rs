//! `circadia keys rotate`.

use circadia_auth::keys::Rotation;
use circadia_domain::keys::KeyPurpose;

use super::{Outcome, say};
use crate::clock::{FreshIds, SystemClock};
use crate::config::Config;
use crate::rotation::rotate_keys;

/// What can be rotated, and is unless a purpose is named. The key for Web Push isn't: browsers bind their subscriptions to
/// it, and would be lost.
const ALL: [KeyPurpose; 3] = [KeyPurpose::AccessToken, KeyPurpose::RefreshToken, KeyPurpose::Login];

/// Reads a purpose's word.
pub(super) fn purpose(text: &str) -> Result<KeyPurpose, String> {
    let found = ALL.into_iter().find(|purpose| purpose.as_str() == text);
    found.ok_or_else(|| format!("must be one of {}", ALL.map(KeyPurpose::as_str).join(", ")))
}

pub(super) fn rotate(config: &Config, emergency: bool, purposes: &[KeyPurpose]) -> Outcome {
    let purposes = if purposes.is_empty() { &ALL } else { purposes };
    let rotation = if emergency { Rotation::Emergency } else { Rotation::Planned };
    rotate_keys(config, purposes, rotation, &SystemClock, &FreshIds)?;
    let words: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
    say(format_args!("Rotated: {}. Servers that run follow within ten seconds.", words.join(", ")));
    say(match rotation {
        Rotation::Planned => "The new keys are used in five minutes; the old ones are accepted for as long as needed.",
        Rotation::Emergency => "The old keys are refused: users with tokens signed by them must sign in again.",
    });
    Ok(())
}
