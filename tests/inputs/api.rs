//! Experiments from the Experimenter API, and what happens when it fails.

use serde_json::{Value, json};

use crate::mirrors::free_port;
use crate::server::{Reply, Server, json as found, status};
use crate::world::{Ended, World, corpus, experiment};

const LIST: &str = "/api/v8/experiments/";
const X: &str = "/api/v8/experiments/x/";
const DRAFTS: &str = "/api/v8/draft-experiments/";

fn world() -> World {
    let world = World::new();
    world.configs("hub", "SUM(x)");
    world
}

/// What is resolved with the API at an address.
fn ask(world: &World, url: &str, more: &[&str]) -> Ended {
    let inputs = [
        "compile",
        "--emit",
        "analysis",
        "--format",
        "json",
        "--configs",
        "hub",
        "--experimenter-url",
        url,
    ];
    world.isobar(&[&inputs[..], more].concat())
}

/// One experiment, `x`, whose address answers like this.
fn x(replies: Vec<Reply>, more: &[&str]) -> (Ended, usize) {
    let server = Server::start(&[(X, replies)]);
    let ended = ask(&world(), &server.url(""), &[&["--experiment-slug", "x"], more].concat());
    (ended, server.requests().len())
}

fn slugs(ended: &Ended) -> Vec<(String, String)> {
    let lines = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("each line is JSON"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    lines.map(|line| (text(&line["slug"]), text(&line["status"]))).collect()
}

#[test]
fn one_experiment_is_asked_for_by_its_slug() {
    let server = Server::start(&[(X, vec![found(experiment("x"))])]);
    for base in ["", "/", "/api/v8", "/api/v8/experiments/"] {
        let ended = ask(
            &world(),
            &server.url(base),
            &["--experiment-slug", "x", "--experiment-slug", "x"],
        );
        assert_eq!(ended.expression(), "SUM(x)", "{base}");
    }
    let agent = concat!("isobar/", env!("CARGO_PKG_VERSION"));
    assert_eq!(server.requests(), vec![format!("{X} {agent}"); 4]);
}

#[test]
fn without_a_slug_the_list_is_read_and_a_faulty_experiment_costs_itself() {
    let mut faulty = experiment("faulty");
    faulty["startDate"] = "soon".into();
    let list = json!([experiment("x"), faulty, experiment("y")]);
    let server = Server::start(&[(LIST, vec![found(&list)])]);
    let ended = ask(&world(), &server.url(""), &[]);
    ended.fails(1, &["experiment faulty", "`startDate`", &server.url(LIST)]);
    let expected = [("x", "ok"), ("y", "ok"), ("faulty", "error")];
    assert_eq!(
        slugs(&ended),
        expected.map(|(slug, state)| (slug.to_string(), state.to_string()))
    );
    // More than a few slugs are looked for in the list.
    let many: Vec<String> = (0..11).map(|i| format!("n{i}")).collect();
    let arguments: Vec<&str> = many
        .iter()
        .flat_map(|slug| ["--experiment-slug", slug.as_str()])
        .collect();
    ask(&world(), &server.url(""), &arguments).fails(2, &["no experiment `n0`", "no experiment `n10`"]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_faulty_experiment_that_was_asked_for_is_not_unknown() {
    let mut faulty = experiment("x");
    faulty["startDate"] = "soon".into();
    let (ended, _) = x(vec![found(faulty)], &[]);
    ended.fails(1, &["experiment x: `startDate`"]);
    assert!(!ended.stderr.contains("no experiment"), "{}", ended.stderr);
}

#[test]
fn unknown_experiments_are_named_with_their_addresses() {
    let server = Server::start(&[]);
    let ended = ask(
        &world(),
        &server.url(""),
        &["--experiment-slug", "x", "--experiment-slug", "y z"],
    );
    let y = server.url("/api/v8/experiments/y%20z/");
    ended.fails(
        2,
        &[
            "E0601",
            "no experiment `x`",
            &server.url(X),
            "no experiment `y z`",
            &y,
            "--drafts",
        ],
    );
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn drafts_are_read_when_they_are_asked_for() {
    let lists = [
        (LIST, vec![found(json!([experiment("x")]))]),
        (DRAFTS, vec![found(json!([experiment("x"), experiment("d")]))]),
        (X, vec![found(experiment("x"))]),
        ("/api/v8/draft-experiments/d/", vec![found(experiment("d"))]),
    ];
    let server = Server::start(&lists);
    let ask = |more: &[&str]| {
        slugs(&ask(&world(), &server.url(""), more))
            .into_iter()
            .map(|(slug, _)| slug)
            .collect::<Vec<_>>()
    };
    assert_eq!(ask(&[]), ["x"]);
    assert_eq!(ask(&["--drafts"]), ["x", "d"]);
    assert_eq!(
        ask(&["--drafts", "--experiment-slug", "d", "--experiment-slug", "x"]),
        ["d", "x"]
    );
    assert!(ask(&["--experiment-slug", "d"]).is_empty());
}

#[test]
fn what_may_pass_is_tried_three_times() {
    let busy = Reply::Answer(429, "text/plain", "retry-after: 0\r\n", "later".to_string());
    let (ended, requests) = x(vec![busy.clone(), busy.clone(), found(experiment("x"))], &[]);
    assert_eq!((ended.expression().as_str(), requests), ("SUM(x)", 3));
    let (ended, requests) = x(vec![Reply::Close, found(experiment("x"))], &[]);
    assert_eq!((ended.expression().as_str(), requests), ("SUM(x)", 2));
    let (ended, requests) = x(vec![status(503, "\n  upkeep\nmore")], &[]);
    ended.fails(3, &["E0604", X, "fails with status 503", ": upkeep"]);
    assert!(!ended.stderr.contains("more"), "{}", ended.stderr);
    assert_eq!(requests, 3);
}

#[test]
fn a_pause_that_the_server_asks_for_is_kept() {
    let busy = Reply::Answer(429, "text/plain", "retry-after: 2\r\n", String::new());
    let start = std::time::Instant::now();
    let (ended, _) = x(vec![busy, found(experiment("x"))], &[]);
    assert_eq!(ended.expression(), "SUM(x)");
    assert!(start.elapsed().as_secs() >= 2);
}

#[test]
fn json_is_json_whatever_its_type_is_called() {
    let plain = Reply::Answer(200, "text/plain", "", experiment("x").to_string());
    let (ended, requests) = x(vec![plain], &[]);
    assert_eq!((ended.expression().as_str(), requests), ("SUM(x)", 1));
}

#[test]
fn what_will_not_pass_is_tried_once() {
    for (reply, words) in [
        (status(400, "bad"), ["fails with status 400", ": bad"]),
        (status(403, ""), ["fails with status 403", "(an empty answer)"]),
        (
            Reply::Answer(200, "text/html", "", "<h1>Log in</h1>".to_string()),
            ["answers with text/html instead of JSON", "<h1>Log in</h1>"],
        ),
        (
            found("{\"slug\": "),
            ["something else than one experiment", "{\"slug\":"],
        ),
        (
            found(json!([experiment("x")])),
            ["something else than one experiment", "[{"],
        ),
        (found(experiment("y")), ["another experiment, `y`", X]),
    ] {
        let (ended, requests) = x(vec![reply], &[]);
        ended.fails(3, &["E0604", words[0], words[1]]);
        assert_eq!(requests, 1, "{words:?}");
    }
    let server = Server::start(&[(LIST, vec![found(json!({"detail": "no list"}))])]);
    ask(&world(), &server.url(""), &[]).fails(3, &["E0604", "something else than a list of experiments", "no list"]);
    let nothing = Server::start(&[]);
    ask(&world(), &nothing.url("/wrong"), &[]).fails(3, &["E0604", "/wrong/api/v8/experiments/ does not exist"]);
}

#[test]
fn an_api_that_does_not_answer_is_given_up() {
    let start = std::time::Instant::now();
    let (ended, requests) = x(vec![Reply::Silence], &["--network-timeout", "1"]);
    ended.fails(3, &["E0604", "can't reach", X]);
    assert_eq!(requests, 1);
    assert!(start.elapsed().as_secs() < 8);
}

#[test]
fn an_api_that_is_down_is_named_without_its_password() {
    let port = free_port();
    let ended = ask(
        &world(),
        &format!("http://me:secret@127.0.0.1:{port}"),
        &["--experiment-slug", "x"],
    );
    ended.fails(3, &["E0604", &format!("can't reach http://127.0.0.1:{port}{X}")]);
    assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
}

#[test]
fn files_and_the_api_exclude_each_other() {
    let inputs = ["compile", "--configs", "hub", "--experiments", "experiments"];
    for more in [&["--experimenter-url", "http://127.0.0.1:1"][..], &["--drafts"]] {
        world()
            .isobar(&[&inputs[..], more].concat())
            .fails(2, &["cannot be used with"]);
    }
    ask(&world(), "127.0.0.1", &[]).fails(2, &["E0601", "`127.0.0.1` is no address of an API"]);
}

#[test]
fn the_corpus_is_the_same_from_files_and_from_the_api() {
    let Some(shared) = corpus() else {
        eprintln!("skipped: there is no corpus");
        return;
    };
    let folder = shared.join("corpus/experiments");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder is there")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let texts: Vec<String> = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a file can be read"))
        .collect();
    let server = Server::start(&[(LIST, vec![found(format!("[{}]", texts.join(",")))])]);
    let world = World::new();
    let hub = shared.join("metric-hub").display().to_string();
    let resolve = |from: [&str; 2]| {
        let ended = world.isobar(&[
            "compile",
            "--emit",
            "analysis",
            "--format",
            "json",
            "--configs",
            &hub,
            from[0],
            from[1],
        ]);
        assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.stderr);
        ended.stdout
    };
    let files = resolve(["--experiments", &folder.display().to_string()]);
    assert_eq!(files.lines().count(), 302);
    assert!(files == resolve(["--experimenter-url", &server.url("")]));
}
