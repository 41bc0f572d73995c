//! What holds for every operation and every type of the document.

use std::collections::BTreeSet;

use super::*;

/// Calls `check` with the method, path and content of each operation.
fn each(document: &Value, mut check: impl FnMut(&str, &str, &Value)) {
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            check(method, path, operation);
        }
    }
}

#[test]
fn pages_name_their_items() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let pages: Vec<_> = schemas.iter().filter(|(name, _)| name.ends_with("Page")).collect();
    assert!(pages.len() > 8);
    for (name, page) in pages {
        assert!(page["properties"]["items"]["items"]["$ref"].is_string(), "{name}");
    }
}

#[test]
fn every_tag_of_an_operation_is_declared_once_and_no_other() {
    let document = document();
    let mut declared: Vec<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut used = BTreeSet::new();
    each(&document, |method, path, operation| {
        let tags = operation["tags"].as_array().unwrap();
        assert_eq!(tags.len(), 1, "{method} {path}");
        used.insert(tags[0].as_str().unwrap().to_owned());
    });
    declared.sort_unstable();
    assert_eq!(declared, used.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn every_operation_is_described_and_no_delete_has_a_body() {
    each(&document(), |method, path, operation| {
        for part in ["summary", "description", "operationId"] {
            assert!(operation[part].as_str().is_some_and(|text| !text.is_empty()), "{method} {path} lacks {part}");
        }
        assert!(
            method != "delete" || operation["requestBody"].is_null(),
            "{path}: clients can't send it (RFC 9110 §9.3.5)"
        );
    });
}

#[test]
fn a_form_is_documented_as_a_form_alone() {
    let document = document();
    let content = &document["paths"]["/api/v1/me/avatar"]["put"]["requestBody"]["content"];
    assert_eq!(content.as_object().unwrap().keys().collect::<Vec<_>>(), ["multipart/form-data"]);
    let form = &document["components"]["schemas"]["AvatarUpload"];
    assert_eq!((&form["properties"]["file"]["format"], &form["required"][0]), (&"binary".into(), &"file".into()));
}

#[test]
fn refusals_follow_from_what_an_operation_takes() {
    let document = document();
    let has = |operation: &Value, status: &str, code: &str| {
        let response = &operation["responses"][status];
        let shared = response["$ref"]
            .as_str()
            .map_or(&Value::Null, |reference| document.pointer(reference.trim_start_matches('#')).unwrap());
        [response, shared].iter().any(|one| one["description"].as_str().is_some_and(|text| text.contains(code)))
    };
    each(&document, |method, path, operation| {
        let public = operation["security"] == serde_json::json!([]);
        let versioned = path.starts_with("/api/v1/");
        let wanted = [
            (!public, "401", "session_invalid"),
            (!public, "403", "insufficient_scope"),
            (!public && method != "get", "403", "csrf_failed"),
            (operation["requestBody"].is_object(), "400", "incomplete_body"),
            (operation["parameters"].to_string().contains("/Cursor\""), "400", "invalid_cursor"),
            (versioned, "429", "rate_limited"),
            (versioned, "503", "unavailable"),
        ];
        for (wanted, status, code) in wanted {
            assert!(!wanted || has(operation, status, code), "{method} {path} doesn't document {status} {code}");
        }
    });
}

#[test]
fn no_type_is_called_like_one_of_a_language() {
    let names = [
        "Any",
        "Array",
        "Boolean",
        "Calendar",
        "Character",
        "Class",
        "Data",
        "Date",
        "Duration",
        "Enum",
        "Error",
        "Event",
        "Exception",
        "File",
        "Function",
        "Future",
        "Iterator",
        "List",
        "Map",
        "Module",
        "Number",
        "Object",
        "Optional",
        "Package",
        "Process",
        "Promise",
        "Record",
        "Result",
        "Set",
        "Stream",
        "String",
        "Symbol",
        "Task",
        "Thread",
        "Timer",
        "Type",
        "Unit",
        "Void",
    ];
    let document = document();
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(!names.contains(&name.as_str()) && name.chars().all(char::is_alphanumeric), "{name}");
    }
}

#[test]
fn the_text_is_small_enough_for_tools_that_read_it_at_once() {
    let bytes = text(&document()).len();
    assert!(bytes <= 640 * 1024, "{bytes} bytes");
}
