use circadia_auth::oauth::ResponseMode;

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
fn a_read_replica_is_of_the_kind_of_the_database() {
    let replicated = |replica| [("DATABASE_URL", "postgres://u:hush@h/d"), ("DATABASE_REPLICA_URL", replica)];
    let config = read(&replicated("postgres://u:hush@copy/d")).unwrap();
    assert_eq!(config.database_replica_url.as_deref(), Some("postgres://u:hush@copy/d"));
    for (other, reason) in [("mysql://u:hush@h/d", "same kind"), ("sqlite://copy.db", "has no replicas")] {
        let text = wrong(&replicated(other));
        assert!(text.contains("DATABASE_REPLICA_URL") && text.contains(reason) && !text.contains("hush"), "{text}");
    }
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
fn metrics_are_served_where_an_address_or_a_token_says_so() {
    let config = read(&[]).unwrap();
    assert!(config.metrics.bind.is_none() && config.metrics.token.is_none());
    let config =
        read(&[("CIRCADIA_METRICS_BIND", "127.0.0.1:9464"), ("CIRCADIA_METRICS_TOKEN", "0123456789abcdef")]).unwrap();
    assert_eq!(config.metrics.bind.map(|bind| bind.port()), Some(9464));
    assert!(config.metrics.token.unwrap().is("0123456789abcdef"));
    for token in ["0123456789abcde", "0123456789 abcdef", "0123456789abcdeé"] {
        assert!(wrong(&[("CIRCADIA_METRICS_TOKEN", token)]).contains("at least 16"), "{token}");
    }
    assert!(wrong(&[("CIRCADIA_METRICS_BIND", "9464")]).contains("must be an address and a port"));
}

#[test]
fn spans_are_sent_below_the_address_of_the_collector() {
    assert!(read(&[("OTEL_SERVICE_NAME", "habits")]).unwrap().traces.is_none());
    for (endpoint, expected) in [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("https://otlp.example.org/otlp/", "https://otlp.example.org/otlp/v1/traces"),
    ] {
        let traces = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]).unwrap().traces.unwrap();
        assert_eq!((traces.endpoint.as_str(), traces.service_name.as_str()), (expected, "circadia"));
    }
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=se=cret, tenant = home");
    let traces = read(&[endpoint, headers, ("OTEL_SERVICE_NAME", "habits")]).unwrap().traces.unwrap();
    assert_eq!(traces.headers, [("api-key".into(), "se=cret".into()), ("tenant".into(), "home".into())]);
    assert_eq!(traces.service_name, "habits");
    assert!(!format!("{traces:?}").contains("cret"));
    for (name, value) in [endpoint, headers].map(|(name, _)| (name, "nowhere")) {
        assert!(wrong(&[(name, value)]).contains(name));
    }
}

#[test]
fn defects_are_reported_where_a_dsn_says_so() {
    assert!(read(&[("SENTRY_ENVIRONMENT", "staging")]).unwrap().reports.is_none());
    let dsn = ("SENTRY_DSN", "https://key@sentry.example.org/1");
    let reports = |variables: &[(&str, &str)]| read(variables).unwrap().reports.unwrap();
    assert_eq!(reports(&[dsn]).environment, "development");
    assert_eq!(reports(&[dsn, ("SENTRY_ENVIRONMENT", "staging")]).environment, "staging");
    let refused = wrong(&[("SENTRY_DSN", "https://hush.example.org")]);
    assert!(refused.contains("SENTRY_DSN must be a DSN") && !refused.contains("hush"), "{refused}");
}

#[test]
fn webhooks_go_to_public_addresses_unless_it_is_said_otherwise() {
    assert!(!read(&[]).unwrap().webhook_private_targets);
    assert!(read(&[("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "true")]).unwrap().webhook_private_targets);
    assert!(!read(&[("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "false")]).unwrap().webhook_private_targets);
    let wrong = wrong(&[("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "yes")]);
    assert!(wrong.contains("CIRCADIA_WEBHOOK_PRIVATE_TARGETS must be one of true, false"), "{wrong}");
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
    ("CIRCADIA_GOOGLE_REDIRECT_URL", "https://api.example.org/api/v1/auth/providers/google/callback"),
    ("CIRCADIA_FRONTEND_URL", "https://app.example.org/circadia"),
];

#[test]
fn google_is_configured_as_a_whole_or_not_at_all() {
    assert!(read(&[]).unwrap().providers.is_none());
    assert!(read(&[("CIRCADIA_FRONTEND_URL", "https://app.example.org")]).unwrap().providers.is_none());
    let config = read(&GOOGLE).unwrap();
    assert!(!format!("{config:?} {:?}", config.providers).contains("hush"));
    let configured = config.providers.unwrap();
    assert_eq!(configured.front_end.as_str(), "https://app.example.org/circadia");
    let [google] = &configured.providers[..] else { panic!("{configured:?}") };
    assert_eq!((google.name.as_str(), google.title.as_str()), ("google", "Google"));
    assert_eq!(google.issuer.as_str(), "https://accounts.google.com");
    assert_eq!(
        (&google.scopes[..], google.response_mode),
        (&["openid", "email"].map(str::to_owned)[..], ResponseMode::Query)
    );
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
        ("CIRCADIA_GOOGLE_REDIRECT_URL", "http://localhost:8000/api/v1/auth/providers/google/callback"),
        ("CIRCADIA_FRONTEND_URL", "http://[::1]:5173"),
    ] {
        assert!(read(&with(name, value)).is_ok(), "{name} {value}");
    }
    for (name, value) in [
        ("CIRCADIA_GOOGLE_ISSUER", "http://accounts.google.com"),
        ("CIRCADIA_GOOGLE_ISSUER", "accounts.google.com"),
        ("CIRCADIA_GOOGLE_REDIRECT_URL", "http://api.example.org/callback"),
        ("CIRCADIA_GOOGLE_REDIRECT_URL", "https://api.example.org/callback?x=y"),
        // Of another provider, and as it was before.
        ("CIRCADIA_GOOGLE_REDIRECT_URL", "https://api.example.org/api/v1/auth/providers/work/callback"),
        ("CIRCADIA_GOOGLE_REDIRECT_URL", "https://api.example.org/api/v1/auth/google/callback"),
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

fn party(id: &str, origins: &[&str]) -> (String, Vec<String>) {
    (id.to_owned(), origins.iter().map(|origin| (*origin).to_owned()).collect())
}

#[test]
fn passkeys_belong_to_the_host_of_the_front_end() {
    assert_eq!(passkeys(&[]), Some(party("localhost", &["http://localhost:3000", "http://localhost:5173"])));
    let front_end = ("CIRCADIA_FRONTEND_URL", "https://app.example.org/x");
    assert_eq!(passkeys(&[front_end]), Some(party("app.example.org", &["https://app.example.org"])));
    let others = ("CIRCADIA_CORS_ORIGINS", "https://de.app.example.org,https://example.org,http://app.example.org");
    let expected = party("app.example.org", &["https://de.app.example.org", "https://app.example.org"]);
    assert_eq!(passkeys(&[front_end, others]), Some(expected));
    let above = ("CIRCADIA_WEBAUTHN_RP_ID", "example.org");
    let expected =
        party("example.org", &["https://de.app.example.org", "https://example.org", "https://app.example.org"]);
    assert_eq!(passkeys(&[front_end, others, above]), Some(expected));
    let apps = ("CIRCADIA_WEBAUTHN_ORIGINS", "android:apk-key-hash:kYv-9x, https://example.org");
    let expected =
        party("example.org", &["https://app.example.org", "android:apk-key-hash:kYv-9x", "https://example.org"]);
    assert_eq!(passkeys(&[front_end, above, apps]), Some(expected));
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

const WORK: [(&str, &str); 6] = [
    ("CIRCADIA_OIDC_PROVIDERS", "my-work"),
    ("CIRCADIA_OIDC_MY_WORK_ISSUER", "https://id.example.org/realms/work"),
    ("CIRCADIA_OIDC_MY_WORK_CLIENT_ID", "circadia"),
    ("CIRCADIA_OIDC_MY_WORK_CLIENT_SECRET", "hush"),
    ("CIRCADIA_OIDC_MY_WORK_REDIRECT_URL", "https://api.example.org/api/v1/auth/providers/my-work/callback"),
    ("CIRCADIA_FRONTEND_URL", "https://app.example.org"),
];

/// The settings of `WORK` with others added or in place of them.
fn work(others: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let kept = WORK.into_iter().filter(|(name, _)| others.iter().all(|(other, _)| other != name));
    kept.chain(others.iter().copied()).collect()
}

#[test]
fn providers_are_configured_one_by_one_in_the_order_in_which_they_are_named() {
    let both = [&GOOGLE[..3], &work(&[])].concat();
    let names = |variables: &[(&str, &str)]| -> Vec<String> {
        let configured = read(variables).unwrap().providers.unwrap();
        configured.providers.iter().map(|provider| provider.name.to_string()).collect()
    };
    assert_eq!(names(&work(&[])), ["my-work"]);
    assert_eq!(names(&both), ["google", "my-work"], "Google is there without being named");
    let ordered: Vec<_> = both.iter().filter(|(name, _)| *name != "CIRCADIA_OIDC_PROVIDERS").copied().collect();
    assert_eq!(
        names(&[&ordered[..], &[("CIRCADIA_OIDC_PROVIDERS", "my-work, google")]].concat()),
        ["my-work", "google"]
    );
    for (missing, _) in &WORK[1..] {
        let rest: Vec<_> = work(&[]).into_iter().filter(|(name, _)| name != missing).collect();
        let text = wrong(&rest);
        assert!(text.contains(&format!("{missing} is required")) && text.matches("\n  - ").count() == 1, "{text}");
    }
    // Named, it has to be there as a whole.
    let text = wrong(&[("CIRCADIA_OIDC_PROVIDERS", "google")]);
    assert!(GOOGLE.iter().all(|(name, _)| text.contains(name)), "{text}");
    // What isn't named isn't known.
    assert!(wrong(&WORK[1..]).contains("CIRCADIA_OIDC_MY_WORK_ISSUER is not a variable that is known here"));
}

#[test]
fn what_is_wrong_with_a_provider_is_named() {
    let configured = read(&work(&[
        ("CIRCADIA_OIDC_MY_WORK_NAME", "Work & Co"),
        ("CIRCADIA_OIDC_MY_WORK_SCOPES", "openid email  profile"),
        ("CIRCADIA_OIDC_MY_WORK_RESPONSE_MODE", "form_post"),
        ("CIRCADIA_OIDC_MY_WORK_TRUST_EMAIL", "true"),
    ]));
    let provider = configured.unwrap().providers.unwrap().providers.remove(0);
    assert_eq!((provider.title.as_str(), provider.trusts_emails), ("Work & Co", true));
    assert_eq!(
        (provider.scopes.join(" "), provider.response_mode),
        ("openid email profile".to_owned(), ResponseMode::FormPost)
    );
    let plain = read(&work(&[])).unwrap().providers.unwrap().providers.remove(0);
    assert_eq!((plain.title.as_str(), plain.trusts_emails), ("My-work", false));
    for (name, value) in [
        ("CIRCADIA_OIDC_PROVIDERS", "my-work,My-Work"),
        ("CIRCADIA_OIDC_PROVIDERS", "my-work,my-work"),
        ("CIRCADIA_OIDC_MY_WORK_ISSUER", "http://id.example.org"),
        ("CIRCADIA_OIDC_MY_WORK_NAME", "a\nb"),
        ("CIRCADIA_OIDC_MY_WORK_SCOPES", "email"),
        ("CIRCADIA_OIDC_MY_WORK_RESPONSE_MODE", "fragment"),
        ("CIRCADIA_OIDC_MY_WORK_TRUST_EMAIL", "yes"),
        ("CIRCADIA_OIDC_MY_WORK_TENANTS", "contoso.onmicrosoft.com"),
        ("CIRCADIA_OIDC_MY_WORK_REDIRECT_URL", "https://api.example.org/api/v1/auth/providers/google/callback"),
    ] {
        let text = wrong(&work(&[(name, value)]));
        assert!(text.contains(name), "{name}={value}: {text}");
    }
    let text =
        wrong(&[&GOOGLE[..3], &work(&[("CIRCADIA_OIDC_MY_WORK_ISSUER", "https://accounts.google.com")])].concat());
    assert!(text.contains("`google` and `my-work` have one issuer"), "{text}");
}

#[test]
fn tenants_that_share_a_provider_are_named_by_their_ids() {
    let tenant = "3D8E5C2A-0000-4000-8000-00000000000A";
    let shared = [
        ("CIRCADIA_OIDC_MY_WORK_ISSUER", "https://login.microsoftonline.com/organizations/v2.0"),
        ("CIRCADIA_OIDC_MY_WORK_TENANTS", tenant),
    ];
    let provider = read(&work(&shared)).unwrap().providers.unwrap().providers.remove(0);
    let issuers: Vec<String> = provider.issuers().iter().map(|issuer| issuer.as_str().to_owned()).collect();
    assert_eq!(issuers, ["https://login.microsoftonline.com/3d8e5c2a-0000-4000-8000-00000000000a/v2.0"]);
    let text = wrong(&work(&[("CIRCADIA_OIDC_MY_WORK_ISSUER", "https://id.example.org"), shared[1]]));
    assert!(text.contains("CIRCADIA_OIDC_MY_WORK_ISSUER must have a path"), "{text}");
}

#[test]
fn a_client_secret_is_given_or_signed() {
    // Made for this test.
    let key = "-----BEGIN PRIVATE KEY-----\n\
               MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg@\n\
               -----END PRIVATE KEY-----";
    let signed = [
        ("CIRCADIA_OIDC_MY_WORK_TEAM_ID", "TEAM"),
        ("CIRCADIA_OIDC_MY_WORK_KEY_ID", "KEY"),
        ("CIRCADIA_OIDC_MY_WORK_PRIVATE_KEY", key),
    ];
    let without_secret: Vec<_> =
        work(&signed).into_iter().filter(|(name, _)| *name != "CIRCADIA_OIDC_MY_WORK_CLIENT_SECRET").collect();
    let text = wrong(&without_secret);
    assert!(text.contains("CIRCADIA_OIDC_MY_WORK_PRIVATE_KEY must be a private key of the curve P-256"), "{text}");
    assert!(!text.contains("MIGHAgEA") && text.matches("\n  - ").count() == 1, "{text}");
    let half: Vec<_> = without_secret.iter().filter(|(name, _)| !name.ends_with("_KEY_ID")).copied().collect();
    let text = wrong(&half);
    assert!(text.contains("CIRCADIA_OIDC_MY_WORK_KEY_ID is required") && text.matches("\n  - ").count() == 1, "{text}");
}
