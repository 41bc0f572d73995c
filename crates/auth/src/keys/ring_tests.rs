use super::*;
use crate::testing::{InMemoryStore, MASTER, NOW, Seeded};

const SIGNING: [KeyPurpose; 2] = [KeyPurpose::AccessToken, KeyPurpose::RefreshToken];

fn rotate(
    store: &mut InMemoryStore,
    rotation: Rotation,
    master: &MasterKey,
    entropy: &Seeded,
    now: Instant,
) -> Result<KeyRing, KeyError> {
    KeyRing::rotate(store, &SIGNING, rotation, None, master, entropy, now)
}

fn setting() -> (InMemoryStore, MasterKey, Seeded) {
    (InMemoryStore::default(), MasterKey::from_text(MASTER).unwrap(), Seeded::new(7))
}

#[test]
fn keys_are_made_once_and_sealed() {
    let (mut store, master, entropy) = setting();
    let first = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
    let second = KeyRing::load_or_create(&mut store, &master, &entropy, NOW.plus_seconds(1)).unwrap();
    assert_eq!(store.keys.len(), 3);
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
    assert_eq!(first.jwks(NOW), second.jwks(NOW));
    assert_eq!(first.vapid().unwrap().public_key(), second.vapid().unwrap().public_key());
    let mut raw = store.keys.iter().filter(|key| key.purpose != KeyPurpose::WebPush);
    assert!(raw.all(|key| key.sealed.len() == 1 + 12 + 32 + 16));
}

#[test]
fn another_master_key_is_told_apart_from_a_broken_row() {
    let (mut store, master, entropy) = setting();
    KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
    let other = MasterKey::from_text(&MASTER.to_uppercase()).unwrap();
    let error = KeyRing::load_or_create(&mut store, &other, &entropy, NOW).unwrap_err();
    assert!(matches!(error, KeyError::WrongMasterKey(_)));
    assert!(error.to_string().contains("was CIRCADIA_SECRET_KEY changed?"));
    assert_eq!(store.keys.len(), 3);
}

#[test]
fn a_sealed_key_does_not_open_in_another_row() {
    let (mut store, master, entropy) = setting();
    KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
    rotate(&mut store, Rotation::Planned, &master, &entropy, NOW).unwrap();
    let moved = store.keys[0].sealed.clone();
    let other = store.keys.iter_mut().skip(1).find(|key| key.purpose == KeyPurpose::AccessToken).unwrap();
    other.sealed = moved;
    assert!(matches!(KeyRing::load(&mut store, &master, NOW), Err(KeyError::WrongMasterKey(_))));
}

#[test]
fn a_new_key_is_published_before_it_signs_and_the_old_one_verifies_for_long_enough() {
    let (mut store, master, entropy) = setting();
    let before = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
    let old = before.access_in_use(NOW).unwrap().kid;
    let rotated = NOW.plus_seconds(1_000);
    let ring = rotate(&mut store, Rotation::Planned, &master, &entropy, rotated).unwrap();
    assert_eq!(ring.jwks(rotated)["keys"].as_array().unwrap().len(), 2);
    assert_eq!(ring.access_in_use(rotated.plus_seconds(ANNOUNCE_SECONDS - 1)).unwrap().kid, old);
    let signs_from = rotated.plus_seconds(ANNOUNCE_SECONDS);
    assert_ne!(ring.access_in_use(signs_from).unwrap().kid, old);
    assert!(ring.access(old, signs_from.plus_seconds(ACCESS_TOKEN_TTL + LEEWAY)).is_some());
    assert!(ring.access(old, signs_from.plus_seconds(ACCESS_TOKEN_TTL + 10 * LEEWAY)).is_none());
    let family = before.refresh_in_use(NOW).unwrap();
    assert!(ring.refresh(family, signs_from.plus_seconds(SESSION_TTL)).is_some());
    let later = signs_from.plus_seconds(SESSION_TTL + 10 * LEEWAY);
    let reloaded = KeyRing::load(&mut store, &master, later).unwrap();
    assert!(reloaded.refresh(family, later).is_none());
    assert_eq!(reloaded.jwks(later)["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn in_an_emergency_old_keys_end_at_once_and_new_ones_sign() {
    let (mut store, master, entropy) = setting();
    let before = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
    let (old, family) = (before.access_in_use(NOW).unwrap().kid, before.refresh_in_use(NOW).unwrap());
    let ring = rotate(&mut store, Rotation::Emergency, &master, &entropy, NOW).unwrap();
    assert!(ring.access(old, NOW).is_none());
    assert!(ring.refresh(family, NOW).is_none());
    assert_ne!(ring.access_in_use(NOW).unwrap().kid, old);
}

#[test]
fn no_secret_shows_in_debug_output() {
    let (mut store, master, entropy) = setting();
    let ring = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
    let kid = ring.access_in_use(NOW).unwrap().kid.to_string();
    let shown = format!("{ring:?} {master:?}");
    assert!(shown.contains(&kid) && shown.len() < 140, "{shown}");
}

#[test]
fn keys_of_other_purposes_stay_when_one_is_rotated() {
    let (mut store, master, entropy) = setting();
    let before = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
    let purposes = [KeyPurpose::AccessToken];
    let ring = KeyRing::rotate(&mut store, &purposes, Rotation::Emergency, None, &master, &entropy, NOW).unwrap();
    assert_ne!(ring.access_in_use(NOW).unwrap().kid, before.access_in_use(NOW).unwrap().kid);
    assert_eq!(ring.refresh_in_use(NOW).unwrap(), before.refresh_in_use(NOW).unwrap());
    assert_eq!(store.keys.len(), 4);
}
