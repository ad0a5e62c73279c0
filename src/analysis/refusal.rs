//! Reasons not to analyse an experiment on a date, found before any query.

use jiff::civil::Date;

use super::{AnalysisUnit, Experiment};
use crate::diagnostics::{Code, Diagnostic};

/// A reason not to analyse an experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which reason.
    pub kind: RefusalKind,
    /// `<slug> -> <text>`, as Jetstream's readers know it.
    pub message: String,
}

/// The reasons, in the order in which they are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The config says `skip = true`.
    ExplicitSkip,
    /// Enrollment takes no days.
    NoEnrollmentPeriod,
    /// There is no start date.
    NoStartDate,
    /// The experiment ended before the date.
    Ended,
    /// It is a rollout.
    Rollout,
    /// The app is not among the platforms. Unlike the others, a fault of the run.
    UnsupportedApplication,
    /// Enrollment has not ended, and the config does not say how long it takes.
    EnrollmentNotComplete,
}

/// The first reason not to analyse an experiment on a date; `None` when it can be analysed.
pub fn refusal(experiment: &Experiment, date: Date) -> Option<Refusal> {
    let kind = if experiment.skip {
        RefusalKind::ExplicitSkip
    } else if experiment.enrollment_period == 0 {
        RefusalKind::NoEnrollmentPeriod
    } else if experiment.start_date.is_none() {
        RefusalKind::NoStartDate
    } else if experiment.end_date.is_some_and(|end| end < date) {
        RefusalKind::Ended
    } else if experiment.is_rollout {
        RefusalKind::Rollout
    } else if !experiment.platform_is_supported && !experiment.app_name.is_empty() {
        RefusalKind::UnsupportedApplication
    } else if experiment.enrollment_end_date.is_none() && !experiment.enrollment_period_is_configured {
        RefusalKind::EnrollmentNotComplete
    } else {
        return None;
    };
    let text = match kind {
        RefusalKind::ExplicitSkip => "Experiment is configured with skip=true.".to_string(),
        RefusalKind::NoEnrollmentPeriod => "Experiment has no enrollment period.".to_string(),
        RefusalKind::NoStartDate => "Experiment has no start date.".to_string(),
        RefusalKind::Ended => "Experiment has already ended.".to_string(),
        RefusalKind::Rollout => "Experiment is a rollout and will not be analyzed.".to_string(),
        RefusalKind::UnsupportedApplication => format!("{} not found in platform config", experiment.app_name),
        RefusalKind::EnrollmentNotComplete => "Experiment has not finished enrollment.".to_string(),
    };
    Some(Refusal {
        kind,
        message: format!("{} -> {text}", experiment.slug),
    })
}

impl RefusalKind {
    /// The name that Jetstream's logs use.
    pub fn as_str(self) -> &'static str {
        match self {
            RefusalKind::ExplicitSkip => "ExplicitSkipException",
            RefusalKind::NoEnrollmentPeriod => "NoEnrollmentPeriodException",
            RefusalKind::NoStartDate => "NoStartDateException",
            RefusalKind::Ended => "EndedException",
            RefusalKind::Rollout => "RolloutSkipException",
            RefusalKind::UnsupportedApplication => "UnsupportedApplicationException",
            RefusalKind::EnrollmentNotComplete => "EnrollmentNotCompleteException",
        }
    }
}

/// Why a custom enrollment query can't be used: it names the id of the other analysis unit. This is a test of the text,
/// comments included, as in the reference.
pub fn enrollment_query_fault(experiment: &Experiment) -> Option<Diagnostic> {
    let query = experiment.enrollment_query.as_ref()?;
    let other = match experiment.analysis_unit {
        AnalysisUnit::ClientId => AnalysisUnit::ProfileGroupId,
        AnalysisUnit::ProfileGroupId => AnalysisUnit::ClientId,
    };
    query.sql.contains(other.as_str()).then(|| {
        let message = format!(
            "the enrollment query mentions `{}`, but the unit of the experiment is `{}`",
            other.as_str(),
            experiment.analysis_unit.as_str()
        );
        Diagnostic::error(Code::AnalysisUnit, message)
            .with_span(query.span.clone())
            .with_help(format!(
                "set `analysis_unit = \"{}\"`, or select the other id",
                other.as_str()
            ))
    })
}
