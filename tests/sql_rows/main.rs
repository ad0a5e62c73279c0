//! On each fixture's telemetry, two statements are run on the embedded engine and must return the rows that Google's reference
//! implementation returns for the reference's statement: that statement itself, which tests the translation, and our own,
//! compiled from the same configs, which tests the compiler.

#[path = "../equality/mod.rs"]
mod equality;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use equality::differences::differences;
use equality::fixtures::{Schemas, enrollments_table, read, schemas, shared, slugs, stand_ins, unpack_reference};
use equality::statements::{TIES, left_out, ours, resolved, work, work_inline};
use isobar::config::{self, Configs};
use isobar::sql::duckdb::Functions;
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Warehouse};

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
    reference_bytes: AtomicUsize,
    bytes: AtomicUsize,
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
    println!(
        "{} bytes of the reference's SQL, {} of ours",
        totals.reference_bytes.into_inner(),
        totals.bytes.into_inner()
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
        let work = work(&self.shared, &self.configs, slug).unwrap();
        // The cohort of a tie is another one each time.
        let inline = (number.is_multiple_of(EACH_INLINE) && !TIES.contains(&slug))
            .then(|| work_inline(&self.shared, &self.configs, slug).unwrap());
        let resolved = resolved(&self.shared, slug);
        for expected in &case.statements {
            let left_out = left_out(slug, &case, expected);
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
            let reference = std::fs::read_to_string(file).unwrap();
            compare("reference", &reference);
            self.totals
                .reference_bytes
                .fetch_add(reference.len(), Ordering::Relaxed);
            match ours(&work, &resolved, expected) {
                Some(statement) => {
                    compare("ours", &statement.sql);
                    self.totals.bytes.fetch_add(statement.sql.len(), Ordering::Relaxed);
                }
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
