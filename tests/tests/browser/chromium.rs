//! A Chromium for one test, with a profile of its own, and what it noticed while it showed a page.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::TIMEOUT;

/// A browser with one window.
pub(crate) struct Browser {
    pub(crate) page: Client,
    driver: Driver,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let driver = Driver::start();
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1600",
        ];
        let profile = format!("--user-data-dir={}", driver.home.path().join("profile").display());
        let arguments: Vec<&str> = flags.into_iter().chain([profile.as_str()]).collect();
        let capabilities = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .unwrap();
        Self { page, driver }
    }

    /// Gives the browser a device of its own with a sensor that always recognises its user (WebAuthn Level 3 §11).
    pub(crate) async fn add_authenticator(&self) {
        let device = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserConsenting": true,
            "isUserVerified": true,
        });
        let answer = self.ask("webauthn/authenticator", &device).await;
        assert!(answer.is_string(), "{answer}");
    }

    /// What a script answers: the body of an `async` function of `arguments`.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async (...arguments) => {{ {script} }})(...arguments).then(done, error => done({{ failed: `${{error}}` }}));"
        );
        self.page.execute_async(&script, arguments).await.unwrap()
    }

    /// The first element that a CSS selector finds, once it is shown.
    pub(crate) async fn find(&self, selector: &str) -> Element {
        let start = Instant::now();
        loop {
            // It may be replaced between being found and being asked.
            if let Ok(element) = self.page.find(Locator::Css(selector)).await
                && element.is_displayed().await.unwrap_or(false)
            {
                return element;
            }
            if start.elapsed() > TIMEOUT {
                let source = self.page.source().await.unwrap_or_default();
                panic!(
                    "the page shows no {selector}; complaints: {:#?}; its source:\n{source}",
                    self.complaints().await
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What an element shows, once that holds a text.
    pub(crate) async fn text_with(&self, selector: &str, part: &str) -> String {
        let start = Instant::now();
        loop {
            let text = self.find(selector).await.text().await.unwrap_or_default();
            if text.contains(part) {
                return text;
            }
            assert!(start.elapsed() < TIMEOUT, "{selector} doesn't say {part}, but: {text}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Warnings and errors on the console since it was last asked: failed requests, uncaught exceptions, and
    /// violations of the `Content-Security-Policy` are among them.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        self.log("browser")
            .await
            .iter()
            .filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")))
            .map(|entry| format!("{} {}", entry["source"], entry["message"]))
            .collect()
    }

    /// The addresses of everything that the page asked for over the network since it was last asked.
    pub(crate) async fn requests(&self) -> Vec<String> {
        self.log("performance")
            .await
            .iter()
            .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok())
            .filter(|event| event["message"]["method"] == "Network.requestWillBeSent")
            .filter_map(|event| Some(event["message"]["params"]["request"]["url"].as_str()?.to_owned()))
            // Not what is in the page itself, nor Chromium's own page that was shown at first.
            .filter(|url| !["data:", "blob:", "chrome:"].iter().any(|scheme| url.starts_with(scheme)))
            .collect()
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        self.ask("se/log", &json!({ "type": kind })).await.as_array().unwrap().clone()
    }

    /// Sends the driver a command that the client library doesn't know.
    async fn ask(&self, command: &str, body: &Value) -> Value {
        let session = self.page.session_id().await.unwrap().unwrap();
        let url = format!("http://127.0.0.1:{}/session/{session}/{command}", self.driver.port);
        let answer = reqwest::Client::new().post(url).json(body).send().await.unwrap();
        let answer: Value = answer.error_for_status().unwrap().json().await.unwrap();
        answer["value"].clone()
    }
}

/// The process that drives it. Both end with this.
struct Driver {
    child: Child,
    port: u16,
    home: TempDir,
}

impl Driver {
    fn start() -> Self {
        let program = std::env::var("CIRCADIA_TEST_CHROMEDRIVER").unwrap_or_else(|_| "/usr/bin/chromedriver".into());
        let home = TempDir::with_prefix("circadia-browser-").unwrap();
        let mut child = Command::new(&program)
            .arg("--port=0")
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} (`tests/servers install-browser` installs it): {error}"));
        let port = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok());
        let Some(port) = port else {
            let _ = child.kill();
            panic!("{program} doesn't start: {:?}", child.wait());
        };
        Self { child, port, home }
    }

    /// Asks it to end the browser, and itself.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.shut_down();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
