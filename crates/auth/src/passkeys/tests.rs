use circadia_domain::passkeys::{Passkey, PasskeyName};
use circadia_domain::revision::Revision;
use serde_json::{Value, json};

use super::*;
use crate::testing::{NOW, id};

use authenticator::{Authenticator, flipped};

const ORIGIN: &str = "https://app.example.org";

fn relying_party() -> RelyingParty {
    RelyingParty::new("example.org", vec![ORIGIN.to_owned(), "android:apk-key-hash:abc".to_owned()]).unwrap()
}

fn user() -> UserId {
    id(1).into()
}

/// The options that matter to a device.
fn creation(started: &Started, user: UserId) -> Value {
    json!({
        "rp": {"id": "example.org"},
        "user": {"id": crate::bytes::base64url(&user_handle(user))},
        "challenge": started.challenge,
    })
}

fn request(started: &Started) -> Value {
    json!({"rpId": "example.org", "challenge": started.challenge})
}

fn register(device: &mut Authenticator) -> Result<NewCredential, CeremonyRefusal> {
    let party = relying_party();
    let started = party.begin_registration(user()).unwrap();
    let answer = device.create(&creation(&started, user()));
    party.finish_registration(&started.state, &Attestation::parse(&answer).unwrap())
}

fn stored(made: NewCredential) -> Passkey {
    Passkey {
        id: id(7).into(),
        user: user(),
        name: PasskeyName::parse("Phone").unwrap(),
        credential_id: made.credential_id,
        public_key: made.public_key,
        sign_count: made.sign_count.into(),
        backup_eligible: made.backup_eligible,
        backed_up: made.backed_up,
        transports: made.transports,
        created_at: NOW,
        last_used_at: None,
        rev: Revision(1),
    }
}

/// A device with a passkey, and the passkey as it is stored.
fn registered() -> (Authenticator, Passkey) {
    let mut device = Authenticator::at(ORIGIN);
    let made = register(&mut device).unwrap();
    (device, stored(made))
}

fn authenticate(device: &mut Authenticator, passkey: &mut Passkey) -> Result<(), CeremonyRefusal> {
    let party = relying_party();
    let started = party.begin_authentication().unwrap();
    let answer = device.get(&request(&started));
    party.authenticate(&started.state, &Assertion::parse(&answer, None).unwrap(), passkey)
}

/// That a sign-in is refused as invalid after the device was changed, and leaves the passkey as it was.
fn refused(change: impl FnOnce(&mut Authenticator)) {
    let (mut device, mut passkey) = registered();
    let before = passkey.clone();
    change(&mut device);
    let refusal = authenticate(&mut device, &mut passkey).unwrap_err();
    assert!(matches!(refusal, CeremonyRefusal::Invalid(_)), "{refusal:?}");
    assert_eq!(passkey, before);
}

#[test]
fn what_a_device_made_signs_in() {
    let mut device = Authenticator::at(ORIGIN);
    device.backed_up = true;
    let made = register(&mut device).unwrap();
    assert_eq!((made.sign_count, made.backup_eligible, made.backed_up), (0, true, true));
    assert_eq!(
        (made.credential_id.as_slice(), made.transports.to_text().as_str()),
        (&*device.credential_id, "hybrid internal")
    );
    let mut passkey = stored(made);
    authenticate(&mut device, &mut passkey).unwrap();
    authenticate(&mut device, &mut passkey).unwrap();
    assert_eq!((passkey.sign_count, passkey.backed_up), (2, true));
    // Apps have origins of another form.
    device.origin = "android:apk-key-hash:abc".to_owned();
    authenticate(&mut device, &mut passkey).unwrap();
}

#[test]
fn an_answer_names_its_user_and_its_credential() {
    let (mut device, _) = registered();
    let started = relying_party().begin_authentication().unwrap();
    let answer = device.get(&request(&started));
    let assertion = Assertion::parse(&answer, None).unwrap();
    assert_eq!((assertion.user(), assertion.credential_id()), (user(), device.credential_id.as_slice()));
    // Of a user who is known, the handle may be missing, but not another.
    device.user_handle = None;
    let answer = device.get(&request(&started));
    assert!(Assertion::parse(&answer, None).is_none());
    assert_eq!(Assertion::parse(&answer, Some(user())).unwrap().user(), user());
    device.user_handle = Some(crate::bytes::base64url(&user_handle(id(2).into())));
    let answer = device.get(&request(&started));
    assert_eq!(Assertion::parse(&answer, Some(user())).unwrap().user(), id(2).into());
}

#[test]
fn another_origin_is_refused() {
    for origin in [
        "https://example.org",
        "https://app.example.org.evil",
        "http://app.example.org",
        "https://app.example.org:8443",
    ] {
        refused(|device| device.origin = origin.to_owned());
        assert!(matches!(register(&mut Authenticator::at(origin)), Err(CeremonyRefusal::Invalid(_))), "{origin}");
    }
}

#[test]
fn another_relying_party_is_refused() {
    refused(|device| device.rp_id = Some("evil.example".to_owned()));
    let mut device = Authenticator::at(ORIGIN);
    device.rp_id = Some("app.example.org".to_owned());
    assert!(matches!(register(&mut device), Err(CeremonyRefusal::Invalid(_))));
}

#[test]
fn a_device_that_does_not_verify_its_user_is_refused() {
    refused(|device| device.verifies_user = false);
    let mut device = Authenticator::at(ORIGIN);
    device.verifies_user = false;
    assert!(matches!(register(&mut device), Err(CeremonyRefusal::Invalid(_))));
}

#[test]
fn another_challenge_is_refused() {
    let other = relying_party().begin_authentication().unwrap().challenge;
    refused(|device| device.challenge = Some(other.clone()));
    let mut device = Authenticator::at(ORIGIN);
    device.challenge = Some(other);
    assert!(matches!(register(&mut device), Err(CeremonyRefusal::Invalid(_))));
}

#[test]
fn a_registration_does_not_answer_a_sign_in() {
    let (mut device, mut passkey) = registered();
    let party = relying_party();
    let started = party.begin_authentication().unwrap();
    let mut answer = device.get(&request(&started));
    let created = device.create(&creation(&started, user()));
    answer["response"]["clientDataJSON"] = created["response"]["clientDataJSON"].clone();
    let refusal = party.authenticate(&started.state, &Assertion::parse(&answer, None).unwrap(), &mut passkey);
    assert!(matches!(refusal, Err(CeremonyRefusal::Invalid(_))), "{refusal:?}");
    // Nor does what is kept for the one serve the other.
    let registration = party.begin_registration(user()).unwrap();
    let answer = device.get(&request(&registration));
    let refusal = party.authenticate(&registration.state, &Assertion::parse(&answer, None).unwrap(), &mut passkey);
    assert!(matches!(refusal, Err(CeremonyRefusal::Defect(_))), "{refusal:?}");
}

#[test]
fn flipped_bits_never_verify() {
    let (mut device, passkey) = registered();
    let party = relying_party();
    let started = party.begin_authentication().unwrap();
    let answer = device.get(&request(&started));
    let verify = |answer: &Value| match Assertion::parse(answer, None) {
        Some(assertion) => party.authenticate(&started.state, &assertion, &mut passkey.clone()).is_ok(),
        None => false,
    };
    assert!(verify(&answer));
    for (member, bits) in [("signature", 72 * 8), ("authenticatorData", 37 * 8), ("clientDataJSON", 160 * 8)] {
        for bit in 0..bits {
            assert!(!verify(&flipped(&answer, member, bit)), "bit {bit} of {member}");
        }
    }
}

/// Whatever is cut short or empty, it is refused: nothing panics.
#[test]
fn answers_that_are_cut_short_are_refused() {
    let (mut device, passkey) = registered();
    let party = relying_party();
    let (sign_in, sign_up) = (party.begin_authentication().unwrap(), party.begin_registration(user()).unwrap());
    let asserted = device.get(&request(&sign_in));
    let attested = device.create(&creation(&sign_up, user()));
    let cuts = |answer: &Value, member: &str| -> Vec<Value> {
        let text = answer["response"][member].as_str().unwrap();
        let cut = |length: usize| {
            let mut answer = answer.clone();
            answer["response"][member] = text[..length].into();
            answer
        };
        (0..text.len()).map(cut).collect()
    };
    for member in ["signature", "authenticatorData", "clientDataJSON", "userHandle"] {
        for answer in cuts(&asserted, member) {
            let Some(assertion) = Assertion::parse(&answer, None) else { continue };
            assert!(party.authenticate(&sign_in.state, &assertion, &mut passkey.clone()).is_err(), "{answer}");
        }
    }
    for member in ["attestationObject", "clientDataJSON", "authenticatorData", "publicKey"] {
        for answer in cuts(&attested, member) {
            let Some(attestation) = Attestation::parse(&answer) else { continue };
            // What the object says again may be missing.
            let verified = party.finish_registration(&sign_up.state, &attestation);
            assert!(verified.is_err(), "{answer}");
        }
    }
    for bit in 0..8 * 180 {
        let Some(attestation) = Attestation::parse(&flipped(&attested, "attestationObject", bit)) else { continue };
        drop(party.finish_registration(&sign_up.state, &attestation));
    }
}

#[test]
fn a_passkey_of_another_user_or_device_is_refused() {
    let (mut device, passkey) = registered();
    let (_, other) = registered();
    for mut wrong in [
        Passkey { user: id(2).into(), ..passkey.clone() },
        Passkey { credential_id: other.credential_id.clone(), ..passkey.clone() },
        Passkey { public_key: other.public_key.clone(), ..passkey.clone() },
    ] {
        let refusal = authenticate(&mut device, &mut wrong).unwrap_err();
        assert!(matches!(refusal, CeremonyRefusal::Invalid(_)), "{refusal:?}");
    }
}

#[test]
fn a_counter_that_does_not_rise_is_told_apart() {
    let (mut device, mut passkey) = registered();
    device.count = Some(9);
    authenticate(&mut device, &mut passkey).unwrap();
    assert_eq!(passkey.sign_count, 10);
    for count in [9, 5, 0] {
        device.count = Some(count);
        let refusal = authenticate(&mut device, &mut passkey).unwrap_err();
        assert!(matches!(refusal, CeremonyRefusal::CounterRegressed), "{refusal:?}");
        assert_eq!(passkey.sign_count, 10);
    }
    // Only the owner of the key can make it regress.
    device.count = Some(5);
    let party = relying_party();
    let started = party.begin_authentication().unwrap();
    let forged = flipped(&device.get(&request(&started)), "signature", 200);
    let forged = Assertion::parse(&forged, None).unwrap();
    let refusal = party.authenticate(&started.state, &forged, &mut passkey).unwrap_err();
    assert!(matches!(refusal, CeremonyRefusal::Invalid(_)), "{refusal:?}");
    device.count = Some(10);
    authenticate(&mut device, &mut passkey).unwrap();
    assert_eq!(passkey.sign_count, 11);
}

#[test]
fn a_device_that_does_not_count_signs_in_again_and_again() {
    let mut device = Authenticator::at(ORIGIN);
    device.count = None;
    let mut passkey = stored(register(&mut device).unwrap());
    for _ in 0..3 {
        authenticate(&mut device, &mut passkey).unwrap();
        assert_eq!(passkey.sign_count, 0);
    }
}

#[test]
fn whether_it_is_backed_up_may_change_but_not_whether_it_can_be() {
    let (mut device, mut passkey) = registered();
    device.backed_up = true;
    let refusal = authenticate(&mut device, &mut passkey).unwrap_err();
    assert!(matches!(refusal, CeremonyRefusal::Invalid(_)), "{refusal:?}");
    passkey.backup_eligible = true;
    authenticate(&mut device, &mut passkey).unwrap();
    assert!(passkey.backed_up);
}

#[test]
fn what_browsers_add_is_ignored_and_what_is_no_answer_is_none() {
    let (mut device, mut passkey) = registered();
    let party = relying_party();
    let started = party.begin_authentication().unwrap();
    let mut answer = device.get(&request(&started));
    answer["clientExtensionResults"] = json!({"appid": false, "credProps": {"rk": true}});
    answer["response"]["more"] = json!([1]);
    answer["future"] = json!("x");
    party.authenticate(&started.state, &Assertion::parse(&answer, None).unwrap(), &mut passkey).unwrap();
    let mut created = device.create(&creation(&started, user()));
    created["clientExtensionResults"] = json!({"credProps": {"rk": true}});
    created["response"]["transports"] = json!(["usb", "pigeon"]);
    let started = party.begin_registration(user()).unwrap();
    let mut created_now = device.create(&creation(&started, user()));
    created_now["response"]["transports"] = created["response"]["transports"].clone();
    let made = party.finish_registration(&started.state, &Attestation::parse(&created_now).unwrap()).unwrap();
    assert_eq!(made.transports.to_text(), "usb");
    assert!(Attestation::parse(&created).is_some());
    for wrong in [json!(null), json!("x"), json!({}), json!({"response": {}}), json!({"id": 1, "response": null})] {
        assert!(Attestation::parse(&wrong).is_none(), "{wrong}");
        assert!(Assertion::parse(&wrong, Some(user())).is_none(), "{wrong}");
    }
}

#[test]
fn an_id_is_a_domain() {
    for good in ["example.org", "localhost", "a.b.c.example.org"] {
        assert_eq!(RelyingParty::new(good, Vec::new()).unwrap().id(), good);
    }
    for wrong in ["", "exämple.org", "a..b"] {
        assert!(RelyingParty::new(wrong, Vec::new()).is_err(), "{wrong}");
    }
}
