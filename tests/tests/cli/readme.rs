//! The README's first minute, as it is written there.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::Sandbox;
use crate::run::run;

/// The blocks of shell of a section.
fn blocks(readme: &str, section: &str) -> Vec<String> {
    let (_, rest) = readme.split_once(&format!("\n## {section}\n")).unwrap();
    let section = rest.split("\n## ").next().unwrap();
    section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_first_minute_works_as_it_is_written() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let minute = blocks(&readme, "A first minute");
    let [start, calls] = &minute[..] else { panic!("{minute:#?}") };
    let password = start.split('\'').nth(1).unwrap();

    let sandbox = Sandbox::new();
    run(&mut sandbox.circadia(&["demo", "--password", password])).succeeded();
    let server = sandbox.serve().await;
    let script = calls.replace("http://127.0.0.1:8000", &server.url(""));
    let said = run(Command::new("bash").args(["-euo", "pipefail", "-c", &script])).succeeded();
    let answers: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(answers.len(), calls.matches("\napi /").count() + calls.matches("\napi '/").count(), "{said}");
    let (refused, answered) = answers.split_last().unwrap();
    for answer in answered {
        assert!(!answer.contains("urn:circadia:problem"), "{answer}");
    }
    assert!(refused.contains("validation_failed") && refused.contains("/at"), "{refused}");
    // What is shown of answers is in them.
    for part in
        ["on the last Friday of every month", "Drink water", "\"duration_seconds\":1500", "There is an association"]
    {
        assert!(calls.contains(part) && said.contains(part), "{part}");
    }

    // A login that fails is seen.
    let wrong = script.replace(password, "something else");
    let failed = run(Command::new("bash").args(["-euo", "pipefail", "-c", &wrong]));
    assert!(failed.code != Some(0) && failed.err.contains("signing in failed"), "{failed:?}");
}
