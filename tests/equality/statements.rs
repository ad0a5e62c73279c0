//! The statements of a corpus experiment, and which of them answers to which file of the reference.

use std::path::Path;

use isobar::config::Configs;
use isobar::diagnostics::Result;
use isobar::experiment;
use isobar::pipeline::{self, BasisWork, Selection, Work};
use isobar::schedule::Window;
use isobar::sql::script::Statement;
use isobar::stats::Compat;
use isobar::tables::Destination;
use serde_json::Value as Json;

use super::fixtures::{Case, Expected};

/// Experiments whose custom enrollment query keeps one of several equally early rows of a client (`ROW_NUMBER() ... = 1` over a date):
/// which one is not defined, so only the client and the date are compared.
pub const TIES: [&str; 6] = [
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

/// The columns of a statement of the reference whose values are not defined.
pub fn left_out<'a>(slug: &str, case: &'a Case, expected: &'a Expected) -> Vec<&'a str> {
    match expected.file.as_str() {
        "enrollments.sql" if TIES.contains(&slug) => (expected.rows.columns.iter())
            .map(|(name, _)| name.as_str())
            .filter(|name| !["analysis_id", "enrollment_date"].contains(name))
            .collect(),
        _ => (case.nondeterministic.iter())
            .filter(|(file, _)| *file == expected.file)
            .map(|(_, column)| column.as_str())
            .chain((UNORDERED.0 == slug && expected.file != "enrollments.sql").then_some(UNORDERED.1))
            .collect(),
    }
}

/// The work of an experiment's whole life. Some experiments of the corpus do not resolve.
pub fn work(shared: &Path, configs: &Configs, slug: &str) -> Result<Work> {
    work_by(shared, configs, slug, false)
}

/// The same as statements that stand alone.
pub fn work_inline(shared: &Path, configs: &Configs, slug: &str) -> Result<Work> {
    work_by(shared, configs, slug, true)
}

fn work_by(shared: &Path, configs: &Configs, slug: &str, inline: bool) -> Result<Work> {
    let file = shared.join(format!("corpus/experiments/{slug}.json"));
    let (experiments, _) = experiment::load(&[file]).unwrap();
    let analysis = configs.resolve(&experiments[0])?;
    let selection = Selection {
        compat: Compat::Jetstream,
        inline,
        ..Selection::default()
    };
    let destination = Destination {
        project: "moz-fx-data-experiments".to_string(),
        dataset: "mozanalysis".to_string(),
        slug: slug.to_string(),
    };
    pipeline::compile(&analysis, &selection, &destination)
}

/// Our statement for a file of the reference, `enrollments.sql` or `metrics_<period>_<basis>.sql`.
pub fn ours<'a>(work: &'a Work, resolved: &Json, expected: &Expected) -> Option<&'a Statement> {
    match expected.file.as_str() {
        "enrollments.sql" => work.cohort.as_ref().map(|cohort| &cohort.statement),
        file => Some(&basis(work, resolved, file)?.metrics),
    }
}

/// The work that answers to a file `metrics_<period>_<basis>.sql`, whose window the resolved experiment names.
pub fn basis<'a>(work: &'a Work, resolved: &Json, file: &str) -> Option<&'a BasisWork> {
    let (period, basis) = file.strip_prefix("metrics_")?.strip_suffix(".sql")?.rsplit_once('_')?;
    let index = resolved["schedule"][period]["sql_at"]["window_index"].as_i64()?;
    let is_meant = |window: &Window| window.period.as_str() == period && window.index == index;
    let window = work.windows.iter().find(|work| is_meant(&work.window))?;
    window.bases.iter().find(|work| work.basis.as_str() == basis)
}

/// What the reference made of an experiment.
pub fn resolved(shared: &Path, slug: &str) -> Json {
    let text = std::fs::read_to_string(shared.join(format!("corpus/resolved/{slug}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}
