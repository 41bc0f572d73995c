//! A client of delta sync, as docs/SYNC.md describes it: it keeps a copy of an account by sync alone, and sends what was
//! done while it was offline.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::client::Client;
use crate::fresh_id;

/// An item: its type and its key.
pub type ItemName = (String, String);

/// A copy of an account.
#[derive(Debug, Clone, Default)]
pub struct LocalCopy {
    /// What is there, with the revision of each.
    pub items: BTreeMap<ItemName, (i64, Value)>,
    /// Commands that weren't answered yet.
    pub queue: Vec<Value>,
    cursor: Option<String>,
}

impl LocalCopy {
    /// Reads all that changed, in pages of so many changes, and checks that nothing is missing. How many changes there were.
    pub async fn pull(&mut self, client: &Client, limit: usize) -> usize {
        let mut seen = 0;
        loop {
            let page = self.pull_page(client, limit).await;
            seen += page["changes"].as_array().expect("changes").len();
            if page["has_more"] == false {
                self.check(&page["state"]);
                return seen;
            }
        }
    }

    /// Reads one page.
    pub async fn pull_page(&mut self, client: &Client, limit: usize) -> Value {
        let cursor = self.cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = client.get(&format!("/sync?limit={limit}{cursor}")).await.expect(200).body;
        for change in page["changes"].as_array().expect("changes") {
            self.apply(change);
        }
        self.cursor = Some(page["cursor"].as_str().expect("a cursor").to_owned());
        page
    }

    /// Takes over what an item is now.
    pub fn apply(&mut self, change: &Value) {
        let text = |name: &str| change[name].as_str().expect("a text").to_owned();
        let name = (text("type"), text("key"));
        if !change["item"].is_null() {
            self.items.insert(name, (change["revision"].as_i64().expect("a revision"), change["item"].clone()));
            return;
        }
        self.items.remove(&name);
        let (kind, key) = name;
        // What a deleted habit or task had isn't told one by one.
        if kind == "habit" {
            let of_habit = format!("{key}/");
            self.items.retain(|(kind, key), _| kind != "entry" || !key.starts_with(&of_habit));
            self.items.retain(|(kind, _), (_, item)| kind != "reminder" || item["habit_id"] != key.as_str());
        }
        if kind == "task" {
            self.items.retain(|(kind, _), (_, item)| kind != "reminder" || item["task_id"] != key.as_str());
        }
    }

    /// Asserts that the copy is what the server says that there is.
    pub fn check(&self, state: &Value) {
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for (kind, _) in self.items.keys() {
            *counts.entry(kind).or_default() += 1;
        }
        let told = state["counts"].as_object().expect("counts");
        for (kind, count) in told {
            assert_eq!(*count, counts.get(kind.as_str()).copied().unwrap_or_default(), "{kind}");
        }
        assert_eq!(state["hash"], self.hash(told.keys()));
    }

    /// The hash of what is here of these types.
    fn hash<'a>(&self, types: impl Iterator<Item = &'a String>) -> String {
        let mut sums: BTreeMap<&str, (i64, i64, i64)> = types.map(|kind| (kind.as_str(), (0, 0, 0))).collect();
        for ((kind, _), (revision, _)) in &self.items {
            if let Some((count, sum, squares)) = sums.get_mut(kind.as_str()) {
                *count += 1;
                *sum += revision;
                *squares += (revision % 65_521) * (revision % 65_521);
            }
        }
        let mut text = String::new();
        for (kind, (count, sum, squares)) in sums {
            writeln!(text, "{kind} {count} {sum} {squares}").expect("a line");
        }
        let mut hash = String::new();
        for byte in digest(&SHA256, text.as_bytes()).as_ref() {
            write!(hash, "{byte:02x}").expect("two digits");
        }
        hash
    }

    /// Puts a command into the queue; its id is made here.
    pub fn enqueue(&mut self, mut command: Value) {
        command["id"] = json!(fresh_id());
        self.queue.push(command);
    }

    /// The revision of an item that is known.
    pub fn revision(&self, kind: &str, key: &str) -> Option<i64> {
        self.items.get(&(kind.to_owned(), key.to_owned())).map(|(revision, _)| *revision)
    }

    /// Sends the queue, and takes over what the items are now. The answer is lost if it is to be: then the queue stays.
    pub async fn push(&mut self, client: &Client, atomic: bool, is_lost: bool) -> Option<Answer> {
        let answer = client.post("/sync", json!({"commands": self.queue, "atomic": atomic})).await.expect(200);
        if is_lost {
            return None;
        }
        self.queue.clear();
        for result in answer.body["results"].as_array().expect("results") {
            if !result["current"].is_null() {
                self.apply(&result["current"]);
            }
        }
        Some(answer)
    }
}
