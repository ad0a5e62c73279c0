//! Expressions of metrics, segments and exposure signals: aggregates where there must be some, none where there can't be, and
//! conditions that can be NULL.

use sqlparser::ast::Expr;

use crate::analysis::{Analysis, Fragment};
use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::sql::fragment::{Role, parse};

use super::columns::{can_be_null, columns};
use super::finding;

/// The columns of the cohort by which metrics are grouped.
const METRIC_KEYS: [&str; 4] = ["e.analysis_id", "e.branch", "e.exposure_date", "e.num_exposure_events"];
/// The columns by which segments are grouped.
const SEGMENT_KEYS: [&str; 2] = ["e.analysis_id", "e.branch"];

/// The findings in the expressions of an analysis.
pub fn findings(analysis: &Analysis) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for metric in analysis.metrics.values() {
        if let Some(select) = &metric.select {
            let what = format!("metric `{}`", metric.name);
            findings.extend(aggregate(select, &what, &METRIC_KEYS));
        }
    }
    for segment in &analysis.experiment.segments {
        let what = format!("segment `{}`", segment.name);
        let faults = aggregate(&segment.select, &what, &SEGMENT_KEYS);
        if faults.is_empty() {
            findings.extend(null_segment(&segment.select, &what));
        }
        findings.extend(faults);
    }
    if let Some(signal) = &analysis.experiment.exposure_signal {
        findings.extend(condition(&signal.select));
    }
    findings
}

/// The findings in an expression that makes one value of a unit's rows.
fn aggregate(select: &Fragment, what: &str, keys: &[&str]) -> Vec<Diagnostic> {
    with(select, |expr| {
        let mut found = columns(expr);
        found
            .bare
            .retain(|column| !keys.contains(&column.to_ascii_lowercase().as_str()));
        let mut findings = Vec::new();
        match (found.aggregates, found.bare.first()) {
            (false, None) => findings.push(finding(
                Severity::Warning,
                Code::Aggregate,
                format!("the expression of {what} does not look at any row, so all units have the same value"),
                &select.span,
                "use an aggregate such as `COALESCE(SUM(column), 0)`",
            )),
            (false, Some(column)) => findings.push(finding(
                Severity::Error,
                Code::Aggregate,
                format!("the expression of {what} does not aggregate: a unit has many rows, and `{column}` is a value of each"),
                &select.span,
                &format!("use an aggregate such as `COALESCE(SUM({column}), 0)` or `COALESCE(LOGICAL_OR({column}), FALSE)`"),
            )),
            (true, Some(column)) => findings.push(finding(
                Severity::Error,
                Code::BareColumn,
                format!("the expression of {what} has the column `{column}` outside of its aggregates"),
                &select.span,
                &format!("a unit has many rows: put it into an aggregate, such as `ANY_VALUE({column})`"),
            )),
            (true, None) => {}
        }
        findings
    })
}

fn null_segment(select: &Fragment, what: &str) -> Vec<Diagnostic> {
    with(select, |expr| {
        let can_be = can_be_null(expr, &is_of_cohort);
        let message = format!("{what} can be NULL: such units are neither in the segment nor in its complement");
        let help = "say what counts for units without data: `COALESCE(..., FALSE)`";
        can_be
            .then(|| finding(Severity::Warning, Code::MaybeNull, message, &select.span, help))
            .into_iter()
            .collect()
    })
}

/// The findings in an exposure signal's condition, which looks at one row.
fn condition(select: &Fragment) -> Vec<Diagnostic> {
    with(select, |expr| {
        if columns(expr).aggregates {
            let message = "the exposure signal aggregates, but it is a condition on a single row".to_string();
            let help = "write a condition such as `event = 'shown'`; the first day on which it holds is the exposure";
            return vec![finding(Severity::Error, Code::Aggregate, message, &select.span, help)];
        }
        let message = "the exposure signal can be NULL: such rows are no exposure".to_string();
        let help =
            "where they should count, say so: `COALESCE(..., TRUE)`; where not, `COALESCE(..., FALSE)` makes it plain";
        can_be_null(expr, &is_of_cohort)
            .then(|| finding(Severity::Info, Code::MaybeNull, message, &select.span, help))
            .into_iter()
            .collect()
    })
}

/// Whether a column is the cohort's, where only the exposure can be missing.
fn is_of_cohort(expr: &Expr) -> bool {
    let Expr::CompoundIdentifier(parts) = expr else {
        return false;
    };
    let is = |at: usize, name: &str| parts.get(at).is_some_and(|part| part.value.eq_ignore_ascii_case(name));
    is(0, "e") && !is(1, "exposure_date") && !is(1, "num_exposure_events")
}

fn with(select: &Fragment, look: impl FnOnce(&Expr) -> Vec<Diagnostic>) -> Vec<Diagnostic> {
    match parse(Role::Expression, &select.sql) {
        Ok(fragment) => fragment.as_expression().map_or_else(Vec::new, look),
        // That it does not parse is a fault of its own.
        Err(_) => Vec::new(),
    }
}
