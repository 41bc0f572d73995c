use std::time::{Duration, UNIX_EPOCH};

use circadia_auth::accounts::EmailContent;
use circadia_auth::one_time::OneTimeToken;
use circadia_domain::logins::LoginClient;
use circadia_domain::users::{Email, Locale};
use uuid::Uuid;

use super::*;

fn token() -> OneTimeToken {
    // A verification token of the user 00…0 with the secret 00…0.
    OneTimeToken::parse(&format!("AQ{}", "A".repeat(64))).unwrap()
}

fn email(content: EmailContent) -> EmailMessage {
    EmailMessage {
        to: Email::parse("ada@example.org").unwrap(),
        locale: Locale::default(),
        username: "ada".to_owned(),
        content,
    }
}

fn every_content() -> Vec<EmailContent> {
    vec![
        EmailContent::VerifyEmail(token()),
        EmailContent::AlreadyRegistered,
        EmailContent::FinishRegistration(token()),
        EmailContent::PasskeyAdded,
        EmailContent::WebhookDisabled { host: "hooks.example.org".to_owned(), is_gone: false },
        EmailContent::WebhookDisabled { host: "hooks.example.org".to_owned(), is_gone: true },
        EmailContent::NewDevice {
            client: LoginClient::default(),
            ip: Some("192.0.2.1".to_owned()),
            at: "2026-03-11 13:00 (Europe/Berlin)".to_owned(),
        },
        EmailContent::ProviderLinked("Work & Play".to_owned()),
        EmailContent::ResetPassword(token()),
        EmailContent::ConfirmNewEmail(token()),
        EmailContent::EmailIsChanging,
        EmailContent::EmailReplaced,
        EmailContent::Welcome,
        EmailContent::PasswordChanged,
        EmailContent::Reminder { title: "Read & write".to_owned(), text: "Have you read today?".to_owned() },
    ]
}

fn composed(email: &EmailMessage) -> String {
    let from = "Circadia <no-reply@example.org>".parse().unwrap();
    let job = JobId::from_uuid(Uuid::from_u128(7));
    let date = UNIX_EPOCH + Duration::from_secs(1_772_366_401);
    let mail = compose(email, &from, "https://app.example.org/x", job, date).unwrap();
    String::from_utf8(mail.formatted()).unwrap()
}

/// A text without marks, and with its white space folded.
fn bare(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.replace("&#39;", "'").replace("&#38;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn both_forms_say_the_same() {
    for content in every_content() {
        let texts = EmailTexts::of(&email(content), "https://app.example.org");
        let html = bare(&askama::Template::render(&HtmlPage { texts: &texts }).unwrap());
        let text = askama::Template::render(&TextPage { texts: &texts }).unwrap();
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut said = vec![texts.subject.to_string(), texts.greeting.clone()];
        said.extend(texts.paragraphs.iter().chain(&texts.notes).cloned());
        said.extend(texts.action.iter().flat_map(|action| [action.label.to_owned(), action.url.clone()]));
        for part in said {
            assert!(html.contains(&part) && folded.contains(&part), "{part:?} is missing\n{html}\n{text}");
        }
        assert!(!text.contains("\n\n\n"), "{text:?}");
    }
}

#[test]
fn links_lead_to_the_configured_front_end() {
    for content in every_content() {
        let texts = EmailTexts::of(&email(content), "https://app.example.org/x");
        let url = texts.action.unwrap().url;
        assert!(url.starts_with("https://app.example.org/x/"), "{url}");
    }
    let verify = EmailTexts::of(&email(EmailContent::VerifyEmail(token())), "https://a").action.unwrap().url;
    assert_eq!(verify, format!("https://a/verify-email?token={}", token().text()));
}

#[test]
fn cr_lf_in_what_somebody_typed_begins_no_header_and_no_tag() {
    // None of this gets past registration; composing must be safe by itself all the same.
    let mut email = email(EmailContent::Welcome);
    email.username = "ada\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>".to_owned();
    let mail = composed(&email);
    let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
    assert!(!headers.contains("eve@"), "{headers}");
    assert!(!mail.contains("<script>") || mail.matches("<script>").count() == 1, "plain text shows it as it is");
    email.to = Email::from_stored("ada@example.org\r\nBcc: eve@example.org".to_owned());
    let from = "no-reply@example.org".parse().unwrap();
    let refused = compose(&email, &from, "https://a", JobId::from_uuid(Uuid::from_u128(7)), UNIX_EPOCH);
    assert!(matches!(refused, Err(ComposeError::Address(_))));
}

#[test]
fn what_a_reminder_is_called_is_its_subject_and_nothing_more() {
    // No title has line breaks; composing must be safe by itself all the same.
    let title = "Run\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>";
    let reminder = |title: &str| EmailContent::Reminder { title: title.to_owned(), text: "Due today.".to_owned() };
    let mail = composed(&email(reminder(title)));
    let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
    assert!(!headers.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{headers}");
    assert_eq!(headers.lines().filter(|line| line.starts_with("Subject: ")).count(), 1, "{headers}");
    assert_eq!(header_names(&mail), header_names(&composed(&email(reminder("Run")))));
    // The page shows it as text.
    let texts = EmailTexts::of(&email(reminder(title)), "https://a");
    let html = askama::Template::render(&HtmlPage { texts: &texts }).unwrap();
    assert!(!html.contains("<script>") && html.contains("&#60;script&#62;"), "{html}");
    // Of any script, and as long as titles get.
    let long = "瑜伽 🧘 ".repeat(60);
    assert!(composed(&email(reminder(&long))).lines().all(|line| line.len() < 998));
}

/// The names of a mail's headers.
fn header_names(mail: &str) -> Vec<String> {
    let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
    let begins = |line: &&str| !line.starts_with([' ', '\t']);
    headers.lines().filter(begins).map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_language_without_words_is_written_to_in_english() {
    let mut german = email(EmailContent::Welcome);
    german.locale = Locale::parse("de-AT").unwrap();
    assert_eq!(EmailTexts::of(&german, "https://a"), EmailTexts::of(&email(EmailContent::Welcome), "https://a"));
}
