//! The command line and the life of the process: the binary itself is run, stopped, killed and asked over HTTP.

mod accounts;
mod api;
mod configuration;
mod demo;
mod doctor;
mod durability;
mod migrations;
mod openapi;
mod process;
mod run;
mod serving;
