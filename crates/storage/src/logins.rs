//! Login attempts.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::logins::{LoginAttempt, LoginCounts, LoginFailure, LoginRepository};
use diesel::dsl::{case_when, count, count_star};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use crate::schema::login_attempts;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

impl LoginRepository for Transaction {
    fn insert_login(&mut self, attempt: &LoginAttempt) -> Result<()> {
        diesel::insert_into(login_attempts::table)
            .values((
                login_attempts::id.eq(Sql(attempt.id)),
                login_attempts::user_id.eq(attempt.user.map(Sql)),
                login_attempts::identifier_hash.eq(attempt.identifier_hash.as_slice()),
                login_attempts::attempted_at.eq(Sql(attempt.at)),
                login_attempts::ip.eq(attempt.ip.map(|ip| ip.to_string())),
                login_attempts::user_agent.eq(attempt.user_agent.as_deref()),
                login_attempts::method.eq(attempt.method.as_str()),
                login_attempts::failure.eq(attempt.failure.map(LoginFailure::as_str)),
            ))
            .execute(self.connection())
            .map(drop)
            .of_a_user()
    }

    fn login_counts(&mut self, user: UserId, week: Instant, month: Instant) -> Result<LoginCounts> {
        let since =
            |start: Instant| count(case_when(login_attempts::attempted_at.ge(Sql(start)), 1.into_sql::<Integer>()));
        let (total, this_week, this_month) = login_attempts::table
            .filter(login_attempts::user_id.eq(Some(Sql(user))))
            .filter(login_attempts::failure.is_null())
            .select((count_star(), since(week), since(month)))
            .first(self.connection())
            .classified()?;
        Ok(LoginCounts { total, this_week, this_month })
    }
}
