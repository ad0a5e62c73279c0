//! Outputs name the state of the configs that they were made from; private trees mark their experiments.

use serde_json::{Value, json};

use crate::world::World;

/// Configs in a repository, and their commit.
fn hub() -> (World, String) {
    let world = World::new();
    world.init("hub");
    world.configs("hub", "SUM(x)");
    let commit = world.commit("hub", "2025-01-01T00:00:00Z");
    (world, commit)
}

#[test]
fn a_folder_differs_from_its_commit_when_a_config_does() {
    let (world, commit) = hub();
    let is_dirty = || {
        let configs = world.analyse(&["--configs", "hub"]).json()["configs"].take();
        assert_eq!(configs[0]["commit"], commit.as_str());
        configs[0]["dirty"].as_bool().expect("it is said")
    };
    assert!(!is_dirty());
    world.write("hub/README.md", "no config");
    world.write("hub/opmon/x.toml", "");
    world.write("hub/definitions/deep/x.toml", "");
    assert!(!is_dirty());
    world.write("hub/jetstream/y.toml", "");
    assert!(is_dirty());
    world.write("hub/.git/info/exclude", "y.toml\n");
    assert!(is_dirty(), "an ignored file is read");
    std::fs::remove_file(world.path("hub/jetstream/y.toml")).expect("the file is there");
    assert!(!is_dirty());
    world.configs("hub", "SUM(y)");
    assert!(is_dirty());
    world.git("hub", &["add", "--all"]);
    assert!(is_dirty());
}

#[test]
fn without_a_repository_there_is_no_commit() {
    let world = World::new();
    world.configs("plain", "SUM(x)");
    assert_eq!(world.analyse(&["--configs", "plain"]).json().get("configs"), None);
    // Nor is there one for a folder that lies in a repository, but not in its commit.
    world.init(".");
    world.write(".gitignore", "plain\n");
    world.commit(".", "2025-01-01T00:00:00Z");
    assert_eq!(world.analyse(&["--configs", "plain"]).json().get("configs"), None);
}

#[test]
fn every_output_names_the_commit() {
    let (world, commit) = hub();
    world.configs("upper", "SUM(x)");
    let expected = json!([{"path": "hub", "commit": commit, "dirty": false}, {"path": "upper"}]);
    let inputs = ["--configs", "hub", "--configs", "upper", "--experiments", "experiments"];
    let call = |more: &[&str]| {
        let ended = world.isobar(&[&more[..1], &inputs[..], &more[1..]].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("the output is JSON");
    for emit in ["analysis", "plan"] {
        assert_eq!(json(&call(&["compile", "--emit", emit]))["configs"], expected, "{emit}");
    }
    let comment = format!("-- Configs: hub at {}, upper\n-- x/", &commit[..12]);
    let sql = call(&["compile"]);
    assert!(sql.starts_with(&comment), "{}", &sql[..200]);
    let dry = call(&["run", "--date", "all", "--database", "none", "--dry-run"]);
    assert!(dry.starts_with(&comment), "{}", &dry[..200]);
    for command in [
        &["compile"][..],
        &["run", "--date", "all", "--database", "none", "--dry-run"],
    ] {
        let folder = format!("out-{}", command[0]);
        call(&[command, &["--sql-output-dir", &folder]].concat());
        let text = std::fs::read_to_string(world.path(&folder).join("configs.json")).expect("the file is written");
        assert_eq!(json(&text), json!({"configs": expected}));
    }
    let line = call(&["compile", "--format", "json"]);
    assert_eq!(json(line.lines().next().unwrap_or_default())["configs"], expected);
    // Nothing is due before the experiment starts.
    std::fs::create_dir(world.path("database")).expect("a folder can be made");
    let report = call(&[
        "run",
        "--date",
        "2025-01-01",
        "--database",
        "database",
        "--format",
        "json",
    ]);
    assert_eq!(json(report.lines().last().unwrap_or_default())["configs"], expected);
}

#[test]
fn statements_do_not_change_with_the_commit() {
    let (world, _) = hub();
    let plan = || {
        let ended = world.isobar(&[
            "compile",
            "--emit",
            "plan",
            "--configs",
            "hub",
            "--experiments",
            "experiments",
        ]);
        ended.json()
    };
    let before = plan();
    world.write("hub/README.md", "nothing that matters");
    world.commit("hub", "2025-01-02T00:00:00Z");
    let after = plan();
    assert_ne!(before["configs"], after["configs"]);
    assert_eq!(before["statements"], after["statements"]);
}

#[test]
fn a_private_tree_makes_its_experiments_private() {
    let (world, _) = hub();
    world.write("experiments/y.json", &crate::world::experiment("y").to_string());
    world.write("hub/jetstream/y.toml", "[metrics]\nweekly = [\"searches\"]\n");
    world.write(
        "secret/y.toml",
        "[experiment]\nis_private = false\ndataset_id = \"hidden\"\n",
    );
    let private = |slug: &str, tree: &str| {
        let inputs = ["--configs", "hub", tree, "secret", "--experiment-slug", slug];
        world.analyse(&inputs).json()["experiment"]["is_private"].take()
    };
    assert_eq!(private("y", "--private-configs"), json!(true));
    assert_eq!(private("x", "--private-configs"), json!(false));
    assert_eq!(private("y", "--configs"), json!(false));
    world.write("secret/y.toml", "[experiment]\nenrollment_period = 7\n");
    let inputs = [
        "--configs",
        "hub",
        "--private-configs",
        "secret",
        "--experiment-slug",
        "y",
    ];
    world
        .analyse(&inputs)
        .fails(1, &["E0211", "secret/y.toml:1:1", "dataset_id"]);
}

#[test]
fn private_defaults_make_an_apps_experiments_private() {
    let (world, _) = hub();
    world.write(
        "secret/defaults/firefox_desktop.toml",
        "[experiment]\ndataset_id = \"hidden\"\n",
    );
    let ended = world.analyse(&["--configs", "hub", "--private-configs", "secret"]);
    assert_eq!(ended.json()["experiment"]["is_private"], json!(true));
}
