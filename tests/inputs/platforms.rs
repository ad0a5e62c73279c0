//! `--platforms`: apps beside the built-in ones, or in their place.

use crate::world::{World, experiment};

fn world() -> World {
    let world = World::new();
    world.configs("hub", "SUM(x)");
    world.write("hub/definitions/vpn.toml", "");
    let mut vpn = experiment("x");
    vpn["appName"] = "vpn".into();
    vpn["appId"] = "org.mozilla.vpn".into();
    world.write("experiments/x.json", &vpn.to_string());
    world.write("hub/jetstream/x.toml", "");
    world
}

fn statements(world: &World, more: &[&str]) -> crate::world::Ended {
    let inputs = ["run", "--configs", "hub", "--experiments", "experiments"];
    let due = ["--date", "2025-02-01", "--database", "none", "--dry-run"];
    world.isobar(&[&inputs[..], &due, more].concat())
}

#[test]
fn an_app_can_be_added() {
    let world = world();
    statements(&world, &[]).fails(1, &["vpn not found in platform config"]);
    world.write(
        "own.toml",
        "[platforms.vpn]\napp_id = \"org.mozilla.vpn\"\nenrollments_query_type = \"glean-event\"\n",
    );
    let ended = statements(&world, &["--platforms", "own.toml"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("org_mozilla_vpn"), "{}", ended.stdout);
}

#[test]
fn an_app_can_be_replaced_and_the_others_stay() {
    let world = World::new();
    world.configs("hub", "SUM(x)");
    let query = |more: &[&str]| {
        let ended = world.analyse(&[&["--configs", "hub"], more].concat());
        ended.json()["experiment"]["enrollments_query_type"].take()
    };
    assert_eq!(query(&[]), "normandy");
    world.write(
        "own.toml",
        "[platforms.firefox_desktop]\napp_id = \"firefox-desktop\"\nenrollments_query_type = \"background-update\"\n",
    );
    assert_eq!(query(&["--platforms", "own.toml"]), "background-update");
    world.write(
        "own.toml",
        "[platforms.vpn]\napp_id = \"v\"\nenrollments_query_type = \"cirrus\"\n",
    );
    assert_eq!(query(&["--platforms", "own.toml"]), "normandy");
}

#[test]
fn faults_of_the_file_are_named() {
    let world = world();
    let said = |text: &str, words: &[&str]| {
        world.write("own.toml", text);
        statements(&world, &["--platforms", "own.toml"]).fails(2, words);
    };
    said(
        "[platforms.vpn]\napp_id = \"v\"\nenrollments_query_type = \"glean-evnt\"\n",
        &["E0105", "own.toml:3:26", "did you mean \"glean-event\"?"],
    );
    said(
        "[platforms.vpn]\nenrollments_query_typ = \"cirrus\"\n",
        &[
            "platform `vpn` has no `app_id`",
            "platform `vpn` has no `enrollments_query_type`",
            "did you mean `enrollments_query_type`?",
        ],
    );
    said("[platform.vpn]\n", &["the file has no `platforms`"]);
    std::fs::remove_file(world.path("own.toml")).expect("the file is there");
    statements(&world, &["--platforms", "own.toml"]).fails(2, &["E0101", "own.toml"]);
}
