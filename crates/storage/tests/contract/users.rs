//! Users.

use circadia_domain::civil::{DayStart, Weekday, Weekdays, Zone};
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{write, write_unowned};
use circadia_domain::users::{
    Avatar, AvatarFormat, ColorScheme, Email, Login, NewUser, Reservation, Role, Settings, SleepGoal, User, Username,
};
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn insert(test: &TestDatabase, user: &NewUser) -> Result<(), StoreError> {
    write_unowned(&test.database, |store| store.insert_user(user))
}

fn stored(user: NewUser) -> User {
    User {
        id: user.id,
        username: user.username,
        email: user.email,
        email_verified_at: user.email_verified_at,
        role: user.role,
        active: true,
        settings: user.settings,
        avatar: None,
        created_at: user.created_at,
        updated_at: user.created_at,
        rev: Revision(1),
        latest_rev: Revision(1),
    }
}

pub(crate) fn a_user_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let mut user = samples::user();
    user.username = Username::parse(&"X-.y_Z09".repeat(4)).unwrap();
    user.email = Email::from_stored(format!("{}@{}.example", "a".repeat(64), "b".repeat(181)));
    user.role = Role::Superuser;
    user.password_hash = Some("h".repeat(255));
    insert(&test, &user).unwrap();
    assert_eq!(test.read(|store| store.find_user(user.id)), Some(stored(user.clone())));
    let credentials = test.read(|store| store.credentials_of(user.id)).unwrap();
    assert_eq!(credentials.password_hash, user.password_hash);
    assert_eq!(credentials.email_verified, user.email_verified_at.is_some());
}

pub(crate) fn a_user_without_optional_parts_reads_back(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user =
        NewUser { email_verified_at: None, password_hash: None, settings: Settings::default(), ..samples::user() };
    insert(&test, &user).unwrap();
    assert_eq!(test.read(|store| store.find_user(user.id)), Some(stored(user.clone())));
    let credentials = test.read(|store| store.credentials_of(user.id)).unwrap();
    assert_eq!((credentials.password_hash, credentials.email_verified), (None, false));
    assert_eq!(test.read(|store| store.find_user(UserId::from_uuid(samples::id()))), None);
}

pub(crate) fn names_and_addresses_are_unique_and_told_apart(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let first = samples::user();
    insert(&test, &first).unwrap();
    let shouted = Username::parse(&first.username.as_str().to_uppercase()).unwrap();
    let same_name = insert(&test, &NewUser { username: shouted, ..samples::user() });
    assert!(matches!(same_name, Err(StoreError::Duplicate(Unique::Username))), "{same_name:?}");
    let same_address = insert(&test, &NewUser { email: first.email.clone(), ..samples::user() });
    assert!(matches!(same_address, Err(StoreError::Duplicate(Unique::Email))), "{same_address:?}");
    let same_id = insert(&test, &NewUser { id: first.id, ..samples::user() });
    assert!(matches!(same_id, Err(StoreError::Duplicate(Unique::Other))), "{same_id:?}");
    assert_eq!(test.raw().number("SELECT count(*) FROM users"), 1);
    assert_eq!(test.raw().number("SELECT count(*) FROM user_revisions"), 1);
}

pub(crate) fn a_user_is_renamed_unless_another_has_the_name(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (first, second) = (samples::user(), samples::user());
    insert(&test, &first).unwrap();
    insert(&test, &second).unwrap();
    let rename = |name: &str| {
        let name = Username::parse(name).unwrap();
        let later = NOW.plus_seconds(1);
        write(&test.database, first.id, later, |tx| tx.store.update_username(first.id, &name, tx.rev, later))
    };
    let taken = rename(&second.username.as_str().to_uppercase());
    assert!(matches!(taken, Err(StoreError::Duplicate(Unique::Username))), "{taken:?}");
    rename(&first.username.as_str().to_uppercase()).unwrap();
    rename("Lovelace").unwrap();
    let found = test.read(|store| store.find_credentials(&Login::username("lovelace"))).unwrap();
    assert_eq!(found.user, first.id);
    assert!(test.read(|store| store.find_credentials(&Login::username(first.username.as_str()))).is_none());
}

pub(crate) fn accents_and_case_make_different_addresses(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    for local in ["jose", "josé", "jOSE", "joſe", "josе"] {
        let email = Email::from_stored(format!("{local}@example.org"));
        insert(&test, &NewUser { email, ..samples::user() }).unwrap_or_else(|error| panic!("{local}: {error}"));
    }
    let found = test.read(|store| store.find_credentials(&Login::Email("josé@example.org".into())));
    let user = test.read(|store| store.find_user(found.unwrap().user)).unwrap();
    assert_eq!(user.email.as_str(), "josé@example.org");
}

pub(crate) fn credentials_are_found_by_name_address_and_id(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = samples::user();
    insert(&test, &user).unwrap();
    insert(&test, &samples::user()).unwrap();
    let by = |login: Login| test.read(|store| store.find_credentials(&login)).map(|found| found.user);
    assert_eq!(by(Login::email(&user.email.as_str().to_uppercase())), Some(user.id));
    assert_eq!(by(Login::username(&user.username.as_str().to_uppercase())), Some(user.id));
    assert_eq!(by(Login::username(user.email.as_str())), None);
    assert_eq!(by(Login::email(user.username.as_str())), None);
    assert_eq!(test.read(|store| store.credentials_of(user.id)).unwrap().user, user.id);
}

pub(crate) fn names_are_reserved_once_and_go_with_their_holder(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (holder, other) = (test.user(), test.user());
    let name = Username::parse("Lovelace").unwrap();
    let reserve = |holder: UserId, name: &Username| {
        write_unowned(&test.database, |store| store.reserve_username(name, "$phc", holder, NOW))
    };
    reserve(holder, &name).unwrap();
    let again = reserve(other, &Username::parse("loveLACE").unwrap());
    assert!(matches!(again, Err(StoreError::Duplicate(Unique::Other))), "{again:?}");
    let find = |login: Login, account| test.read(|store| store.find_reservation(&login, account));
    let reserved = Reservation { holder, password_hash: "$phc".to_owned() };
    assert_eq!(find(Login::username("Lovelace"), None), Some(reserved.clone()));
    assert_eq!(find(Login::username("love"), Some(holder)), None);
    let address = Login::email("ada@example.org");
    assert_eq!((find(address.clone(), None), find(address.clone(), Some(other))), (None, None));
    write_unowned::<_, StoreError>(&test.database, |store| {
        store.reserve_username(&Username::parse("later").unwrap(), "$later", holder, NOW.plus_seconds(1))
    })
    .unwrap();
    assert_eq!(find(address, Some(holder)).unwrap().password_hash, "$later", "the latest one");
    assert!(test.read(|store| store.find_credentials(&Login::username("lovelace"))).is_none());
    test.write(holder, |tx| tx.store.erase_user(holder));
    assert_eq!(find(Login::username("lovelace"), None), None);
}

pub(crate) fn settings_and_passwords_change(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = samples::user();
    insert(&test, &user).unwrap();
    let other = test.user();
    let settings = Settings {
        timezone: Zone::parse("Asia/Kolkata").unwrap(),
        day_start: DayStart::MIDNIGHT,
        week_start: Weekday::Mo,
        locale: circadia_domain::users::Locale::default(),
        color_scheme: ColorScheme::System,
        sleep_goal: SleepGoal::from_minutes(60).unwrap(),
        free_days: Weekdays::of(&[]),
        allow_overlapping_time: false,
    };
    let later = NOW.plus_seconds(1);
    test.write(user.id, |tx| {
        tx.store.update_settings(user.id, &settings, tx.rev, later)?;
        tx.store.update_password(user.id, "$argon2id$new", tx.rev, later)
    });
    let expected =
        User { settings, updated_at: later, rev: Revision(2), latest_rev: Revision(2), ..stored(user.clone()) };
    assert_eq!(test.read(|store| store.find_user(user.id)), Some(expected));
    let hash = test.read(|store| store.credentials_of(user.id)).unwrap().password_hash;
    assert_eq!(hash.as_deref(), Some("$argon2id$new"));
    assert_eq!(test.read(|store| store.find_user(other)).unwrap().settings, samples::settings());
}

pub(crate) fn an_image_is_set_and_removed_for_its_user_alone(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (samples::user(), test.user());
    insert(&test, &user).unwrap();
    assert_eq!(test.read(|store| store.find_user(user.id)).unwrap().avatar, None);
    let later = NOW.plus_seconds(1);
    for (count, format) in (2..).zip([AvatarFormat::Jpeg, AvatarFormat::Png]) {
        let avatar = Some(Avatar::new([255; 16], format));
        test.write(user.id, |tx| tx.store.update_avatar(user.id, avatar, tx.rev, later));
        let rev = Revision(count);
        let expected = User { avatar, updated_at: later, rev, latest_rev: rev, ..stored(user.clone()) };
        assert_eq!(test.read(|store| store.find_user(user.id)), Some(expected));
    }
    assert_eq!(test.read(|store| store.find_user(other)).unwrap().avatar, None);
    test.write(user.id, |tx| tx.store.update_avatar(user.id, None, tx.rev, later));
    assert_eq!(test.read(|store| store.find_user(user.id)).unwrap().avatar, None);
}

pub(crate) fn roles_exist_once_someone_has_them(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    assert!(!test.read(|store| store.role_exists(Role::Superuser)));
    insert(&test, &NewUser { role: Role::Superuser, ..samples::user() }).unwrap();
    assert!(test.read(|store| store.role_exists(Role::Superuser)));
    assert!(!test.read(|store| store.role_exists(Role::Staff)));
}
