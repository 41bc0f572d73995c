// The first minute, and one flow per tag, with a client that openapi-typescript and openapi-fetch make.
// Usage: node flows.js BASE_URL DOCUMENT

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

const [, , baseUrl, documentPath] = process.argv;
assert(baseUrl && documentPath, "usage: node flows.js BASE_URL DOCUMENT");

const api = createClient<paths>({ baseUrl });
const today = new Date().toISOString().slice(0, 10);
const done = new Set<string>();

/** What a call answers, if it isn't a refusal. */
async function good<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  assert(data !== undefined, `${response.url} answered ${response.status}: ${JSON.stringify(error)}`);
  return data;
}

async function flow(tag: string, run: () => Promise<void>): Promise<void> {
  await run();
  done.add(tag);
}

/** A kind in words: each variant has its own members. */
function inWords(kind: Schemas["Kind"]): string {
  switch (kind.type) {
    case "check":
      return "done or not";
    case "count":
      return `${kind.target} ${kind.unit}`;
    case "minutes":
      return `${kind.target} minutes`;
  }
}

const name = `ada-${process.pid}`;
const password = "rhythm and blues 2026";

await flow("system", async () => {
  const config = await good(api.GET("/api/v1/config"));
  assert.equal(typeof config.version, "string");
  assert.equal((await good(api.GET("/health/ready"))).status, "ready");
});

await flow("auth", async () => {
  const refused = await api.POST("/api/v1/auth/login", { body: { username: name, password } });
  assert.equal(refused.error?.code, "invalid_credentials");
  const answer = await good(
    api.POST("/api/v1/auth/register", { body: { username: name, email: `${name}@example.org`, password } }),
  );
  assert("access_token" in answer, "the account must be verified first");
  api.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${answer.access_token}`);
      return request;
    },
  });
});

const glasses: Schemas["CountKind"] = { type: "count", target: 8, unit: "glasses" };
const habit = await good(
  api.POST("/api/v1/habits", { body: { name: "Drink", kind: glasses, schedule: { type: "daily" } } }),
);
const path = { habit_id: habit.id };

await flow("habits", async () => {
  assert.equal(inWords(habit.kind), "8 glasses");
  // What is always answered is there, null or not.
  const color: string | null = habit.color;
  assert.equal(color, null);
  const { items, next_cursor } = await good(
    api.GET("/api/v1/habits", { params: { query: { sort: "-streak", schedule_type: "daily", limit: 3 } } }),
  );
  assert.deepEqual([items.length, next_cursor], [1, null]);
  const due = await good(api.GET("/api/v1/habits/today"));
  assert.equal(due.summary.due, 1);
  const refused = await api.POST("/api/v1/habits", { body: { name: "", schedule: { type: "weekly", weekdays: [] } } });
  const codes = refused.error?.errors?.map((error): Schemas["FieldErrorCode"] => error.code);
  assert.equal(codes?.length, 2);
});

await flow("entries", async () => {
  const put = await good(
    api.PUT("/api/v1/habits/{habit_id}/entries/{date}", { params: { path: { ...path, date: today } }, body: { value: 8 } }),
  );
  assert.deepEqual([put.entry?.state, put.habit.streak.current], ["done", 1]);
});

await flow("plans", async () => {
  const body = { schedule: { type: "weekly", weekdays: ["mo", "th"] }, effective_from: today } as const;
  const plan = await good(
    api.PUT("/api/v1/habits/{habit_id}/plan", { params: { path }, body: { ...body, schedule: { type: "weekly", weekdays: ["mo", "th"] } } }),
  );
  assert(plan.schedule.type === "weekly");
  assert.deepEqual(plan.schedule.weekdays, ["mo", "th"]);
});

await flow("schedules", async () => {
  const preview = await good(
    api.POST("/api/v1/schedules/preview", {
      body: {
        schedule: { type: "monthly", weekdays: [{ nth: -1, weekday: "fr" }] },
        starts_on: "2026-01-01",
        from: "2026-01-01",
        to: "2026-12-31",
      },
    }),
  );
  assert.equal(preview.count, 12);
});

await flow("themes", async () => {
  const theme = await good(api.POST("/api/v1/themes", { body: { name: "Health" } }));
  const changed = await good(
    api.PATCH("/api/v1/habits/{habit_id}", { params: { path }, body: { theme_id: theme.id } }),
  );
  assert.equal(changed.theme_id, theme.id);
});

await flow("reminders", async () => {
  const made = await good(
    api.POST("/api/v1/habits/{habit_id}/reminders", { params: { path }, body: { time: "23:59", channels: ["webhook"] } }),
  );
  assert.deepEqual([made.about, made.enabled], ["habit", true]);
  const { items } = await good(api.GET("/api/v1/reminders/upcoming", { params: { query: { days: 31 } } }));
  assert(items.every((notice) => notice.reminder_id === made.id && notice.title === "Drink"));
  const params = { path: { ...path, reminder_id: made.id } };
  const changed = await good(
    api.PATCH("/api/v1/habits/{habit_id}/reminders/{reminder_id}", { params, body: { enabled: false } }),
  );
  assert.deepEqual([changed.time, changed.enabled], ["23:59", false]);
});

await flow("webhooks", async () => {
  const body = { url: "https://hooks.example/circadia", events: ["entry.changed" as const] };
  const webhook = await good(api.POST("/api/v1/webhooks", { body }));
  assert.ok(webhook.secret.startsWith("whsec_") && webhook.enabled);
  const params = { path: { webhook_id: webhook.id } };
  const changed = await good(api.PATCH("/api/v1/webhooks/{webhook_id}", { params, body: { enabled: false } }));
  assert.equal(changed.disabled_reason, "user");
});

await flow("tasks", async () => {
  const task = await good(api.POST("/api/v1/tasks", { body: { title: "Book the dentist", priority: "high" } }));
  const params = { path: { task_id: task.id } };
  const moved = await good(api.POST("/api/v1/tasks/{task_id}/transition", { params, body: { to: "done" } }));
  assert.equal(moved.status, "done");
});

await flow("time", async () => {
  await good(api.POST("/api/v1/timer/start", { body: { note: "Chapter 3" } }));
  const { running } = await good(api.GET("/api/v1/timer"));
  assert.equal(running?.note, "Chapter 3");
  const gone = await api.DELETE("/api/v1/timer");
  assert.equal(gone.response.status, 204);
});

await flow("sleep", async () => {
  const body = { start: "2026-03-10T22:30:00Z", end: "2026-03-11T06:10:00Z", quality: 4 };
  const log = await good(api.POST("/api/v1/sleep", { body }));
  assert.equal(log.duration_seconds, 27_600);
  const { error } = await api.POST("/api/v1/sleep", { body });
  // 409: the conflicts are typed.
  assert(error && "conflicts" in error);
  assert.equal(error.conflicts?.[0]?.id, log.id);
});

await flow("moods", async () => {
  const params = { path: { date: today } };
  const mood = await good(api.PUT("/api/v1/moods/{date}", { params, body: { value: 7, tags: ["sunshine"] } }));
  assert.deepEqual([mood.value, mood.note], [7, null]);
});

await flow("stats", async () => {
  const overview = await good(api.GET("/api/v1/stats/overview", { params: { query: { range: "7d" } } }));
  assert(overview.kpis.some((kpi) => kpi.key === "completion_rate"));
});

await flow("imports", async () => {
  assert((await good(api.GET("/api/v1/imports"))).items.length === 0);
});

await flow("sync", async () => {
  const page = await good(api.GET("/api/v1/sync"));
  assert(!page.has_more && page.state && page.changes.length > 5);
  const id = crypto.randomUUID();
  const command = { id, type: "mood", operation: "put", key: today, data: { value: 8 } } as const;
  const sent = await good(api.POST("/api/v1/sync", { body: { commands: [command] } }));
  assert.equal(sent.results[0]?.status, "applied");
  const query = { cursor: page.cursor };
  const [mood] = (await good(api.GET("/api/v1/sync", { params: { query } }))).changes;
  assert(mood?.type === "mood" && mood.item?.value === 8);
});

await flow("quotes", async () => {
  assert((await good(api.GET("/api/v1/quotes/today"))).text.length > 0);
});

await flow("home", async () => {
  const home = await good(api.GET("/api/v1/home"));
  assert.equal(home.habits.items.length, 1);
});

await flow("admin", async () => {
  const { error } = await api.GET("/api/v1/admin/users");
  assert.equal(error?.code, "insufficient_role");
});

await flow("me", async () => {
  const me = await good(api.PATCH("/api/v1/me", { body: { timezone: "Europe/Berlin" } }));
  assert.equal(me.timezone, "Europe/Berlin");
  const gone = await api.POST("/api/v1/me/delete", { body: { password } });
  assert.equal(gone.response.status, 204);
});

const document = JSON.parse(readFileSync(documentPath, "utf8")) as { tags: { name: string }[] };
assert.deepEqual([...done].sort(), document.tags.map((tag) => tag.name).sort(), "each tag has a flow here");
console.log(`TypeScript: ${done.size} flows`);
