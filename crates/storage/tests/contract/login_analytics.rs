//! Login analytics: rollups against a count of the attempts, and the background work on them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use circadia_domain::civil::{DateRange, Instant, Zone};
use circadia_domain::error::StoreError;
use circadia_domain::ids::{IdSource, LoginId, UserId};
use circadia_domain::logins::{
    self, Browser, DeviceKind, IP_RETENTION_DAYS, LOGIN_RETENTION_DAYS, LocalQuarters, LoginAttempt, LoginBucketKind,
    LoginClient, LoginFailure, LoginFilter, LoginMethod, LoginPopulation, LoginSums, MIN_ACCOUNTS, MIN_FAILURES,
    OperatingSystem, Quarter, QuarterSpan, SecurityEventFilter, SecurityEventKind, SignInNote, UserGroup,
};
use circadia_domain::seek::NewestSeek;
use circadia_domain::unit_of_work::{write, write_unowned};
use circadia_domain::users::{Locale, NewUser, Role};
use circadia_storage::Backend;
use uuid::Uuid;

use super::logins::attempt;
use crate::support::samples::{self, NOW, date};
use crate::support::{TestDatabase, at_once};

const DAY: i64 = 86_400;

/// Numbers as random as the tests need them.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % u64::try_from(sides).unwrap()).unwrap()
    }

    fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        things[usize::try_from(self.roll(i64::try_from(things.len()).unwrap())).unwrap()]
    }
}

struct SampleIds;

impl IdSource for SampleIds {
    fn fresh(&self) -> Uuid {
        samples::id()
    }
}

fn roll_up_until(test: &TestDatabase, now: Instant) {
    while write_unowned::<_, StoreError>(&test.database, |store| logins::roll_up(store, now)).unwrap() {}
}

/// Users as the tests know them: role, and whether they may sign in.
type Users = BTreeMap<UserId, (Role, bool)>;

fn users(test: &TestDatabase, backend: Backend) -> Users {
    let mut all = Users::new();
    for (role, active) in [
        (Role::Regular, true),
        (Role::Regular, true),
        (Role::Regular, true),
        (Role::Regular, false),
        (Role::Staff, true),
        (Role::Superuser, true),
    ] {
        let user = NewUser { role, ..samples::user() };
        write_unowned(&test.database, |store| store.insert_user(&user)).unwrap();
        if !active {
            let hex = user.id.as_uuid().simple().to_string();
            let id = match backend {
                Backend::Postgres => format!("'{}'", user.id),
                Backend::Sqlite | Backend::Mysql => format!("X'{hex}'"),
            };
            test.raw().execute(&format!("UPDATE users SET active = FALSE WHERE id = {id}")).unwrap();
        }
        all.insert(user.id, (role, active));
    }
    all
}

fn random_attempts(dice: &mut Dice, users: &Users, from: Instant, days: i64, count: usize) -> Vec<LoginAttempt> {
    let ids: Vec<UserId> = users.keys().copied().collect();
    let attempts = (0..count).map(|_| {
        let user = (dice.roll(6) > 0).then(|| dice.pick(&ids));
        let failure = match (user, dice.roll(4)) {
            (None, _) => Some(LoginFailure::UnknownUser),
            (_, 0) => Some(LoginFailure::WrongPassword),
            (_, 1) if dice.roll(3) == 0 => Some(LoginFailure::SecondFactorRequired),
            _ => None,
        };
        // Often on the edge of a quarter hour, or of a day.
        let seconds = match dice.roll(4) {
            0 => dice.roll(days * 96) * 900,
            1 => dice.roll(days * 96) * 900 - 1,
            2 => dice.roll(days) * DAY,
            _ => dice.roll(days * DAY),
        };
        LoginAttempt {
            client: LoginClient {
                browser: dice.pick(&[Browser::Chrome, Browser::Firefox, Browser::Other]),
                os: dice.pick(&[OperatingSystem::Android, OperatingSystem::Windows]),
                device: dice.pick(&[DeviceKind::Phone, DeviceKind::Desktop]),
            },
            ..attempt(user, from.plus_seconds(seconds), failure)
        }
    });
    attempts.collect()
}

/// Whether an attempt is one of a population's.
fn belongs(of: &LoginPopulation, users: &Users, attempt: &LoginAttempt) -> bool {
    match (of, attempt.user) {
        (LoginPopulation::Everyone, _) => true,
        (_, None) => false,
        (LoginPopulation::Users(ids), Some(user)) => ids.contains(&user),
        (LoginPopulation::Group(group), Some(user)) => {
            let (role, active) = users[&user];
            (group.roles.is_empty() || group.roles.contains(&role))
                && group.active.is_none_or(|wanted| wanted == active)
                && group.except != Some(user)
        }
    }
}

fn counted(attempt: &LoginAttempt) -> LoginSums {
    match (attempt.user, attempt.failure) {
        (_, Some(LoginFailure::SecondFactorRequired)) => LoginSums::default(),
        (None, _) => LoginSums { unknown_failures: 1, ..LoginSums::default() },
        (_, None) => LoginSums { successes: 1, ..LoginSums::default() },
        _ => LoginSums { failures: 1, ..LoginSums::default() },
    }
}

fn without_zeros<K: Ord>(sums: impl IntoIterator<Item = (K, LoginSums)>) -> BTreeMap<K, LoginSums> {
    sums.into_iter().filter(|(_, sums)| *sums != LoginSums::default()).collect()
}

/// The figures of the store against those of a naive count, for random ranges, zones and populations.
fn compare(test: &TestDatabase, dice: &mut Dice, users: &Users, attempts: &[LoginAttempt], from: Instant, days: i64) {
    let ids: Vec<UserId> = users.keys().copied().collect();
    for _ in 0..12 {
        let zone = Zone::parse(dice.pick(&[
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "Pacific/Kiritimati",
        ]))
        .unwrap();
        let first = zone.date_of(from.plus_seconds(dice.roll(days) * DAY));
        let length = dice.pick(&[0, 1, 6, 29, 60]);
        let range = DateRange::new(first, first.saturating_add_days(length)).unwrap();
        let group = |roles: &[Role], active, except| {
            LoginPopulation::Group(UserGroup { roles: roles.to_vec(), active, except })
        };
        let population = match dice.roll(8) {
            0 | 1 => LoginPopulation::Everyone,
            2 => LoginPopulation::Users(vec![dice.pick(&ids)]),
            3 => LoginPopulation::Users(ids.iter().copied().take(3).collect()),
            4 => group(&[Role::Staff, Role::Superuser], None, None),
            5 => group(&[Role::Regular], Some(true), None),
            6 => group(&[], Some(dice.roll(2) == 0), None),
            _ => group(&[], None, Some(dice.pick(&ids))),
        };
        let within = LocalQuarters::of(zone, range);
        let own: Vec<&LoginAttempt> = attempts
            .iter()
            .filter(|attempt| range.contains(zone.date_of(attempt.at)) && belongs(&population, users, attempt))
            .collect();
        for kind in [LoginBucketKind::Day, LoginBucketKind::HourOfWeek] {
            let mut expected: BTreeMap<i32, LoginSums> = BTreeMap::new();
            for attempt in &own {
                let local = within.local(Quarter::of(attempt.at));
                let bucket = match kind {
                    LoginBucketKind::Day => local - local % 96,
                    LoginBucketKind::HourOfWeek => local % 672 - local % 4,
                };
                expected.entry(bucket).or_default().add(counted(attempt));
            }
            let found = test.read(|store| store.login_buckets(&population, &within, kind));
            let found = without_zeros(found.into_iter().map(|bucket| (bucket.local, bucket.sums)));
            assert_eq!(found, without_zeros(expected), "{population:?} {zone} {range:?} {kind:?}");
        }
        let words = |client: LoginClient| (client.browser.as_str(), client.os.as_str(), client.device.as_str());
        let mut expected: BTreeMap<_, LoginSums> = BTreeMap::new();
        for attempt in own.iter().filter(|attempt| attempt.user.is_some()) {
            expected.entry(words(attempt.client)).or_default().add(counted(attempt));
        }
        let found = test.read(|store| store.login_clients(&population, within.span()));
        let found = without_zeros(found.into_iter().map(|(client, sums)| (words(client), sums)));
        assert_eq!(found, without_zeros(expected), "{population:?} {zone} {range:?}");
        let before =
            DateRange::new(range.from().saturating_add_days(-1 - length), range.from().saturating_add_days(-1))
                .unwrap();
        let found =
            test.read(|store| store.logins_by_user(&ids, QuarterSpan::of(zone, range), QuarterSpan::of(zone, before)));
        for user in &ids {
            let mut expected = (LoginSums::default(), LoginSums::default());
            for attempt in attempts.iter().filter(|attempt| attempt.user == Some(*user)) {
                let date = zone.date_of(attempt.at);
                if range.contains(date) {
                    expected.0.add(counted(attempt));
                } else if before.contains(date) {
                    expected.1.add(counted(attempt));
                }
            }
            let found = found.iter().find(|(own, _)| own == user).map(|(_, logins)| *logins).unwrap_or_default();
            assert_eq!((found.current, found.previous), expected, "{zone} {range:?}");
        }
    }
}

pub(crate) fn figures_equal_a_count_of_the_attempts(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    // Clocks change in New York on 8 March, in Berlin on 29 March and at Lord Howe on 5 April.
    let from = Instant::parse("2026-02-20T00:00:00Z").unwrap();
    let (mut dice, days) = (Dice(7), 60);
    let mut users = users(&test, backend);
    let mut attempts = random_attempts(&mut dice, &users, from, days, 600);
    write_unowned(&test.database, |store| attempts.iter().try_for_each(|attempt| store.insert_login(attempt))).unwrap();
    compare(&test, &mut dice, &users, &attempts, from, days);
    for day in [3, 17, 17, 40, 75] {
        roll_up_until(&test, from.plus_seconds(day * DAY + dice.roll(DAY)));
        compare(&test, &mut dice, &users, &attempts, from, days);
    }
    // More comes in, some of it late: in quarters that were rolled up it would be lost, so it is counted in the next one.
    let late = LoginAttempt { id: LoginId::from_uuid(samples::id()), ..attempts[0].clone() };
    let total = |test: &TestDatabase| {
        let within = LocalQuarters::of(Zone::UTC, DateRange::new(date("2026-01-01"), date("2026-12-31")).unwrap());
        let found = test.read(|store| store.login_buckets(&LoginPopulation::Everyone, &within, LoginBucketKind::Day));
        let mut sums = LoginSums::default();
        for bucket in found {
            sums.add(bucket.sums);
        }
        sums
    };
    let mut expected = total(&test);
    write_unowned(&test.database, |store| store.insert_login(&late)).unwrap();
    expected.add(counted(&late));
    assert_eq!(total(&test), expected);
    roll_up_until(&test, from.plus_seconds(90 * DAY));
    assert_eq!(total(&test), expected);
    // A rebuild counts it where it belongs.
    attempts.push(late);
    let hex = attempts.last().unwrap().id.as_uuid().simple().to_string();
    let id = if backend == Backend::Postgres { format!("'{hex}'") } else { format!("X'{hex}'") };
    let quarter = Quarter::of(attempts[0].at).number();
    test.raw().execute(&format!("UPDATE login_attempts SET quarter = {quarter} WHERE id = {id}")).unwrap();
    write_unowned::<_, StoreError>(&test.database, |store| logins::begin_rebuild(store)).unwrap();
    compare(&test, &mut dice, &users, &attempts, from, days);
    roll_up_until(&test, from.plus_seconds(90 * DAY));
    compare(&test, &mut dice, &users, &attempts, from, days);
    // A deleted account takes its figures along.
    let gone = *users.keys().next().unwrap();
    write::<_, StoreError>(&test.database, gone, NOW, |tx| tx.store.erase_user(gone)).unwrap();
    users.remove(&gone);
    attempts.retain(|attempt| attempt.user != Some(gone));
    compare(&test, &mut dice, &users, &attempts, from, days);
}

pub(crate) fn several_writers_roll_up_once(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let users = users(&test, backend);
    let from = Instant::parse("2026-03-01T00:00:00Z").unwrap();
    let attempts = random_attempts(&mut Dice(3), &users, from, 5, 200);
    write_unowned(&test.database, |store| attempts.iter().try_for_each(|attempt| store.insert_login(attempt))).unwrap();
    at_once(4, |_| roll_up_until(&test, from.plus_seconds(10 * DAY)));
    compare(&test, &mut Dice(5), &users, &attempts, from, 5);
}

pub(crate) fn addresses_are_truncated_after_30_days(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let old = NOW.plus_seconds(-(IP_RETENTION_DAYS + 1) * DAY);
    let with = |at, ip: &str| LoginAttempt { ip: Some(ip.parse().unwrap()), ..attempt(Some(user), at, None) };
    let attempts = [with(old, "192.0.2.77"), with(old, "2001:db8:1:2::3"), with(NOW, "192.0.2.78")];
    write_unowned(&test.database, |store| attempts.iter().try_for_each(|attempt| store.insert_login(attempt))).unwrap();
    while write_unowned::<_, StoreError>(&test.database, |store| logins::truncate_addresses(store, NOW)).unwrap() {}
    let filter = LoginFilter { user: Some(user), ..LoginFilter::default() };
    let seek = NewestSeek { beyond: None, backwards: false, skip: 0, limit: 10 };
    let found = test.read(|store| store.logins(&filter, &seek));
    let mut addresses: Vec<String> = found.iter().filter_map(|attempt| attempt.ip).map(|ip| ip.to_string()).collect();
    addresses.sort();
    assert_eq!(addresses, ["192.0.2.0", "192.0.2.78", "2001:db8:1::"]);
}

pub(crate) fn old_attempts_go_and_their_figures_stay(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let old = NOW.plus_seconds(-(LOGIN_RETENTION_DAYS + 2) * DAY);
    let attempts = [attempt(Some(user), old, None), attempt(Some(user), NOW, None)];
    write_unowned(&test.database, |store| attempts.iter().try_for_each(|attempt| store.insert_login(attempt))).unwrap();
    let purge = || write_unowned::<_, StoreError>(&test.database, |store| logins::purge(store, NOW)).unwrap();
    assert!(!purge(), "what isn't rolled up stays");
    let count = || test.read(|store| store.count_logins(&LoginFilter { user: Some(user), ..LoginFilter::default() }));
    assert_eq!(count(), 2);
    roll_up_until(&test, NOW);
    while purge() {}
    assert_eq!(count(), 1);
    let counts = test.read(|store| store.login_counts(user, NOW, NOW));
    assert_eq!((counts.total, counts.this_week), (2, 1));
    assert_eq!(test.read(|store| store.last_login(user)), Some(NOW));
    // Nor does a rebuild forget them.
    write_unowned::<_, StoreError>(&test.database, |store| logins::begin_rebuild(store)).unwrap();
    roll_up_until(&test, NOW.plus_seconds(DAY));
    assert_eq!(test.read(|store| store.login_counts(user, NOW, NOW)).total, 2);
}

pub(crate) fn suspicious_patterns_are_recorded_once_an_hour(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let address: IpAddr = "203.0.113.9".parse().unwrap();
    let failed = |number: i64, whose: Option<UserId>, ip: Option<IpAddr>, at: Instant| LoginAttempt {
        identifier_hash: [u8::try_from(number).unwrap(); 32],
        ip,
        ..attempt(whose, at, Some(LoginFailure::WrongPassword))
    };
    let mut attempts: Vec<LoginAttempt> =
        (0..MIN_FAILURES - 1).map(|number| failed(number, Some(user), None, NOW.plus_seconds(-number))).collect();
    attempts.extend((0..MIN_ACCOUNTS - 1).map(|number| failed(number, None, Some(address), NOW.plus_seconds(-number))));
    // Long ago, or only the first of two factors: neither counts.
    attempts.push(failed(0, Some(user), None, NOW.plus_seconds(-901)));
    attempts.push(attempt(Some(user), NOW, Some(LoginFailure::SecondFactorRequired)));
    let record = |attempts: &[LoginAttempt]| {
        write_unowned(&test.database, |store| attempts.iter().try_for_each(|attempt| store.insert_login(attempt)))
            .unwrap();
    };
    let watch =
        |at| write_unowned::<_, StoreError>(&test.database, |store| logins::watch(store, &SampleIds, at)).unwrap();
    record(&attempts);
    assert_eq!(watch(NOW), 0);
    record(&[failed(20, Some(user), None, NOW), failed(20, None, Some(address), NOW)]);
    assert_eq!(watch(NOW), 2);
    assert_eq!(watch(NOW.plus_seconds(60)), 0, "the same isn't recorded twice within an hour");
    let seek = NewestSeek { beyond: None, backwards: false, skip: 0, limit: 10 };
    let events = test.read(|store| store.security_events(&SecurityEventFilter::default(), &seek));
    let of = |kind| events.iter().find(|event| event.kind == kind).unwrap();
    let failures = of(SecurityEventKind::FailuresOnAccount);
    assert_eq!((failures.user, failures.ip, i64::from(failures.attempts)), (Some(user), None, MIN_FAILURES));
    let probing = of(SecurityEventKind::AddressOverAccounts);
    assert_eq!((probing.user, probing.ip, i64::from(probing.accounts)), (None, Some(address), MIN_ACCOUNTS));
    let counts = test.read(|store| store.security_event_counts(NOW));
    assert_eq!(counts.len(), 2);
}

pub(crate) fn a_new_device_or_country_is_noticed(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let client = |browser| LoginClient { browser, os: OperatingSystem::Linux, device: DeviceKind::Desktop };
    let (german, austrian) = (Locale::parse("de-DE").unwrap(), Locale::parse("de-AT").unwrap());
    let sign_in = |seconds: i64, browser, language: Option<&Locale>| {
        let at = NOW.plus_seconds(seconds);
        write_unowned::<_, StoreError>(&test.database, |store| {
            store.insert_login(&LoginAttempt {
                client: client(browser),
                language: language.cloned(),
                method: LoginMethod::Password,
                ..attempt(Some(user), at, None)
            })?;
            let noted = SignInNote { user, at, ip: None, client: client(browser), language };
            logins::note_sign_in(store, noted, &SampleIds)
        })
        .unwrap()
    };
    let kinds = || {
        let seek = NewestSeek { beyond: None, backwards: true, skip: 0, limit: 10 };
        let events = test.read(|store| store.security_events(&SecurityEventFilter::default(), &seek));
        events.into_iter().map(|event| event.kind).collect::<Vec<_>>()
    };
    assert!(!sign_in(0, Browser::Firefox, Some(&german)), "nothing is new about the first");
    assert!(!sign_in(1, Browser::Firefox, Some(&german)));
    assert!(!sign_in(2, Browser::Firefox, None));
    assert_eq!(kinds(), []);
    assert!(sign_in(3, Browser::Chrome, Some(&german)));
    assert!(!sign_in(4, Browser::Chrome, Some(&german)));
    assert_eq!(kinds(), [SecurityEventKind::NewDevice]);
    assert!(!sign_in(5, Browser::Chrome, Some(&austrian)), "a new country isn't told by mail");
    assert_eq!(kinds(), [SecurityEventKind::NewDevice, SecurityEventKind::NewCountry]);
}

pub(crate) fn activity_is_read_in_pages(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    // Two at the same instant: the id decides.
    let mut own: Vec<LoginAttempt> = [0, 1, 1, 2, 3]
        .map(|seconds| attempt(Some(user), NOW.plus_seconds(seconds), None))
        .into_iter()
        .chain([attempt(Some(user), NOW.plus_seconds(4), Some(LoginFailure::WrongPassword))])
        .collect();
    let foreign = attempt(Some(other), NOW.plus_seconds(2), None);
    write_unowned(&test.database, |store| {
        own.iter().chain([&foreign]).try_for_each(|attempt| store.insert_login(attempt))
    })
    .unwrap();
    own.sort_by_key(|attempt| std::cmp::Reverse((attempt.at, attempt.id)));
    let filter = LoginFilter { user: Some(user), ..LoginFilter::default() };
    let page = |beyond: Option<&LoginAttempt>, backwards, skip, limit| {
        let beyond = beyond.map(|attempt| (attempt.at, attempt.id));
        test.read(|store| store.logins(&filter, &NewestSeek { beyond, backwards, skip, limit }))
    };
    assert_eq!(page(None, false, 0, 10), own);
    assert_eq!(page(None, false, 0, 2), own[..2]);
    assert_eq!(page(None, false, 2, 2), own[2..4]);
    assert_eq!(page(Some(&own[2]), false, 0, 10), own[3..]);
    let back: Vec<LoginAttempt> = own[..3].iter().rev().cloned().collect();
    assert_eq!(page(Some(&own[3]), true, 0, 10), back);
    let count = |filter: &LoginFilter| test.read(|store| store.count_logins(filter));
    assert_eq!(count(&filter), 6);
    assert_eq!(count(&LoginFilter { success: Some(false), ..filter.clone() }), 1);
    let narrow = LoginFilter { from: Some(NOW.plus_seconds(1)), until: Some(NOW.plus_seconds(3)), ..filter.clone() };
    assert_eq!(count(&narrow), 3);
}

pub(crate) fn accounts_are_counted(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let users = users(&test, backend);
    let counts = test.read(|store| store.account_counts());
    let sum = |of: &dyn Fn(&circadia_domain::logins::AccountCounts) -> bool| {
        counts.iter().filter(|count| of(count)).map(|count| count.count).sum::<i64>()
    };
    assert_eq!(sum(&|_| true), i64::try_from(users.len()).unwrap());
    assert_eq!(sum(&|count| count.role == Role::Staff), 1);
    assert_eq!(sum(&|count| !count.active), 1);
    let ids: Vec<UserId> = users.keys().copied().collect();
    let found = test.read(|store| store.login_users(&ids));
    let found: Vec<UserId> = found.iter().map(|user| user.id).collect();
    assert_eq!(found, ids);
    let signed_in = [attempt(Some(ids[0]), NOW, None), attempt(Some(ids[1]), NOW.plus_seconds(-8 * DAY), None)];
    write_unowned(&test.database, |store| signed_in.iter().try_for_each(|attempt| store.insert_login(attempt)))
        .unwrap();
    let since = |days: i64| NOW.plus_seconds(-days * DAY);
    assert_eq!(test.read(|store| store.active_users([since(1), since(7), since(30)])), [1, 1, 2]);
    // Samples are made at the same instant.
    let created = test.read(|store| store.find_user(ids[0])).unwrap().created_at;
    let day = Zone::UTC.date_of(created);
    let made = |from, to| {
        let range = DateRange::new(from, to).unwrap();
        test.read(|store| store.accounts_made(&LocalQuarters::of(Zone::UTC, range)))
    };
    let all = i64::try_from(users.len()).unwrap();
    assert_eq!(made(day, day), (0, vec![(day, all)]));
    let next = day.saturating_add_days(1);
    assert_eq!(made(next, next), (all, vec![]));
}
