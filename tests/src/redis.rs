//! A Redis of a test's own, to be stopped and emptied.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A Redis server that keeps everything in memory, on a port that was free. Ends with this.
#[derive(Debug)]
pub struct RedisServer {
    child: Child,
    port: u16,
}

impl RedisServer {
    /// Starts one.
    pub fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        Self::start_on(port)
    }

    fn start_on(port: u16) -> Self {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"]).arg(port.to_string());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let server = Self { child: child.expect("tests/run installs redis-server"), port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "Redis doesn't start");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it is, with a password.
    pub fn url_with(&self, password: &str) -> String {
        format!("redis://:{password}@127.0.0.1:{}", self.port)
    }

    /// Makes it forget everything.
    pub fn flush(&self) {
        self.command(&[], "FLUSHALL");
    }

    /// Asks for another password from now on, also of those who are connected. `None` for none.
    pub fn set_password(&self, present: Option<&str>, password: Option<&str>) {
        let before: Vec<_> = present.map(|present| format!("AUTH {present}")).into_iter().collect();
        self.command(&before, &format!("CONFIG SET requirepass \"{}\"", password.unwrap_or_default()));
        // Those who are connected stay authenticated otherwise. It doesn't end the connection that asks.
        let before: Vec<_> = password.map(|password| format!("AUTH {password}")).into_iter().collect();
        self.kill_clients(&before);
    }

    fn kill_clients(&self, before: &[String]) {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        for command in before {
            Self::ask(&mut connection, command);
        }
        connection.write_all(b"CLIENT KILL TYPE normal\r\n").expect("a command");
        let mut answer = [0];
        connection.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b":");
    }

    fn command(&self, before: &[String], command: &str) {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        for command in before {
            Self::ask(&mut connection, command);
        }
        Self::ask(&mut connection, command);
    }

    fn ask(connection: &mut TcpStream, command: &str) {
        connection.write_all(format!("{command}\r\n").as_bytes()).expect("a command");
        let mut answer = [0; 5];
        connection.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"+OK\r\n", "{command}");
    }

    /// Ends it at once; what it knew is gone.
    pub fn stop(&mut self) {
        self.child.kill().expect("a server that runs");
        self.child.wait().expect("a server that ends");
    }

    /// Starts it again where it was.
    pub fn start_again(&mut self) {
        let port = self.port;
        *self = Self::start_on(port);
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have been stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
