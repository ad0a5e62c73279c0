//! How much memory the program takes to summarise a metric table, by the number of clients: one histogram, one histogram of pairs and the
//! moments of a float metric with nearly as many distinct values as clients, in three branches.
//!
//! `cargo bench --bench memory [-- CLIENTS...]` (with the features of the build). The embedded engine keeps its data in a file and is held to a
//! limit of memory of its own, which is part of the figure; each figure is the peak of a new process. Linux only.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use indexmap::IndexMap;
use isobar::analysis::{Basis, Period};
use isobar::plan::node::Relation;
use isobar::plan::summarize::{Source, SourceKind, summarize};
use isobar::results::decode;
use isobar::sql::duckdb::Functions;
use isobar::sql::script::{Purpose, Statement, TableName, Target};
use isobar::stats::{Bootstrap, Compat, Context, Request, Statistic};
use isobar::summary::{ColumnKind, Demand};
use isobar::warehouse::duckdb::{Access, Limits};
use isobar::warehouse::{DuckDb, Warehouse};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The engine's own limit.
const LIMIT: &str = "300MB";

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [word, folder] = arguments.as_slice()
        && word == "--once"
    {
        return once(Path::new(folder));
    }
    let mut sizes: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![100_000, 1_000_000, 10_000_000];
    }
    let program = std::env::current_exe().expect("a program knows its path");
    println!("| clients | distinct values read | as | time | peak memory, of it {LIMIT} the engine may take |");
    println!("| --- | --- | --- | --- | --- |");
    for clients in sizes {
        let folder = std::env::temp_dir().join(format!("isobar-memory-{clients}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        fill(&folder, clients);
        let output = Command::new(&program).arg("--once").arg(&folder).output();
        let output = output.expect("the bench can run itself");
        print!("| {clients} {}", String::from_utf8_lossy(&output.stdout));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::remove_dir_all(&folder).expect("the folder can be removed");
    }
}

fn table() -> TableName {
    TableName {
        project: "results".into(),
        dataset: "mozanalysis".into(),
        table: "x_enrollments_week_1".into(),
    }
}

fn open(folder: &Path, access: Access) -> DuckDb {
    let limits = Limits {
        memory: Some(LIMIT.into()),
        threads: Some(1),
    };
    DuckDb::open(folder, Functions::default(), access, &limits).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A metric table: hours of a heavy-tailed law, nearly all distinct, and searches that go with them.
fn fill(folder: &Path, clients: u64) {
    let sql = format!(
        "SELECT CAST(i AS STRING) AS analysis_id, CASE MOD(i, 3) WHEN 0 THEN 'control' WHEN 1 THEN 'a' ELSE 'b' END AS branch, \
         DATE '2026-01-05' AS enrollment_date, DATE '2026-01-05' AS exposure_date, \
         EXP(8 * (i * 0.6180339887498949 - FLOOR(i * 0.6180339887498949)) - 3) AS hours, \
         FLOOR(EXP(5 * (i * 0.4142135623730951 - FLOOR(i * 0.4142135623730951)))) AS searches \
         FROM UNNEST(GENERATE_ARRAY(1, {clients})) AS i"
    );
    let statement = Statement {
        name: "fill".into(),
        purpose: Purpose::Summaries,
        sql,
        target: Target::Table(table()),
        reads: Vec::new(),
    };
    open(folder, Access::Write)
        .execute(&statement)
        .unwrap_or_else(|faults| panic!("{faults}"));
}

/// Summarises and estimates, then tells the figures of this process.
fn once(folder: &Path) {
    let start = Instant::now();
    let bootstrap = Bootstrap {
        confidence: 0.95,
        drop_highest: 0.005,
        samples: 10_000.0,
    };
    let statistics = [
        Statistic::Sum,
        Statistic::BootstrapMean(bootstrap),
        Statistic::Deciles {
            confidence: 0.95,
            samples: 10_000.0,
        },
        Statistic::PopulationRatio {
            numerator: "searches".into(),
            denominator: "hours".into(),
            bootstrap,
        },
    ];
    let requests = statistics.map(|statistic| Request {
        metric: "hours".into(),
        statistic,
        pre_treatments: Vec::new(),
    });
    let branches = ["control", "a", "b"].map(str::to_string);
    let context = Context {
        period: Period::Week,
        days: 7,
        basis: Basis::Enrollments,
        window_index: Some(1),
        branches: &branches,
        compat: Compat::None,
    };
    let mut demand = Demand::default();
    requests
        .iter()
        .for_each(|request| request.demand(&context, &mut demand));
    let kinds = [("hours", ColumnKind::Float), ("searches", ColumnKind::Float)];
    let source = Source {
        table: Relation::stored(table()),
        with: Vec::new(),
        columns: kinds.map(|(name, kind)| (name.to_string(), kind)).into(),
        kind: SourceKind::MetricTable {
            exposed_only: false,
            pre_periods: IndexMap::new(),
        },
        segments: Vec::new(),
        title: "a table of many clients".into(),
        name: "summaries".into(),
    };
    let query = summarize(&demand, &source).unwrap_or_else(|faults| panic!("{faults}"));
    let engine = open(folder, Access::Read);
    let summaries = decode::read(&query, &engine, &branches, &mut |_| {}).unwrap_or_else(|faults| panic!("{faults}"));
    let rows: usize = (requests.iter())
        .map(|request| request.estimate(&summaries, &context).rows.len())
        .sum();
    assert!(rows > 0, "the statistics have rows");
    let groups = summaries.cells.iter().flat_map(|cell| cell.groups.values());
    let (mut distinct, mut bins) = (0, 0);
    for branch in groups.flat_map(|group| group.branches.values()) {
        bins += branch.histogram.len();
        distinct += match branch.distinct {
            0 => branch.histogram.len() as i64,
            distinct => distinct,
        };
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = (status.lines())
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or(" unknown");
    println!(
        "| {distinct} | {bins} bins | {:.1} s | {} |",
        start.elapsed().as_secs_f64(),
        peak.trim()
    );
}
