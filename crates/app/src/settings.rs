//! How the application is set up.

pub use circadia_auth::accounts::Verification;

/// How the application is set up.
#[derive(Debug, Clone, Copy)]
pub struct AppSettings {
    /// Whether an account can be used before its address is verified.
    pub verification: Verification,
    /// Whether e-mail can be sent.
    pub sends_email: bool,
}
