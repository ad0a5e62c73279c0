//! Our own statements, compiled from the configs and run on the embedded engine, return the rows that the reference's statements
//! return on Google's reference implementation.

mod fixture_cases;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

use fixture_cases::{Schemas, differences, enrollments_table, read, schemas, shared, slugs, stand_ins};
use isobar::analysis::{Analysis, Period};
use isobar::config::{self, Configs};
use isobar::experiment;
use isobar::pipeline::{self, Selection, Work};
use isobar::sql::duckdb::Functions;
use isobar::sql::script::Statement;
use isobar::stats::Compat;
use isobar::tables::Destination;
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Warehouse};
use serde_json::Value as Json;

#[derive(Default)]
struct Totals {
    cases: AtomicUsize,
    statements: AtomicUsize,
    rows: AtomicUsize,
    cells: AtomicUsize,
    faults: Mutex<Vec<String>>,
}

#[test]
fn our_statements_return_the_reference_rows() {
    let Some(shared) = shared() else { return };
    let configs = config::load(&[shared.join("metric-hub")]).unwrap();
    let functions = Functions::load(&[stand_ins(&shared)]).unwrap();
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
                    check(&shared, &configs, &schemas, &functions, slug, &totals);
                }
            });
        }
    });
    let faults = totals.faults.into_inner().unwrap();
    println!(
        "{} cases, {} statements, {} rows, {} cells, {} differences",
        totals.cases.into_inner(),
        totals.statements.into_inner(),
        totals.rows.into_inner(),
        totals.cells.into_inner(),
        faults.len()
    );
    let shown: Vec<&str> = faults.iter().take(100).map(String::as_str).collect();
    assert!(faults.is_empty(), "{}", shown.join("\n"));
}

/// The work of an experiment's whole life.
fn work(shared: &Path, configs: &Configs, slug: &str) -> (Analysis, Work) {
    let file = shared.join(format!("corpus/experiments/{slug}.json"));
    let (experiments, _) = experiment::load(&[file]).unwrap();
    let analysis = configs.resolve(&experiments[0]).unwrap();
    let selection = Selection { date: None, periods: Period::ALL.to_vec(), compat: Compat::Jetstream };
    let destination = Destination {
        project: "moz-fx-data-experiments".to_string(),
        dataset: "mozanalysis".to_string(),
        slug: slug.to_string(),
    };
    let work = pipeline::compile(&analysis, &selection, &destination).unwrap();
    (analysis, work)
}

/// The index of the window that a reference statement of a period was made for.
fn window_index(resolved: &Json, period: &str) -> Option<i64> {
    resolved["schedule"][period]["sql_at"]["window_index"].as_i64()
}

/// Our statement for a file of the reference: `enrollments.sql` or `metrics_<period>_<basis>.sql`; others are not compared here.
fn ours<'a>(work: &'a Work, resolved: &Json, file: &str) -> Option<&'a Statement> {
    if file == "enrollments.sql" {
        return work.cohort.as_ref().map(|cohort| &cohort.statement);
    }
    let (period, basis) = file.strip_prefix("metrics_")?.strip_suffix(".sql")?.rsplit_once('_')?;
    let index = window_index(resolved, period)?;
    let windows = work.windows.iter().filter(|work| work.window.period.as_str() == period);
    let bases = windows.filter(|work| work.window.index == index).flat_map(|work| &work.bases);
    bases.filter(|work| work.basis.as_str() == basis).map(|work| &work.metrics).next()
}

fn check(shared: &Path, configs: &Configs, schemas: &Schemas, functions: &Functions, slug: &str, totals: &Totals) {
    let case = read(shared, schemas, slug);
    let resolved = std::fs::read_to_string(shared.join(format!("corpus/resolved/{slug}.json"))).unwrap();
    let resolved: Json = serde_json::from_str(&resolved).unwrap();
    let (_, work) = work(shared, configs, slug);
    let limits = Limits { memory: Some("4GB".into()), threads: Some(1) };
    let engine = DuckDb::in_memory(functions.clone(), &limits).unwrap();
    for (table, rows) in &case.telemetry {
        engine.load(table, rows).unwrap();
    }
    for expected in &case.statements {
        let Some(statement) = ours(&work, &resolved, &expected.file) else {
            if expected.file.starts_with("metrics_") {
                totals.faults.lock().unwrap().push(format!("{slug}/{}: no statement of ours", expected.file));
            }
            continue;
        };
        let text = statement.sql.replace("CURRENT_DATE()", &format!("DATE '{}'", case.current_date));
        let left_out: Vec<&str> = (case.nondeterministic.iter())
            .filter(|(file, _)| *file == expected.file)
            .map(|(_, column)| column.as_str())
            .collect();
        let found = match engine.query(&statement.name, &text) {
            Ok(rows) => differences(&expected.rows, &rows, &left_out),
            Err(faults) => vec![faults.to_string()],
        };
        let place = format!("{slug}/{}", expected.file);
        totals.faults.lock().unwrap().extend(found.iter().take(3).map(|fault| format!("{place}: {fault}")));
        if expected.file == "enrollments.sql" {
            engine.load(&enrollments_table(slug), &expected.rows).unwrap();
        }
        totals.statements.fetch_add(1, Ordering::Relaxed);
        totals.rows.fetch_add(expected.rows.rows.len(), Ordering::Relaxed);
        let columns = expected.rows.columns.len() - left_out.len();
        totals.cells.fetch_add(expected.rows.rows.len() * columns, Ordering::Relaxed);
    }
    totals.cases.fetch_add(1, Ordering::Relaxed);
}
