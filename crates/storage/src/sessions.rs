//! Signed-in sessions, and the feed that tells replicas which of them ended.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::sessions::{
    FirstFactor, Revocation, Session, SessionKind, SessionRepository, SessionState, Stopped,
};
use circadia_domain::users::Role;
use diesel::prelude::*;

use crate::convert::digest;
use crate::schema::{revocations, sessions, users};
use crate::sql_types::{Moment, Sql};
use crate::transaction::{Classify as _, Result, Transaction};

/// Sessions of a user that are listed at most.
const MOST_LISTED: i64 = 1_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct Row {
    user_id: UserId,
    id: SessionId,
    kind: SessionKind,
    first_factor: FirstFactor,
    secret_hash: Vec<u8>,
    generation: i32,
    rotated_at: Instant,
    device: Option<String>,
    user_agent: Option<String>,
    ip: Option<String>,
    created_at: Instant,
    last_used_at: Instant,
    expires_at: Instant,
    revoked_at: Option<Instant>,
}

impl Row {
    fn read(self) -> Result<Session> {
        Ok(Session {
            id: self.id,
            user: self.user_id,
            kind: self.kind,
            first_factor: self.first_factor,
            secret_hash: digest(&self.secret_hash)?,
            generation: self.generation,
            rotated_at: self.rotated_at,
            device: self.device,
            user_agent: self.user_agent,
            ip: self.ip,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
        })
    }
}

impl Transaction {
    pub(crate) fn publish(&mut self, user: UserId, what: Stopped, now: Instant) -> Result<()> {
        let (session, of_role) = match what {
            Stopped::Session(session) => (Some(session), false),
            Stopped::Sessions => (None, false),
            Stopped::Role => (None, true),
        };
        diesel::insert_into(revocations::table)
            .values((
                revocations::user_id.eq(Sql(user)),
                revocations::session_id.eq(session.map(Sql)),
                revocations::of_role.eq(of_role),
                revocations::revoked_at.eq(Sql(now)),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }
}

impl SessionRepository for Transaction {
    fn insert_session(&mut self, session: &Session) -> Result<()> {
        diesel::insert_into(sessions::table)
            .values((
                sessions::user_id.eq(Sql(session.user)),
                sessions::id.eq(Sql(session.id)),
                sessions::kind.eq(Sql(session.kind)),
                sessions::first_factor.eq(Sql(session.first_factor)),
                sessions::secret_hash.eq(session.secret_hash.as_slice()),
                sessions::generation.eq(session.generation),
                sessions::rotated_at.eq(Sql(session.rotated_at)),
                sessions::device.eq(session.device.as_deref()),
                sessions::user_agent.eq(session.user_agent.as_deref()),
                sessions::ip.eq(session.ip.as_deref()),
                sessions::created_at.eq(Sql(session.created_at)),
                sessions::last_used_at.eq(Sql(session.last_used_at)),
                sessions::expires_at.eq(Sql(session.expires_at)),
                sessions::revoked_at.eq(session.revoked_at.map(Sql)),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn find_session(&mut self, user: UserId, id: SessionId) -> Result<Option<SessionState>> {
        let found: Option<(Row, Role, bool)> = sessions::table
            .find((Sql(user), Sql(id)))
            .inner_join(users::table.on(users::id.eq(sessions::user_id)))
            .select((Row::as_select(), users::role, users::active))
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(|(row, role, active)| Ok(SessionState { session: row.read()?, role, active })).transpose()
    }

    fn update_session(&mut self, session: &Session) -> Result<()> {
        diesel::update(sessions::table.find((Sql(session.user), Sql(session.id))))
            .set((
                sessions::secret_hash.eq(session.secret_hash.as_slice()),
                sessions::generation.eq(session.generation),
                sessions::rotated_at.eq(Sql(session.rotated_at)),
                sessions::last_used_at.eq(Sql(session.last_used_at)),
                sessions::expires_at.eq(Sql(session.expires_at)),
                sessions::user_agent.eq(session.user_agent.as_deref()),
                sessions::ip.eq(session.ip.as_deref()),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn sessions_of(&mut self, user: UserId, now: Instant) -> Result<Vec<Session>> {
        let rows: Vec<Row> = sessions::table
            .filter(sessions::user_id.eq(Sql(user)))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(Sql(now)))
            .order((sessions::last_used_at.desc(), sessions::id.desc()))
            .limit(MOST_LISTED)
            .select(Row::as_select())
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read).collect()
    }

    fn touch_session(&mut self, session: &Session) -> Result<()> {
        let earlier = sessions::table
            .find((Sql(session.user), Sql(session.id)))
            .filter(sessions::last_used_at.lt(Sql(session.last_used_at)));
        diesel::update(earlier)
            .set((
                sessions::last_used_at.eq(Sql(session.last_used_at)),
                sessions::user_agent.eq(session.user_agent.as_deref()),
                sessions::ip.eq(session.ip.as_deref()),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
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
        self.publish(user, Stopped::Session(id), now)?;
        Ok(true)
    }

    fn revoke_other_sessions(&mut self, user: UserId, kept: SessionId, now: Instant) -> Result<()> {
        let others = sessions::table
            .filter(sessions::user_id.eq(Sql(user)))
            .filter(sessions::id.ne(Sql(kept)))
            .filter(sessions::revoked_at.is_null());
        // To the feed first, as long as it shows which they are.
        let at = Sql(now).into_sql::<Moment>();
        let told =
            others.filter(sessions::expires_at.gt(Sql(now))).select((sessions::user_id, sessions::id.nullable(), at));
        diesel::insert_into(revocations::table)
            .values(told)
            .into_columns((revocations::user_id, revocations::session_id, revocations::revoked_at))
            .execute(self.connection())
            .classified()?;
        diesel::update(others)
            .set(sessions::revoked_at.eq(Some(Sql(now))))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn revoke_sessions(&mut self, user: UserId, now: Instant) -> Result<()> {
        let live = sessions::table.filter(sessions::user_id.eq(Sql(user))).filter(sessions::revoked_at.is_null());
        diesel::update(live).set(sessions::revoked_at.eq(Some(Sql(now)))).execute(self.connection()).classified()?;
        self.publish(user, Stopped::Sessions, now)
    }

    fn publish_role(&mut self, user: UserId, now: Instant) -> Result<()> {
        self.publish(user, Stopped::Role, now)
    }

    fn revocations_since(&mut self, since: Instant) -> Result<Vec<Revocation>> {
        let rows: Vec<(UserId, Option<SessionId>, bool, Instant)> = revocations::table
            .filter(revocations::revoked_at.ge(Sql(since)))
            .order((revocations::revoked_at, revocations::id))
            .select((revocations::user_id, revocations::session_id, revocations::of_role, revocations::revoked_at))
            .load(self.connection())
            .classified()?;
        let entry = |(user, session, of_role, at): (UserId, Option<SessionId>, bool, Instant)| {
            let what = match session {
                Some(session) => Stopped::Session(session),
                None if of_role => Stopped::Role,
                None => Stopped::Sessions,
            };
            Revocation { user, what, at }
        };
        Ok(rows.into_iter().map(entry).collect())
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
