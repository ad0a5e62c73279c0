//! Windows of exposure signals: days that no metric looks at, and days after enrollment, which the treatment may have changed.

use crate::analysis::{Analysis, Basis, ExposureSignal, Period, WindowLimit};
use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::schedule;

use super::finding;
use super::subject::Subject;

/// The findings in the window of an analysis' exposure signal.
pub fn findings(analysis: &Analysis, subject: &Subject) -> Vec<Diagnostic> {
    let Some(signal) = &analysis.experiment.exposure_signal else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if subject.knows_enrollment {
        findings.extend(empty(analysis, signal));
        if findings.is_empty() {
            findings.extend(beyond_metrics(analysis, signal));
        }
    }
    if let (Some(WindowLimit::AnalysisWindowEnd | WindowLimit::AnalysisWindowStart), true) =
        (signal.window_end, findings.is_empty())
    {
        let message = "the exposure signal is looked for until the end of each analysis window, so that what the treatment did after enrollment decides who counts as exposed";
        let help =
            "leave `window_end` out to look at the days of enrollment alone, where the branches hardly differ yet";
        let span = &signal.select.span;
        findings.push(finding(
            Severity::Info,
            Code::SignalAfterTreatment,
            message.to_string(),
            span,
            help,
        ));
    }
    findings
}

/// A window that ends before it starts, or before enrollment starts: nobody is exposed.
fn empty(analysis: &Analysis, signal: &ExposureSignal) -> Option<Diagnostic> {
    let window = schedule::enrollments_window(&analysis.experiment).ok()??;
    let (first, last) = schedule::exposure_dates(signal, &window).ok()?;
    // Rows before a unit's enrollment never count.
    let message = if last < first {
        format!("the exposure signal is looked for from {first} to {last}, which is no day at all")
    } else if last < window.first_enrollment_date {
        format!("the exposure signal is looked for until {last}, before enrollment starts, so nobody is exposed")
    } else {
        return None;
    };
    let help = "`window_start` and `window_end` are days after the first date of enrollment";
    Some(finding(
        Severity::Error,
        Code::SignalWindow,
        message,
        &signal.select.span,
        help,
    ))
}

/// A fixed end beyond the days of a period's first window: units count as exposed by what they did after the window.
fn beyond_metrics(analysis: &Analysis, signal: &ExposureSignal) -> Option<Diagnostic> {
    let Some(WindowLimit::Days(days)) = signal.window_end else {
        return None;
    };
    let last = schedule::last_date(&analysis.experiment)?;
    for period in Period::ALL.into_iter().filter(|period| !period.is_preenrollment()) {
        let summaries = analysis.periods.get(&period).map_or(&[][..], Vec::as_slice);
        let on_exposures = |metric: &str| analysis.metrics[metric].analysis_bases.contains(&Basis::Exposures);
        if !summaries.iter().any(|summary| on_exposures(&summary.metric)) {
            continue;
        }
        let calendar = schedule::calendar(&analysis.experiment, period, last).ok()?;
        let Some((_, window)) = calendar.first() else {
            continue;
        };
        let (_, until) = schedule::exposure_dates(signal, window).ok()?;
        if until > window.last_date_data_required {
            let message = format!(
                "the exposure signal is looked for until {until}, but the first window of `{}` ends on {}: units count as exposed in it by what they did later",
                period.as_str(),
                window.last_date_data_required
            );
            let help = format!(
                "`window_end = {days}` counts from the first date of enrollment; `\"analysis_window_end\"` ends with each window"
            );
            return Some(finding(
                Severity::Warning,
                Code::SignalWindow,
                message,
                &signal.select.span,
                &help,
            ));
        }
    }
    None
}
