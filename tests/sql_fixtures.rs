//! The reference's own statements, translated and run on the embedded engine, return the rows that Google's reference implementation
//! returns for them.

mod fixture_cases;

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fixture_cases::{Schemas, differences, enrollments_table, read, schemas, shared, slugs, unpack_reference};
use isobar::diagnostics::Source;
use isobar::sql::duckdb::Functions;
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Warehouse};

/// Experiments whose custom enrollment query keeps one of several equally early rows of a client (`ROW_NUMBER() ... = 1` over a date):
/// which one is not defined, so only the client and the date are compared.
const TIES: [&str; 6] = [
    "48hr-os-notification-for-churned-resurrected-users",
    "churn-risk-os-notification",
    "churned-new-profiles-day-5-resurrection-feature-recommendation",
    "recommended-add-ons-os-notification-experiment",
    "whats-new-notification-sidebarvertical-tabs",
    "whats-new-notification-tab-groups",
];

/// What a run has seen.
#[derive(Default)]
struct Totals {
    cases: AtomicUsize,
    statements: AtomicUsize,
    rows: AtomicUsize,
    cells: AtomicUsize,
    left_out: AtomicUsize,
    faults: Mutex<Vec<String>>,
}

#[test]
fn reference_statements_return_their_rows() {
    let Some(shared) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    unpack_reference(&shared, folder.path());
    let text = std::fs::read_to_string(shared.join("fixtures/sql/functions.sql")).unwrap();
    // Only the stand-ins for private functions: the others are our own.
    let private: Vec<&str> = text
        .split("\n\n")
        .filter(|part| part.contains("udf.monetized_search`(") || part.contains("udf.normalize_search_engine`("))
        .collect();
    let source = Arc::new(Source {
        path: "functions.sql".into(),
        text: private.join("\n\n"),
    });
    let functions = Functions::load(&[source]).unwrap();
    let schemas = schemas(&shared);
    let wanted = std::env::var("ISOBAR_CASE").ok();
    let mut slugs = slugs(&shared);
    slugs.retain(|slug| wanted.as_ref().is_none_or(|wanted| slug == wanted));
    let next = AtomicUsize::new(0);
    let totals = Totals::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(slug) = slugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(&shared, &schemas, folder.path(), &functions, slug, &totals);
                }
            });
        }
    });
    let faults = totals.faults.into_inner().unwrap();
    println!(
        "{} cases, {} statements, {} rows, {} cells, {} nondeterministic columns left out, {} differences",
        totals.cases.into_inner(),
        totals.statements.into_inner(),
        totals.rows.into_inner(),
        totals.cells.into_inner(),
        totals.left_out.into_inner(),
        faults.len()
    );
    let shown: Vec<&str> = faults.iter().take(200).map(String::as_str).collect();
    assert!(faults.is_empty(), "{}", shown.join("\n"));
}

fn check(shared: &Path, schemas: &Schemas, sql: &Path, functions: &Functions, slug: &str, totals: &Totals) {
    let case = read(shared, schemas, slug);
    let limits = Limits {
        memory: Some("4GB".into()),
        threads: Some(1),
    };
    let engine = DuckDb::in_memory(functions.clone(), &limits).unwrap();
    for (table, rows) in &case.telemetry {
        engine.load(table, rows).unwrap();
    }
    for expected in &case.statements {
        let began = std::time::Instant::now();
        let text = std::fs::read_to_string(sql.join("sql").join(slug).join(&expected.file)).unwrap();
        let text = text.replace("CURRENT_DATE()", &format!("DATE '{}'", case.current_date));
        let left_out: Vec<&str> = match expected.file.as_str() {
            "enrollments.sql" if TIES.contains(&slug) => (expected.rows.columns.iter())
                .map(|(name, _)| name.as_str())
                .filter(|name| !["analysis_id", "enrollment_date"].contains(name))
                .collect(),
            _ => (case.nondeterministic.iter())
                .filter(|(file, _)| *file == expected.file)
                .map(|(_, column)| column.as_str())
                .collect(),
        };
        let place = format!("{slug}/{}", expected.file);
        let found = match engine.query(&expected.file, &text) {
            Ok(rows) => differences(&expected.rows, &rows, &left_out),
            Err(faults) => vec![faults.to_string()],
        };
        if !found.is_empty() {
            let mut faults = totals.faults.lock().unwrap();
            faults.extend(found.iter().take(5).map(|fault| format!("{place}: {fault}")));
        }
        let took = began.elapsed();
        if took.as_secs_f64() > 1.0 {
            println!("{place}: {:.1} s", took.as_secs_f64());
        }
        if expected.file == "enrollments.sql" {
            engine.load(&enrollments_table(slug), &expected.rows).unwrap();
        }
        totals.statements.fetch_add(1, Ordering::Relaxed);
        totals.rows.fetch_add(expected.rows.rows.len(), Ordering::Relaxed);
        totals.left_out.fetch_add(left_out.len(), Ordering::Relaxed);
        let columns = expected.rows.columns.len() - left_out.len();
        totals
            .cells
            .fetch_add(expected.rows.rows.len() * columns, Ordering::Relaxed);
    }
    totals.cases.fetch_add(1, Ordering::Relaxed);
}
