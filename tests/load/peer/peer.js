// What a careful team would write without a framework of its own: Fastify and postgres.js, a verified JWT, bare SQL on
// the tables that Circadia has filled. It knows no schedules, streaks, scores or revisions in its answers: it does less.
import cluster from "node:cluster";
import { createPublicKey } from "node:crypto";
import Fastify from "fastify";
import { createVerifier } from "fast-jwt";
import postgres from "postgres";

const { PEER_PORT, PEER_DATABASE, PEER_WORKERS, PEER_KEYS } = process.env;
const workers = Number(PEER_WORKERS);

if (cluster.isPrimary) {
  for (let i = 0; i < workers; i++) cluster.fork();
  cluster.on("exit", () => process.exit(1));
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => {
      cluster.removeAllListeners("exit");
      for (const worker of Object.values(cluster.workers)) worker.process.kill("SIGTERM");
      process.exit(0);
    });
  }
} else {
  await serve();
}

async function serve() {
  // As many connections in all as Circadia has: twice the cores.
  const sql = postgres(PEER_DATABASE, { max: 2, types: { date: text(1082), instant: text(1184) } });
  const verifiers = new Map();
  for (const key of JSON.parse(PEER_KEYS).keys) {
    const pem = createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" });
    verifiers.set(key.kid, createVerifier({ key: pem, algorithms: [key.alg], allowedIss: "circadia", allowedAud: "circadia" }));
  }

  const app = Fastify({ logger: false });
  app.decorateRequest("user", null);
  const auth = {
    onRequest: async (request, reply) => {
      const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
      try {
        const kid = JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid;
        request.user = verifiers.get(kid)(token).sub;
      } catch {
        return reply.code(401).send({ code: "token_invalid" });
      }
    },
  };

  app.get("/health/live", async () => ({ status: "up" }));

  app.get("/api/v1/habits/today", auth, async ({ user }) => {
    const date = new Date().toISOString().slice(0, 10);
    const rows = await sql`
      SELECT h.id, h.name, h.description, h.theme_id, h.color, h.starts_on, h.ends_on, h.plans, h.archived_at,
             h.position, h.created_at, h.updated_at, e.state, e.value
      FROM habits h LEFT JOIN entries e ON e.user_id = h.user_id AND e.habit_id = h.id AND e.date = ${date}
      WHERE h.user_id = ${user} ORDER BY h.position, h.id`;
    const items = rows.map(({ state, value, ...row }) => ({ habit: habit(row), state: state ?? "pending", value }));
    return { date, items, summary: { done: items.filter((item) => item.state === "done").length } };
  });

  app.get("/api/v1/habits/:id", auth, async ({ user, params }, reply) => {
    const [row] = await sql`
      SELECT id, name, description, theme_id, color, starts_on, ends_on, plans, archived_at, position, created_at, updated_at
      FROM habits WHERE user_id = ${user} AND id = ${params.id}`;
    return row ? habit(row) : reply.code(404).send({ code: "habit_not_found" });
  });

  app.get("/api/v1/habits/:id/calendar", auth, async ({ user, params, query }) => {
    const days = await sql`
      SELECT date, state, value FROM entries
      WHERE user_id = ${user} AND habit_id = ${params.id}
        AND date BETWEEN ${query.year + "-01-01"} AND ${query.year + "-12-31"} ORDER BY date`;
    return { year: Number(query.year), days };
  });

  app.put("/api/v1/habits/:id/entries/:date", auth, async ({ user, params, body }) => {
    const [entry] = await sql.begin("ISOLATION LEVEL READ COMMITTED READ WRITE", async (sql) => {
      const [{ rev }] = await sql`UPDATE user_revisions SET rev = rev + 1 WHERE user_id = ${user} RETURNING rev`;
      return sql`
        INSERT INTO entries (user_id, habit_id, date, state, created_at, updated_at, rev)
        VALUES (${user}, ${params.id}, ${params.date}, ${body.state}, now(), now(), ${rev})
        ON CONFLICT (user_id, habit_id, date)
          DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at, rev = excluded.rev
        RETURNING habit_id, date, state, value, note, created_at, updated_at`;
    });
    return { entry };
  });

  await app.listen({ host: "127.0.0.1", port: Number(PEER_PORT) });
}

function habit({ plans, archived_at, ...row }) {
  return { ...row, plans: JSON.parse(plans), status: archived_at ? "archived" : "active" };
}

// Dates and instants stay what PostgreSQL wrote.
function text(oid) {
  return { to: oid, from: [oid], serialize: (value) => value, parse: (value) => value };
}
