//! Sessions, and the feed of revocations that replicas follow.

use std::net::IpAddr;

use circadia_domain::civil::Instant;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::sessions::{
    FirstFactor, Revocation, RevocationTarget, Session, SessionKind, SessionRepository, SessionState,
};
use circadia_domain::users::Role;
use diesel::prelude::*;

use crate::row::{Stored as _, execute, load_rows, row};
use crate::schema::{revocations, sessions, users};
use crate::sql_types::{Sql, UtcTimestamp};
use crate::transaction::{Classify as _, Result, Transaction};

/// Sessions of a user that are listed at most.
const MAX_LISTED: i64 = 1_000;
/// Sessions of a user whose addresses are known ones.
const MAX_ADDRESSES: i64 = 100;

row! {
    #[diesel(table_name = sessions, primary_key(user_id, id))]
    struct SessionRow of Session {
        #[diesel(column_name = user_id)]
        user: Sql<UserId>,
        id: Sql<SessionId>,
        #[diesel(skip_update)]
        kind: Sql<SessionKind>,
        #[diesel(skip_update)]
        first_factor: Sql<FirstFactor>,
        secret_hash: Vec<u8>,
        generation: i32,
        rotated_at: Sql<Instant>,
        #[diesel(skip_update)]
        device: Option<String>,
        user_agent: Option<String>,
        ip: Option<String>,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        last_used_at: Sql<Instant>,
        expires_at: Sql<Instant>,
        #[diesel(skip_update)]
        revoked_at: Option<Sql<Instant>>,
    }
}

impl Transaction {
    /// Adds an entry to the feed of revocations.
    pub(crate) fn publish_revocation(&mut self, user: UserId, target: RevocationTarget, now: Instant) -> Result<()> {
        let (session, of_role) = match target {
            RevocationTarget::Session(session) => (Some(session), false),
            RevocationTarget::Sessions => (None, false),
            RevocationTarget::Role => (None, true),
        };
        execute!(
            self,
            diesel::insert_into(revocations::table).values((
                revocations::user_id.eq(Sql(user)),
                revocations::session_id.eq(session.map(Sql)),
                revocations::of_role.eq(of_role),
                revocations::revoked_at.eq(Sql(now)),
            ))
        )
    }
}

impl SessionRepository for Transaction {
    fn insert_session(&mut self, session: &Session) -> Result<()> {
        execute!(self, diesel::insert_into(sessions::table).values(SessionRow::from_domain(session)?))
    }

    fn find_session(&mut self, user: UserId, id: SessionId) -> Result<Option<SessionState>> {
        let found: Option<(SessionRow, Sql<Role>, bool)> = sessions::table
            .find((Sql(user), Sql(id)))
            .inner_join(users::table.on(users::id.eq(sessions::user_id)))
            .select((SessionRow::as_select(), users::role, users::active))
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(|(row, Sql(role), active)| Ok(SessionState { session: row.into_domain()?, role, active })).transpose()
    }

    fn update_session(&mut self, session: &Session) -> Result<()> {
        execute!(
            self,
            diesel::update(sessions::table.find((Sql(session.user), Sql(session.id))))
                .set(SessionRow::from_domain(session)?)
        )
    }

    fn sessions_of(&mut self, user: UserId, now: Instant) -> Result<Vec<Session>> {
        load_rows!(
            self,
            sessions::table
                .filter(sessions::user_id.eq(Sql(user)))
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(Sql(now)))
                .order((sessions::last_used_at.desc(), sessions::id.desc()))
                .limit(MAX_LISTED),
            SessionRow
        )
    }

    fn session_addresses(&mut self, user: UserId) -> Result<Vec<IpAddr>> {
        let latest: Vec<Option<String>> = sessions::table
            .filter(sessions::user_id.eq(Sql(user)))
            .order(sessions::id.desc())
            .limit(MAX_ADDRESSES)
            .select(sessions::ip)
            .load(self.connection())
            .classified()?;
        Ok(latest.into_iter().flatten().filter_map(|text| text.parse().ok()).collect())
    }

    fn touch_session(&mut self, session: &Session) -> Result<()> {
        let earlier = sessions::table
            .find((Sql(session.user), Sql(session.id)))
            .filter(sessions::last_used_at.lt(Sql(session.last_used_at)));
        execute!(
            self,
            diesel::update(earlier).set((
                sessions::last_used_at.eq(Sql(session.last_used_at)),
                sessions::user_agent.eq(session.user_agent.as_deref()),
                sessions::ip.eq(session.ip.as_deref()),
            ))
        )
    }

    fn revoke_session(&mut self, user: UserId, id: SessionId, now: Instant) -> Result<bool> {
        let live = sessions::table
            .find((Sql(user), Sql(id)))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(Sql(now)));
        let revoked = diesel::update(live)
            .set(sessions::revoked_at.eq(Some(Sql(now))))
            .execute(self.connection())
            .classified()?;
        if revoked == 0 {
            return Ok(false);
        }
        self.publish_revocation(user, RevocationTarget::Session(id), now)?;
        Ok(true)
    }

    fn revoke_other_sessions(&mut self, user: UserId, kept: SessionId, now: Instant) -> Result<()> {
        let others = sessions::table
            .filter(sessions::user_id.eq(Sql(user)))
            .filter(sessions::id.ne(Sql(kept)))
            .filter(sessions::revoked_at.is_null());
        // Before the update, after which they can't be told from those that ended earlier.
        let at = Sql(now).into_sql::<UtcTimestamp>();
        let told =
            others.filter(sessions::expires_at.gt(Sql(now))).select((sessions::user_id, sessions::id.nullable(), at));
        diesel::insert_into(revocations::table)
            .values(told)
            .into_columns((revocations::user_id, revocations::session_id, revocations::revoked_at))
            .execute(self.connection())
            .classified()?;
        execute!(self, diesel::update(others).set(sessions::revoked_at.eq(Some(Sql(now)))))
    }

    fn revoke_sessions(&mut self, user: UserId, now: Instant) -> Result<()> {
        let live = sessions::table.filter(sessions::user_id.eq(Sql(user))).filter(sessions::revoked_at.is_null());
        diesel::update(live).set(sessions::revoked_at.eq(Some(Sql(now)))).execute(self.connection()).classified()?;
        self.publish_revocation(user, RevocationTarget::Sessions, now)
    }

    fn publish_role(&mut self, user: UserId, now: Instant) -> Result<()> {
        self.publish_revocation(user, RevocationTarget::Role, now)
    }

    fn revocations_since(&mut self, since: Instant) -> Result<Vec<Revocation>> {
        type Row = (Sql<UserId>, Option<Sql<SessionId>>, bool, Sql<Instant>);
        let rows: Vec<Row> = revocations::table
            .filter(revocations::revoked_at.ge(Sql(since)))
            .order((revocations::revoked_at, revocations::id))
            .select((revocations::user_id, revocations::session_id, revocations::of_role, revocations::revoked_at))
            .load(self.connection())
            .classified()?;
        let revocation = |(Sql(user), session, of_role, Sql(at)): Row| {
            let target = match session {
                Some(Sql(session)) => RevocationTarget::Session(session),
                None if of_role => RevocationTarget::Role,
                None => RevocationTarget::Sessions,
            };
            Revocation { user, target, at }
        };
        Ok(rows.into_iter().map(revocation).collect())
    }

    fn purge_sessions(&mut self, before: Instant) -> Result<usize> {
        let told = diesel::delete(revocations::table.filter(revocations::revoked_at.lt(Sql(before))))
            .execute(self.connection())
            .classified()?;
        let ended =
            sessions::table.filter(sessions::expires_at.lt(Sql(before)).or(sessions::revoked_at.lt(Some(Sql(before)))));
        let ended = diesel::delete(ended).execute(self.connection()).classified()?;
        Ok(told.saturating_add(ended))
    }
}
