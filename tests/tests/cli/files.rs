//! What lies in the data folder is for the server's own account alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::{Sandbox, Server, free_port, until};

/// The files below a folder and the folder itself, each with its permissions.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut found = vec![(folder.display().to_string(), mode(folder))];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(modes(&path));
        } else {
            found.push((path.display().to_string(), mode(&path)));
        }
    }
    found
}

/// The program with an argument, started by a shell that sets the umask first.
fn under_umask(umask: &str, program: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
        .arg(program.get_program())
        .args(program.get_args());
    shell.current_dir(program.get_current_dir().unwrap()).stdin(Stdio::null());
    for (name, _) in program.get_envs().filter(|(_, value)| value.is_none()) {
        shell.env_remove(name);
    }
    shell
}

fn serve(sandbox: &Sandbox, umask: &str, port: u16) -> Command {
    let mut shell = under_umask(umask, &sandbox.circadia(&["serve"]));
    shell.env("PORT", port.to_string()).env("CIRCADIA_RATE_LIMITS", "off");
    shell
}

#[tokio::test]
async fn the_data_folder_and_all_in_it_are_for_their_owner_alone_under_any_umask() {
    for umask in ["022", "000", "077"] {
        let sandbox = Sandbox::new();
        let port = free_port();
        let server = Server::start(serve(&sandbox, umask, port), port, sandbox.path("server.log")).await;
        server.register("ada").await;
        until("a mail", async || {
            let mut mail = fs::read_dir(sandbox.path("data/mail")).ok()?;
            mail.any(|entry| entry.unwrap().path().extension().is_some_and(|kind| kind == "eml")).then_some(())
        })
        .await;
        let found = modes(&sandbox.path("data"));
        for name in ["circadia.db", "circadia.db-wal", "secret.key", ".eml"] {
            assert!(found.iter().any(|(path, _)| path.ends_with(name)), "{name} is missing in {found:?}");
        }
        for (path, mode) in found {
            let wanted = if Path::new(&path).is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, wanted, "umask {umask}: {path} has {mode:o}");
        }
        let log = fs::read_to_string(sandbox.path("server.log")).unwrap();
        assert!(!log.contains("can be read by others"), "{log}");
    }
}

#[tokio::test]
async fn a_data_folder_that_others_can_read_is_said_at_the_start() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("data")).unwrap();
    fs::set_permissions(sandbox.path("data"), fs::Permissions::from_mode(0o755)).unwrap();
    let port = free_port();
    let server = Server::start(serve(&sandbox, "022", port), port, sandbox.path("server.log")).await;
    let log = fs::read_to_string(sandbox.path("server.log")).unwrap();
    assert!(log.contains("WARN") && log.contains("can be read by others") && log.contains("chmod 700"), "{log}");
    // What is new in it isn't open to them, and the folder is as it was.
    drop(server);
    let found = modes(&sandbox.path("data"));
    assert_eq!(found.iter().filter(|(_, mode)| mode & 0o077 != 0).count(), 1, "{found:?}");
}

#[tokio::test]
async fn what_a_command_is_told_to_write_is_as_open_as_any_file() {
    let sandbox = Sandbox::new();
    let mut shell = under_umask("022", &sandbox.circadia(&["openapi", "--path", "api.json"]));
    assert!(shell.status().unwrap().success());
    assert_eq!(fs::metadata(sandbox.path("api.json")).unwrap().permissions().mode() & 0o777, 0o644);
}
