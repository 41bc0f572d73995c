//! The table of metrics agrees with itself, with its documentation, and with the dashboard and the alerts that use it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::{METRICS, MetricDescription};

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

#[test]
fn names_are_those_that_prometheus_expects() {
    let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len(), "a name is there twice");
    for metric in METRICS {
        assert_eq!(metric.kind == "counter", metric.name.ends_with("_total"), "{}", metric.name);
        assert!(metric.kind != "histogram" || metric.name.ends_with("_seconds"), "{}", metric.name);
        assert!(metric.help.ends_with('.') && !metric.help.contains('|'), "{}", metric.name);
    }
}

#[test]
fn the_documentation_has_the_table() {
    let rows = METRICS.iter().map(|MetricDescription { name, kind, labels, help }| {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{name}` | {kind} | {} | {help} |\n", labels.join(", "))
    });
    let table = format!("| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n{}", rows.collect::<String>());
    assert!(file("docs/TELEMETRY.md").contains(&table), "docs/TELEMETRY.md must have this table:\n{table}");
}

/// Labels that every series has where it is scraped.
const LABELS_OF_TARGETS: [&str; 2] = ["instance", "job"];

/// A series as it is asked for: its metric, and the labels by which it is chosen.
#[derive(Debug, PartialEq)]
struct Selector<'a> {
    name: &'a str,
    labels: Vec<&'a str>,
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The series of an expression, and the labels that it groups by. Understands what the dashboard and the alerts use.
fn read(expression: &str) -> (Vec<Selector<'_>>, Vec<&str>) {
    let (mut selectors, mut groups, mut rest) = (Vec::new(), Vec::new(), expression);
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_alphabetic() || letter == '"') {
        rest = &rest[start..];
        if let Some(text) = rest.strip_prefix('"') {
            rest = &text[text.find('"').unwrap() + 1..];
            continue;
        }
        let (word, after) = rest.split_at(rest.find(|letter| !is_of_name(letter)).unwrap_or(rest.len()));
        rest = after;
        if ["by", "without", "on", "ignoring"].contains(&word) {
            let (list, after) = rest.trim_start().strip_prefix('(').unwrap().split_once(')').unwrap();
            groups.extend(list.split(',').map(str::trim));
            rest = after;
        } else if word.starts_with("circadia_") || word.starts_with("process_") || word == "up" {
            let mut labels = Vec::new();
            if let Some(matchers) = rest.strip_prefix('{') {
                let (matchers, after) = matchers.split_once('}').unwrap();
                labels.extend(matchers.split(", ").map(|matcher| &matcher[..matcher.find(['=', '!']).unwrap()]));
                rest = after;
            }
            selectors.push(Selector { name: word, labels });
        } else if let Some(range) = rest.strip_prefix('[') {
            rest = &range[range.find(']').unwrap()..];
        }
    }
    (selectors, groups)
}

/// The metric of a series, and the label that only this series of a histogram has.
fn metric_of(series: &str) -> Option<(&'static MetricDescription, Option<&'static str>)> {
    METRICS.iter().find_map(|metric| match (metric.kind, series.strip_prefix(metric.name)?) {
        ("histogram", "_bucket") => Some((metric, Some("le"))),
        ("histogram", "_sum" | "_count") | ("counter" | "gauge", "") => Some((metric, None)),
        _ => None,
    })
}

/// The labels of a series; `None` if there is no such series.
fn labels_of(series: &str) -> Option<Vec<&'static str>> {
    if series == "up" {
        return Some(LABELS_OF_TARGETS.into());
    }
    let (metric, of_bucket) = metric_of(series)?;
    Some(metric.labels.iter().copied().chain(of_bucket).chain(LABELS_OF_TARGETS).collect())
}

/// Checks an expression, and names the metrics that it uses.
fn check(expression: &str) -> BTreeSet<&'static str> {
    let (selectors, groups) = read(expression);
    assert!(!selectors.is_empty(), "{expression} asks for nothing");
    let mut used = BTreeSet::new();
    for Selector { name, labels } in selectors {
        let known = labels_of(name).unwrap_or_else(|| panic!("there is no {name}: {expression}"));
        for label in labels.iter().chain(&groups) {
            assert!(known.contains(label), "{name} has no label {label}: {expression}");
        }
        used.extend(metric_of(name).map(|(metric, _)| metric.name));
    }
    used
}

#[test]
fn expressions_are_read() {
    let expression = "sum by (kind, le) (rate(circadia_x_bucket{a=\"circadia_b\", d!~\"e\"}[5m])) / up > circadia_y";
    let (selectors, groups) = read(expression);
    assert_eq!(groups, ["kind", "le"]);
    let expected = [("circadia_x_bucket", vec!["a", "d"]), ("up", vec![]), ("circadia_y", vec![])];
    assert_eq!(selectors, expected.map(|(name, labels)| Selector { name, labels }));
    assert!(labels_of("circadia_http_request_duration_seconds").is_none(), "a histogram has no such series");
    assert!(labels_of("circadia_http_requests").is_none());
}

#[test]
fn the_dashboard_shows_every_metric_and_no_other() {
    let dashboard: Value = serde_json::from_str(&file("docker/grafana/circadia.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut shown: BTreeSet<&str> = targets.flat_map(|target| check(target["expr"].as_str().unwrap())).collect();
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if let Some(query) = variable["query"].as_str().and_then(|query| query.strip_prefix("label_values(")) {
            shown.extend(check(query.split(',').next().unwrap()));
        }
    }
    assert_eq!(shown, METRICS.iter().map(|metric| metric.name).collect());
    let ids: BTreeSet<i64> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
}

#[test]
fn the_alerts_use_metrics_that_there_are() {
    let rules = file("docker/prometheus/alerts.yaml");
    let mut count = 0;
    for rule in rules.split("- alert: ").skip(1) {
        let of = |key: &str| rule.lines().find_map(|line| line.trim_start().strip_prefix(key)).unwrap();
        let (expression, summary) = (of("expr: "), of("summary: "));
        check(expression);
        // What the text says of labels is what the expression leaves.
        let (selectors, groups) = read(expression);
        for label in summary.split("$labels.").skip(1) {
            let label = &label[..label.find(|letter| !is_of_name(letter)).unwrap()];
            let is_grouped = expression.starts_with("sum") || expression.contains(" by (");
            let left = if is_grouped { groups.clone() } else { labels_of(selectors[0].name).unwrap() };
            assert!(left.contains(&label), "{label} is not left by {expression}");
        }
        count += 1;
    }
    assert!(count > 10, "{count}");
}
