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
use isobar::plan::summarize::{Columns, Source, SourceKind, summarize};
use isobar::sql::duckdb::Functions;
use isobar::tables::TableName;
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Rows, Warehouse};

use crate::equality::differences::differences;
use crate::equality::fixtures::{Schemas, enrollments_table, read, schemas};
use crate::equality::statements::{basis, left_out, ours, resolved, work};
use crate::oracle::Oracle;

/// The experiments, and what each stands for: app, unit, and what its config has or calls.
const CASES: [(&str, &str); 58] = [
    (
        "cross-platform-enhanced-suggest-android",
        "Fenix: metrics of metrics, ANY_VALUE",
    ),
    ("android-top-of-suggest-placement-re-run", "Fenix: metrics of metrics"),
    ("no-config-fenix-3", "Fenix: plain"),
    ("new-unified-search-for-firefox-android", "Fenix: monetized_search"),
    ("android-reengagement-push-world-cup", "Fenix: segments, ANY_VALUE"),
    (
        "android-beta-sponsored-shortcuts-validation",
        "Fenix: segments, PARSE_DATETIME",
    ),
    ("all-users-day-5-reengagement-push", "Fenix: segments, days_since_seen"),
    ("vpn-android", "Fenix: segments"),
    ("android-private-window-visual-refresh", "Fenix: exposure signal"),
    (
        "android-review-checker-new-users",
        "Fenix: exposure signal from day 0 to day 7",
    ),
    (
        "cbhqps-german-hold-back-mobile-android",
        "Fenix: exposure signal up to analysis window end",
    ),
    ("bug-1726656-pref-tab-unloading-nightly-93-94", "desktop: ANY_VALUE"),
    ("recommend-add-ons-staff-pick-part-2", "desktop: ARRAY_AGG"),
    ("pin-frequently-used-websites-141", "desktop: MAX_BY"),
    (
        "bug-1669364-pref-verify-changing-location-service-providers-still-release-82-83",
        "desktop: mode_last, ARRAY_AGG",
    ),
    ("sync-and-back-up-value-proposition-experiment", "desktop: plain"),
    (
        "message-experiment-new-tab-mobile-qr-code",
        "desktop: sample of clients",
    ),
    (
        "device-migration-existing-user-multi-message-spotlight",
        "desktop: segments, ANY_VALUE",
    ),
    ("keep-in-dock", "desktop: segments, BIT_COUNT"),
    (
        "navigational-suggestions",
        "desktop: segments, metrics of metrics, CONTAINS_SUBSTR",
    ),
    (
        "desktop-to-mobile-adoption-promo-signed-into-account-eu",
        "desktop: segments",
    ),
    (
        "churned-new-profiles-day-5-resurrection-feature-recommendation",
        "desktop: segments, custom enrollment query, ARRAY_AGG, QUALIFY, ROW_NUMBER",
    ),
    (
        "whats-new-notification-tab-groups",
        "desktop: segments, custom enrollment query, MAX_BY, QUALIFY, ROW_NUMBER",
    ),
    (
        "churn-risk-os-notification",
        "desktop: segments, custom enrollment query, QUALIFY, ROW_NUMBER, ANY_VALUE",
    ),
    (
        "48hr-os-notification-for-churned-resurrected-users",
        "desktop: segments, custom enrollment query, QUALIFY, ROW_NUMBER",
    ),
    (
        "new-alt-text-flow-and-generation",
        "desktop: exposure signal up to analysis window end, FULL OUTER",
    ),
    (
        "ai-tab-groups-experiment-with-opt-in-100-population",
        "desktop: exposure signal from day 0 to analysis window end, MAX_BY",
    ),
    (
        "desktop-release-show-relay-to-all-browsers",
        "desktop: exposure signal, metrics of metrics",
    ),
    (
        "mozilla-vpn-suggestions-holdback",
        "desktop: exposure signal up to analysis window end, metrics of metrics",
    ),
    (
        "semantic-history-search-contextual-embeddings",
        "desktop: exposure signal from enrollment start to analysis window end, metrics of metrics",
    ),
    (
        "sidebar-vertical-tabs-layout-and-new-tools",
        "desktop: exposure signal up to analysis window end, extract_version",
    ),
    ("privacy-enhancing-firefox-suggest-m31", "desktop: exposure signal"),
    (
        "us-review-checker-v2-holdback-experiment",
        "desktop: exposure signal from day 0 to day 7",
    ),
    (
        "simplified-chatbot-onboarding",
        "desktop: exposure signal from day 0 to analysis window end",
    ),
    ("cbb-us-hold-back-with-promo-v2", "desktop: exposure signal up to day 7"),
    (
        "canvas-fingerprinting-protection",
        "desktop: exposure signal up to analysis window end",
    ),
    (
        "firefox-suggest-by-merino-beta",
        "desktop: exposure signal from analysis window start to analysis window end",
    ),
    (
        "desktop-credit-card-autofill-global-enablement-holdback",
        "desktop: exposure signal from day 0 to day 7, custom enrollment query",
    ),
    (
        "new-tab-inferred-content-personalization",
        "desktop: exposure signal up to analysis window end, sample of clients",
    ),
    (
        "default-browser-adoption-experiment",
        "desktop, profile_group_id: ARRAY_AGG",
    ),
    (
        "firefox-accounts-toolbar-button-default-visibility-2",
        "desktop, profile_group_id: plain",
    ),
    (
        "new-tab-automated-personalization-local-ranking",
        "desktop, profile_group_id: sample of clients",
    ),
    (
        "import-bookmarks-copy",
        "desktop, profile_group_id: segments, ANY_VALUE",
    ),
    (
        "facebook-container-addon-early-day-us",
        "desktop, profile_group_id: segments, ARRAY_AGG",
    ),
    (
        "address-bar-update-launch-extention",
        "desktop, profile_group_id: segments, normalize_search_engine",
    ),
    (
        "week-1-privacy-focused-nudges-for-resurrected-users",
        "desktop, profile_group_id: segments",
    ),
    (
        "interaction-frecency-enhancement-v2",
        "desktop, profile_group_id: exposure signal up to analysis window end, metrics of metrics",
    ),
    (
        "semantic-history-search-v3",
        "desktop, profile_group_id: exposure signal from enrollment start to analysis window end, metrics of metrics",
    ),
    ("ios-worldcup-feature-1512", "iOS: plain"),
    (
        "firefox-ios-homepage-experiment-sponsored-shortcuts",
        "iOS: segments, PARSE_DATETIME",
    ),
    (
        "release-firefox-ios-mr-new-user-onboarding",
        "iOS: segments, extract_version",
    ),
    ("new-toolbar-ios-ios-redesign-iteration-1", "iOS: segments"),
    (
        "ios-review-checker-new-users",
        "iOS: exposure signal from day 0 to day 7",
    ),
    (
        "mobile-default-browser-cta-copy-test-ios",
        "iOS: exposure signal up to analysis window end",
    ),
    ("no-config-focus-android-1", "Focus on Android: plain"),
    ("no-config-focus-ios-3", "Focus on iOS: plain"),
    ("no-config-klar-android-1", "Klar on Android: plain"),
    ("no-config-klar-ios-2", "Klar on iOS: plain"),
];

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
                    suite.check(&mut oracle, slug, place % SUMMARIES_OF == 0);
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
            let query = summarize(&basis.demand, &actual(&basis.source, &columns)).unwrap();
            for statement in &query.statements {
                let name = format!("{slug}/{}", statement.name);
                let expected = oracle.query(&statement.sql);
                let found = engine.query(&name, &statement.sql).map_err(|faults| faults.to_string());
                self.totals.summaries.fetch_add(1, Ordering::Relaxed);
                match (expected, found) {
                    (Ok(expected), Ok(found)) => {
                        let found = differences(&expected, &found, &[]);
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

/// The source with the columns that its tables have, as a run takes it.
fn actual(source: &Source, columns: &IndexMap<TableName, Columns>) -> Source {
    let SourceKind::MetricTable {
        exposed_only,
        pre_periods,
    } = &source.kind
    else {
        unreachable!("a window's source is a metric table")
    };
    let there = |(period, (table, _)): (&String, &(TableName, Columns))| {
        Some((period.clone(), (table.clone(), columns.get(table)?.clone())))
    };
    Source {
        columns: columns[&source.table].clone(),
        kind: SourceKind::MetricTable {
            exposed_only: *exposed_only,
            pre_periods: pre_periods.iter().filter_map(there).collect(),
        },
        ..source.clone()
    }
}
