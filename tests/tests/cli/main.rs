//! The command line and the life of the process: the binary itself is run, stopped, killed and asked over HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "all of this is test code, which fails by panicking"
)]

mod accounts;
mod api;
mod backup;
mod clock_jumps;
mod configuration;
mod copy;
mod demo;
mod deployment;
mod doctor;
mod export;
#[cfg(feature = "postgres")]
mod failing_database;
mod files;
mod full_disk;
mod jobs;
mod keys;
mod killed;
mod killed_work;
mod kills;
mod migrations;
mod openapi;
mod pipelining;
mod process;
mod readers;
mod readme;
mod request_log;
mod run;
mod secrets;
mod serving;
mod telemetry;
