use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn wrong(variables: &[(&str, &str)]) -> String {
    read(variables).unwrap_err().to_string()
}

#[test]
fn nothing_needs_to_be_set() {
    let config = read(&[("PATH", "/bin")]).unwrap();
    assert!(!config.production);
    assert_eq!(config.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(config.database_url, "sqlite://./data/circadia.db");
    assert_eq!(config.rate_limits, preset("standard").unwrap());
}

#[test]
fn everything_wrong_is_named_at_once() {
    let text = wrong(&[
        ("CIRCADIA_BIND", "nowhere"),
        ("CIRCADIA_RATE_LIMIT_AUTH", "5/fortnight"),
        ("CIRCADIA_TRUSTED_PROXIES", "10.0.0.0/8, home"),
        ("CIRCADIA_COLOUR", "blue"),
        ("CIRCADIA_CORS_ORIGINS", "https://app.example.org/path"),
    ]);
    for name in [
        "CIRCADIA_BIND",
        "CIRCADIA_RATE_LIMIT_AUTH",
        "CIRCADIA_TRUSTED_PROXIES",
        "CIRCADIA_COLOUR",
        "CIRCADIA_CORS_ORIGINS",
    ] {
        assert!(text.contains(name), "{name} is missing in: {text}");
    }
}

#[test]
fn production_insists_on_its_secret() {
    assert!(wrong(&[("CIRCADIA_ENV", "production")]).contains("CIRCADIA_SECRET_KEY is required"));
    assert!(wrong(&[("CIRCADIA_SECRET_KEY", "short")]).contains("at least 32"));
    let key = "0123456789abcdef0123456789abcdef";
    let settings =
        [("CIRCADIA_ENV", "production"), ("CIRCADIA_SECRET_KEY", key), ("CIRCADIA_EMAIL_VERIFICATION", "optional")];
    assert!(read(&settings).unwrap().production);
}

#[test]
fn production_verifies_addresses_and_insists_on_what_that_needs() {
    let production = [("CIRCADIA_ENV", "production"), ("CIRCADIA_SECRET_KEY", "0123456789abcdef0123456789abcdef")];
    let without = wrong(&production);
    assert!(without.contains("SMTP_URL is required") && without.contains("CIRCADIA_EMAIL_VERIFICATION=optional"));
    let smtp = ("SMTP_URL", "smtps://u:hush@mx.example.org");
    let half = wrong(&[&production[..], &[smtp]].concat());
    assert!(half.contains("CIRCADIA_MAIL_FROM") && half.contains("CIRCADIA_FRONTEND_URL"), "{half}");
    let rest = [
        smtp,
        ("CIRCADIA_MAIL_FROM", "Circadia <no-reply@example.org>"),
        ("CIRCADIA_FRONTEND_URL", "https://app.example.org/"),
    ];
    let config = read(&[&production[..], &rest].concat()).unwrap();
    assert_eq!(config.verification, Verification::Required);
    assert_eq!(config.mail.frontend_url, "https://app.example.org");
    assert!(
        matches!(config.mail.transport, MailTransport::Smtp(_))
            && !format!("{config:?} {:?}", config.mail).contains("hush")
    );
    let optional = read(&[&production[..], &[("CIRCADIA_EMAIL_VERIFICATION", "optional")]].concat()).unwrap();
    assert_eq!(optional.mail.transport, MailTransport::None);
    let development = read(&[]).unwrap();
    assert_eq!(development.verification, Verification::Optional);
    assert_eq!(development.mail.transport, MailTransport::Files("./data/mail".into()));
}

#[test]
fn browsers_may_call_from_the_usual_front_ends_in_development_alone() {
    let usual = ["http://localhost:3000", "http://127.0.0.1:3000", "http://localhost:5173", "http://127.0.0.1:5173"];
    assert_eq!(read(&[]).unwrap().cors_origins, usual);
    let more = read(&[("CIRCADIA_CORS_ORIGINS", "http://localhost:3000,https://app.example.org")]).unwrap();
    assert_eq!(more.cors_origins.len(), 5);
    let named = ("CIRCADIA_FRONTEND_URL", "http://localhost:8080/app");
    assert_eq!(read(&[named]).unwrap().cors_origins, ["http://localhost:8080"]);
    let production = [
        ("CIRCADIA_ENV", "production"),
        ("CIRCADIA_SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ("CIRCADIA_EMAIL_VERIFICATION", "optional"),
    ];
    assert!(read(&production).unwrap().cors_origins.is_empty());
}

#[test]
fn the_headers_that_proxies_write_are_configured() {
    assert_eq!(read(&[]).unwrap().forwarded_headers, ForwardedHeaders::XForwarded);
    let standard = read(&[("CIRCADIA_FORWARDED_HEADERS", "forwarded")]).unwrap();
    assert_eq!(standard.forwarded_headers, ForwardedHeaders::Forwarded);
    assert!(wrong(&[("CIRCADIA_FORWARDED_HEADERS", "both")]).contains("must be one of x-forwarded, forwarded"));
}

#[test]
fn platforms_give_the_port() {
    assert_eq!(read(&[("PORT", "9000")]).unwrap().bind.to_string(), "0.0.0.0:9000");
    assert_eq!(read(&[("PORT", "9000"), ("CIRCADIA_BIND", "127.0.0.1:1")]).unwrap().bind.to_string(), "127.0.0.1:9000");
}

#[test]
fn the_database_can_be_given_in_parts() {
    let parts = [
        ("CIRCADIA_DB_HOST", "db"),
        ("CIRCADIA_DB_USER", "ada"),
        ("CIRCADIA_DB_PASSWORD", "p@ss/w:rd"),
        ("CIRCADIA_DB_NAME", "circadia"),
        ("CIRCADIA_DB_KIND", "mysql"),
    ];
    assert_eq!(read(&parts).unwrap().database_url, "mysql://ada:p%40ss%2Fw%3Ard@db:3306/circadia");
    assert!(wrong(&[("CIRCADIA_DB_HOST", "db")]).contains("CIRCADIA_DB_USER"));
    assert!(wrong(&[("CIRCADIA_DB_HOST", "db"), ("DATABASE_URL", "postgres://x")]).contains("contradict"));
}

#[test]
fn redis_is_none_unless_it_is_given() {
    assert!(read(&[]).unwrap().redis.is_none());
    let config = read(&[("REDIS_URL", "rediss://:hush@cache:6380/1"), ("CIRCADIA_REDIS_PREFIX", "blue:")]).unwrap();
    assert!(config.redis.is_some());
    assert_eq!(config.redis_prefix, "blue:");
    let text = wrong(&[("REDIS_URL", "http://:hush@cache")]);
    assert!(text.contains("REDIS_URL must be a URL such as") && !text.contains("hush"), "{text}");
}

#[test]
fn secrets_can_be_read_from_files() {
    let file = std::env::temp_dir().join(format!("circadia-config-{}", std::process::id()));
    std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").unwrap();
    let path = file.to_str().unwrap();
    let config = read(&[("CIRCADIA_SECRET_KEY_FILE", path)]).unwrap();
    assert_eq!(config.secret_key.as_deref(), Some("0123456789abcdef0123456789abcdef"));
    assert!(wrong(&[("CIRCADIA_SECRET_KEY_FILE", path), ("CIRCADIA_SECRET_KEY", "x")]).contains("both set"));
    std::fs::remove_file(&file).unwrap();
    assert!(wrong(&[("CIRCADIA_SECRET_KEY_FILE", path)]).contains("can't be read"));
}

#[test]
fn limits_have_presets_and_single_figures() {
    let config = read(&[("CIRCADIA_RATE_LIMITS", "off"), ("CIRCADIA_RATE_LIMIT_USER", "7/h")]).unwrap();
    assert_eq!(config.rate_limits, RateLimits { user: Some(Quota::new(7, 3600)), ..RateLimits::default() });
}

#[test]
fn debugging_output_holds_no_secret() {
    let config =
        read(&[("CIRCADIA_SECRET_KEY", "0123456789abcdef0123456789abcdef"), ("DATABASE_URL", "postgres://u:hush@h/d")])
            .unwrap();
    let text = format!("{config:?}");
    assert!(!text.contains("0123456789abcdef") && !text.contains("hush"), "{text}");
}

#[test]
fn quotations_are_fetched_from_a_web_address() {
    let config = read(&[("CIRCADIA_QUOTES_URL", "https://quotes.example.org/all?key=1")]).unwrap();
    assert_eq!(config.quotes_url.unwrap().host_str(), Some("quotes.example.org"));
    assert_eq!(config.quotes_refresh_hours, 24);
    for url in ["quotes.example.org", "file:///etc/passwd", "ftp://example.org", "https://"] {
        assert!(wrong(&[("CIRCADIA_QUOTES_URL", url)]).contains("CIRCADIA_QUOTES_URL must be an address"), "{url}");
    }
    for hours in ["0", "721", "-1", "often"] {
        assert!(wrong(&[("CIRCADIA_QUOTES_REFRESH_HOURS", hours)]).contains("between 1 and 720"), "{hours}");
    }
}

const GOOGLE: [(&str, &str); 4] = [
    ("CIRCADIA_GOOGLE_CLIENT_ID", "id.apps.googleusercontent.com"),
    ("CIRCADIA_GOOGLE_CLIENT_SECRET", "hush"),
    ("CIRCADIA_GOOGLE_REDIRECT_URL", "https://api.example.org/api/v1/auth/google/callback"),
    ("CIRCADIA_FRONTEND_URL", "https://app.example.org/circadia"),
];

#[test]
fn google_is_configured_as_a_whole_or_not_at_all() {
    assert!(read(&[]).unwrap().google.is_none());
    assert!(read(&[("CIRCADIA_FRONTEND_URL", "https://app.example.org")]).unwrap().google.is_none());
    let config = read(&GOOGLE).unwrap();
    assert!(!format!("{config:?} {:?}", config.google).contains("hush"));
    let google = config.google.unwrap();
    assert_eq!(google.provider.issuer, "https://accounts.google.com");
    assert_eq!(google.front_end.as_str(), "https://app.example.org/circadia");
    for (missing, _) in GOOGLE {
        let rest: Vec<_> = GOOGLE.into_iter().filter(|(name, _)| *name != missing).collect();
        let text = wrong(&rest);
        assert!(text.contains(&format!("{missing} is required")) && text.matches("\n  - ").count() == 1, "{text}");
    }
    let alone = wrong(&[("CIRCADIA_GOOGLE_ISSUER", "https://accounts.google.com")]);
    assert!(GOOGLE.iter().all(|(name, _)| alone.contains(name)), "{alone}");
}

#[test]
fn google_is_reached_by_https_and_plain_http_is_for_loopback_in_development() {
    let with = |name: &'static str, value: &'static str| {
        GOOGLE.into_iter().filter(|(own, _)| *own != name).chain([(name, value)]).collect::<Vec<_>>()
    };
    for (name, value) in [
        ("CIRCADIA_GOOGLE_ISSUER", "http://127.0.0.1:9000"),
        ("CIRCADIA_GOOGLE_REDIRECT_URL", "http://localhost:8000/api/v1/auth/google/callback"),
        ("CIRCADIA_FRONTEND_URL", "http://[::1]:5173"),
    ] {
        assert!(read(&with(name, value)).is_ok(), "{name} {value}");
    }
    for (name, value) in [
        ("CIRCADIA_GOOGLE_ISSUER", "http://accounts.google.com"),
        ("CIRCADIA_GOOGLE_ISSUER", "accounts.google.com"),
        ("CIRCADIA_GOOGLE_REDIRECT_URL", "http://api.example.org/callback"),
        ("CIRCADIA_GOOGLE_REDIRECT_URL", "https://api.example.org/callback?x=y"),
        ("CIRCADIA_GOOGLE_REDIRECT_URL", "https://ada@api.example.org/callback"),
        ("CIRCADIA_FRONTEND_URL", "javascript:alert(1)"),
        ("CIRCADIA_FRONTEND_URL", "https://app.example.org/#/"),
    ] {
        let text = wrong(&with(name, value));
        assert!(text.contains(&format!("{name} must be")) && text.matches("\n  - ").count() == 1, "{text}");
    }
    let mut production = with("CIRCADIA_GOOGLE_ISSUER", "http://127.0.0.1:9000");
    production.extend([("CIRCADIA_ENV", "production"), ("CIRCADIA_SECRET_KEY", "0123456789abcdef0123456789abcdef")]);
    assert!(wrong(&production).contains("CIRCADIA_GOOGLE_ISSUER must be HTTPS"));
}

/// The domain that passkeys belong to, and the origins that they are used from.
fn passkeys(variables: &[(&str, &str)]) -> Option<(String, Vec<String>)> {
    let party = read(variables).unwrap().relying_party?;
    Some((party.id().to_owned(), party.origins().to_vec()))
}

fn with(id: &str, origins: &[&str]) -> Option<(String, Vec<String>)> {
    Some((id.to_owned(), origins.iter().map(|origin| (*origin).to_owned()).collect()))
}

#[test]
fn passkeys_belong_to_the_host_of_the_front_end() {
    assert_eq!(passkeys(&[]), with("localhost", &["http://localhost:3000", "http://localhost:5173"]));
    let front_end = ("CIRCADIA_FRONTEND_URL", "https://app.example.org/x");
    assert_eq!(passkeys(&[front_end]), with("app.example.org", &["https://app.example.org"]));
    let others = ("CIRCADIA_CORS_ORIGINS", "https://de.app.example.org,https://example.org,http://app.example.org");
    let expected = with("app.example.org", &["https://de.app.example.org", "https://app.example.org"]);
    assert_eq!(passkeys(&[front_end, others]), expected);
    let above = ("CIRCADIA_WEBAUTHN_RP_ID", "example.org");
    let expected =
        with("example.org", &["https://de.app.example.org", "https://example.org", "https://app.example.org"]);
    assert_eq!(passkeys(&[front_end, others, above]), expected);
    let apps = ("CIRCADIA_WEBAUTHN_ORIGINS", "android:apk-key-hash:kYv-9x, https://example.org");
    let expected =
        with("example.org", &["https://app.example.org", "android:apk-key-hash:kYv-9x", "https://example.org"]);
    assert_eq!(passkeys(&[front_end, above, apps]), expected);
}

#[test]
fn passkeys_are_not_offered_where_there_is_no_domain_for_them() {
    assert_eq!(passkeys(&[("CIRCADIA_FRONTEND_URL", "http://127.0.0.1:3000")]), None);
    assert_eq!(passkeys(&[("CIRCADIA_FRONTEND_URL", "https://[2001:db8::1]")]), None);
    let key = ("CIRCADIA_SECRET_KEY", "0123456789abcdef0123456789abcdef");
    let production = [("CIRCADIA_ENV", "production"), key, ("CIRCADIA_EMAIL_VERIFICATION", "optional")];
    assert_eq!(passkeys(&production), None);
}

#[test]
fn domains_and_origins_of_passkeys_that_browsers_refuse_are_refused() {
    let front_end = ("CIRCADIA_FRONTEND_URL", "https://app.example.org");
    for id in ["127.0.0.1", "[::1]", "Example.org", "https://example.org", "example.org:443", "ex ample.org", "0x7f.1"]
    {
        assert!(wrong(&[front_end, ("CIRCADIA_WEBAUTHN_RP_ID", id)]).contains("CIRCADIA_WEBAUTHN_RP_ID must"), "{id}");
    }
    for id in ["other.org", "ample.org", "de.app.example.org"] {
        let said = wrong(&[front_end, ("CIRCADIA_WEBAUTHN_RP_ID", id)]);
        assert!(said.contains("must be the host of CIRCADIA_FRONTEND_URL"), "{id}: {said}");
    }
    for origin in
        ["https://example.org", "http://app.example.org", "android:apk-key-hash:", "https://app.example.org/x"]
    {
        let said = wrong(&[front_end, ("CIRCADIA_WEBAUTHN_ORIGINS", origin)]);
        assert!(said.contains("CIRCADIA_WEBAUTHN_ORIGINS"), "{origin}: {said}");
    }
}
