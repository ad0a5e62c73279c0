//! The pages of the diagnostic codes: their form, what their examples yield, and that each code is named by some test.
//!
//! A fence ```` ```toml jetstream/example.toml ```` of a page is a file of a config tree, on top of a fixed tree and the experiment
//! `example`. What the page shows as wrong must yield its code, and what it shows as mended must not.

#[path = "config/tree.rs"]
#[expect(dead_code, reason = "the tests of configs use more of it")]
mod tree;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use isobar::check;
use isobar::config::{self, platforms};
use isobar::diagnostics::{Code, Diagnostic, Diagnostics, Severity};

use crate::tree::{DEFINITIONS, Tree, nimbus};

/// Codes whose examples are no configs, and so are not run here.
const NO_CONFIG: [&str; 14] = [
    "E0101", "E0107", "E0109", "E0214", "E0302", "E0401", "E0402", "E0502", "E0504", "E0601", "E0602", "E0603",
    "E0604", "E0605",
];

/// The test that shows each code: its file and its name.
const TESTS: &[(&str, &str, &str)] = &[
    ("E0101", "config/faults.rs", "missing_folder"),
    ("E0102", "config/faults.rs", "broken_toml_costs_the_experiment"),
    ("E0103", "config/faults.rs", "unknown_keys"),
    ("E0104", "config/faults.rs", "wrong_types"),
    ("E0105", "config/faults.rs", "wrong_types"),
    ("E0106", "config/faults.rs", "exposure_signals"),
    ("E0107", "config/faults.rs", "files_of_experiments"),
    ("E0108", "check.rs", "unused_definitions"),
    ("E0109", "inputs/mirrors.rs", "a_branch_a_tag_or_a_commit_may_be_named"),
    ("E0201", "config/faults.rs", "unknown_metric"),
    ("E0202", "config/faults.rs", "unknown_data_source"),
    ("E0203", "config/faults.rs", "unknown_segment"),
    ("E0204", "config/faults.rs", "unknown_outcome"),
    ("E0205", "config/faults.rs", "metric_without_statistics"),
    ("E0206", "config/faults.rs", "metric_without_expression"),
    ("E0207", "config/faults.rs", "circles_and_units"),
    ("E0208", "config/faults.rs", "templates"),
    ("E0209", "config/faults.rs", "braces"),
    ("E0210", "config/faults.rs", "parameters"),
    ("E0211", "config/faults.rs", "private_without_dataset"),
    ("E0212", "config/faults.rs", "circles_and_units"),
    ("E0213", "schedule.rs", "no_day_is_left_for_the_overall_window"),
    ("E0214", "cli.rs", "nothing_due_and_refusals_are_no_failures"),
    ("E0215", "config/layers.rs", "segment_windows"),
    ("E0216", "check.rs", "eaten_braces"),
    ("E0217", "check.rs", "nested_templates"),
    ("E0218", "check.rs", "deprecated_metrics"),
    ("E0219", "check.rs", "windows_of_exposure_signals"),
    ("E0220", "check.rs", "windows_of_exposure_signals"),
    ("E0221", "check.rs", "branches_of_the_real_experiment"),
    ("E0222", "config/faults.rs", "inserted_values"),
    ("E0223", "check.rs", "columns_of_enrollment_queries"),
    ("E0301", "config/faults.rs", "sql_that_does_not_parse"),
    ("E0302", "sql_functions.rs", "unknown_constructs_are_located"),
    ("E0303", "check.rs", "aggregates"),
    ("E0304", "check.rs", "columns_outside_of_aggregates"),
    ("E0305", "check.rs", "conditions_that_can_be_null"),
    ("E0306", "check.rs", "sources_that_read_all_dates"),
    ("E0307", "check.rs", "sources_that_group_without_their_date"),
    ("E0401", "cli.rs", "bad_configs_stop_a_run_before_it_writes"),
    ("E0402", "cli.rs", "a_database_that_is_not_there_is_exit_code_3"),
    ("E0501", "cli.rs", "bad_configs_stop_a_run_before_it_writes"),
    ("E0502", "stats_estimators.rs", "the_command_answers_in_json"),
    ("E0504", "import.rs", "a_bad_row_names_its_line_and_changes_nothing"),
    ("E0505", "check.rs", "statistics_of_the_wrong_type"),
    ("E0601", "cli.rs", "bad_experiments_and_arguments_are_exit_code_2"),
    ("E0602", "cli.rs", "a_folder_that_cannot_be_written_is_named"),
    ("E0603", "demo.rs", "only_a_demo_is_replaced"),
    ("E0604", "inputs/api.rs", "what_may_pass_is_tried_three_times"),
    (
        "E0605",
        "inputs/mirrors.rs",
        "a_remote_that_is_not_there_is_named_without_its_password",
    ),
];

/// Everything that `isobar check` says of a tree and the experiment `example`.
fn findings(tree: &Tree) -> Vec<Diagnostic> {
    let read = config::tree::Tree::read(tree.path()).unwrap_or_else(|faults| panic!("{faults}"));
    let request = check::Request {
        trees: vec![read],
        platforms: platforms::embedded(),
        experiments: vec![nimbus("example")],
        paths: None,
    };
    check::check(&request).findings.0
}

/// The files that a part of a page shows: path and text.
fn files(part: &str) -> Vec<(&str, String)> {
    let mut files: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in part.lines() {
        if let Some(info) = line.strip_prefix("```") {
            inside = !inside && info.contains(' ');
            if let (true, Some((_, path))) = (inside, info.split_once(' ')) {
                files.push((path, String::new()));
            }
        } else if let (true, Some((_, text))) = (inside, files.last_mut()) {
            text.push_str(line);
            text.push('\n');
        }
    }
    files
}

/// The parts of a page: above the example, the example, what it should be.
fn parts(page: &str) -> Option<(&str, &str, &str)> {
    let (above, rest) = page.split_once("\n## Example\n")?;
    let (wrong, mended) = rest.split_once("\n## Mended\n")?;
    Some((above, wrong, mended))
}

/// The definitions of a small app, in which nothing is found.
fn sound_definitions() -> String {
    DEFINITIONS.replace("LOGICAL_OR(is_new)", "COALESCE(LOGICAL_OR(is_new), FALSE)")
}

fn tree(files: &[(&str, String)]) -> Tree {
    let tree = Tree::new(&[("definitions/firefox_desktop.toml", &sound_definitions())]);
    for (path, text) in files {
        tree.write(path, text);
    }
    tree
}

#[test]
fn pages_have_their_form() {
    for code in Code::ALL {
        let page = code.page();
        assert!(page.starts_with(&format!("# {code}: ")), "{code}: the heading");
        let title = code.title();
        assert!(
            !title.ends_with('.') && (10..80).contains(&title.len()),
            "{code}: {title}"
        );
        let (above, wrong, mended) = parts(page).unwrap_or_else(|| panic!("{code} lacks a part"));
        let paragraph: Vec<&str> = above.lines().skip(1).collect();
        assert!(
            paragraph[0].is_empty() && paragraph[1..].iter().all(|line| !line.is_empty()),
            "{code}: one paragraph"
        );
        assert!((3..=7).contains(&above.lines().count()), "{code}: a short paragraph");
        assert!(
            (15..=40).contains(&page.lines().count()),
            "{code} has {} lines",
            page.lines().count()
        );
        assert!(
            page.lines().all(|line| line.chars().count() <= 140),
            "{code}: long lines"
        );
        for part in [wrong, mended] {
            let lines: Vec<&str> = part.lines().collect();
            assert!(
                lines[0].is_empty() && lines[1].ends_with(':'),
                "{code}: what is shown is named"
            );
            assert!(
                lines[2].is_empty() && lines[3].starts_with("```"),
                "{code}: something is shown"
            );
            for (path, _) in files(part) {
                assert!(
                    lines.iter().any(|line| line.contains(&format!("`{path}`"))),
                    "{code} names {path}"
                );
            }
        }
        assert_eq!(page.matches("```").count() % 2, 0, "{code}: fences");
        let has_files = !files(wrong).is_empty() && !files(mended).is_empty();
        assert_ne!(
            has_files,
            NO_CONFIG.contains(&code.as_str()),
            "{code}: has examples that can be run"
        );
    }
}

#[test]
fn examples_yield_their_code_and_what_is_mended_does_not() {
    let mut broken: Vec<String> = Vec::new();
    for code in Code::ALL {
        let (_, wrong, mended) = parts(code.page()).unwrap_or_else(|| panic!("{code} lacks a part"));
        let (wrong, mended) = (files(wrong), files(mended));
        if wrong.is_empty() {
            continue;
        }
        // A file that stays as it was is not shown again.
        let is_shown_again = |path: &str| mended.iter().any(|(other, _)| *other == path);
        let unchanged = wrong.iter().filter(|(path, _)| !is_shown_again(path));
        let mended: Vec<(&str, String)> = unchanged.chain(&mended).cloned().collect();
        let said = findings(&tree(&mended));
        if said
            .iter()
            .any(|one| one.severity > Severity::Info || one.code == *code)
        {
            broken.push(format!("{code}, mended: {}", Diagnostics(said)));
        }
        let said = findings(&tree(&wrong));
        if said.iter().all(|one| one.code != *code) {
            broken.push(format!("{code}, wrong: {}", Diagnostics(said)));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}

#[test]
fn every_code_is_named_by_a_test() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for (code, file, test) in TESTS {
        let source = std::fs::read_to_string(tests.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let start = source
            .find(&format!("#[test]\nfn {test}()"))
            .unwrap_or_else(|| panic!("{file} has no test {test}"));
        let body = &source[start..];
        let body = &body[..body.find("\n}\n").map_or(body.len(), |end| end)];
        let known = Code::parse(code).unwrap_or_else(|| panic!("{code} is no code"));
        assert!(
            body.contains(code) || body.contains(&format!("Code::{known:?}")),
            "{test} in {file} does not name {code}"
        );
        named.insert(code);
    }
    let codes = Code::ALL.iter().map(|code| code.as_str());
    let missing: Vec<&str> = codes.filter(|code| !named.contains(code)).collect();
    assert_eq!(missing, [""; 0], "codes without a test");
}

fn explain_code(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_isobar"))
        .arg("explain-code")
        .args(arguments)
        .output()
        .expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_command_prints_pages_and_titles() {
    let page = Code::UnknownMetric.page();
    assert_eq!(explain_code(&["e0201"]), (Some(0), page.to_string(), String::new()));
    let (code, stdout, _) = explain_code(&["E0201", "--format", "json"]);
    let expected =
        serde_json::json!({"code": "E0201", "title": "no definition of a metric that is named", "page": page});
    assert_eq!((code, stdout), (Some(0), format!("{expected}\n")));
    let (code, stdout, _) = explain_code(&["--list"]);
    assert_eq!((code, stdout.lines().count()), (Some(0), Code::ALL.len()));
    assert!(
        stdout.contains("E0201  no definition of a metric that is named\n"),
        "{stdout}"
    );
    for (wrong, help) in [
        ("E02011", "did you mean `E0201`?"),
        ("metric", "`isobar explain-code --list` prints all codes"),
    ] {
        let (code, stdout, stderr) = explain_code(&[wrong]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{wrong}");
        assert!(
            stderr.contains(&format!("error[E0601]: there is no code `{wrong}`")),
            "{stderr}"
        );
        assert!(stderr.contains(help), "{stderr}");
    }
    assert_eq!(explain_code(&[]).0, Some(2));
}
