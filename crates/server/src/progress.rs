//! What a command tells of long work, on standard error: a bar on a terminal, a line for each table elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use circadia_storage::transfer::{Phase, Progress};
use indicatif::{ProgressBar, ProgressStyle};

/// Shows progress.
pub(crate) struct Display {
    bar: Option<ProgressBar>,
    words: &'static str,
}

impl Display {
    /// `words` say what moves rows: `copying`.
    pub(crate) fn new(words: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(ProgressBar::no_length);
        if let (Some(bar), Ok(style)) = (
            &bar,
            ProgressStyle::with_template("{msg:>12} {bar:40} {human_pos}/{human_len} rows, {elapsed}, {eta} to go"),
        ) {
            bar.set_style(style);
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, words }
    }

    /// Takes notice.
    pub(crate) fn show(&self, progress: Progress<'_>) {
        match (&self.bar, progress) {
            (Some(bar), Progress::Phase { phase, rows }) => {
                bar.reset();
                bar.set_length(rows);
                bar.set_message(self.word(phase));
            }
            (None, Progress::Phase { phase, rows }) => line(format_args!("{} {rows} rows", self.word(phase))),
            (Some(bar), Progress::Rows(rows)) => bar.inc(rows),
            (None, Progress::Table { name, rows }) => line(format_args!("  {name}: {rows}")),
            (None, Progress::Rows(_)) | (Some(_), Progress::Table { .. }) => {}
        }
    }

    const fn word(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Moving => self.words,
            Phase::Comparing => "comparing",
            Phase::LookingAgain => "looking for changes in",
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line to standard error, whose own errors are ignored.
fn line(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
