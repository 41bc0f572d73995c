//! Builds the services that people sign in with and confirm who they are.

use std::sync::Arc;

use circadia_app::Context;
use circadia_app::emails::Emails;
use circadia_app::keys::Keys;
use circadia_app::passkeys::Passkeys;
use circadia_app::passwords::Passwords;
use circadia_app::personal_access_tokens::PersonalAccessTokens;
use circadia_app::providers::{ProviderLinks, ProviderSignIn, Providers};
use circadia_app::reauthentication::Reauthentication;
use circadia_app::sessions::{SessionOpener, Sessions};
use circadia_app::sign_in::Challenges;
use circadia_app::throttle::AccountThrottle;
use circadia_app::two_factor::TwoFactor;
use circadia_auth::accounts::Identifiers;
use circadia_auth::keys::MasterKey;
use circadia_auth::oauth::OpenIdProvider;
use circadia_auth::passwords::{Hasher, Limits};
use circadia_auth::personal_tokens::PersonalTokens;
use circadia_auth::stores::Ephemera;

use crate::config::Config;
use crate::http_client::ProviderClient;
use crate::server::StartError;

pub(super) fn passwords(
    keys: &Arc<Keys>,
    throttle: AccountThrottle,
    emails: &Emails,
    sessions: &Arc<Sessions>,
) -> Result<Passwords, StartError> {
    let context = sessions.context.clone();
    let hasher = start_hasher(&context)?;
    let (keys, emails, sessions) = (Arc::clone(keys), emails.clone(), Arc::clone(sessions));
    Ok(Passwords { context, keys, hasher, throttle, emails, sessions })
}

fn start_hasher(context: &Context) -> Result<Hasher, StartError> {
    let started = Hasher::start(Limits::default(), Arc::clone(&context.entropy));
    started.map_err(|error| StartError::System("no threads to hash passwords on".into(), error))
}

pub(super) fn reauthentication(passwords: &Arc<Passwords>) -> Reauthentication {
    Reauthentication {
        context: passwords.context.clone(),
        passwords: Arc::clone(passwords),
        throttle: passwords.throttle.clone(),
    }
}

pub(super) fn two_factor(
    context: &Context,
    master: MasterKey,
    throttle: AccountThrottle,
    reauthentication: &Arc<Reauthentication>,
) -> TwoFactor {
    TwoFactor { context: context.clone(), master, throttle, reauthentication: Arc::clone(reauthentication) }
}

pub(super) fn passkeys(
    config: &Config,
    reauthentication: &Arc<Reauthentication>,
    ephemera: &Ephemera,
    opener: &SessionOpener,
    challenges: &Challenges,
    identifiers: &Arc<Identifiers>,
) -> Option<Passkeys> {
    let relying_party = config.relying_party.clone()?;
    Some(Passkeys {
        context: reauthentication.context.clone(),
        relying_party,
        ephemera: ephemera.clone(),
        emails: reauthentication.passwords.emails.clone(),
        opener: opener.clone(),
        challenges: challenges.clone(),
        identifiers: Arc::clone(identifiers),
        throttle: reauthentication.throttle.clone(),
        reauthentication: Arc::clone(reauthentication),
        verification: config.verification,
    })
}

pub(super) fn providers(config: &Config) -> Result<Providers, StartError> {
    let client = Arc::new(ProviderClient::new()?);
    let configured = config.providers.iter().flat_map(|configured| &configured.providers);
    Ok(Providers::new(configured.map(|settings| OpenIdProvider::new(settings.clone(), client.clone())).collect()))
}

pub(super) fn provider_links(providers: Providers, reauthentication: &Arc<Reauthentication>) -> ProviderLinks {
    let context = reauthentication.context.clone();
    ProviderLinks { context, providers, reauthentication: Arc::clone(reauthentication) }
}

pub(super) fn provider_sign_in(
    config: &Config,
    providers: &Providers,
    reauthentication: &Arc<Reauthentication>,
    ephemera: &Ephemera,
    opener: &SessionOpener,
    challenges: &Challenges,
    identifiers: &Arc<Identifiers>,
) -> Option<ProviderSignIn> {
    let configured = config.providers.as_ref()?;
    Some(ProviderSignIn {
        context: reauthentication.context.clone(),
        providers: providers.clone(),
        front_end: configured.front_end.clone(),
        ephemera: ephemera.clone(),
        emails: reauthentication.passwords.emails.clone(),
        opener: opener.clone(),
        challenges: challenges.clone(),
        identifiers: Arc::clone(identifiers),
        reauthentication: Arc::clone(reauthentication),
        verification: config.verification,
    })
}

pub(super) fn personal_access_tokens(
    tokens: Arc<PersonalTokens>,
    sessions: &Arc<Sessions>,
    reauthentication: &Arc<Reauthentication>,
) -> PersonalAccessTokens {
    let context = sessions.context.clone();
    PersonalAccessTokens {
        context,
        tokens,
        sessions: Arc::clone(sessions),
        reauthentication: Arc::clone(reauthentication),
    }
}
