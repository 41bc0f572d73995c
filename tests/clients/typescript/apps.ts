// Uses the TypeScript of docs/APPS.md, which snippets.mjs makes a module of.
// Usage: node apps.js BASE_URL

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

import {
  addDays,
  allTasks,
  browser,
  caching,
  changeHabit,
  connect,
  dayLabel,
  deliver,
  good,
  heatMap,
  newTask,
  patient,
  pieces,
  refresh,
  Refusal,
  signedIn,
  signIn,
  todayOf,
  type Kept,
  type Send,
  type Store,
} from "./page.js";

const [, , baseUrl] = process.argv;
assert(baseUrl, "usage: node apps.js BASE_URL");

let count = 0;
async function flow(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    console.error(`docs/APPS.md, ${name}:`);
    throw error;
  }
  count += 1;
}

/** The problem of a call that must be refused. */
async function refusal(call: Promise<unknown>): Promise<Refusal> {
  const outcome = await call.then(
    () => "it was not refused",
    (error: unknown) => error,
  );
  assert(outcome instanceof Refusal, String(outcome));
  return outcome;
}

/** `fetch` that writes down what it sends and what is answered. */
function noted(log: string[]): Send {
  return async (request) => {
    const line = `${request.method} ${new URL(request.url).pathname}`;
    const answer = await fetch(request);
    log.push(`${line} ${answer.status}`);
    return answer;
  };
}

function memory(kept: Kept | null = null): Store & { kept: Kept | null } {
  return {
    kept,
    async read() {
      return this.kept;
    },
    async write(next) {
      this.kept = next;
    },
  };
}

const account = { username: `app-${process.pid}`, password: "rhythm and blues 2026" };
const email = `${account.username}@example.org`;
const open = connect(baseUrl);
good(await open.POST("/api/v1/auth/register", { body: { ...account, email, timezone: "America/New_York" } }));
const noCode = () => assert.fail("no code is needed");

const store = memory();
const api = signedIn(baseUrl, store);

await flow("signing in", async () => {
  const user = await signIn(open, store, account, noCode);
  assert.equal(user.username, account.username);
  assert.equal(good(await api.GET("/api/v1/me")).id, user.id);
  const wrong = await refusal(signIn(open, memory(), { ...account, password: "wrong" }, noCode));
  assert.deepEqual([wrong.status, wrong.problem.code], [401, "invalid_credentials"]);
  // The device token is sent with the next sign-in, and replaced.
  const before = store.kept?.device_token;
  await signIn(open, store, account, noCode);
  assert.match(store.kept?.device_token ?? "", /^crd_/);
  assert.notEqual(store.kept?.device_token, before);
});

await flow("refreshing", async () => {
  const log: string[] = [];
  const parallel = signedIn(baseUrl, store, noted(log));
  assert(store.kept);
  store.kept = { ...store.kept, access_token: `${store.kept.access_token}x` };
  const reads = [1, 2, 3, 4].map(async () => good(await parallel.GET("/api/v1/me")).username);
  const written = parallel.POST("/api/v1/themes", { body: { name: "Health" } });
  assert.deepEqual(await Promise.all(reads), Array(4).fill(account.username));
  assert.equal((await written).data?.name, "Health");
  assert.equal(log.filter((line) => line === "POST /api/v1/auth/refresh 200").length, 1, log.join("\n"));

  // Once more, in case the answer was lost: the same token.
  const first = store.kept;
  const repeated = good(await open.POST("/api/v1/auth/refresh", { body: { refresh_token: first.refresh_token } }));
  const again = good(await open.POST("/api/v1/auth/refresh", { body: { refresh_token: first.refresh_token } }));
  assert.equal(again.refresh_token, repeated.refresh_token);
  let lost = 0;
  const losing: Send = async (request) => {
    const answer = await fetch(request);
    if (lost++ === 0) throw new TypeError("the answer is lost");
    return answer;
  };
  store.kept = repeated;
  assert(await refresh(connect(baseUrl, losing), store, repeated.access_token));
  assert.equal(lost, 2);

  // A used one, whose successor was used, ends the session.
  const used = memory({ ...first });
  assert.equal(await refresh(open, used, first.access_token), null);
  assert.deepEqual([used.kept?.access_token, used.kept?.refresh_token], ["", ""]);
  const kept = store.kept;
  const { error } = await open.POST("/api/v1/auth/refresh", { body: { refresh_token: kept.refresh_token } });
  assert.equal(error?.code, "token_revoked");
  assert.equal(await refresh(open, store, kept.access_token), null);
  await signIn(open, store, account, noCode);
});

await flow("cookies", async () => {
  // What a browser does: it keeps cookies, and says where the page comes from.
  const cookies = new Map<string, string>();
  const like = (origin: string): Send => async (request) => {
    assert.equal(request.credentials, "include");
    request.headers.set("Origin", origin);
    request.headers.set("Cookie", [...cookies].map((pair) => pair.join("=")).join("; "));
    const answer = await fetch(request);
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      assert.match(cookie, /HttpOnly; SameSite=Lax; Path=\//);
      cookies.set(name, value);
    }
    if (answer.ok) assert.equal(answer.headers.get("Access-Control-Allow-Origin"), origin);
    return answer;
  };
  for (const origin of ["localhost:3000", "localhost:5173", "127.0.0.1:3000", "127.0.0.1:5173"]) {
    cookies.clear();
    const page = browser(baseUrl, like(`http://${origin}`));
    assert.equal(await page.resume(), null);
    assert.equal((await page.signIn(account)).username, account.username);
    assert.deepEqual([...cookies.keys()], ["circadia", "circadia_device"]);
    good(await page.api.POST("/api/v1/themes", { body: { name: origin } }));
  }
  const page = browser(baseUrl, like("http://localhost:5173"));
  const early = await page.api.POST("/api/v1/themes", { body: { name: "Early" } });
  assert.equal(early.error?.code, "csrf_failed");
  assert.equal((await page.resume())?.username, account.username);
  good(await page.api.POST("/api/v1/themes", { body: { name: "Reloaded" } }));
  // Another tab signs in.
  const tab = browser(baseUrl, like("http://localhost:5173"));
  await tab.signIn(account);
  const stale = await page.api.POST("/api/v1/themes", { body: { name: "Stale" } });
  assert.equal(stale.error?.code, "csrf_failed");
  await page.resume();
  good(await page.api.POST("/api/v1/themes", { body: { name: "Stale" } }));
  const elsewhere = browser(baseUrl, like("http://localhost:4200"));
  assert.equal((await refusal(elsewhere.signIn(account))).problem.code, "csrf_failed");
  await page.signOut();
  assert.equal(await page.resume(), null);
});

await flow("made offline", async () => {
  let lost = 0;
  const losing: Send = async (request) => {
    const answer = await fetch(request);
    if (request.method === "POST" && lost++ === 0) throw new TypeError("the answer is lost");
    return answer;
  };
  const offline = signedIn(baseUrl, store, losing);
  const task = newTask("Call home");
  assert.deepEqual([await deliver(offline, task), await deliver(offline, task)], [false, true]);
  assert.equal(good(await api.GET("/api/v1/tasks")).items.length, 1);
  const params = { path: { task_id: task.id } };
  good(await api.PATCH("/api/v1/tasks/{task_id}", { params, body: { title: "Call mum" } }));
  const repeated = await api.POST("/api/v1/tasks", { body: task });
  assert.deepEqual([repeated.response.status, repeated.data?.title], [201, "Call mum"]);
  const other = await refusal(deliver(api, { ...task, title: "Another" }));
  assert.deepEqual([other.status, other.problem.code], [409, "id_taken"]);
  const transition = { params, body: { to: "done" } } as const;
  good(await api.POST("/api/v1/tasks/{task_id}/transition", transition));
  const { error } = await api.POST("/api/v1/tasks/{task_id}/transition", transition);
  assert.equal(error?.code, "illegal_transition");
  good(await api.POST("/api/v1/timer/start", { body: {} }));
  assert.equal((await api.POST("/api/v1/timer/start", { body: {} })).error?.code, "timer_running");
  good(await api.DELETE("/api/v1/timer"));
  good(await api.DELETE("/api/v1/tasks/{task_id}", { params }));
  assert.equal((await api.DELETE("/api/v1/tasks/{task_id}", { params })).response.status, 404);
  assert.equal((await refusal(deliver(api, task))).problem.code, "id_taken");
  const nowhere = connect("http://127.0.0.1:9");
  assert.equal(await deliver(nowhere, task), false);
  const unknown: Send = async () => Response.json({ status: 503, code: "outcome_unknown" }, { status: 503 });
  assert.equal(await deliver(connect(baseUrl, unknown), task), false);
});

const habit = good(
  await api.POST("/api/v1/habits", {
    body: { name: "Read", description: "a", schedule: { type: "daily" }, starts_on: "2026-01-05" },
  }),
);
const path = { habit_id: habit.id };

await flow("ETags", async () => {
  const log: string[] = [];
  const cached = signedIn(baseUrl, store, caching(noted(log)));
  const habits = async () => good(await cached.GET("/api/v1/habits")).items.map(({ description }) => description);
  assert.deepEqual([await habits(), await habits()], [["a"], ["a"]]);

  // Another device is faster, once.
  let calls = 0;
  const changed = await changeHabit(api, habit.id, ({ description }) => {
    calls += 1;
    return { description: `${description}${calls}` };
  });
  assert.deepEqual([changed.description, calls], ["a1", 1]);
  const interrupted: Send = async (request) => {
    if (request.method === "PATCH" && calls === 1) {
      calls += 1;
      good(await api.PATCH("/api/v1/habits/{habit_id}", { params: { path }, body: { description: "b", color: "#123456" } }));
    }
    return fetch(request);
  };
  const merged = await changeHabit(signedIn(baseUrl, store, interrupted), habit.id, ({ description }) => ({
    description: `${description}c`,
  }));
  assert.deepEqual([merged.description, merged.color], ["bc", "#123456"]);
  assert.deepEqual(await habits(), ["bc"]);
  assert.deepEqual(log, ["GET /api/v1/habits 200", "GET /api/v1/habits 304", "GET /api/v1/habits 200"]);
});

await flow("paging", async () => {
  const titles = Array.from({ length: 101 }, (_, at) => `task ${at}`);
  await Promise.all(titles.map(async (title) => good(await api.POST("/api/v1/tasks", { body: { title } }))));
  const listed: string[] = [];
  for await (const { id, title } of allTasks(api)) {
    listed.push(title);
    // The last item of the first page goes before the second is read.
    if (listed.length === 100) good(await api.DELETE("/api/v1/tasks/{task_id}", { params: { path: { task_id: id } } }));
  }
  assert.deepEqual(listed.sort(), titles.sort());
  const { next_cursor } = good(await api.GET("/api/v1/tasks", { params: { query: { limit: 1 } } }));
  assert(next_cursor);
  const query = { cursor: next_cursor, sort: "-title" } as const;
  assert.equal((await api.GET("/api/v1/tasks", { params: { query } })).error?.code, "invalid_cursor");
});

await flow("errors", async () => {
  const body = { name: "", schedule: { type: "weekly" as const, weekdays: [] } };
  const wrong = await refusal(api.POST("/api/v1/habits", { body }).then(good));
  assert.deepEqual([wrong.status, wrong.problem.code], [422, "validation_failed"]);
  assert.deepEqual([...wrong.fields.keys()], ["/name", "/schedule/weekdays"]);
  assert(wrong.message.length > 0 && wrong.problem.instance);
  const proxy = connect(baseUrl, async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  assert.deepEqual((await refusal(proxy.GET("/api/v1/me").then(good))).problem, {});

  let busy = 2;
  const limited: Send = async (request) =>
    busy-- > 0
      ? Response.json({ status: 429, code: "rate_limited" }, { status: 429, headers: { "Retry-After": "0" } })
      : fetch(request);
  good(await signedIn(baseUrl, store, patient(limited)).GET("/api/v1/me"));
  const long = async () => new Response(null, { status: 429, headers: { "Retry-After": "300" } });
  assert.equal((await connect(baseUrl, patient(long)).GET("/api/v1/me")).response.status, 429);
});

await flow("time zones", async () => {
  assert.deepEqual(
    [addDays("2026-01-01", -1), addDays("2024-02-28", 1), addDays("2026-03-28", 2), addDays("2026-12-31", 1)],
    ["2025-12-31", "2024-02-29", "2026-03-30", "2027-01-01"],
  );
  assert.equal(dayLabel("2026-01-01", "en-GB"), "Thu 1");
  const night = new Date("2026-01-01T02:30:00+01:00");
  const [timezone, day_start] = ["Europe/Berlin", "04:00"];
  assert.equal(todayOf({ timezone, day_start }, night), "2025-12-31");
  assert.equal(todayOf({ timezone, day_start: "02:30" }, night), "2026-01-01");
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  good(await api.PATCH("/api/v1/me", { body: { timezone: timeZone } }));
  // The server agrees, wherever the user is.
  for (const timezone of ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "America/New_York"]) {
    for (const day_start of ["00:00", "04:00", "12:00", "23:59"]) {
      const me = good(await api.PATCH("/api/v1/me", { body: { timezone, day_start } }));
      const before = todayOf(me);
      const { date } = good(await api.GET("/api/v1/habits/today"));
      assert([before, todayOf(me)].includes(date), `${timezone} ${day_start}: ${before}, not ${date}`);
    }
  }
  good(await api.PATCH("/api/v1/me", { body: { timezone: "Europe/Berlin", day_start: "00:00" } }));
});

await flow("charts", async () => {
  const { date: today } = good(await api.GET("/api/v1/habits/today"));
  for (const [days, value] of [[5, 4], [4, 6], [1, 8]] as const) {
    const date = addDays(today, -days);
    good(await api.PUT("/api/v1/moods/{date}", { params: { path: { date } }, body: { value } }));
  }
  const query = { range: "7d", on: today } as const;
  const { mood, tasks, step } = good(await api.GET("/api/v1/stats/overview", { params: { query } }));
  assert.equal(step, "day");
  assert.deepEqual(pieces(mood.trend, "mood"), [
    [
      { label: addDays(today, -5), value: 4 },
      { label: addDays(today, -4), value: 6 },
    ],
    [{ label: addDays(today, -1), value: 8 }],
  ]);
  assert.equal(pieces(tasks.trend, "completed")[0]?.length, 7);

  for (const date of ["2026-01-05", "2026-01-06"]) {
    good(
      await api.PUT("/api/v1/habits/{habit_id}/entries/{date}", { params: { path: { ...path, date } }, body: { state: "done" } }),
    );
  }
  const year = good(
    await api.GET("/api/v1/habits/{habit_id}/calendar", { params: { path, query: { year: 2026 } } }),
  );
  // 2026 begins on a Thursday.
  const weeks = heatMap(year.days, "mo");
  assert.deepEqual(weeks[0]?.map((day) => day?.date ?? null), [null, null, null, "2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]);
  assert.deepEqual(weeks[1]?.slice(0, 3).map((day) => day?.state), ["done", "done", "missed"]);
  assert.equal(heatMap(year.days, "su")[0]?.[4]?.date, "2026-01-01");
  assert.equal(weeks.flat().length, 3 + 365);

  const span = { from: "2026-01-01", to: "2026-01-14", group_by: "week" } as const;
  const bars = good(await api.GET("/api/v1/time-entries/summary", { params: { query: span } }));
  assert.deepEqual(
    bars.items.map(({ from, to, minutes }) => [from, to, minutes]),
    [["2026-01-01", "2026-01-04", 0], ["2026-01-05", "2026-01-11", 0], ["2026-01-12", "2026-01-14", 0]],
  );
});

await flow("a second factor", async () => {
  const { password } = account;
  const setUp = good(await api.POST("/api/v1/me/totp", { body: { password } }));
  const { recovery_codes } = good(await api.POST("/api/v1/me/totp/confirm", { body: { code: codeOf(setUp.secret) } }));
  const codes = ["000-000", recovery_codes[0] ?? ""];
  const asked: boolean[] = [];
  const user = await signIn(open, store, account, async (wasWrong) => {
    asked.push(wasWrong);
    return codes[asked.length - 1] ?? assert.fail("asked too often");
  });
  assert.deepEqual([user.username, asked], [account.username, [false, true]]);
});

/** An authenticator's code (RFC 6238). */
function codeOf(secret: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = mac.readUInt8(19) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

good(await api.POST("/api/v1/me/delete", { body: { password: account.password } }));
console.log(`docs/APPS.md: ${count} flows`);
