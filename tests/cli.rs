//! The program as its users call it: exit codes, streams, files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

fn isobar(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_isobar"))
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A small demo, made once: every test works on a copy of what it changes.
fn demo() -> &'static Path {
    static DEMO: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = DEMO.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo");
        let output = isobar(&["demo", "--dir", text(&path), "--clients", "600"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stdout(&output).contains("intervals of 95 % contain the true effect"));
        (folder, path)
    });
    path
}

/// A copy of the demo's configs, experiments and telemetry, without results.
fn copy(demo: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["configs", "experiments", "database"] {
        let status = Command::new("cp")
            .arg("-r")
            .arg(demo.join(part))
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(status.success());
    }
    std::fs::remove_file(folder.path().join("database/moz-fx-data-experiments.duckdb")).unwrap();
    folder
}

/// The arguments that name the copy's parts.
fn parts(folder: &Path) -> [String; 4] {
    let name = |part: &str| folder.join(part).to_str().unwrap().to_string();
    [
        "--configs".to_string(),
        name("configs"),
        "--experiments".to_string(),
        name("experiments"),
    ]
}

fn run(folder: &Path, more: &[&str]) -> Output {
    let parts = parts(folder);
    let database = folder.join("database");
    let mut arguments = vec!["run"];
    arguments.extend(parts.iter().map(String::as_str));
    arguments.extend(["--database", text(&database)]);
    arguments.extend(more);
    isobar(&arguments)
}

fn compile(folder: &Path, more: &[&str]) -> Output {
    let parts = parts(folder);
    let mut arguments = vec!["compile"];
    arguments.extend(parts.iter().map(String::as_str));
    arguments.extend(more);
    isobar(&arguments)
}

fn query(folder: &Path, sql: &str) -> Value {
    let output = isobar(&[
        "query",
        "--database",
        text(&folder.join("database")),
        "--format",
        "json",
        sql,
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn a_day_is_run_and_reported() {
    let folder = copy(demo());
    let output = run(folder.path(), &["--date", "2025-09-14", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_str(stdout(&output).lines().last().unwrap()).unwrap();
    let experiment = &report["experiments"][0];
    assert_eq!(experiment["slug"], "demo-search-panel");
    assert_eq!(experiment["state"], "complete");
    assert_eq!(experiment["cells"]["failed"], 0);
    assert!(experiment["cells"]["numbers"].as_i64().unwrap() > 50);
    let tables: Vec<&str> = experiment["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    for table in [
        "enrollments_demo_search_panel",
        "demo_search_panel_exposures_week_1",
        "statistics_demo_search_panel_week_1",
    ] {
        assert!(
            tables.contains(&format!("moz-fx-data-experiments.mozanalysis.{table}").as_str()),
            "{tables:?}"
        );
    }
    let rows = query(
        folder.path(),
        "SELECT metric, statistic, parameter, branch, comparison, comparison_to_branch, ci_width, point, lower, upper, segment, \
         analysis_basis FROM `moz-fx-data-experiments.mozanalysis.statistics_demo_search_panel_week_1` WHERE metric = 'identity'",
    );
    let types: Vec<&str> = rows["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column[1].as_str().unwrap())
        .collect();
    let expected = [
        "STRING", "STRING", "NUMERIC", "STRING", "STRING", "STRING", "FLOAT64", "FLOAT64", "FLOAT64", "FLOAT64",
        "STRING", "STRING",
    ];
    assert_eq!(types, expected);
    // Three branches, four segments with everybody, two bases.
    assert_eq!(rows["rows"].as_array().unwrap().len(), 24);
    let view = query(
        folder.path(),
        "SELECT DISTINCT window_index FROM `moz-fx-data-experiments.mozanalysis.demo_search_panel_enrollments_weekly`",
    );
    assert_eq!(view["rows"], serde_json::json!([[1]]));
}

#[test]
fn a_second_run_gives_the_same_tables() {
    let folder = copy(demo());
    let statistics = "SELECT * FROM `moz-fx-data-experiments.mozanalysis.statistics_demo_search_panel_day_2` ORDER BY \
        metric, statistic, branch, comparison, comparison_to_branch, segment, analysis_basis";
    assert!(run(folder.path(), &["--date", "2025-09-09"]).status.success());
    let first = query(folder.path(), statistics);
    assert!(run(folder.path(), &["--date", "2025-09-09"]).status.success());
    assert_eq!(first, query(folder.path(), statistics));
}

#[test]
fn a_dry_run_prints_what_compile_prints_and_writes_nothing() {
    let folder = copy(demo());
    let slug = ["--experiment-slug", "demo-search-panel", "--date", "2025-09-14"];
    let dry = run(folder.path(), &[&slug[..], &["--dry-run"]].concat());
    assert_eq!(dry.status.code(), Some(0), "{}", stderr(&dry));
    assert_eq!(stdout(&dry), stdout(&compile(folder.path(), &slug)));
    assert!(stdout(&dry).contains("-- Metrics of experiment demo-search-panel, week 1, basis exposures"));
    assert!(!folder.path().join("database/moz-fx-data-experiments.duckdb").exists());
}

#[test]
fn nothing_due_and_refusals_are_no_failures() {
    let folder = copy(demo());
    let output = run(folder.path(), &["--date", "2025-09-03", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("\"state\":\"nothing due\""),
        "{}",
        stdout(&output)
    );
    let output = run(folder.path(), &["--date", "2026-09-03", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("\"state\":\"refused\""), "{}", stdout(&output));
    assert!(stderr(&output).contains("info[E0214]"), "{}", stderr(&output));
    assert!(stderr(&output).contains("has already ended"), "{}", stderr(&output));
}

#[test]
fn underscores_are_hyphens() {
    let folder = copy(demo());
    let hyphens = compile(
        folder.path(),
        &["--experiment-slug", "demo-start-page", "--analysis-periods", "week"],
    );
    let underscores = compile(
        folder.path(),
        &["--experiment_slug=demo-start-page", "--analysis_periods", "week"],
    );
    assert!(hyphens.status.success());
    assert_eq!(hyphens, underscores);
}

/// Changes a file of the copy, runs a day, and expects exit code 2, the texts on stderr, and no result tables.
fn check_refused(file: &str, from: &str, to: &str, expected: &[&str]) {
    let folder = copy(demo());
    let path = folder.path().join(file);
    let before = std::fs::read_to_string(&path).unwrap();
    assert!(before.contains(from), "{file} holds {from:?}");
    std::fs::write(&path, before.replace(from, to)).unwrap();
    let output = run(
        folder.path(),
        &["--experiment-slug", "demo-search-panel", "--date", "2025-10-06"],
    );
    assert_eq!(output.status.code(), Some(2), "{}{}", stdout(&output), stderr(&output));
    for text in expected {
        assert!(stderr(&output).contains(text), "{text:?} in:\n{}", stderr(&output));
    }
    assert!(stdout(&output).is_empty());
    assert!(
        !folder.path().join("database/moz-fx-data-experiments.duckdb").exists(),
        "nothing was written"
    );
}

#[test]
fn bad_configs_stop_a_run_before_it_writes() {
    let experiment = "configs/jetstream/demo-search-panel.toml";
    let defaults = "configs/jetstream/defaults/firefox_desktop.toml";
    let definitions = "configs/definitions/firefox_desktop.toml";
    check_refused(
        experiment,
        "[experiment]",
        "[experiment",
        &["E0102", "demo-search-panel.toml:3"],
    );
    check_refused(
        defaults,
        "\"came_back\", \"browsing_days\"",
        "\"came_bakc\"",
        &["E0201", "came_bakc", "did you mean `came_back`?"],
    );
    check_refused(
        defaults,
        "[metrics.searches.statistics.sum]",
        "[metrics.searches.statistics.summ]",
        &["E0501", "unknown statistic \"summ\"", "sum"],
    );
    check_refused(
        definitions,
        "search_clients_engines_sources_daily",
        "search_clients_engines_daily",
        &[
            "E0401",
            "data source",
            "definitions/firefox_desktop.toml",
            "search_clients_engines_daily",
        ],
    );
    check_refused(
        definitions,
        "total(\"sap\")",
        "total(\"sapp\")",
        &["E0401", "metric searches", "sapp", "definitions/firefox_desktop.toml"],
    );
}

#[test]
fn bad_experiments_and_arguments_are_exit_code_2() {
    let file = "experiments/demo-search-panel.json";
    check_refused(
        file,
        "\"2025-09-01\"",
        "\"2025/09/01\"",
        &["2025/09/01", "demo-search-panel.json:"],
    );
    check_refused(
        file,
        "\"startDate\"",
        "\"beginDate\"",
        &["startDate", "demo-search-panel.json:"],
    );
    let folder = copy(demo());
    for (arguments, expected) in [
        (&["--date", "yesterday"][..], "expected YYYY-MM-DD or `all`"),
        (
            &["--date", "2025-09-14", "--experiment-slug", "demo-search-panl"],
            "error[E0601]: there is no experiment `demo-search-panl`",
        ),
        (
            &["--date", "2025-09-14", "--analysis-periods", "monthly"],
            "preenrollment_week",
        ),
        (
            &["--date", "2025-09-14", "--configs", "/no/such/folder"],
            "/no/such/folder",
        ),
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(
            stderr(&output).contains(expected),
            "{expected:?} in:\n{}",
            stderr(&output)
        );
    }
}

#[test]
fn a_database_that_is_not_there_is_exit_code_3() {
    let folder = copy(demo());
    let parts = parts(folder.path());
    let mut arguments = vec!["run", "--date", "2025-09-14", "--database", "/no/such/database"];
    arguments.extend(parts.iter().map(String::as_str));
    let output = isobar(&arguments);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("error[E0402]"), "{}", stderr(&output));
}

#[test]
fn one_faulty_experiment_costs_only_itself() {
    let folder = copy(demo());
    std::fs::write(
        folder.path().join("configs/jetstream/demo-start-page.toml"),
        "[metrics]\nweekly = [\"no_such_metric\"]\n",
    )
    .unwrap();
    let output = run(folder.path(), &["--date", "2025-09-14", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let state = |slug: &str| {
        let experiments = report["experiments"].as_array().unwrap();
        experiments.iter().find(|one| one["slug"] == slug).unwrap()["state"].clone()
    };
    assert_eq!(state("demo-search-panel"), "complete");
    assert_eq!(state("demo-start-page"), "failed");
    assert!(stderr(&output).contains("no_such_metric"));
}

#[test]
fn statistics_are_exported_as_their_readers_expect() {
    let folder = copy(demo());
    let out = folder.path().join("results");
    let output = run(folder.path(), &["--date", "2025-09-14", "--export-dir", text(&out)]);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows = std::fs::read_to_string(out.join("statistics/statistics_demo_search_panel_weekly.json")).unwrap();
    let rows: Vec<Value> = serde_json::from_str(&rows).unwrap();
    let count = rows.iter().find(|row| row["metric"] == "identity").unwrap();
    assert_eq!(count["window_index"], "1");
    assert!(count.get("comparison").is_none(), "absent where NULL");
    assert!(count["point"].is_f64());
}

#[test]
fn compile_writes_a_file_per_statement() {
    let folder = copy(demo());
    let out = folder.path().join("sql");
    let output = compile(folder.path(), &["--sql-output-dir", text(&out)]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for name in [
        "enrollments",
        "metrics_week_enrollments_2",
        "metrics_overall_exposures",
        "summaries_day_enrollments_29",
    ] {
        assert!(out.join(format!("demo-search-panel/{name}.sql")).exists(), "{name}");
    }
    let again = folder.path().join("again");
    assert!(
        compile(folder.path(), &["--sql-output-dir", text(&again)])
            .status
            .success()
    );
    let same = Command::new("diff").arg("-r").arg(&out).arg(&again).status().unwrap();
    assert!(same.success(), "two runs give the same bytes");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = copy(demo());
    let file = folder.path().join("file");
    std::fs::write(&file, "somebody's").unwrap();
    let output = compile(folder.path(), &["--sql-output-dir", text(&file.join("sql"))]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let expected = format!("error[E0602]: can't write {}", file.join("sql").display());
    assert!(stderr(&output).contains(&expected), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "somebody's");
}

#[test]
fn the_readme_shows_real_sql() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let shown = readme
        .split("```sql\n")
        .nth(1)
        .unwrap()
        .split("      ...\n")
        .next()
        .unwrap();
    let output = compile(
        demo(),
        &["--experiment-slug", "demo-search-panel", "--analysis-periods", "week"],
    );
    let sql = stdout(&output);
    let (head, body) = shown.split_once("WITH\n").unwrap();
    assert!(sql.contains(head), "{head}");
    assert!(sql.contains(body.trim_end()), "{body}");
    let config = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let real = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/configs/demo/jetstream/demo-search-panel.toml"
    ))
    .unwrap();
    for line in config.lines() {
        assert!(real.contains(line), "{line}");
    }
}

#[test]
fn the_plan_and_the_analysis_are_json_lines() {
    let output = compile(demo(), &["--emit", "plan", "--format", "json", "--date", "2025-09-14"]);
    let lines: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    let statement = &lines[0]["statements"][0];
    assert_eq!(statement["name"], "enrollments");
    assert_eq!(statement["sql_sha256"].as_str().unwrap().len(), 64);
    let output = compile(demo(), &["--emit", "analysis", "--format", "json"]);
    for line in stdout(&output).lines() {
        let analysis: Value = serde_json::from_str(line).unwrap();
        for key in ["slug", "experiment", "periods", "metrics", "data_sources", "schedule"] {
            assert!(analysis.get(key).is_some(), "{key}");
        }
    }
}

#[test]
fn a_translated_statement_runs_in_plain_duckdb() {
    let folder = copy(demo());
    let out = folder.path().join("sql");
    let output = compile(
        folder.path(),
        &[
            "--engine",
            "duckdb",
            "--date",
            "2025-09-14",
            "--sql-output-dir",
            text(&out),
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let shell = duckdb::Connection::open_in_memory().unwrap();
    shell
        .execute_batch(&std::fs::read_to_string(out.join("setup.sql")).unwrap())
        .unwrap();
    for project in ["moz-fx-data-shared-prod", "mozdata"] {
        let file = folder.path().join(format!("database/{project}.duckdb"));
        shell
            .execute_batch(&format!("ATTACH '{}' AS \"{project}\" (READ_ONLY)", text(&file)))
            .unwrap();
    }
    let sql = std::fs::read_to_string(out.join("demo-search-panel/enrollments.sql")).unwrap();
    let mut statement = shell.prepare(&sql).unwrap();
    let units = statement.query_map([], |_| Ok(())).unwrap().count();
    assert!(units > 300, "{units}");
}

/// The columns and the rows of a result, in an order that no plan changes; numbers without the bits that the order of a sum decides.
fn in_order(result: &Value) -> (String, Vec<String>) {
    let cell = |cell: &Value| match cell.as_f64() {
        Some(number) => format!("{number:.9e}"),
        None => cell.to_string(),
    };
    let rows = result["rows"].as_array().unwrap().iter();
    let mut rows: Vec<String> = rows
        .map(|row| row.as_array().unwrap().iter().map(cell).collect::<Vec<_>>().join(" "))
        .collect();
    rows.sort();
    (result["columns"].to_string(), rows)
}

#[test]
fn an_inline_statement_returns_the_rows_of_the_one_that_reads_stored_tables() {
    let folder = copy(demo());
    let (inline, stored) = (folder.path().join("inline"), folder.path().join("stored"));
    for (out, more) in [(&inline, &["--inline"][..]), (&stored, &[])] {
        let more = [&["--sql-output-dir", text(out)], more].concat();
        let output = compile(folder.path(), &more);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    // The demo itself holds the results of its run.
    // A text that begins with `--` would be an option.
    let read = |file: PathBuf| format!("\n{}", std::fs::read_to_string(file).unwrap());
    let rows = |file: PathBuf| in_order(&query(demo(), &read(file)));
    let mut compared = 0;
    for (slug, names) in [
        (
            "demo-search-panel",
            &[
                "enrollments",
                "metrics_week_enrollments_2",
                "metrics_week_exposures_1",
                "metrics_overall_exposures",
                "metrics_preenrollment_week_enrollments",
                "summaries_week_enrollments_1",
                "summaries_overall_enrollments",
                "summaries_overall_exposures",
            ][..],
        ),
        (
            "demo-start-page",
            &[
                "metrics_week_enrollments_1",
                "metrics_overall_exposures",
                "summaries_overall_enrollments",
            ],
        ),
    ] {
        for name in names {
            let file = |out: &Path| out.join(slug).join(format!("{name}.sql"));
            let sql = std::fs::read_to_string(file(&inline)).unwrap();
            assert!(
                !sql.contains("`moz-fx-data-experiments"),
                "{slug}/{name} reads a stored table"
            );
            assert_eq!(sql.contains("-- Stands alone"), *name != "enrollments", "{slug}/{name}");
            let found = rows(file(&inline));
            assert!(!found.1.is_empty(), "{slug}/{name}");
            assert_eq!(found, rows(file(&stored)), "{slug}/{name}");
            compared += found.1.len();
        }
    }
    assert!(compared > 1000, "{compared}");
    assert!(!inline.join("demo-search-panel/view_week_enrollments.sql").exists());
    // The same statement, translated.
    let duckdb = folder.path().join("duckdb");
    let output = compile(
        folder.path(),
        &["--inline", "--engine", "duckdb", "--sql-output-dir", text(&duckdb)],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let shell = duckdb::Connection::open_in_memory().unwrap();
    shell
        .execute_batch(&std::fs::read_to_string(duckdb.join("setup.sql")).unwrap())
        .unwrap();
    for project in ["moz-fx-data-shared-prod", "mozdata"] {
        let file = folder.path().join(format!("database/{project}.duckdb"));
        let attach = format!("ATTACH '{}' AS \"{project}\" (READ_ONLY)", text(&file));
        shell.execute_batch(&attach).unwrap();
    }
    let sql = std::fs::read_to_string(duckdb.join("demo-search-panel/metrics_week_enrollments_1.sql")).unwrap();
    let mut statement = shell.prepare(&sql).unwrap();
    let units = statement.query_map([], |_| Ok(())).unwrap().count();
    assert!(units > 300, "{units}");
}

#[test]
fn statements_are_inlined_for_reading_only() {
    let folder = copy(demo());
    let refused = run(folder.path(), &["--date", "2025-09-14", "--inline"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--dry-run"), "{}", stderr(&refused));
    let printed = run(folder.path(), &["--date", "2025-09-14", "--dry-run", "--inline"]);
    let compiled = compile(folder.path(), &["--date", "2025-09-14", "--inline"]);
    assert_eq!(printed.status.code(), Some(0), "{}", stderr(&printed));
    assert_eq!(stdout(&printed), stdout(&compiled));
    let plan = compile(
        folder.path(),
        &["--date", "2025-09-14", "--inline", "--emit", "plan", "--format", "json"],
    );
    for line in stdout(&plan).lines() {
        let plan: Value = serde_json::from_str(line).unwrap();
        for statement in plan["statements"].as_array().unwrap() {
            assert_eq!(statement["reads"], serde_json::json!([]), "{statement}");
            assert_eq!(statement["target"], Value::Null, "{statement}");
        }
    }
}
