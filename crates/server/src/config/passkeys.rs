//! Passkeys: the domain that they belong to, and the origins that they are used from.

use circadia_auth::passkeys::RelyingParty;
use url::{Host, Url};

use super::environment::Environment;
use super::list;

/// What the origins of Android apps begin with.
const ANDROID: &str = "android:apk-key-hash:";

const RP_ID: &str = "CIRCADIA_WEBAUTHN_RP_ID";

fn domain(text: &str) -> Result<String, String> {
    match Host::parse(text) {
        Ok(Host::Domain(name)) if name == text => Ok(name),
        _ => Err("must be a domain such as `example.org`, in lower case, without scheme and port, and no IP address"
            .to_owned()),
    }
}

fn origin(text: &str) -> Result<String, String> {
    let is_app = text.strip_prefix(ANDROID).is_some_and(|hash| !hash.is_empty());
    if is_app { Ok(text.to_owned()) } else { super::origin(text) }
}

/// Whether passkeys of a domain can be used on a page of this origin: browsers want the domain or one under it, and HTTPS
/// except on this machine.
fn is_of(origin: &str, rp_id: &str) -> bool {
    let Ok(url) = Url::parse(origin) else { return false };
    let Some(Host::Domain(host)) = url.host() else { return false };
    let is_local = host == "localhost" || host.ends_with(".localhost");
    let is_under = host.strip_suffix(rp_id).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    is_under && (url.scheme() == "https" || is_local)
}

/// Reads the settings: by default, passkeys belong to the host of the front end, and in development without one to
/// `localhost`. `None` where there is no domain for them to belong to.
pub(super) fn read(
    env: &mut Environment,
    production: bool,
    front_end: Option<&Url>,
    web_origins: &[String],
) -> Option<RelyingParty> {
    let chosen = env.read(RP_ID, domain);
    let more = env.read("CIRCADIA_WEBAUTHN_ORIGINS", |text| list(text, origin)).unwrap_or_default();
    if env.is_refused(RP_ID) {
        return None;
    }
    let is_chosen = chosen.is_some();
    let rp_id = chosen.or_else(|| match front_end.map(Url::host) {
        Some(Some(Host::Domain(name))) => Some(name.to_owned()),
        None if !production => Some("localhost".to_owned()),
        _ => None,
    });
    let Some(rp_id) = rp_id else {
        if !more.is_empty() {
            env.refuse(format!("CIRCADIA_WEBAUTHN_ORIGINS needs {RP_ID}, or a CIRCADIA_FRONTEND_URL with a domain"));
        }
        return None;
    };
    let mut origins: Vec<String> = web_origins.iter().filter(|origin| is_of(origin, &rp_id)).cloned().collect();
    for origin in more {
        if !origin.starts_with(ANDROID) && !is_of(&origin, &rp_id) {
            env.refuse(format!(
                "CIRCADIA_WEBAUTHN_ORIGINS: `{origin}` is neither `https://{rp_id}`, nor of a domain under it"
            ));
        } else if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    if origins.is_empty() {
        if is_chosen {
            env.refuse(format!(
                "{RP_ID} must be the host of CIRCADIA_FRONTEND_URL or of one of CIRCADIA_CORS_ORIGINS, or a domain above \
                 it, over HTTPS"
            ));
        }
        return None;
    }
    match RelyingParty::new(&rp_id, origins) {
        Ok(party) => Some(party),
        Err(reason) => {
            env.refuse(format!("{RP_ID}: {reason}"));
            None
        }
    }
}
