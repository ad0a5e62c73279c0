//! On each fixture's telemetry, two statements are run on the embedded engine and must return the rows that Google's reference
//! implementation returns for the reference's statement: that statement itself, which tests the translation, and our own,
//! compiled from the same configs, which tests the compiler.

mod cases;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cases::{
    Expected, Schemas, differences, enrollments_table, read, schemas, shared, slugs, stand_ins, unpack_reference,
};
use isobar::analysis::{Analysis, Period};
use isobar::config::{self, Configs};
use isobar::diagnostics::Result;
use isobar::experiment;
use isobar::pipeline::{self, Selection, Work};
use isobar::sql::duckdb::Functions;
use isobar::sql::script::Statement;
use isobar::stats::Compat;
use isobar::tables::Destination;
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Warehouse};
use serde_json::Value as Json;

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

/// Cells of ours beyond those that the fixture names: `mozfun.stats.mode_last(ARRAY_AGG(country))` without an order takes the last of
/// equally frequent values in whatever order the join returns rows.
const UNORDERED: (&str, &str) = (
    "bug-1669364-pref-verify-changing-location-service-providers-still-release-82-83",
    "country",
);

/// Of how many experiments one is also computed by statements that read no stored table.
const EACH_INLINE: usize = 8;

/// What was compared.
#[derive(Default)]
struct Totals {
    cases: AtomicUsize,
    statements: AtomicUsize,
    rows: AtomicUsize,
    cells: AtomicUsize,
    left_out: AtomicUsize,
    inline: AtomicUsize,
    faults: Mutex<Vec<String>>,
}

/// What every case needs.
struct Suite {
    shared: std::path::PathBuf,
    /// The folder of the reference's statements.
    reference: tempfile::TempDir,
    configs: Configs,
    schemas: Schemas,
    functions: Functions,
    totals: Totals,
}

#[test]
fn statements_return_the_reference_rows() {
    let Some(shared) = shared() else { return };
    let reference = tempfile::tempdir().unwrap();
    unpack_reference(&shared, reference.path());
    let suite = Suite {
        reference,
        configs: config::load(&[shared.join("metric-hub")]).unwrap(),
        schemas: schemas(&shared),
        functions: Functions::load(&[stand_ins(&shared)]).unwrap(),
        totals: Totals::default(),
        shared,
    };
    let slugs = slugs(&suite.shared);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(slug) = slugs.get(number) else { break };
                    suite.check(number, slug);
                }
            });
        }
    });
    let totals = suite.totals;
    let faults = totals.faults.into_inner().unwrap();
    println!(
        "{} cases, {} statements of the reference and as many of ours, {} of ours inline, {} rows, {} cells each, {} nondeterministic columns left out, {} differences",
        totals.cases.into_inner(),
        totals.statements.into_inner(),
        totals.inline.into_inner(),
        totals.rows.into_inner(),
        totals.cells.into_inner(),
        totals.left_out.into_inner(),
        faults.len()
    );
    let shown: Vec<&str> = faults.iter().take(50).map(String::as_str).collect();
    assert!(faults.is_empty(), "{}", shown.join("\n"));
}

impl Suite {
    fn check(&self, number: usize, slug: &str) {
        let case = read(&self.shared, &self.schemas, slug);
        let limits = Limits {
            memory: Some("4GB".into()),
            threads: Some(1),
        };
        let engine = DuckDb::in_memory(self.functions.clone(), &limits).unwrap();
        for (table, rows) in &case.telemetry {
            engine.load(table, rows).unwrap();
        }
        let work = work(&self.shared, &self.configs, slug, pipeline::compile);
        // The cohort of a tie is another one each time.
        let inline = (number.is_multiple_of(EACH_INLINE) && !TIES.contains(&slug))
            .then(|| self::work(&self.shared, &self.configs, slug, pipeline::compile_inline));
        let resolved = std::fs::read_to_string(self.shared.join(format!("corpus/resolved/{slug}.json"))).unwrap();
        let resolved: Json = serde_json::from_str(&resolved).unwrap();
        for expected in &case.statements {
            let left_out: Vec<&str> = match expected.file.as_str() {
                "enrollments.sql" if TIES.contains(&slug) => (expected.rows.columns.iter())
                    .map(|(name, _)| name.as_str())
                    .filter(|name| !["analysis_id", "enrollment_date"].contains(name))
                    .collect(),
                _ => (case.nondeterministic.iter())
                    .filter(|(file, _)| *file == expected.file)
                    .map(|(_, column)| column.as_str())
                    .chain((UNORDERED.0 == slug && expected.file != "enrollments.sql").then_some(UNORDERED.1))
                    .collect(),
            };
            let compare = |whose: &str, sql: &str| {
                let sql = sql.replace("CURRENT_DATE()", &format!("DATE '{}'", case.current_date));
                let found = match engine.query(&expected.file, &sql) {
                    Ok(rows) => differences(&expected.rows, &rows, &left_out),
                    Err(faults) => vec![faults.to_string()],
                };
                self.fault(
                    found
                        .iter()
                        .take(3)
                        .map(|fault| format!("{slug}/{}, {whose}: {fault}", expected.file)),
                );
            };
            let file = self.reference.path().join("sql").join(slug).join(&expected.file);
            compare("reference", &std::fs::read_to_string(file).unwrap());
            match ours(&work, &resolved, expected) {
                Some(statement) => compare("ours", &statement.sql),
                None => self.fault([format!("{slug}/{}: there is no such statement of ours", expected.file)]),
            }
            if let Some(statement) = inline.as_ref().and_then(|work| ours(work, &resolved, expected)) {
                self.totals.inline.fetch_add(1, Ordering::Relaxed);
                compare("ours inline", &statement.sql);
            }
            if expected.file == "enrollments.sql" {
                engine.load(&enrollments_table(slug), &expected.rows).unwrap();
            }
            let totals = &self.totals;
            let is_compared = |column: &&(String, isobar::sql::types::Type)| !left_out.contains(&column.0.as_str());
            let columns = expected.rows.columns.iter().filter(is_compared).count();
            totals.statements.fetch_add(1, Ordering::Relaxed);
            totals.rows.fetch_add(expected.rows.rows.len(), Ordering::Relaxed);
            totals
                .cells
                .fetch_add(expected.rows.rows.len() * columns, Ordering::Relaxed);
            totals.left_out.fetch_add(left_out.len(), Ordering::Relaxed);
        }
        self.totals.cases.fetch_add(1, Ordering::Relaxed);
    }

    fn fault(&self, faults: impl IntoIterator<Item = String>) {
        self.totals.faults.lock().unwrap().extend(faults);
    }
}

/// The work of an experiment's whole life.
fn work(
    shared: &Path,
    configs: &Configs,
    slug: &str,
    compile: impl Fn(&Analysis, &Selection, &Destination) -> Result<Work>,
) -> Work {
    let file = shared.join(format!("corpus/experiments/{slug}.json"));
    let (experiments, _) = experiment::load(&[file]).unwrap();
    let analysis = configs.resolve(&experiments[0]).unwrap();
    let selection = Selection {
        date: None,
        periods: Period::ALL.to_vec(),
        compat: Compat::Jetstream,
    };
    let destination = Destination {
        project: "moz-fx-data-experiments".to_string(),
        dataset: "mozanalysis".to_string(),
        slug: slug.to_string(),
    };
    compile(&analysis, &selection, &destination).unwrap()
}

/// Our statement for a file of the reference, `enrollments.sql` or `metrics_<period>_<basis>.sql`, whose window the resolved
/// experiment names.
fn ours<'a>(work: &'a Work, resolved: &Json, expected: &Expected) -> Option<&'a Statement> {
    if expected.file == "enrollments.sql" {
        return work.cohort.as_ref().map(|cohort| &cohort.statement);
    }
    let (period, basis) = expected
        .file
        .strip_prefix("metrics_")?
        .strip_suffix(".sql")?
        .rsplit_once('_')?;
    let index = resolved["schedule"][period]["sql_at"]["window_index"].as_i64()?;
    let is_meant = |window: &isobar::schedule::Window| window.period.as_str() == period && window.index == index;
    let bases = work
        .windows
        .iter()
        .filter(|work| is_meant(&work.window))
        .flat_map(|work| &work.bases);
    bases
        .filter(|work| work.basis.as_str() == basis)
        .map(|work| &work.metrics)
        .next()
}
