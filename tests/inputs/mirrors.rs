//! Configs from a repository's URL: what is read, what is said when it can't be, and several processes at once.

use std::io::Read;
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::world::{World, ended};

/// A repository `hub` with two branches and a tag, and its URL.
fn hub() -> (World, String) {
    let world = World::new();
    world.init("hub");
    world.configs("hub", "SUM(first)");
    world.commit("hub", "2025-01-01T00:00:00Z");
    world.git("hub", &["tag", "v1"]);
    world.configs("hub", "SUM(second)");
    world.commit("hub", "2025-01-02T00:00:00Z");
    world.git("hub", &["checkout", "--quiet", "-b", "trial/new"]);
    world.configs("hub", "SUM(trial)");
    world.commit("hub", "2025-01-03T00:00:00Z");
    world.git("hub", &["checkout", "--quiet", "main"]);
    let url = format!("file://{}", world.text("hub"));
    (world, url)
}

#[test]
fn the_newest_commit_of_the_default_branch_is_read() {
    let (world, url) = hub();
    let ended = world.analyse(&["--configs", &url]);
    assert_eq!(ended.expression(), "SUM(second)");
    let head = world.git("hub", &["rev-parse", "main"]);
    assert_eq!(
        ended.json()["configs"],
        serde_json::json!([{"path": url, "commit": head, "dirty": false}])
    );
    world.configs("hub", "SUM(third)");
    // What is not committed does not count.
    assert_eq!(world.analyse(&["--configs", &url]).expression(), "SUM(second)");
    world.commit("hub", "2025-01-04T00:00:00Z");
    assert_eq!(world.analyse(&["--configs", &url]).expression(), "SUM(third)");
}

#[test]
fn a_branch_a_tag_or_a_commit_may_be_named() {
    let (world, url) = hub();
    let first = world.git("hub", &["rev-parse", "v1"]);
    let read = |reference: &str| world.analyse(&["--configs", &format!("{url}#{reference}")]);
    assert_eq!(read("trial/new").expression(), "SUM(trial)");
    assert_eq!(read("v1").expression(), "SUM(first)");
    assert_eq!(read(&first[..10]).expression(), "SUM(first)");
    read("trial/knew").fails(2, &["E0109", "did you mean `trial/new`?"]);
    // A branch that is gone is gone in the copy, too.
    world.git("hub", &["branch", "--quiet", "-D", "trial/new"]);
    read("trial/new").fails(2, &["E0109", "no branch, tag or commit `trial/new`"]);
}

#[test]
fn a_bare_repository_is_known_by_its_name() {
    let (world, _) = hub();
    world.git(".", &["clone", "--quiet", "--bare", "hub", "bare.git"]);
    assert_eq!(world.analyse(&["--configs", "bare.git"]).expression(), "SUM(second)");
}

#[test]
fn a_rewritten_history_is_followed() {
    let (world, url) = hub();
    assert_eq!(world.analyse(&["--configs", &url]).expression(), "SUM(second)");
    world.git("hub", &["reset", "--quiet", "--hard", "v1"]);
    assert_eq!(world.analyse(&["--configs", &url]).expression(), "SUM(first)");
}

#[test]
fn processes_at_once_do_not_disturb_each_other() {
    let (world, url) = hub();
    let all = |_| {
        let arguments = [
            "compile",
            "--emit",
            "analysis",
            "--format",
            "json",
            "--experiments",
            "experiments",
        ];
        let mut command = world.command(&[&arguments[..], &["--configs", &url]].concat());
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().expect("the program can be started")
    };
    let running: Vec<_> = (0..6).map(all).collect();
    for child in running {
        let ended = ended(child.wait_with_output().expect("the program ends"));
        assert_eq!(ended.expression(), "SUM(second)");
    }
}

#[test]
fn what_an_interrupted_process_left_does_no_harm() {
    let (world, url) = hub();
    assert_eq!(world.analyse(&["--configs", &url]).expression(), "SUM(second)");
    let copies = world.path("cache/isobar/repositories");
    let entries = std::fs::read_dir(&copies).expect("the cache can be listed").flatten();
    let mut paths = entries.map(|entry| entry.path());
    let copy = paths
        .find(|path| path.extension().is_some_and(|extension| extension == "git"))
        .expect("there is a copy");
    for lock in ["packed-refs.lock", "refs/heads/main.lock", "shallow.lock"] {
        std::fs::write(copy.join(lock), "").expect("a file can be written");
    }
    world.configs("hub", "SUM(third)");
    world.commit("hub", "2025-01-04T00:00:00Z");
    assert_eq!(world.analyse(&["--configs", &url]).expression(), "SUM(third)");
    // A copy that was never completed has another name.
    let partial = copy.with_extension("partial");
    std::fs::remove_dir_all(&copy).expect("the copy can be removed");
    std::fs::create_dir(&partial).expect("a folder can be made");
    std::fs::write(partial.join("config"), "[core").expect("a file can be written");
    assert_eq!(world.analyse(&["--configs", &url]).expression(), "SUM(third)");
    assert!(!partial.exists());
}

#[test]
fn a_remote_that_is_not_there_is_named_without_its_password() {
    let (world, _) = hub();
    let missing = format!("file://{}", world.text("nowhere"));
    world
        .analyse(&["--configs", &missing])
        .fails(3, &["E0605", &missing, "does not appear to be a git repository"]);
    // Nobody listens on the port of a listener that is gone.
    let port = free_port();
    let url = format!("http://somebody:secret@127.0.0.1:{port}/hub.git");
    let ended = world.analyse(&["--configs", &url]);
    ended.fails(3, &["E0605", &format!("http://127.0.0.1:{port}/hub.git")]);
    assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
}

#[test]
fn a_remote_that_does_not_answer_is_given_up() {
    let (world, _) = hub();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}/hub.git", listener.local_addr().expect("it has an address"));
    let (sender, left) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("git connects");
        // Until git and its helper are stopped.
        let _ = stream.read_to_end(&mut Vec::new());
        let _ = sender.send(());
    });
    let start = Instant::now();
    world
        .analyse(&["--configs", &url, "--network-timeout", "1"])
        .fails(3, &["E0605", &url]);
    assert!(start.elapsed() < Duration::from_secs(8));
    left.recv_timeout(Duration::from_secs(5))
        .expect("nobody waits for the remote any more");
}

#[test]
fn faults_name_the_commit() {
    let (world, url) = hub();
    world.write("hub/jetstream/x.toml", "[metrics]\nweekly = [\"serches\"]\n");
    let commit = world.commit("hub", "2025-01-05T00:00:00Z");
    let place = format!("{url}@{}:jetstream/x.toml:2:11", &commit[..12]);
    world
        .analyse(&["--configs", &url])
        .fails(1, &["E0201", &place, "did you mean `searches`?"]);
}

#[test]
fn links_are_not_followed_silently() {
    let (world, url) = hub();
    std::os::unix::fs::symlink("definitions", world.path("hub/defaults")).expect("a link can be made");
    world.commit("hub", "2025-01-05T00:00:00Z");
    world
        .analyse(&["--configs", &url])
        .fails(2, &["E0101", "defaults: it is a symbolic link"]);
}

#[test]
fn all_faults_of_all_trees_are_named_at_once() {
    let (world, url) = hub();
    let wrong = format!("{url}#nothing-like-it");
    world
        .analyse(&["--configs", "no/such/folder", "--configs", &wrong])
        .fails(
            2,
            &[
                "no/such/folder does not exist",
                "no branch, tag or commit `nothing-like-it`",
            ],
        );
}

#[test]
fn without_the_program_folders_are_read_and_repositories_are_not() {
    let (world, url) = hub();
    let read = |configs: &str| {
        let inputs = [
            "compile",
            "--emit",
            "analysis",
            "--format",
            "json",
            "--experiments",
            "experiments",
        ];
        let mut command = world.command(&[&inputs[..], &["--configs", configs]].concat());
        ended(command.env("PATH", "").output().expect("the program can be started"))
    };
    assert_eq!(read("hub").expression(), "SUM(second)");
    assert_eq!(read("hub").json().get("configs"), None);
    read(&url).fails(3, &["E0605", "can't run git"]);
}

#[test]
fn the_repository_of_a_calling_hook_is_none_of_ours() {
    let (world, url) = hub();
    let head = world.git("hub", &["rev-parse", "main"]);
    for configs in ["hub", &url] {
        let inputs = [
            "compile",
            "--emit",
            "analysis",
            "--format",
            "json",
            "--experiments",
            "experiments",
        ];
        let mut command = world.command(&[&inputs[..], &["--configs", configs]].concat());
        command
            .env("GIT_DIR", "elsewhere/.git")
            .env("GIT_INDEX_FILE", "elsewhere/index");
        let ended = ended(command.output().expect("the program can be started"));
        assert_eq!(ended.json()["configs"][0]["commit"], head.as_str(), "{configs}");
    }
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}
