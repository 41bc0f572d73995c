//! `circadia export` and `circadia import`.

use serde_json::Value;

use crate::process::Sandbox;
use crate::run::run;

fn document(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// An export without what is an account's own.
fn kept(path: &std::path::Path) -> Value {
    let mut document = document(path);
    for name in ["exported_at", "account", "activity"] {
        document.as_object_mut().unwrap().remove(name).unwrap();
    }
    document
}

#[tokio::test]
async fn a_year_of_data_moves_to_another_installation() {
    let (here, there) = (Sandbox::new(), Sandbox::new());
    let folder = tempfile::tempdir().unwrap();
    let (first, second, archive) =
        (folder.path().join("first.json"), folder.path().join("second.json"), folder.path().join("tables.zip"));
    let [first_path, second_path, archive_path] = [&first, &second, &archive].map(|path| path.to_str().unwrap());
    run(&mut here.circadia(&["demo", "--username", "ada"])).succeeded();
    run(&mut here.circadia(&["export", "--user", "ada", "--output", first_path])).succeeded();
    assert!(document(&first)["activity"]["sign_ins"].as_array().unwrap().len() > 100);
    let printed = run(&mut here.circadia(&["export", "--user", "ada@example.org"])).succeeded();
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap()["habits"], document(&first)["habits"]);
    run(&mut here.circadia(&["export", "--user", "ada", "--format", "csv", "--output", archive_path])).succeeded();
    assert!(std::fs::read(&archive).unwrap().starts_with(b"PK"));

    let eve = ["create-admin", "--username", "eve", "--email", "eve@example.org"];
    run(&mut there.circadia(&eve)).succeeded();
    let told = run(&mut there.circadia(&["import", "--user", "eve", "--dry-run", first_path])).succeeded();
    assert!(told.contains("Nothing was written") && told.contains("habits: 7 created"), "{told}");
    run(&mut there.circadia(&["export", "--user", "eve", "--output", second_path])).succeeded();
    assert_eq!(document(&second)["habits"], Value::Array(Vec::new()));
    let told = run(&mut there.circadia(&["import", "--user", "eve", first_path])).succeeded();
    assert!(told.contains("Imported:") && told.contains("habits: 7 created"), "{told}");
    run(&mut there.circadia(&["export", "--user", "eve", "--output", second_path])).succeeded();
    assert_eq!(kept(&second), kept(&first));
    // Histories, tracked minutes and copies of pauses agree with what they are made of.
    run(&mut there.circadia(&["doctor"])).succeeded();

    let unknown = run(&mut there.circadia(&["export", "--user", "grace"])).failed();
    assert!(unknown.contains("there is no account grace"), "{unknown}");
    std::fs::write(&first, r#"{"format":"circadia-export","version":1,"themes":[{"name":""}]}"#).unwrap();
    let wrong = run(&mut there.circadia(&["import", "--user", "eve", first_path])).failed();
    assert!(wrong.contains("/themes/0/name"), "{wrong}");
}
