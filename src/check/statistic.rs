//! Statistics that can't be computed of what their metric's expression yields.

use crate::analysis::Analysis;
use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::plan::column_kind::column_kind;
use crate::stats;

use super::finding;

/// The findings in the statistics of an analysis. A metric whose type its expression does not tell has none.
pub fn findings(analysis: &Analysis) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for summary in analysis.periods.values().flatten() {
        let metric = &analysis.metrics[&summary.metric];
        let kind = metric.select.as_ref().and_then(|select| column_kind(&select.sql));
        let (Some(kind), Ok(request)) = (kind, stats::parse(summary)) else {
            continue;
        };
        if let Some(reason) = request.refusal(kind) {
            let message = format!(
                "{} can't be computed of metric `{}`: {reason}",
                summary.statistic, metric.name
            );
            let help = match kind {
                crate::summary::ColumnKind::Boolean => "use `binomial`, or count: `COUNTIF(...)`",
                _ => "make the expression a number or a boolean",
            };
            findings.push(finding(
                Severity::Error,
                Code::StatisticType,
                message,
                &summary.span,
                help,
            ));
        }
    }
    findings
}
