//! Our statements executed on Google's reference implementation, over the telemetry of the row fixtures: a selection of experiments, one for
//! each combination of properties that the fixtures have. The summaries of some run on the embedded engine as well, and must agree.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use indexmap::IndexMap;
use isobar::config::{self, Configs};
use isobar::extract::column_kind;
use isobar::pipeline::BasisWork;
use isobar::plan::summarize::{Columns, summarize};
use isobar::sql::duckdb::Functions;
use isobar::summary::{Cell, ColumnKind, Covariate, CovariateNeed, Need};
use isobar::tables::TableName;
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Rows, Value, Warehouse};

use crate::equality::differences::{differences, differences_within};
use crate::equality::fixtures::{Schemas, enrollments_table, read, schemas};
use crate::equality::statements::{basis, left_out, ours, resolved, work};
use crate::oracle::Oracle;
use crate::selection::CASES;
use crate::summaries::{actual, rounding};

/// Of every so many experiments one has its summaries compared.
const SUMMARIES_OF: usize = 4;

/// What was compared.
#[derive(Default)]
struct Totals {
    statements: AtomicUsize,
    rows: AtomicUsize,
    cells: AtomicUsize,
    summaries: AtomicUsize,
    summary_rows: AtomicUsize,
    faults: Mutex<Vec<String>>,
}

struct Suite {
    shared: PathBuf,
    configs: Configs,
    schemas: Schemas,
    /// The functions that statements call, for Google's engine.
    functions: String,
    totals: Totals,
}

/// Executes the selection and prints what was compared. Returns the differences.
pub fn execute(shared: &Path, python: &Path, functions: String) -> Vec<String> {
    let start = Instant::now();
    let suite = Suite {
        configs: config::load(&[shared.join("metric-hub")]).unwrap(),
        schemas: schemas(shared),
        functions,
        totals: Totals::default(),
        shared: shared.to_path_buf(),
    };
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut oracle = Oracle::start(python);
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((slug, _)) = CASES.get(place) else { break };
                    suite.check(&mut oracle, slug, place.is_multiple_of(SUMMARIES_OF));
                }
            });
        }
    });
    let totals = suite.totals;
    let faults = totals.faults.into_inner().unwrap();
    println!(
        "{} s: {} cases, {} statements, {} rows, {} cells, {} summary statements with {} rows, {} differences",
        start.elapsed().as_secs(),
        CASES.len(),
        totals.statements.into_inner(),
        totals.rows.into_inner(),
        totals.cells.into_inner(),
        totals.summaries.into_inner(),
        totals.summary_rows.into_inner(),
        faults.len()
    );
    faults
}

impl Suite {
    fn check(&self, oracle: &mut Oracle, slug: &str, has_summaries: bool) {
        let case = read(&self.shared, &self.schemas, slug);
        oracle.clear();
        oracle.functions(&self.functions);
        oracle.tables(case.telemetry.iter().map(|(table, rows)| (table.to_string(), rows)));
        let work = work(&self.shared, &self.configs, slug).unwrap();
        let resolved = resolved(&self.shared, slug);
        let mut metrics: Vec<(&BasisWork, &Rows)> = Vec::new();
        for expected in &case.statements {
            let left_out = left_out(slug, &case, expected);
            let name = format!("{slug}/{}", expected.file);
            let Some(statement) = ours(&work, &resolved, expected) else {
                self.fault([format!("{name}: there is no such statement of ours")]);
                continue;
            };
            let sql = statement
                .sql
                .replace("CURRENT_DATE()", &format!("DATE '{}'", case.current_date));
            match oracle.query(&sql) {
                Ok(rows) => {
                    let found = differences(&expected.rows, &rows, &left_out);
                    self.fault(found.iter().take(3).map(|fault| format!("{name}: {fault}")));
                    let columns = rows.columns.len() - left_out.len();
                    self.totals.statements.fetch_add(1, Ordering::Relaxed);
                    self.totals.rows.fetch_add(rows.rows.len(), Ordering::Relaxed);
                    self.totals
                        .cells
                        .fetch_add(rows.rows.len() * columns, Ordering::Relaxed);
                }
                Err(fault) => self.fault([format!("{name}: {fault}")]),
            }
            if expected.file == "enrollments.sql" {
                oracle.tables([(enrollments_table(slug).to_string(), &expected.rows)]);
            }
            metrics.extend(basis(&work, &resolved, &expected.file).map(|basis| (basis, &expected.rows)));
        }
        if has_summaries {
            self.summaries(oracle, slug, &metrics);
        }
    }

    /// The summaries of metric tables, on both engines.
    fn summaries(&self, oracle: &mut Oracle, slug: &str, metrics: &[(&BasisWork, &Rows)]) {
        let limits = Limits {
            memory: Some("2GB".into()),
            threads: Some(1),
        };
        let engine = DuckDb::in_memory(Functions::load(&[]).unwrap(), &limits).unwrap();
        oracle.clear();
        oracle.tables(
            metrics
                .iter()
                .map(|(basis, rows)| (basis.node.target.to_string(), *rows)),
        );
        let mut columns: IndexMap<TableName, Columns> = IndexMap::new();
        for (basis, rows) in metrics {
            engine.load(&basis.node.target, rows).unwrap();
            let kinds = rows
                .columns
                .iter()
                .map(|(name, kind)| (name.clone(), column_kind(kind)));
            columns.insert(basis.node.target.clone(), kinds.collect());
        }
        for (basis, _) in metrics {
            let mut demand = basis.demand.clone();
            demand.cells.extend(ratio(&columns[&basis.node.target]));
            let query = summarize(&demand, &actual(&basis.source, &columns)).unwrap();
            for statement in &query.statements {
                let name = format!("{slug}/{}", statement.name);
                let expected = oracle.query(&statement.sql);
                let found = engine.query(&name, &statement.sql).map_err(|faults| faults.to_string());
                self.totals.summaries.fetch_add(1, Ordering::Relaxed);
                match (expected, found) {
                    (Ok(expected), Ok(found)) => {
                        let slack = |column: &str, row: &[Value]| rounding(&expected, column, row);
                        let found = differences_within(&expected, &found, &[], &slack);
                        self.fault(found.iter().take(3).map(|fault| format!("{name}: {fault}")));
                        self.totals
                            .summary_rows
                            .fetch_add(expected.rows.len(), Ordering::Relaxed);
                    }
                    (expected, found) => {
                        let faults = [expected.err(), found.err()];
                        self.fault(faults.into_iter().flatten().map(|fault| format!("{name}: {fault}")));
                    }
                }
            }
        }
    }

    fn fault(&self, faults: impl IntoIterator<Item = String>) {
        self.totals.faults.lock().unwrap().extend(faults);
    }
}

/// The ratio of a table's first two numbers, adjusted where their values before enrollment are there: configs of the corpus have none.
fn ratio(columns: &Columns) -> Option<Cell> {
    let mut numbers = columns
        .iter()
        .filter(|(name, kind)| {
            matches!(kind, ColumnKind::Integer | ColumnKind::Float)
                && !name.starts_with("num_")
                && !name.starts_with("analysis_")
        })
        .map(|(name, _)| name.clone());
    let (numerator, denominator) = (numbers.next()?, numbers.next()?);
    Some(Cell {
        metric: "ratio".into(),
        covariate: Some(Covariate {
            metric: numerator.clone(),
            period: "preenrollment_week".into(),
            need: CovariateNeed::Nothing,
        }),
        need: Need::Ratio { numerator, denominator },
        steps: Vec::new(),
        clip_quantile: None,
    })
}
