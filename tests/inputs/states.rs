//! `--configs-as-of`: which state of the configs stands for a point in time.

use std::process::Command;

use serde_json::Value;

use crate::world::{Ended, World, corpus};

/// A repository `hub` with the configs in a sub-folder: `first` of 1 January noon, `second` of 3 January noon.
fn hub() -> World {
    let world = World::new();
    world.init("hub");
    world.configs("hub/trees/ours", "SUM(first)");
    world.commit("hub", "2025-01-01T12:00:00Z");
    world.configs("hub/trees/ours", "SUM(second)");
    world.commit("hub", "2025-01-03T12:00:00Z");
    world
}

fn as_of(world: &World, time: &str) -> Ended {
    world.analyse(&["--configs", "hub/trees/ours", "--configs-as-of", time])
}

#[test]
fn the_newest_commit_that_is_not_younger_counts() {
    let world = hub();
    // Neither what is on disk nor what comes later has a say.
    world.configs("hub/trees/ours", "SUM(uncommitted)");
    for (time, expression) in [
        ("2025-01-01", "SUM(first)"),
        ("2025-01-03T11:59:59Z", "SUM(first)"),
        ("2025-01-03T12:00:00Z", "SUM(second)"),
        ("2025-01-03T13:00:00+02:00", "SUM(first)"),
        ("2025-01-02", "SUM(first)"),
        // The end of the day.
        ("2025-01-03", "SUM(second)"),
        ("2030-01-01", "SUM(second)"),
    ] {
        let ended = as_of(&world, time);
        assert_eq!(ended.expression(), expression, "{time}");
        assert_eq!(ended.stderr, "", "{time}");
    }
    let first = world.git("hub", &["rev-parse", "HEAD~1"]);
    assert_eq!(
        as_of(&world, "2025-01-02").json()["configs"],
        serde_json::json!([{"path": "hub/trees/ours", "commit": first, "dirty": false}])
    );
}

#[test]
fn before_the_first_commit_the_oldest_counts_with_a_warning() {
    let ended = as_of(&hub(), "2024-12-31");
    assert_eq!(ended.expression(), "SUM(first)");
    assert!(
        ended
            .stderr
            .contains("hub/trees/ours has no commit as old as 2024-12-31"),
        "{}",
        ended.stderr
    );
}

#[test]
fn of_a_state_that_does_not_load_the_next_newer_one_counts_with_a_warning() {
    let world = hub();
    world.write("hub/trees/ours/definitions/firefox_desktop.toml", "[metrics\n");
    let broken = world.commit("hub", "2025-01-05T12:00:00Z");
    world.commit("hub", "2025-01-06T12:00:00Z");
    let faults = as_of(&world, "2025-01-05");
    faults.fails(2, &["E0109", "no state of hub/trees/ours from 2025-01-05 on", "E0102"]);
    world.configs("hub/trees/ours", "SUM(mended)");
    let mended = world.commit("hub", "2025-01-07T12:00:00Z");
    let ended = as_of(&world, "2025-01-05");
    assert_eq!(ended.expression(), "SUM(mended)");
    let said = format!("(commit {}) can't be loaded: commit {}", &broken[..12], &mended[..12]);
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    assert_eq!(as_of(&world, "2025-01-04").expression(), "SUM(second)");
}

#[test]
fn what_was_written_on_a_side_branch_counts_once_it_is_merged() {
    let world = hub();
    world.git("hub", &["checkout", "--quiet", "-b", "side"]);
    world.configs("hub/trees/ours", "SUM(side)");
    world.commit("hub", "2025-01-04T12:00:00Z");
    world.git("hub", &["checkout", "--quiet", "main"]);
    world.commit("hub", "2025-01-05T12:00:00Z");
    world.git("hub", &["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    world.commit("hub", "2025-01-06T12:00:00Z");
    assert_eq!(as_of(&world, "2025-01-04").expression(), "SUM(second)");
    assert_eq!(as_of(&world, "2025-01-06").expression(), "SUM(side)");
}

#[test]
fn a_branch_of_a_remote_has_a_past() {
    let world = hub();
    world.git("hub", &["checkout", "--quiet", "--orphan", "flat"]);
    world.git("hub", &["rm", "--quiet", "-r", "-f", "."]);
    world.configs("hub", "SUM(flat1)");
    world.commit("hub", "2025-01-01T00:00:00Z");
    world.configs("hub", "SUM(flat2)");
    world.commit("hub", "2025-02-01T00:00:00Z");
    let url = format!("file://{}#flat", world.text("hub"));
    let read = |time: &str| {
        world
            .analyse(&["--configs", &url, "--configs-as-of", time])
            .expression()
    };
    assert_eq!(read("2025-01-15"), "SUM(flat1)");
    assert_eq!(read("2025-02-15"), "SUM(flat2)");
}

#[test]
fn a_folder_outside_of_git_has_no_past() {
    let world = World::new();
    world.configs("plain", "SUM(x)");
    let ended = world.analyse(&["--configs", "plain", "--configs-as-of", "2025-01-01"]);
    ended.fails(2, &["E0109", "plain can't be read as of 2025-01-01"]);
    let ended = world.analyse(&["--configs", "nowhere", "--configs-as-of", "2025-01-01"]);
    ended.fails(2, &["E0101", "nowhere does not exist"]);
    world
        .analyse(&["--configs", "plain", "--configs-as-of", "soon"])
        .fails(2, &["expected YYYY-MM-DD or a timestamp"]);
}

#[test]
fn a_history_that_is_cut_off_is_no_history() {
    let world = hub();
    let url = format!("file://{}", world.text("hub"));
    world.git(".", &["clone", "--quiet", "--depth=1", &url, "shallow"]);
    let read = |time: &str| world.analyse(&["--configs", "shallow/trees/ours", "--configs-as-of", time]);
    read("2025-01-02").fails(2, &["E0109", "cut off", "git fetch --unshallow"]);
    assert_eq!(read("2025-01-03").expression(), "SUM(second)");
}

#[test]
fn the_corpus_is_the_same_from_a_folder_from_a_repository_and_from_the_past() {
    let Some(shared) = corpus() else {
        eprintln!("skipped: there is no corpus");
        return;
    };
    let world = World::new();
    let status = Command::new("cp")
        .arg("-r")
        .arg(shared.join("metric-hub"))
        .arg(world.path("hub"))
        .status();
    assert!(status.expect("cp can be started").success());
    world.init("hub");
    world.commit("hub", "2025-01-01T00:00:00Z");
    let url = format!("file://{}", world.text("hub"));
    let experiments = shared.join("corpus/experiments").display().to_string();
    let resolve = |configs: &[&str]| {
        let arguments = [
            "compile",
            "--emit",
            "analysis",
            "--format",
            "json",
            "--experiments",
            &experiments,
        ];
        lines(&world.isobar(&[&arguments[..], configs].concat()))
    };
    let folder = resolve(&["--configs", "hub"]);
    assert_eq!(folder.len(), 302);
    assert!(folder.iter().filter(|line| line["status"] == "ok").count() > 250);
    assert!(folder == resolve(&["--configs", &url]));
    world.write("hub/definitions/firefox_desktop.toml", "");
    world.commit("hub", "2025-02-01T00:00:00Z");
    assert!(folder == resolve(&["--configs", "hub", "--configs-as-of", "2025-01-31"]));
    assert!(folder != resolve(&["--configs", "hub", "--configs-as-of", "2025-02-01"]));
}

/// The objects of an output without what names the source of the configs: their commit, and the files of faults.
fn lines(ended: &Ended) -> Vec<Value> {
    assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.stderr);
    let without_source = |line: &str| {
        let mut value: Value = serde_json::from_str(line).expect("each line is JSON");
        let object = value.as_object_mut().expect("each line is an object");
        assert!(object.remove("configs").is_some(), "the commit is known");
        let own = object.remove("error").into_iter();
        let listed = object
            .remove("errors")
            .into_iter()
            .flat_map(|errors| errors.as_array().cloned().unwrap_or_default());
        let messages: Vec<Value> = own.chain(listed).map(|error| error["message"].clone()).collect();
        object.insert("messages".to_string(), messages.into());
        value
    };
    ended.stdout.lines().map(without_source).collect()
}
