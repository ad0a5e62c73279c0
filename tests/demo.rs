//! The demo's folder as its users find it: tables with the columns of their namesakes, the odd clients that real telemetry has, the same
//! contents for the same seed, and nothing overwritten or left behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use duckdb::Connection;
use isobar::demo::{self, Demo};
use isobar::diagnostics::Code;

const PROJECTS: [&str; 2] = ["moz-fx-data-shared-prod", "mozdata"];

fn write(directory: &Path, clients: u64, seed: u64) -> Demo {
    demo::write(directory, clients, seed, &mut |_| ()).expect("the demo is written")
}

/// Both database files of a demo, attached under their projects' names.
fn attach(database: &Path) -> Connection {
    let connection = Connection::open_in_memory().expect("an empty database opens");
    for project in PROJECTS {
        let path = database.join(format!("{project}.duckdb"));
        let attach = format!("ATTACH '{}' AS \"{project}\" (READ_ONLY)", path.display());
        connection.execute_batch(&attach).expect("the project's file opens");
    }
    connection
}

fn number(connection: &Connection, query: &str) -> i64 {
    connection
        .query_row(query, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{error}: {query}"))
}

/// Columns with types of every table that analyses may read, by `project.dataset.table`.
fn columns(connection: &Connection) -> BTreeMap<String, BTreeMap<String, String>> {
    let query = "SELECT database_name || '.' || schema_name || '.' || table_name, column_name, data_type
        FROM duckdb_columns() WHERE NOT internal AND schema_name <> 'isobar_demo'";
    let mut statement = connection.prepare(query).expect("the catalog can be read");
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("the catalog can be read");
    let mut tables: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in rows {
        let (table, column, data_type): (String, String, String) = row.expect("the catalog can be read");
        // The engine quotes the names of fields that are keywords.
        let data_type = data_type.replace('"', "");
        tables.entry(table).or_default().insert(column, data_type);
    }
    tables
}

/// A hash of each table's rows, in whatever order they lie.
fn contents(database: &Path) -> BTreeMap<String, (i64, String)> {
    let connection = attach(database);
    columns(&connection)
        .into_keys()
        .map(|table| {
            let quoted: Vec<String> = table.split('.').map(|part| format!("\"{part}\"")).collect();
            let query = format!(
                "SELECT count(*), CAST(bit_xor(hash(t)) AS VARCHAR) FROM {} t",
                quoted.join(".")
            );
            let row = connection.query_row(&query, [], |row| Ok((row.get(0)?, row.get(1)?)));
            (table, row.expect("the table can be read"))
        })
        .collect()
}

#[test]
fn the_seed_decides_everything() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let demo = |name: &str, seed| write(&folder.path().join(name), 500, seed);
    let (first, again, other) = (demo("a", 1), demo("b", 1), demo("c", 2));
    assert_eq!(contents(&first.database), contents(&again.database));
    assert_eq!(first.truths, again.truths);
    assert_eq!(first.truths, demo::truth(500, 1));
    let differing = contents(&other.database);
    for (table, rows) in contents(&first.database) {
        assert_ne!(rows, differing[&table], "{table}");
    }
}

#[test]
fn tables_have_the_columns_of_their_namesakes() {
    let shared = std::env::var_os("ISOBAR_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")),
        PathBuf::from,
    );
    let Ok(text) = fs::read_to_string(shared.join("fixtures/sql/schemas.json")) else {
        println!("skipped: no fixtures/sql/schemas.json in {}", shared.display());
        return;
    };
    let schemas: BTreeMap<String, Vec<(String, String)>> = serde_json::from_str(&text).expect("the schemas parse");
    let folder = tempfile::tempdir().expect("a folder for the test");
    let connection = attach(&write(&folder.path().join("demo"), 50, 1).database);
    let tables = columns(&connection);
    let mut compared = 0;
    for (table, columns) in tables {
        for (column, data_type) in schemas.get(&table).into_iter().flatten() {
            assert_eq!(columns.get(column), Some(&engine_type(data_type)), "{table}.{column}");
            compared += 1;
        }
    }
    assert!(150 < compared, "{compared} columns were compared");
}

/// A BigQuery type as the embedded engine names it.
fn engine_type(data_type: &str) -> String {
    if let Some(element) = data_type.strip_prefix("ARRAY<").and_then(|rest| rest.strip_suffix('>')) {
        return format!("{}[]", engine_type(element));
    }
    if let Some(fields) = data_type
        .strip_prefix("STRUCT<")
        .and_then(|rest| rest.strip_suffix('>'))
    {
        let mut depth = 0;
        let fields: Vec<String> = fields
            .split(|character| {
                depth += i32::from(character == '<') - i32::from(character == '>');
                depth == 0 && character == ','
            })
            .map(|field| {
                let (name, data_type) = field.trim().split_once(' ').expect("a field has a name and a type");
                format!("{name} {}", engine_type(data_type))
            })
            .collect();
        return format!("STRUCT({})", fields.join(", "));
    }
    match data_type {
        "STRING" => "VARCHAR",
        "INT64" => "BIGINT",
        "FLOAT64" => "DOUBLE",
        "BOOL" => "BOOLEAN",
        "NUMERIC" => "DECIMAL(38,9)",
        other => other,
    }
    .to_owned()
}

#[test]
fn telemetry_is_as_odd_as_the_real_thing() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let connection = attach(&write(&folder.path().join("demo"), 10_000, 1).database);
    connection
        .execute_batch(
            "CREATE TEMP TABLE enrolls AS
            SELECT *, list_filter(event_map_values, lambda e: e.key = 'branch')[1].value AS branch
            FROM mozdata.telemetry.events
            WHERE event_method = 'enroll' AND event_string_value = 'demo-search-panel';
            CREATE TEMP TABLE enrollments AS
            SELECT client_id, branch, min(submission_date) AS enrollment_date, count(*) AS events
            FROM enrolls WHERE submission_date BETWEEN '2025-09-01' AND '2025-09-08' AND client_id IS NOT NULL
            GROUP BY ALL",
        )
        .expect("the enrollments can be read");
    let enrolled = number(&connection, "SELECT count(DISTINCT client_id) FROM enrollments");
    assert!((6_000..9_000).contains(&enrolled), "{enrolled} clients are enrolled");

    let present = [
        ("clients in two branches", "SELECT count(*) FROM (SELECT client_id FROM enrollments GROUP BY ALL HAVING count(*) = 2)"),
        ("repeated enroll events", "SELECT count(*) FROM enrollments WHERE events > 1"),
        ("enroll events after the period", "SELECT count(*) FROM enrolls WHERE submission_date > '2025-09-08'"),
        ("enroll events without a client", "SELECT count(*) FROM enrolls WHERE client_id IS NULL"),
        (
            "another experiment's enroll events",
            "SELECT count(*) FROM mozdata.telemetry.events WHERE event_string_value = 'demo-unrelated-experiment'",
        ),
        (
            "clients never exposed",
            "SELECT count(*) FROM enrollments WHERE client_id NOT IN (
                SELECT client_id FROM mozdata.telemetry.events WHERE event_category = 'search_panel' AND client_id IS NOT NULL)",
        ),
        (
            "clients exposed after the enrollment period",
            "SELECT count(*) FROM (SELECT min(submission_date) AS first FROM enrollments
                JOIN mozdata.telemetry.events USING (client_id)
                WHERE event_category = 'search_panel' GROUP BY client_id) WHERE first > '2025-09-08'",
        ),
        (
            "the panel before enrollment",
            "SELECT count(*) FROM enrollments JOIN mozdata.telemetry.events e USING (client_id)
                WHERE event_category = 'search_panel' AND e.submission_date < enrollment_date",
        ),
        (
            "rows of the enrollment day that don't name the experiment",
            "SELECT count(*) FROM enrollments JOIN mozdata.telemetry.clients_daily d USING (client_id)
                WHERE d.submission_date = enrollment_date AND len(d.experiments) = 0",
        ),
        (
            "pings of the enrollment day from before",
            "SELECT count(*) FROM mozdata.org_mozilla_firefox.baseline a
                JOIN mozdata.org_mozilla_firefox.baseline b ON a.client_info.client_id = b.client_info.client_id
                AND CAST(a.submission_timestamp AS DATE) = CAST(b.submission_timestamp AS DATE)
                AND a.submission_timestamp < b.submission_timestamp
                WHERE len(a.ping_info.experiments) = 0 AND len(b.ping_info.experiments) = 1",
        ),
        (
            "clients that were never enrolled",
            "SELECT count(DISTINCT client_id) FROM mozdata.telemetry.clients_daily
                WHERE client_id NOT IN (SELECT client_id FROM enrolls WHERE client_id IS NOT NULL)",
        ),
        (
            "profile groups of two clients",
            "SELECT count(*) FROM (SELECT profile_group_id FROM mozdata.telemetry.clients_daily
                GROUP BY ALL HAVING count(DISTINCT client_id) = 2)",
        ),
        ("days without browsing", "SELECT count(*) FROM mozdata.telemetry.desktop_active_users WHERE NOT is_dau"),
        ("unenrollments", "SELECT count(*) FROM mozdata.telemetry.events WHERE event_method = 'unenroll'"),
    ];
    for (what, query) in present {
        assert!(0 < number(&connection, query), "no {what}");
    }

    let absent = [
        (
            "clients enrolled on a day without activity",
            "SELECT count(*) FROM enrollments LEFT JOIN mozdata.telemetry.clients_daily d
                ON d.client_id = enrollments.client_id AND d.submission_date = enrollment_date WHERE d.client_id IS NULL",
        ),
        (
            "two rows of a client and day",
            "SELECT count(*) FROM (SELECT 1 FROM mozdata.telemetry.clients_daily
                GROUP BY client_id, submission_date HAVING count(*) > 1)",
        ),
        (
            "days of browsing that disagree between tables",
            "SELECT count(*) FROM mozdata.telemetry.clients_daily d JOIN mozdata.telemetry.desktop_active_users a
                USING (client_id, submission_date)
                WHERE a.is_dau <> (d.active_hours_sum > 0 AND d.total_uri_count_normal_mode > 0)",
        ),
        (
            "searches on days without browsing",
            "SELECT count(*) FROM mozdata.search.search_clients_engines_sources_daily
                JOIN mozdata.telemetry.desktop_active_users USING (client_id, submission_date) WHERE NOT is_dau",
        ),
        (
            "clients seen before they were first seen",
            "SELECT count(*) FROM mozdata.telemetry.clients_daily WHERE submission_date < first_seen_date",
        ),
        (
            "sample ids beyond 0 to 99",
            "SELECT count(*) FROM mozdata.telemetry.events WHERE sample_id NOT BETWEEN 0 AND 99",
        ),
    ];
    for (what, query) in absent {
        assert_eq!(0, number(&connection, query), "{what}");
    }

    let before_and_after: f64 = connection
        .query_row(
            "SELECT corr(before, after) FROM (
                SELECT count(*) FILTER (submission_date < enrollment_date) AS before,
                    count(*) FILTER (submission_date BETWEEN enrollment_date + 1 AND enrollment_date + 21) AS after
                FROM enrollments JOIN mozdata.telemetry.clients_daily USING (client_id) GROUP BY client_id)",
            [],
            |row| row.get(0),
        )
        .expect("the correlation can be computed");
    assert!(
        0.5 < before_and_after,
        "activity before and after enrollment correlates by {before_and_after}"
    );
}

#[test]
fn only_a_demo_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let directory = folder.path().join("demo");
    fs::create_dir(&directory).expect("a folder for the test");
    write(&directory, 20, 1);
    let first = fs::read(directory.join("truth.json")).expect("the truth was written");
    write(&directory, 20, 2);
    assert_ne!(
        first,
        fs::read(directory.join("truth.json")).expect("the truth was written")
    );
    assert!(!folder.path().join("demo.partial").exists());

    fs::remove_file(directory.join("isobar-demo.txt")).expect("the marker can be removed");
    let refused = demo::write(&directory, 20, 3, &mut |_| ()).expect_err("the folder is no demo any more");
    assert_eq!(refused.0[0].code, Code::Occupied);
    assert!(directory.join("truth.json").is_file());

    let file = folder.path().join("file");
    fs::write(&file, "somebody's").expect("a file for the test");
    for (place, code) in [(file.clone(), Code::Occupied), (file.join("demo"), Code::Unwritable)] {
        let refused = demo::write(&place, 20, 1, &mut |_| ()).expect_err("there is a file in the way");
        assert_eq!(refused.0[0].code, code, "{}", place.display());
    }
    assert_eq!(
        fs::read_to_string(&file).expect("the file is still there"),
        "somebody's"
    );

    let refused = demo::write(&folder.path().join("none"), 0, 1, &mut |_| ()).expect_err("there must be clients");
    assert_eq!(refused.0[0].code, Code::Usage);
    assert!(!folder.path().join("none").exists());
}

#[test]
fn progress_ends_with_all_clients() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let mut last = 0;
    demo::write(&folder.path().join("demo"), 30, 1, &mut |done| last = done).expect("the demo is written");
    assert_eq!(last, demo::total_clients(30));
    assert_eq!(last, 38);
}
