//! Statistics that can't be computed of what their metric's expression yields, or that are asked for in the wrong words.

use sqlparser::ast::Expr;

use crate::analysis::{Analysis, Fragment, Summary};
use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::plan::column_kind::column_kind;
use crate::sql::fragment::{Role, parse, plain_arguments};
use crate::stats::{self, Statistic};
use crate::summary::ColumnKind;

use super::finding;

/// The findings in the statistics of an analysis. A metric whose type its expression does not tell has none of types.
pub fn findings(analysis: &Analysis) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (summaries, summary) in analysis
        .periods
        .values()
        .flat_map(|all| all.iter().map(move |summary| (all, summary)))
    {
        let request = match stats::parse(summary) {
            Ok(request) => request,
            Err(faults) => {
                findings.extend(faults.0);
                continue;
            }
        };
        let metric = &analysis.metrics[&summary.metric];
        if let Statistic::Ratio(ratio) = &request.statistic {
            for part in [&ratio.numerator, &ratio.denominator] {
                if !is_computed(analysis, summaries, part) {
                    let message = format!(
                        "{} of metric `{}` needs metric `{part}`, which is not computed in its period",
                        summary.statistic, metric.name
                    );
                    let help = format!("add it: `depends_on = [\"{part}\"]` of `{}`", metric.name);
                    findings.push(finding(
                        Severity::Error,
                        Code::StatisticType,
                        message,
                        &summary.span,
                        &help,
                    ));
                }
            }
        }
        let Some(select) = &metric.select else {
            continue;
        };
        let refusal = column_kind(&select.sql).and_then(|kind| Some((kind, request.refusal(kind)?)));
        if let Some((kind, reason)) = refusal {
            let message = format!(
                "{} can't be computed of metric `{}`: {reason}",
                summary.statistic, metric.name
            );
            let help = match kind {
                ColumnKind::Boolean => "use `binomial`, or count: `COUNTIF(...)`",
                _ => "make the expression a number or a boolean",
            };
            findings.push(finding(
                Severity::Error,
                Code::StatisticType,
                message,
                &summary.span,
                help,
            ));
        } else if matches!(request.statistic, Statistic::Binomial { .. }) && counts(select) {
            // Whether a source has one row per unit, its author knows better.
            let message = format!(
                "binomial needs values of 0 and 1, but metric `{}` counts: it fails as soon as a unit has more",
                metric.name
            );
            let help = "ask whether there is any: `COUNTIF(...) > 0`, or use another statistic";
            findings.push(finding(
                Severity::Info,
                Code::StatisticType,
                message,
                &summary.span,
                help,
            ));
        }
    }
    findings
}

/// Whether a period's table has a metric: one of its own, or one that they depend on.
fn is_computed(analysis: &Analysis, summaries: &[Summary], name: &str) -> bool {
    summaries.iter().any(|summary| {
        let depends_on = &analysis.metrics[&summary.metric].depends_on;
        summary.metric == name || depends_on.iter().any(|upstream| upstream.metric == name)
    })
}

/// Whether an expression is a sum or a count, which nothing keeps from exceeding 1.
fn counts(select: &Fragment) -> bool {
    fn of(expr: &Expr) -> bool {
        match expr {
            Expr::Nested(inner) => of(inner),
            Expr::Function(function) => match function.name.to_string().to_ascii_uppercase().as_str() {
                "SUM" | "COUNT" | "COUNTIF" | "APPROX_COUNT_DISTINCT" => true,
                "COALESCE" | "IFNULL" => plain_arguments(function).into_iter().any(of),
                _ => false,
            },
            _ => false,
        }
    }
    parse(Role::Expression, &select.sql).is_ok_and(|fragment| fragment.as_expression().is_some_and(of))
}
