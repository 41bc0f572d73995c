//! The program over HTTP, as clients see it. A module a resource, named as in the URL; and what holds for all of them:
//! conventions, input, ownership, limits, races, time.

#[cfg(test)] // which lets the lints know
mod api {
    mod account;
    mod archives;
    mod audit;
    mod auth;
    mod auth_methods;
    mod catalogue;
    mod completeness;
    mod config;
    mod conventions;
    mod decimals;
    mod definitions;
    mod encrypted_passwords;
    mod entries;
    mod examples;
    mod faults;
    mod forgeries;
    mod habit_oracle;
    mod habit_views;
    mod habits;
    mod health;
    mod home;
    mod input;
    mod keys;
    mod limits;
    mod log_oracle;
    mod matrix;
    mod me;
    mod moods;
    mod ownership;
    mod pages;
    mod passkeys;
    mod passwords;
    mod plans;
    mod providers;
    mod quotes;
    mod races;
    mod reauthentication;
    #[cfg(feature = "postgres")]
    mod replicas;
    mod revocation;
    mod schedules;
    mod secrets;
    mod security;
    mod sessions;
    mod shared_pauses;
    mod sleep;
    mod sleep_views;
    mod smtp;
    mod statements;
    mod stats;
    mod tasks;
    mod themes;
    mod time;
    mod time_entries;
    mod timer;
    mod today;
    mod tokens;
    mod totp;
    mod transport;
    mod verification;
}
