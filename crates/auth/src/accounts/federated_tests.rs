use circadia_domain::identities::{Issuer, Subject};
use circadia_domain::logins::LoginMethod;
use circadia_domain::users::Login;

use super::*;
use crate::accounts::Identifiers;
use crate::client::Client;
use crate::keys::MasterKey;
use crate::testing::{Ids, InMemoryStore, MASTER, NOW, Seeded, id};

fn issuer(name: &str) -> Issuer {
    Issuer::parse(&format!("https://{name}.example")).unwrap()
}

fn provider(name: &str) -> ProviderName {
    ProviderName::parse(name).unwrap()
}

fn profile_at(name: &str, subject: &str, email: &str) -> Profile {
    Profile { issuer: issuer(name), subject: Subject::parse(subject).unwrap(), email: Email::parse(email).unwrap() }
}

fn profile(subject: &str, email: &str) -> Profile {
    profile_at("work", subject, email)
}

/// Everything that an attempt is made of.
struct Fixture {
    store: InMemoryStore,
    ids: Ids,
    entropy: Seeded,
    identifiers: Identifiers,
    client: Client,
}

impl Fixture {
    fn of(store: InMemoryStore) -> Self {
        let identifiers = Identifiers::new(&MasterKey::from_text(MASTER).unwrap()).unwrap();
        Self { store, ids: Ids::default(), entropy: Seeded::new(1), identifiers, client: Client::default() }
    }

    fn with<T>(&mut self, email: &str, step: impl FnOnce(&mut InMemoryStore, &Attempt<'_>, &dyn Entropy) -> T) -> T {
        let login = Login::email(email);
        let attempt = Attempt {
            verification: crate::accounts::Verification::Optional,
            login: &login,
            method: LoginMethod::Provider,
            client: &self.client,
            identifiers: &self.identifiers,
            ids: &self.ids,
            now: NOW,
        };
        step(&mut self.store, &attempt, &self.entropy)
    }

    fn join(&mut self, subject: &str, email: &str) -> Result<NewUser, FederatedRefusal> {
        let profile = profile(subject, email);
        self.with(email, |store, attempt, entropy| join_federated(store, &provider("work"), &profile, attempt, entropy))
    }

    fn sign_in(&mut self, user: UserId, subject: &str) -> Result<User, FederatedRefusal> {
        let profile = profile(subject, "x@example.org");
        self.with("x@example.org", |store, attempt, _| sign_in_federated(store, user, &profile, attempt))
    }

    fn failures(&self) -> Vec<Option<LoginFailure>> {
        self.store.logins.iter().map(|login| login.failure).collect()
    }
}

#[test]
fn an_unknown_subject_gets_an_account_without_a_password() {
    let mut setting = Fixture::of(InMemoryStore::default());
    let user = setting.join("1", "Ada.Lovelace+circadia@example.org").unwrap();
    assert_eq!(user.username.as_str(), "ada.lovelace");
    assert_eq!((user.email_verified_at, user.password_hash.is_none(), user.role), (Some(NOW), true, Role::Regular));
    let login = &setting.store.logins[0];
    assert_eq!((login.user, login.method, login.failure), (Some(user.id), LoginMethod::Provider, None));
    // The next time, it is found.
    let found = find_federated(&mut setting.store, &profile("1", "new@example.org")).unwrap();
    assert_eq!(found, Some(user.id));
    assert_eq!(setting.sign_in(user.id, "1").unwrap().id, user.id);
    assert!(matches!(setting.join("1", "other@example.org"), Err(FederatedRefusal::Changed)));
    // Another issuer's subject is another person, whatever it is called.
    assert_eq!(find_federated(&mut setting.store, &profile_at("home", "1", "new@example.org")).unwrap(), None);
}

#[test]
fn an_address_that_has_an_account_is_never_linked_by_itself() {
    let mut setting = Fixture::of(InMemoryStore::with_user(id(1), Some("$phc")));
    let refused = setting.join("1", "Ada@Example.org").unwrap_err();
    assert!(matches!(refused, FederatedRefusal::AccountExists) && refused.commit_on_error());
    assert!(setting.store.identities.is_empty() && setting.store.users.len() == 1);
    assert_eq!(setting.failures(), [Some(LoginFailure::UnknownUser)]);
    assert_eq!(setting.store.logins[0].user, None);
}

#[test]
fn names_are_made_of_addresses_and_free() {
    for (email, name) in [
        ("grace@example.org", "grace"),
        ("g@example.org", "user"),
        ("__-@example.org", "user"),
        ("!#$@example.org", "user"),
        (&format!("{}@example.org", "a".repeat(60)), &"a".repeat(32)),
    ] {
        let user = Fixture::of(InMemoryStore::default()).join("1", email).unwrap();
        assert_eq!(user.username.as_str(), name, "{email}");
    }
    let mut setting = Fixture::of(InMemoryStore::with_user(id(1), None));
    let longest = format!("{}@example.net", "a".repeat(32));
    for (subject, email) in
        [("1", "ada@example.net"), ("2", "ada@example.com"), ("3", "a@b.example"), ("4", "b@b.example")]
    {
        setting.join(subject, email).unwrap();
    }
    setting.join("5", &longest).unwrap();
    setting.join("6", &longest.replace("net", "com")).unwrap();
    let names: Vec<String> = setting.store.users.iter().map(|(user, _)| user.username.key()).collect();
    assert_eq!((names[0].as_str(), names[3].as_str()), ("ada", "user"));
    assert!(names[1].starts_with("ada-") && names[2].starts_with("ada-") && names[4].starts_with("user-"), "{names:?}");
    assert_eq!(names[6].len(), 32);
}

#[test]
fn inactive_accounts_stay_out_and_it_is_recorded() {
    let mut setting = Fixture::of(InMemoryStore::default());
    let user = setting.join("1", "ada@example.org").unwrap().id;
    setting.store.users[0].1 = false;
    let refused = setting.sign_in(user, "1").unwrap_err();
    assert!(matches!(refused, FederatedRefusal::Inactive) && refused.commit_on_error());
    assert_eq!(setting.failures(), [None, Some(LoginFailure::Inactive)]);
}

#[test]
fn whoever_was_unlinked_in_between_is_looked_up_again() {
    let mut setting = Fixture::of(InMemoryStore::default());
    let user = setting.join("1", "ada@example.org").unwrap().id;
    assert!(matches!(setting.sign_in(user, "2"), Err(FederatedRefusal::Changed)));
    setting.store.delete_identity(user, &issuer("work")).unwrap();
    assert!(matches!(setting.sign_in(user, "1"), Err(FederatedRefusal::Changed)));
    assert_eq!(setting.failures(), [None]);
}

#[test]
fn one_subject_is_linked_to_one_user_and_one_user_to_one_subject() {
    let mut setting = Fixture::of(InMemoryStore::with_user(id(1), Some("$phc")));
    let (ada, session) = (UserId::from_uuid(id(1)), SessionId::from_uuid(id(2)));
    let eve = setting.join("eve", "eve@example.org").unwrap().id;
    let mut link = |user, subject| {
        let profile = profile(subject, "a@b.example");
        let is_of_provider = |identity: &Identity| identity.issuer == issuer("work");
        let at = (&provider("work"), &profile);
        link(&mut setting.store, (user, session), at, is_of_provider, &setting.ids, NOW)
    };
    assert!(matches!(link(ada, "eve"), Err(FederatedRefusal::SubjectTaken)));
    let linked = link(ada, "ada").unwrap();
    assert_eq!((linked.user, linked.email.as_str()), (ada, "a@b.example"));
    assert_eq!(link(ada, "ada").unwrap(), linked);
    assert!(matches!(link(ada, "other"), Err(FederatedRefusal::AlreadyLinked)));
    assert!(matches!(link(eve, "ada"), Err(FederatedRefusal::AlreadyLinked)));
    let actions: Vec<&str> = setting.store.audited.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["provider_linked"]);
    assert_eq!(setting.store.audited[0].subject, Some(ada));
}

#[test]
fn the_only_way_in_is_not_unlinked() {
    let mut setting = Fixture::of(InMemoryStore::with_user(id(1), Some("$phc")));
    let (ada, session) = (UserId::from_uuid(id(1)), SessionId::from_uuid(id(2)));
    let eve = setting.join("eve", "eve@example.org").unwrap().id;
    let mut link_at = |user, name: &str| {
        let profile = profile_at(name, "ada", "a@b.example");
        let is_of_provider = |identity: &Identity| identity.issuer == issuer(name);
        let at = (&provider(name), &profile);
        link(&mut setting.store, (user, session), at, is_of_provider, &setting.ids, NOW).unwrap();
    };
    link_at(ada, "work");
    link_at(eve, "home");
    let mut unlink_at = |user, name: &str, usable: &[&str]| {
        let is_of_provider = |identity: &Identity| identity.issuer == issuer(name);
        let is_usable = |identity: &Identity| usable.iter().any(|name| identity.issuer == issuer(name));
        unlink(&mut setting.store, (user, session), is_of_provider, is_usable, &setting.ids, NOW)
    };
    // One that isn't configured any more is no way in.
    assert!(matches!(unlink_at(eve, "work", &["work"]), Err(FederatedRefusal::LastSignInMethod)));
    unlink_at(eve, "work", &["work", "home"]).unwrap();
    assert!(matches!(unlink_at(eve, "home", &["work", "home"]), Err(FederatedRefusal::LastSignInMethod)));
    unlink_at(ada, "work", &[]).unwrap();
    assert!(matches!(unlink_at(ada, "work", &[]), Err(FederatedRefusal::NotLinked)));
    assert_eq!(setting.store.identities.len(), 1);
    assert_eq!(setting.store.audited.last().unwrap().action, AuditAction::PROVIDER_UNLINKED);
}
