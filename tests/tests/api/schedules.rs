//! `/schedules/preview`: every form a schedule can have, with its first dates.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(every_form_has_its_dates, previews_store_nothing, previews_reach_far_and_are_bounded);

/// The first dates of a schedule from New Year 2026, a Thursday, on.
async fn first(client: &Client, schedule: &Value, count: usize) -> Vec<String> {
    let body = json!({"schedule": schedule, "starts_on": "2026-01-01", "from": "2026-01-01", "to": "2030-12-31"});
    let answer = client.post("/schedules/preview", body.clone()).await.expect(200).body;
    let dates = answer["dates"].as_array().unwrap();
    assert_eq!(answer["count"], dates.len());
    assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
    // Quotas are no rules, and not every several dates of the year or days of a cycle can be named by a single rule.
    let several = schedule["dates"].as_array().is_some_and(|dates| dates.len() > 1)
        || schedule["active_days"].as_u64().is_some_and(|days| days > 1);
    let is_quota = schedule["type"] == "quota";
    assert!(if is_quota { answer["rrule"].is_null() } else { several || answer["rrule"].is_string() }, "{answer}");
    if answer["rrule"].is_string() {
        let mut same = body.clone();
        same["schedule"] = json!({"type": "rrule", "rrule": answer["rrule"]});
        let same = client.post("/schedules/preview", same).await.expect(200).body;
        assert_eq!(same["dates"], answer["dates"], "{schedule} is not {}", answer["rrule"]);
    }
    dates.iter().take(count).map(|date| date.as_str().unwrap().to_owned()).collect()
}

async fn every_form_has_its_dates(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let forms: [(Value, &[&str]); 19] = [
        (json!({"type": "daily"}), &["2026-01-01", "2026-01-02", "2026-01-03"]),
        (json!({"type": "daily", "every": 3}), &["2026-01-01", "2026-01-04", "2026-01-07"]),
        (json!({"type": "weekly", "weekdays": ["mo", "we"]}), &["2026-01-05", "2026-01-07", "2026-01-12"]),
        (
            json!({"type": "weekly", "weekdays": ["mo", "we"], "every": 2}),
            &["2026-01-12", "2026-01-14", "2026-01-26", "2026-01-28"],
        ),
        (
            json!({"type": "monthly", "days": [1, 15, 31, -1]}),
            &["2026-01-01", "2026-01-15", "2026-01-31", "2026-02-01", "2026-02-15", "2026-02-28", "2026-03-01"],
        ),
        (json!({"type": "monthly", "days": [31]}), &["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        (json!({"type": "monthly", "days": [31], "overflow": "skip"}), &["2026-01-31", "2026-03-31", "2026-05-31"]),
        (json!({"type": "monthly", "days": [1], "every": 2}), &["2026-01-01", "2026-03-01", "2026-05-01"]),
        (
            json!({"type": "monthly", "weekdays": [{"nth": -1, "weekday": "fr"}]}),
            &["2026-01-30", "2026-02-27", "2026-03-27"],
        ),
        (
            json!({"type": "yearly", "dates": ["02-29", "12-25"]}),
            &["2026-02-28", "2026-12-25", "2027-02-28", "2027-12-25", "2028-02-29"],
        ),
        (
            json!({"type": "yearly", "dates": ["02-29", "12-25"], "overflow": "skip"}),
            &["2026-12-25", "2027-12-25", "2028-02-29"],
        ),
        (json!({"type": "yearly", "dates": ["01-01"], "every": 2}), &["2026-01-01", "2028-01-01", "2030-01-01"]),
        (
            json!({"type": "cycle", "active_days": 2, "rest_days": 1}),
            &["2026-01-01", "2026-01-02", "2026-01-04", "2026-01-05", "2026-01-07"],
        ),
        // Of a quota, every day on which it can be met.
        (json!({"type": "quota", "times": 3, "per": "week"}), &["2026-01-01", "2026-01-02", "2026-01-03"]),
        (
            json!({"type": "quota", "times": 2, "per": "rolling", "days": 3}),
            &["2026-01-01", "2026-01-02", "2026-01-03"],
        ),
        (json!({"type": "quota", "amount": 150, "per": "month"}), &["2026-01-01", "2026-01-02", "2026-01-03"]),
        (
            json!({"type": "rrule", "rrule": "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"}),
            &["2026-01-30", "2026-02-27", "2026-03-31", "2026-04-30"],
        ),
        (
            json!({"type": "rrule", "rrule": "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD"}),
            &["2026-01-31", "2026-03-01", "2026-03-31", "2026-05-01"],
        ),
        (json!({"type": "rrule", "rrule": "FREQ=DAILY;COUNT=3"}), &["2026-01-01", "2026-01-02", "2026-01-03"]),
    ];
    for (schedule, dates) in forms {
        assert_eq!(first(&ada, &schedule, dates.len()).await, dates, "{schedule}");
        // A habit reads its schedule back, and is due on the same days.
        let kind = if schedule["amount"].is_null() {
            json!({"type": "check"})
        } else {
            json!({"type": "minutes", "target": 1})
        };
        let habit = ada.habit(json!({"schedule": schedule, "kind": kind, "starts_on": "2026-01-01"})).await;
        let read = ada.get(&format!("/habits/{habit}")).await.expect(200).body;
        for (name, value) in schedule.as_object().unwrap() {
            if name != "rrule" {
                assert_eq!(&read["schedule"][name], value, "{schedule}");
            }
        }
        let path = format!("/habits/{habit}/occurrences?from=2026-01-01&to=2030-12-31");
        let due = ada.get(&path).await.expect(200).body;
        assert_eq!(due["dates"].as_array().unwrap()[..dates.len()], json!(dates).as_array().unwrap()[..], "{schedule}");
    }
    for (rrule, how) in [("FREQ=DAILY;BYHOUR=3", "finer than a day"), ("FREQ=HOURLY", "finer"), ("nonsense", "no rule")]
    {
        let body = json!({
            "schedule": {"type": "rrule", "rrule": rrule}, "starts_on": "2026-01-01", "from": "2026-01-01",
            "to": "2026-12-31",
        });
        let answer = ada.post("/schedules/preview", body).await;
        assert_eq!(answer.status, 422, "{rrule}: {how}");
        answer.names("/schedule/rrule");
    }
}

async fn previews_store_nothing(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let before = app.contents().await;
    first(&ada, &json!({"type": "daily"}), 1).await;
    assert_eq!(app.contents().await, before);
}

async fn previews_reach_far_and_are_bounded(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let preview = async |schedule: Value, from: &str, to: &str| {
        let body = json!({"schedule": schedule, "starts_on": "1970-01-01", "from": from, "to": to});
        ada.post("/schedules/preview", body).await
    };
    let far = preview(json!({"type": "daily"}), "2199-12-25", "2199-12-31").await.expect(200).body;
    assert_eq!((&far["count"], &far["next"]), (&json!(7), &Value::Null));
    let next =
        preview(json!({"type": "yearly", "dates": ["02-29"], "overflow": "skip"}), "2096-03-01", "2100-12-31").await;
    assert_eq!(next.expect(200).body["next"], "2104-02-29");
    // 230 years of days are fewer than 100,000.
    let all = preview(json!({"type": "daily"}), "1970-01-01", "2199-12-31").await.expect(200).body;
    assert_eq!(all["count"], 84_006);
    preview(json!({"type": "daily"}), "2026-01-02", "2026-01-01").await.names("/to");
}
