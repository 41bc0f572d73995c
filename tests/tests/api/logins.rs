//! Sign-ins: what is recorded of them, their figures and charts, and who may see them.

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    every_attempt_is_listed_with_what_its_client_says,
    long_and_odd_user_agents_are_recorded,
    the_last_day_of_a_range_is_included,
    a_sign_in_before_midnight_is_of_its_own_day_week_and_year,
    figures_are_compared_with_the_days_before,
    distributions_are_by_the_clock_of_the_zone,
    tables_come_as_csv,
    ranges_that_make_no_sense_are_refused,
    staff_see_the_sign_ins_of_others_but_not_those_of_superusers,
    user_ids_are_never_everyone,
    filters_of_a_population_are_combined,
    the_dashboard_counts_accounts_and_sign_ins,
    a_new_device_is_told_to_its_owner,
    suspicious_sign_ins_are_listed_for_superusers,
    administrators_see_accounts_but_no_days,
    figures_cost_the_same_for_one_user_and_a_hundred,
);

const PASSWORD: &str = "correct horse battery";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/17.5 Mobile/15E148 Safari/604.1";

async fn attempt(client: &Client, username: &str, password: &str) -> Answer {
    client.post("/auth/login", json!({"username": username, "password": password})).await
}

/// Signs in at an instant.
async fn sign_in_at(app: &TestApp, instant: &str, username: &str) {
    app.clock.set(instant);
    attempt(&app.anonymous(), username, PASSWORD).await.expect(200);
}

/// A signed-in user with a role.
async fn with_role(app: &TestApp, name: &str, role: &str) -> Client {
    app.user(name).await;
    app.give_role(name, role);
    app.log_in(name).await
}

fn id_of(client: &Client) -> String {
    client.tokens["user"]["id"].as_str().unwrap().to_owned()
}

fn dataset(chart: &Value, key: &str) -> Vec<i64> {
    let datasets = chart["datasets"].as_array().unwrap();
    let found = datasets.iter().find(|dataset| dataset["key"] == key).unwrap_or_else(|| panic!("no {key} in {chart}"));
    let whole = |value: &Value| value.to_string().trim_end_matches(".0").parse().unwrap();
    found["data"].as_array().unwrap().iter().map(whole).collect()
}

async fn every_attempt_is_listed_with_what_its_client_says(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let browser = app.anonymous().with_header("user-agent", FIREFOX).with_header("accept-language", "de-AT,de;q=0.9");
    app.clock.advance(60);
    attempt(&browser, "ada", "a wrong password").await.expect(401);
    app.clock.advance(60);
    let tokens = attempt(&browser, "ada", PASSWORD).await.expect(200);
    let ada = app.anonymous().signed_in(&tokens.body);
    let listed = ada.get("/me/logins").await.expect(200);
    assert_eq!(listed.body["total"], 2);
    let [newest, failed] = listed.items().try_into().unwrap();
    assert_eq!(
        (&newest["success"], &newest["failure"], &newest["method"]),
        (&json!(true), &Value::Null, &json!("password"))
    );
    assert_eq!((&failed["success"], &failed["failure"]), (&json!(false), &json!("wrong_password")));
    assert_eq!(newest["at"], "2026-03-11T12:02:00Z");
    for item in [&newest, &failed] {
        assert_eq!(
            (&item["browser"], &item["os"], &item["device"]),
            (&json!("firefox"), &json!("linux"), &json!("desktop"))
        );
        assert_eq!((&item["ip"], &item["user_agent"]), (&json!("127.0.0.1"), &json!(FIREFOX)));
        assert_eq!(item["language"], "de-AT");
    }
    let failures = ada.get("/me/logins?success=false").await.expect(200);
    assert_eq!((failures.items().len(), &failures.body["total"]), (1, &json!(1)));
    // By pages with numbers, and on by cursors.
    let second = ada.get("/me/logins?page=2&size=1").await.expect(200);
    assert_eq!((second.items(), &second.body["page"]), (vec![failed.clone()], &json!(2)));
    let back = second.body["prev_cursor"].as_str().unwrap();
    assert_eq!(ada.get(&format!("/me/logins?size=1&cursor={back}")).await.expect(200).items(), [newest]);
    ada.get(&format!("/me/logins?page=2&cursor={back}")).await.problem(422, "validation_failed").names("/page");
    // Nobody else's.
    let eve = app.user("eve").await;
    assert_eq!(eve.get("/me/logins").await.expect(200).items().len(), 0);
}

async fn long_and_odd_user_agents_are_recorded(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    for user_agent in ["x".repeat(4_000), format!("{FIREFOX} {}", "y".repeat(3_000)), "=cmd|' /C calc'!A0".to_owned()] {
        let client = app.anonymous().with_header("user-agent", &user_agent);
        attempt(&client, "ada", PASSWORD).await.expect(200);
        app.clock.advance(30);
    }
    let ada = app.log_in("ada").await;
    let listed = ada.get("/me/logins").await.expect(200).items();
    assert_eq!(listed.len(), 4);
    assert_eq!(listed[3]["user_agent"], "x".repeat(400));
    assert_eq!((&listed[2]["browser"], listed[2]["user_agent"].as_str().unwrap().len()), (&json!("firefox"), 400));
}

async fn the_last_day_of_a_range_is_included(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-01T12:00:00Z").start();
    app.user("ada").await;
    for instant in ["2026-03-09T00:00:00Z", "2026-03-10T23:59:59Z", "2026-03-11T00:00:00Z"] {
        sign_in_at(&app, instant, "ada").await;
    }
    let ada = app.log_in("ada").await;
    let chart = |query: &str| {
        let path = format!("/me/logins/charts/trends?{query}");
        let ada = ada.clone();
        async move { ada.get(&path).await.expect(200).body }
    };
    let days = chart("from=2026-03-09&to=2026-03-10").await;
    assert_eq!(days["labels"], json!(["2026-03-09", "2026-03-10"]));
    assert_eq!(dataset(&days, "successes"), [1, 1]);
    let one = chart("from=2026-03-10&to=2026-03-10").await;
    assert_eq!((&one["labels"], dataset(&one, "successes")), (&json!(["2026-03-10"]), vec![1]));
    assert_eq!(one["range"], json!({"from": "2026-03-10", "to": "2026-03-10", "timezone": "UTC"}));
    let month = chart("").await;
    assert_eq!(month["labels"].as_array().unwrap().len(), 30);
    let weeks = ada.get("/me/logins/charts/comparison?from=2026-02-28&to=2026-03-10").await.expect(200).body;
    assert_eq!(
        (&weeks["unit"], &weeks["labels"]),
        (&json!("week"), &json!(["2026-02-28", "2026-03-02", "2026-03-09"]))
    );
    assert_eq!(dataset(&weeks, "successes"), [0, 0, 2]);
    let months = ada.get("/me/logins/charts/comparison?from=2026-01-15&to=2026-03-11").await.expect(200).body;
    assert_eq!((&months["unit"], &months["labels"]), (&json!("month"), &json!(["2026-01", "2026-02", "2026-03"])));
}

async fn a_sign_in_before_midnight_is_of_its_own_day_week_and_year(backend: Backend) {
    let app = TestApp::on(backend).at("2026-12-01T12:00:00Z").start();
    app.user_in("ada", "Asia/Kolkata").await;
    // 23:59:59 on 31 December in Kolkata, a Thursday.
    sign_in_at(&app, "2026-12-31T18:29:59Z", "ada").await;
    app.clock.set("2027-01-02T00:00:00Z");
    // A failure on the first second of the year.
    app.clock.set("2026-12-31T18:30:00Z");
    attempt(&app.anonymous(), "ada", "a wrong password").await.expect(401);
    app.clock.set("2027-01-02T00:00:00Z");
    let ada = app.log_in("ada").await;
    let stats = ada.get("/me/logins/stats?from=2026-12-20&to=2027-01-01").await.expect(200).body;
    let weeks: Vec<_> = stats["by_week"]
        .as_array()
        .unwrap()
        .iter()
        .map(|week| (week["from"].clone(), week["successes"].clone(), week["failures"].clone()))
        .collect();
    assert_eq!(
        weeks,
        [("2026-12-20", 0, 0), ("2026-12-21", 0, 0), ("2026-12-28", 1, 1)].map(|(from, s, f)| (
            json!(from),
            json!(s),
            json!(f)
        ))
    );
    let months: Vec<_> = stats["by_month"]
        .as_array()
        .unwrap()
        .iter()
        .map(|month| (month["successes"].clone(), month["failures"].clone()))
        .collect();
    assert_eq!(months, [(json!(1), json!(0)), (json!(0), json!(1))]);
    // In UTC both are of 31 December.
    let utc = ada.get("/me/logins/charts/trends?from=2026-12-31&to=2027-01-01&tz=UTC").await.expect(200).body;
    assert_eq!((dataset(&utc, "successes"), dataset(&utc, "failures")), (vec![1, 0], vec![1, 0]));
    let own = ada.get("/me/logins/charts/trends?from=2026-12-31&to=2027-01-01").await.expect(200).body;
    assert_eq!((dataset(&own, "successes"), dataset(&own, "failures")), (vec![1, 0], vec![0, 1]));
    let listed = ada.get("/me/logins?from=2026-12-31&to=2026-12-31").await.expect(200);
    assert_eq!(listed.items().len(), 1);
}

async fn figures_are_compared_with_the_days_before(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-01T12:00:00Z").start();
    app.user("ada").await;
    for instant in ["2026-03-08T10:00:00Z", "2026-03-09T10:00:00Z", "2026-03-10T10:00:00Z", "2026-03-11T09:00:00Z"] {
        sign_in_at(&app, instant, "ada").await;
    }
    attempt(&app.anonymous(), "ada", "a wrong password").await.expect(401);
    app.clock.set("2026-03-11T12:00:00Z");
    let ada = app.log_in("ada").await;
    let stats = ada.get("/me/logins/stats?from=2026-03-10&to=2026-03-11").await.expect(200).body;
    assert_eq!((&stats["total"], &stats["successes"], &stats["failures"]), (&json!(4), &json!(3), &json!(1)));
    assert_eq!(stats["success_rate"], 0.75);
    assert_eq!(
        stats["previous"],
        json!({"from": "2026-03-08", "to": "2026-03-09", "total": 2, "successes": 2, "failures": 0, "success_rate": 1.0})
    );
    assert_eq!((&stats["change"], &stats["trend"]), (&json!(1), &json!("up")));
    assert_eq!(stats["last_login_at"], "2026-03-11T12:00:00Z");
    let nothing = ada.get("/me/logins/stats?from=2020-01-01&to=2020-01-31").await.expect(200).body;
    assert_eq!(
        (&nothing["total"], &nothing["success_rate"], &nothing["trend"]),
        (&json!(0), &Value::Null, &json!("stable"))
    );
    let me = ada.get("/me").await.expect(200).body;
    assert_eq!((&me["login_count"], &me["logins_this_week"]), (&json!(5), &json!(4)));
}

async fn distributions_are_by_the_clock_of_the_zone(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-01T12:00:00Z").start();
    app.user_in("ada", "Asia/Kathmandu").await;
    let phone = app.anonymous().with_header("user-agent", IPHONE);
    // 23:45 on Sunday 8 March and 00:00 on Monday 9 March in Kathmandu (+05:45).
    for instant in ["2026-03-08T18:00:00Z", "2026-03-08T18:15:00Z"] {
        app.clock.set(instant);
        attempt(&phone, "ada", PASSWORD).await.expect(200);
    }
    let ada = app.log_in("ada").await;
    let found = ada.get("/me/logins/charts/distribution?from=2026-03-08&to=2026-03-09").await.expect(200).body;
    let hours = dataset(&found["hours"], "successes");
    assert_eq!((hours[23], hours[0], hours.iter().sum::<i64>()), (1, 2, 3));
    assert_eq!(found["weekdays"]["labels"], json!(["mo", "tu", "we", "th", "fr", "sa", "su"]));
    assert_eq!(dataset(&found["weekdays"], "successes"), [2, 0, 0, 0, 0, 0, 1]);
    assert_eq!(found["success_ratio"]["labels"], json!(["success", "failure"]));
    assert_eq!(
        (&found["browsers"]["labels"][0], &found["systems"]["labels"][0], &found["devices"]["labels"][0]),
        (&json!("Safari"), &json!("iOS"), &json!("Phone"))
    );
    assert_eq!(dataset(&found["browsers"], "successes"), [2, 1]);
}

async fn tables_come_as_csv(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    attempt(&app.anonymous().with_header("user-agent", "=1+1"), "ada", PASSWORD).await.expect(200);
    let ada = app.log_in("ada").await.with_header("accept", "text/csv");
    let table = ada.get("/me/logins").await.expect(200);
    assert!(table.header("content-type").unwrap().starts_with("text/csv"));
    assert!(table.header("content-disposition").unwrap().contains("logins.csv"));
    let text = table.text();
    let mut lines = text.split("\r\n");
    assert!(lines.next().unwrap().starts_with("id,at,success,failure,method,ip,user_agent,browser"), "{text}");
    assert!(text.contains(",'=1+1,"), "{text}");
    let chart = ada.get("/me/logins/charts/trends?from=2026-03-10&to=2026-03-11").await.expect(200);
    assert_eq!(chart.text(), "date,successes,failures\r\n2026-03-10,0,0\r\n2026-03-11,2,0\r\n");
    let distribution = ada.get("/me/logins/charts/distribution").await.expect(200);
    assert!(distribution.text().starts_with("chart,label,successes,failures\r\nhour,00,0,0\r\n"));
    // Errors stay what they are.
    ada.get("/me/logins?from=2026-03-10").await.problem(422, "validation_failed");
}

async fn ranges_that_make_no_sense_are_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let staff = with_role(&app, "staff", "staff").await;
    let user = id_of(&staff);
    for path in [
        "/me/logins".to_owned(),
        "/me/logins/stats".to_owned(),
        "/me/logins/charts/trends".to_owned(),
        "/me/logins/charts/comparison".to_owned(),
        "/me/logins/charts/distribution".to_owned(),
        format!("/admin/users/{user}/logins"),
        format!("/admin/users/{user}/stats"),
        "/admin/charts".to_owned(),
        "/admin/charts/trends".to_owned(),
    ] {
        let refused = |query: &str| {
            let path = format!("{path}?{query}");
            let staff = staff.clone();
            async move { staff.get(&path).await.problem(422, "validation_failed") }
        };
        refused("from=2026-03-10&to=2026-03-09").await.names("/to");
        refused("from=2026-03-10").await.names("/to");
        refused("to=2026-03-10").await.names("/from");
        refused("from=2026-02-30&to=2026-03-10").await.names("/from");
        refused("tz=Mars/Olympus").await.names("/tz");
        refused("from=2000-01-01&to=2026-03-10").await.names("/to");
        refused("users=1").await.names("/users");
    }
}

async fn staff_see_the_sign_ins_of_others_but_not_those_of_superusers(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let staff = with_role(&app, "staff", "staff").await;
    let root = with_role(&app, "root", "superuser").await;
    let (of_ada, of_root) = (id_of(&ada), id_of(&root));
    for part in ["logins", "stats", "charts/trends", "charts/comparison", "charts/distribution"] {
        let path = |user: &str| format!("/admin/users/{user}/{part}");
        ada.get(&path(&of_ada)).await.problem(403, "insufficient_role");
        staff.get(&path(&of_ada)).await.expect(200);
        staff.get(&path(&of_root)).await.problem(403, "insufficient_role");
        root.get(&path(&of_root)).await.expect(200);
        root.get(&path(&circadia_tests::fresh_id())).await.problem(404, "user_not_found");
    }
    staff.get("/admin/charts/trends?role=superuser").await.problem(403, "insufficient_role");
    staff.get(&format!("/admin/users/stats?user_ids[]={of_root}")).await.problem(403, "insufficient_role");
    root.get(&format!("/admin/users/stats?user_ids[]={of_root}")).await.expect(200);
    let listed = staff.get(&format!("/admin/users/{of_ada}/logins")).await.expect(200);
    assert_eq!(listed.body["total"], 0, "registering isn't signing in");
}

async fn user_ids_are_never_everyone(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    app.log_in("ada").await;
    let staff = with_role(&app, "staff", "staff").await;
    let (known, unknown) = (id_of(&ada), circadia_tests::fresh_id());
    for path in ["/admin/users/stats", "/admin/charts/trends", "/admin/charts/comparison", "/admin/charts/distribution"]
    {
        let refused = |query: String| {
            let path = format!("{path}?{query}");
            let staff = staff.clone();
            async move { staff.get(&path).await.problem(422, "validation_failed") }
        };
        refused("user_ids[]=".to_owned()).await.names("/user_ids[]/0");
        refused("user_ids[]=nonsense".to_owned()).await.names("/user_ids[]/0");
        refused(format!("user_ids[]={known}&user_ids[]={unknown}")).await.names("/user_ids[]/1");
        refused(format!("user_ids[]={known}&user_ids[]={known}")).await.names("/user_ids[]");
        let many: Vec<String> = (0..101).map(|_| format!("user_ids[]={}", circadia_tests::fresh_id())).collect();
        refused(many.join("&")).await.names("/user_ids[]");
        staff.get(&format!("{path}?user_ids%5B%5D={known}")).await.expect(200);
    }
    staff.get("/admin/users/stats").await.problem(422, "validation_failed").names("/user_ids[]");
    let batch = staff.get(&format!("/admin/users/stats?user_ids[]={known}")).await.expect(200).body;
    assert_eq!(batch["users"].as_array().unwrap().len(), 1);
    assert_eq!((&batch["users"][0]["username"], &batch["users"][0]["successes"]), (&json!("ada"), &json!(1)));
    let none = staff.get(&format!("/admin/users/stats?user_ids[]={known}&active=false")).await.expect(200).body;
    assert_eq!(none["users"], json!([]));
}

async fn filters_of_a_population_are_combined(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for _ in 0..3 {
        app.log_in("ada").await;
        app.clock.advance(15);
    }
    app.clock.advance(60);
    let root = with_role(&app, "root", "superuser").await;
    app.clock.advance(60);
    attempt(&app.anonymous(), "nobody.here", PASSWORD).await.expect(401);
    let sum = |query: &str| {
        let path = format!("/admin/charts/trends?{query}");
        let root = root.clone();
        async move { dataset(&root.get(&path).await.expect(200).body, "successes").iter().sum::<i64>() }
    };
    assert_eq!(sum("").await, 4);
    assert_eq!((sum("filter=all").await, sum("filter=regular_users").await, sum("filter=admin_only").await), (4, 3, 1));
    assert_eq!(
        (sum("role=regular").await, sum("role=admin").await, sum("role=superuser").await, sum("role=staff").await),
        (3, 1, 1, 0)
    );
    assert_eq!((sum("me=true").await, sum("filter=me").await, sum("me=false").await), (1, 1, 3));
    assert_eq!((sum("active=true").await, sum("active=false").await), (4, 0));
    assert_eq!((sum("role=regular&filter=admin_only").await, sum("filter=me&me=false").await), (0, 0));
    let of_ada = id_of(&ada);
    assert_eq!(
        (sum(&format!("user_ids[]={of_ada}")).await, sum(&format!("user_ids[]={of_ada}&role=admin")).await),
        (3, 0)
    );
    let everyone = root.get("/admin/charts/trends").await.expect(200).body;
    assert_eq!(dataset(&everyone, "unknown_failures").iter().sum::<i64>(), 1);
    root.get("/admin/charts/trends?role=owner").await.problem(422, "validation_failed").names("/role");
    root.get("/admin/charts/trends?filter=some").await.problem(422, "validation_failed").names("/filter");
}

async fn the_dashboard_counts_accounts_and_sign_ins(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-01T12:00:00Z").start();
    app.user("ada").await;
    app.user("eve").await;
    sign_in_at(&app, "2026-03-05T10:00:00Z", "eve").await;
    sign_in_at(&app, "2026-03-11T10:00:00Z", "ada").await;
    let staff = with_role(&app, "staff", "staff").await;
    let found = staff.get("/admin/dashboard").await.expect(200).body;
    let users = &found["users"];
    assert_eq!(
        (&users["total"], &users["active"], &users["regular"], &users["staff"]),
        (&json!(3), &json!(3), &json!(2), &json!(1))
    );
    assert_eq!((&users["signed_in_today"], &users["signed_in_7_days"]), (&json!(2), &json!(3)));
    assert_eq!((&found["today"], &found["logins_today"]["successes"]), (&json!("2026-03-11"), &json!(2)));
    assert_eq!((&found["logins_7_days"]["successes"], &found["logins_30_days"]["successes"]), (&json!(3), &json!(3)));
    assert_eq!(found["daily_logins"]["labels"].as_array().unwrap().len(), 30);
    let charts = staff.get("/admin/charts?from=2026-03-01&to=2026-03-11").await.expect(200).body;
    assert_eq!(dataset(&charts["user_growth"], "new"), [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(dataset(&charts["user_growth"], "total").last(), Some(&3));
    assert_eq!(charts["success_ratio"]["datasets"][0]["data"][0], Value::Null);
    assert_eq!(charts["success_ratio"]["datasets"][0]["data"][10], 1.0);
    // Accounts of before the range are counted, not listed.
    let later = staff.get("/admin/charts?from=2026-03-11&to=2026-03-11").await.expect(200).body;
    assert_eq!((dataset(&later["user_growth"], "new"), dataset(&later["user_growth"], "total")), (vec![1], vec![3]));
}

async fn a_new_device_is_told_to_its_owner(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user_in("ada", "Europe/Berlin").await;
    let with = |user_agent: &str, language: &str| {
        app.anonymous().with_header("user-agent", user_agent).with_header("accept-language", language)
    };
    attempt(&with(FIREFOX, "de-DE"), "ada", PASSWORD).await.expect(200);
    app.clock.advance(60);
    attempt(&with(FIREFOX, "de-DE"), "ada", PASSWORD).await.expect(200);
    let subjects = async || app.contents().await.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert!(!subjects().await.iter().any(|text| text.contains("new device")), "nothing is new yet");
    app.clock.advance(60);
    attempt(&with(IPHONE, "pt-BR"), "ada", PASSWORD).await.expect(200);
    app.no_job_waits().await;
    let told: Vec<_> = app.mail().await.into_iter().filter(|mail| mail.subject == "A new device signed in").collect();
    let [mail] = told.as_slice() else { panic!("{} mails", told.len()) };
    assert_eq!(mail.to, "ada@example.org");
    assert!(
        mail.text.contains("Safari on iOS") && mail.text.contains("2026-03-11 13:02 (Europe/Berlin)"),
        "{}",
        mail.text
    );
    let root = with_role(&app, "root", "superuser").await;
    let events = root.get("/admin/security-events").await.expect(200);
    assert_eq!(events.each("kind").iter().collect::<std::collections::BTreeSet<_>>().len(), 2, "{:?}", events.body);
    let countries = root.get("/admin/security-events?kind=new_country").await.expect(200);
    assert_eq!((countries.items().len(), &countries.items()[0]["language"]), (1, &json!("pt-BR")));
    app.log_in("ada").await.get("/admin/security-events").await.problem(403, "insufficient_role");
}

/// Lets the background work notice what there is.
async fn notice(app: &TestApp) {
    app.clock.advance(61);
    let until =
        |app: &TestApp| app.database.number("SELECT count(*) FROM jobs WHERE kind = 'logins' AND state = 'done'");
    let before = until(app);
    app.until("runs of the job", || until(app) > before).await;
}

async fn suspicious_sign_ins_are_listed_for_superusers(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMITS", "off").start();
    let ada = app.user("ada").await;
    let root = with_role(&app, "root", "superuser").await;
    for number in 0..10 {
        attempt(&app.anonymous(), "ada", "a wrong password").await.expect(401);
        attempt(&app.anonymous(), &format!("name-{number}"), "a wrong password").await.expect(401);
    }
    notice(&app).await;
    let events = root.get("/admin/security-events").await.expect(200);
    let of = |kind: &str| events.items().into_iter().find(|event| event["kind"] == kind).unwrap();
    assert_eq!(of("failures_on_account")["user_id"], json!(id_of(&ada)));
    assert_eq!(of("failures_on_account")["attempts"], 10);
    assert_eq!(
        (&of("address_over_accounts")["ip"], &of("address_over_accounts")["accounts"]),
        (&json!("127.0.0.1"), &json!(11))
    );
    notice(&app).await;
    assert_eq!(root.get("/admin/security-events").await.expect(200).body["total"], 2);
    let staff = with_role(&app, "staff", "staff").await;
    staff.get("/admin/security-events").await.problem(403, "insufficient_role");
    assert_eq!(staff.get("/admin/dashboard").await.expect(200).body["security_events"].as_array().unwrap().len(), 2);
}

async fn administrators_see_accounts_but_no_days(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.habit(json!({"name": "A very private habit", "kind": {"type": "check"}, "starts_on": "2026-03-01"})).await;
    ada.put("/moods/2026-03-10", json!({"value": 2, "note": "a very private note"})).await.expect(201);
    let root = with_role(&app, "root", "superuser").await;
    let user = id_of(&ada);
    for path in [
        format!("/admin/users/{user}/logins"),
        format!("/admin/users/{user}/stats"),
        format!("/admin/users/stats?user_ids[]={user}"),
        "/admin/dashboard".to_owned(),
        "/admin/charts".to_owned(),
    ] {
        let shown = root.get(&path).await.expect(200);
        assert!(!shown.text().contains("private") && !shown.text().contains("sleep_goal"), "{path}: {}", shown.text());
    }
}

async fn figures_cost_the_same_for_one_user_and_a_hundred(backend: Backend) {
    let app = TestApp::on(backend).start();
    let root = with_role(&app, "root", "superuser").await;
    // For a while after a change, roles are read from the store at each request.
    app.clock.advance(200);
    root.get("/me").await.expect(200);
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(id_of(&app.user(&format!("user-{number}")).await));
    }
    for (path, statements) in [
        ("/admin/users/stats", 3),
        ("/admin/charts/trends", 3),
        ("/admin/charts/comparison", 3),
        ("/admin/charts/distribution", 4),
    ] {
        for count in [1, 20] {
            let query: Vec<String> = ids.iter().take(count).map(|id| format!("user_ids[]={id}")).collect();
            let answer = root.get(&format!("{path}?{}", query.join("&"))).await.expect(200);
            assert_eq!(answer.statements(), statements, "{path} for {count}");
        }
    }
    for (path, statements) in [
        ("/me/logins", 2),
        ("/me/logins/stats", 3),
        ("/me/logins/charts/trends", 2),
        ("/me/logins/charts/distribution", 3),
        ("/admin/charts/trends", 2),
        ("/admin/charts/trends?role=admin", 2),
        ("/admin/dashboard", 5),
        ("/admin/charts", 3),
    ] {
        assert_eq!(root.get(path).await.expect(200).statements(), statements, "{path}");
    }
}
