//! Running a command to its end, and what it said.

use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::process::TIMEOUT;

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Waits for a process to end by itself.
///
/// # Panics
/// When it doesn't in time.
pub(crate) fn wait(child: &mut Child) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if start.elapsed() > TIMEOUT {
            let _ = child.kill();
            panic!("after {TIMEOUT:?} the process still runs: {:?}", child.wait());
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Runs a command that is expected to end soon.
pub(crate) fn run(command: &mut Command) -> Ended {
    run_with(command, "")
}

/// Runs a command that reads something from standard input.
pub(crate) fn run_with(command: &mut Command, input: &str) -> Ended {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that fails before it reads has closed its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    // Both are read while it runs: a pipe that is full would hold it up.
    let (out, err) = (read(child.stdout.take().unwrap()), read(child.stderr.take().unwrap()));
    let code = wait(&mut child);
    Ended { code, out: out.join().unwrap(), err: err.join().unwrap() }
}

fn read(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

impl Ended {
    /// What it printed.
    ///
    /// # Panics
    /// When it failed.
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// Its last words.
    ///
    /// # Panics
    /// When it succeeded, or crashed.
    pub(crate) fn failed(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
        self.err
    }
}
