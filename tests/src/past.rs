//! Changes that bypass the API: what an administrator does to the database, and accidents.

use crate::{Backend, TestApp};

impl TestApp {
    /// Gives a user another role, and tells the replicas.
    pub fn give_role(&self, username: &str, role: &str) {
        self.database.execute(&format!("UPDATE users SET role = '{role}' WHERE username = '{username}'"));
        self.publish(username, true);
    }

    /// Deactivates a user, and tells the replicas that all of their sessions have ended.
    pub fn deactivate(&self, username: &str) {
        self.deactivate_unsaid(username);
        self.publish(username, false);
    }

    /// Deactivates a user without publishing it to the replicas.
    pub fn deactivate_unsaid(&self, username: &str) {
        self.database.execute(&format!("UPDATE users SET active = (1 = 0) WHERE username = '{username}'"));
    }

    /// Ends all sessions and revokes all personal access tokens of a user, without publishing it to the replicas.
    pub fn end_sessions_unsaid(&self, username: &str) {
        let of = format!("WHERE user_id = (SELECT id FROM users WHERE username = '{username}')");
        let now = self.now_in_sql();
        self.database.execute(&format!("UPDATE sessions SET revoked_at = {now} {of}"));
        self.database.execute(&format!("DELETE FROM personal_tokens {of}"));
    }

    /// Writes a line of the feed that replicas follow.
    fn publish(&self, username: &str, of_role: bool) {
        let (now, flag) = (self.now_in_sql(), if of_role { "1 = 1" } else { "1 = 0" });
        self.database.execute(&format!(
            "INSERT INTO revocations (user_id, revoked_at, of_role)
             SELECT id, {now}, ({flag}) FROM users WHERE username = '{username}'"
        ));
    }

    fn now_in_sql(&self) -> String {
        let micros = self.clock.micros();
        match self.database.backend() {
            Backend::Sqlite => micros.to_string(),
            Backend::Postgres => format!("timestamptz 'epoch' + interval '{micros} microseconds'"),
            Backend::Mysql => format!("timestampadd(microsecond, {micros}, '1970-01-01 00:00:00')"),
        }
    }
}
