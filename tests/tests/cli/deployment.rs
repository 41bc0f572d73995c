//! The files of deployments name only what there is: variables that the program knows, files that lie where they are said to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use circadia_server::Config;

/// The top folder, with a path below it.
fn top(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(top(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files below a folder, as paths below the top folder.
fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(top(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Those that belong to the repository: what an operator made beside them is none of ours.
fn deployment_files() -> Vec<String> {
    let own = |path: &String| !path.starts_with("docker/secrets/") && path != "docker/production.env";
    let found: Vec<String> = files("docker").into_iter().chain(files(".github")).filter(own).collect();
    assert!(found.len() > 20, "{found:?}");
    found
}

/// What a line says after `name`, without quotes.
fn after<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.trim().strip_prefix(name).map(|rest| rest.trim().trim_matches('"'))
}

/// The names of our variables in a text. Those that Compose or a shell puts in (`${CIRCADIA_IMAGE}`) aren't the program's.
fn variables(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("CIRCADIA_") {
        let (before, rest) = text.split_at(at);
        let name: String = rest.chars().take_while(|c| is_part(*c)).collect();
        // `CIRCADIA_DB_*` is a group.
        if !before.ends_with("${") && !before.ends_with(is_part) && !name.ends_with('_') {
            found.insert(name);
        }
    }
    found
}

/// What is wrong with a configuration.
fn refusal(variables: &BTreeMap<String, String>) -> Option<String> {
    Config::from_variables(variables.clone()).err().map(|error| error.to_string())
}

#[test]
fn only_known_variables_are_named() {
    let mut names = BTreeSet::new();
    for path in deployment_files() {
        // Scripts may be read as text; what isn't text names no variables.
        let Ok(text) = fs::read_to_string(top(&path)) else { continue };
        for name in variables(&text) {
            let empty = BTreeMap::from([(name.clone(), String::new())]);
            assert_eq!(refusal(&empty), None, "{path}");
            names.insert(name);
        }
    }
    for expected in
        ["CIRCADIA_ENV", "CIRCADIA_SECRET_KEY_FILE", "CIRCADIA_DB_PASSWORD_FILE", "CIRCADIA_TRUSTED_PROXIES"]
    {
        assert!(names.contains(expected), "{expected} is missing in {names:?}");
    }
}

/// Settings of lines such as `CIRCADIA_ENV: production` or `SMTP_URL=smtp://…`, with secrets in place of their files.
fn settings(text: &str, separator: char) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.split_once(separator) else { continue };
        let ours = name.starts_with("CIRCADIA_") || ["DATABASE_URL", "REDIS_URL", "SMTP_URL"].contains(&base(name));
        if ours && !name.contains([' ', '$']) {
            let value = value.trim().trim_matches('"');
            match base(name) {
                same if same == name => found.insert(name.to_owned(), value.to_owned()),
                base => found.insert(base.to_owned(), secret(base).to_owned()),
            };
        }
    }
    found
}

fn base(name: &str) -> &str {
    name.strip_suffix("_FILE").unwrap_or(name)
}

/// What could be in the file of a secret.
fn secret(name: &str) -> &'static str {
    match name {
        "REDIS_URL" => "redis://:hush@redis:6379/0",
        "SMTP_URL" => "smtps://user:hush@mail.example.org",
        _ => "0123456789abcdef0123456789abcdef",
    }
}

#[test]
fn what_is_to_be_filled_in_makes_a_configuration_that_starts() {
    let example = settings(&text("docker/production.env.example"), '=');
    let mut production = settings(&text("docker/compose.production.yaml"), ':');
    assert_eq!(production["CIRCADIA_ENV"], "production");
    let without = refusal(&production).unwrap();
    assert!(without.contains("SMTP_URL is required") && without.matches("\n  - ").count() == 1, "{without}");
    production.extend(example);
    assert_eq!(refusal(&production), None);

    let mut service = settings(&text("docker/systemd/circadia.env"), '=');
    assert_eq!(service["CIRCADIA_ENV"], "production");
    for name in ["CIRCADIA_SECRET_KEY", "SMTP_URL"] {
        assert!(refusal(&service).unwrap().contains(name), "{service:?}");
        service.insert(name.to_owned(), secret(name).to_owned());
    }
    assert_eq!(refusal(&service), None);

    for path in ["docker/compose.yaml", "docker/compose.servers.yaml"] {
        assert_eq!(refusal(&settings(&text(path), ':')), None, "{path}");
    }
}

#[test]
fn what_is_mounted_and_copied_is_there() {
    let mut seen = 0;
    for path in deployment_files() {
        let (folder, name) = path.rsplit_once('/').unwrap();
        if !name.starts_with("compose") {
            continue;
        }
        for line in text(&path).lines() {
            let mounted = after(line, "- ./").and_then(|mount| mount.split(':').next());
            let built = after(line, "dockerfile:").map(|file| format!("../{file}"));
            if let Some(file) = mounted.map(str::to_owned).or(built) {
                assert!(top(folder).join(&file).is_file(), "{path}: {file}");
                seen += 1;
            }
            if let Some(secret) = after(line, "file: secrets/") {
                let made = text("docker/make-secrets")
                    .lines()
                    .any(|line| after(line, "make ").is_some_and(|rest| rest.starts_with(&format!("{secret} "))));
                assert!(made, "{path}: docker/make-secrets makes no {secret}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn what_the_image_is_built_from_reaches_the_builder() {
    let ignored = text(".dockerignore");
    let sent: BTreeSet<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    for name in &sent {
        assert!(top(name).exists(), ".dockerignore: {name}");
    }
    let dockerfile = text("docker/Dockerfile");
    let copied =
        dockerfile.lines().filter_map(|line| after(line, "COPY ")).filter(|files| !files.starts_with("--from"));
    for files in copied {
        let (sources, _) = files.rsplit_once(' ').unwrap();
        for source in sources.split(' ').filter(|source| *source != ".") {
            assert!(sent.contains(source), "docker/Dockerfile copies {source}, which .dockerignore keeps back");
        }
    }
    // The members of the workspace, what they embed, and how SQLite is compiled.
    for needed in ["Cargo.toml", "Cargo.lock", ".cargo", "crates", "tests", "migrations"] {
        assert!(sent.contains(needed), "{needed}");
    }
    let toolchain = text("rust-toolchain.toml");
    let channel = toolchain.lines().find_map(|line| after(line, "channel =")).unwrap();
    let minor = channel.rsplit_once('.').unwrap().0;
    assert!(dockerfile.contains(&format!("FROM rust:{minor}-")), "the image is built by another Rust than {channel}");
}

#[test]
fn the_chart_runs_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let chart = text("docker/helm/circadia/Chart.yaml");
    assert_eq!(chart.lines().find_map(|line| after(line, "appVersion:")), Some(version));
}
