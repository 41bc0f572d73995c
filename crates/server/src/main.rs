//! The `circadia` binary.

use std::process::ExitCode;

use circadia_server::commands;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    commands::run()
}
