use proptest::prelude::*;

use super::*;
use crate::testing::{Ids, InMemoryStore, MASTER, NOW, Seeded, id};

fn cookies(master: &str) -> Cookies {
    Cookies::new(&MasterKey::from_text(master).unwrap()).unwrap()
}

fn opened() -> (InMemoryStore, OpenedCookie) {
    let mut store = InMemoryStore::with_user(id(1), None);
    let client = Client::new(Some("laptop"), Some("test/1"), Some("192.0.2.1".parse().unwrap()));
    let opened = open_cookie_session(
        &mut store,
        Authenticated::by_password(id(1).into()),
        &client,
        &Ids::default(),
        &Seeded::new(5),
        NOW,
    )
    .unwrap();
    (store, opened)
}

fn state(store: &mut InMemoryStore, opened: &OpenedCookie) -> SessionState {
    store.find_session(opened.session.user, opened.session.id).unwrap().unwrap()
}

#[test]
fn only_cookies_that_were_made_here_are_read() {
    let (cookies, (_, OpenedCookie { id, .. })) = (cookies(MASTER), opened());
    let text = cookies.text(&id);
    assert_eq!(cookies.read(&text), Some(id));
    assert_eq!(self::cookies(&MASTER.to_uppercase()).read(&text), None);
    for at in 0..text.len() {
        let mut changed = text.to_string();
        let other = if &changed[at..=at] == "A" { "B" } else { "A" };
        changed.replace_range(at..=at, other);
        assert_eq!(cookies.read(&changed), None, "{at}");
        assert_eq!(cookies.read(&text[..at]), None, "{at}");
    }
    assert_eq!(cookies.read(&format!("{}A", &*text)), None);
}

proptest! {
    #[test]
    fn anything_can_be_read_without_harm(text in ".{0,120}") {
        let cookies = cookies(MASTER);
        prop_assert_eq!(cookies.read(&text), None);
        prop_assert_eq!(cookies.read(&format!("crs_{text}")), None);
    }
}

#[test]
fn a_csrf_token_belongs_to_one_cookie_and_tells_nothing_of_it() {
    let (cookies, (_, OpenedCookie { id, .. })) = (cookies(MASTER), opened());
    let other = CookieId(Zeroizing::new([7; 32]));
    let token = cookies.csrf_token(&id);
    assert!(cookies.is_csrf_token(&id, &token));
    assert!(!cookies.is_csrf_token(&other, &token));
    assert!(!cookies.is_csrf_token(&id, "") && !cookies.is_csrf_token(&id, &token[1..]));
    assert!(!cookies.text(&id).contains(&token));
    assert!(!cookies.is_csrf_token(&id, &cookies.text(&id)));
}

#[test]
fn only_the_hash_is_stored_and_every_cookie_is_another() {
    let (store, OpenedCookie { session, id }) = opened();
    assert_eq!(store.sessions, std::slice::from_ref(&session));
    assert_eq!((session.kind, session.secret_hash), (SessionKind::Cookie, *id.key().hash()));
    assert_ne!(session.secret_hash, *id.0);
    let entropy = Seeded::new(9);
    let mut store = InMemoryStore::with_user(self::id(1), None);
    let mut open = || {
        let user = self::id(1).into();
        open_cookie_session(
            &mut store,
            Authenticated::by_password(user),
            &Client::default(),
            &Ids::default(),
            &entropy,
            NOW,
        )
        .unwrap()
        .id
    };
    assert_ne!(open(), open());
    assert_eq!(format!("{id:?}"), "CookieId(..)");
}

#[test]
fn the_row_has_the_last_word() {
    let (mut store, opened) = opened();
    let admitted = |store: &mut InMemoryStore, seconds: i64| {
        let state = state(store, &opened);
        admit(&opened.id, &state, NOW.plus_seconds(seconds))
    };
    let access = admitted(&mut store, 5).unwrap();
    assert_eq!(access.session, SessionRef { user: opened.session.user, session: opened.session.id });
    assert_eq!((access.opened_at, access.read_at), (NOW, NOW.plus_seconds(5)));
    // Unused for two days, it is over; used, it lasts for seven.
    assert!(admitted(&mut store, IDLE_TTL - 1).is_some());
    assert!(admitted(&mut store, IDLE_TTL).is_none());
    store.sessions[0].last_used_at = NOW.plus_seconds(SESSION_TTL - 10);
    assert!(admitted(&mut store, SESSION_TTL - 1).is_some());
    assert!(admitted(&mut store, SESSION_TTL).is_none());
    // Another's cookie, another kind of session, one that was ended, an account that may not sign in.
    let state = state(&mut store, &opened);
    assert!(admit(&CookieId(Zeroizing::new([7; 32])), &state, NOW).is_none());
    let with = |change: fn(&mut SessionState)| {
        let mut changed = state.clone();
        change(&mut changed);
        admit(&opened.id, &changed, NOW)
    };
    assert!(with(|_| ()).is_some());
    assert!(with(|state| state.session.kind = SessionKind::Token).is_none());
    assert!(with(|state| state.session.revoked_at = Some(NOW)).is_none());
    assert!(with(|state| state.active = false).is_none());
}

#[test]
fn a_cookie_is_remembered_for_a_minute_while_the_store_lives() {
    let (cookies, (mut store, opened)) = (cookies(MASTER), opened());
    let access = admit(&opened.id, &state(&mut store, &opened), NOW).unwrap();
    cookies.remember(&opened.id, access);
    let recalled = |seconds| cookies.recall(&opened.id, NOW.plus_seconds(seconds));
    assert_eq!(recalled(0), None, "nothing was heard of the store yet");
    cookies.heard_of_store(NOW);
    assert_eq!(recalled(0), Some(access));
    assert_eq!(recalled(1), Some(access));
    assert_eq!(recalled(2), None, "the store wasn't heard of for a second");
    cookies.heard_of_store(NOW.plus_seconds(CACHE_TTL_SECONDS));
    assert_eq!(recalled(CACHE_TTL_SECONDS - 1), Some(access));
    assert_eq!(recalled(CACHE_TTL_SECONDS), None);
    assert_eq!(recalled(-1), None, "a clock that was set back");
    cookies.lost_store();
    assert_eq!(recalled(CACHE_TTL_SECONDS - 1), None);
    cookies.heard_of_store(NOW);
    cookies.forget(opened.id.key());
    assert_eq!(recalled(0), None);
}

#[test]
fn a_place_reads_back_and_nothing_else_does() {
    let session = SessionRef { user: id(1).into(), session: id(2).into() };
    assert_eq!(SessionRef::from_bytes(&session.to_bytes()), Some(session));
    assert_eq!(SessionRef::from_bytes(&session.to_bytes()[..31]), None);
    assert_eq!(SessionRef::from_bytes(&[0; 33]), None);
}

#[test]
fn use_is_noted_now_and_then_and_when_the_address_changes() {
    let (_, OpenedCookie { session, .. }) = opened();
    let from = |ip: &str| Client::new(None, None, Some(ip.parse().unwrap()));
    let noted = |ip: &str, seconds| is_to_be_noted(&session, &from(ip), NOW.plus_seconds(seconds));
    assert!(!noted("192.0.2.1", USE_NOTED_INTERVAL_SECONDS - 1));
    assert!(noted("192.0.2.1", USE_NOTED_INTERVAL_SECONDS));
    assert!(noted("192.0.2.2", 0));
}
