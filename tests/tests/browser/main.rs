//! The documentation pages and passkeys in a real browser: Chromium, driven through `ChromeDriver` (`tests/servers install-browser`
//! installs both). Only compiled with the feature `browser`, which `tests/run` switches on unless it is told to do
//! without one.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "all of this is test code, which fails by panicking"
)]

#[path = "../cli/process.rs"]
mod process;

/// Their names tell `tests/run` what these tests need.
#[path = ""]
mod browser {
    mod chromium;
    mod passkeys;
    mod redoc;
    mod schema;
    mod swagger;
}
