//! Which analysis windows are due on a date, with every date that a statement needs. Plain arithmetic on an
//! [`Experiment`]'s dates; no clock.
//!
//! Symbols: `S` start date, `N` dates of enrollment (one more than the enrollment period), `E = S + N - 1` last date of
//! enrollment, `L` length of a window in days, `k` how many windows of a period are complete.

use jiff::civil::Date;

use crate::analysis::{Experiment, ExposureSignal, Period, WindowLimit};
use crate::diagnostics::{Code, Diagnostic, Result};

/// One analysis window that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The kind of window.
    pub period: Period,
    /// 1-based index within its period.
    pub index: i64,
    /// First day, relative to the unit's enrollment (or exposure).
    pub start: i64,
    /// Last day, inclusive.
    pub end: i64,
    /// The experiment's first date of enrollment.
    pub first_enrollment_date: Date,
    /// The experiment's last date of enrollment.
    pub last_enrollment_date: Date,
    /// The first date of source rows that the window can touch.
    pub first_date_data_required: Date,
    /// The last one.
    pub last_date_data_required: Date,
}

/// The windows of `periods` that are due on `date`, the last day with complete data, in the order of `periods`.
///
/// Windows of earlier dates are not made up for: each is due on one date. No start date: nothing is due. The error: the
/// overall window is due and enrollment leaves no day for it, or the dates of enrollment are impossible.
pub fn due(experiment: &Experiment, date: Date, periods: &[Period]) -> Result<Vec<Window>> {
    let Some(dates) = Enrollment::of(experiment)? else {
        return Ok(Vec::new());
    };
    let mut windows = Vec::new();
    for period in periods {
        windows.extend(dates.due(experiment, date, *period)?);
    }
    Ok(windows)
}

/// Every date from the start to `last` with the windows of a period that are due on it. Dates on which nothing is due are
/// left out.
pub fn calendar(experiment: &Experiment, period: Period, last: Date) -> Result<Vec<(Date, Window)>> {
    let Some(dates) = Enrollment::of(experiment)? else {
        return Ok(Vec::new());
    };
    let mut calendar = Vec::new();
    for date in dates
        .first
        .series(jiff::Span::new().days(1))
        .take_while(|date| *date <= last)
    {
        let window = dates.due(experiment, date, period)?;
        calendar.extend(window.map(|window| (date, window)));
    }
    Ok(calendar)
}

/// The last date of an experiment's calendar: its end, or, without one, enough days after enrollment for six weeks.
pub fn last_date(experiment: &Experiment) -> Option<Date> {
    let start = experiment.start_date?;
    match experiment.end_date {
        Some(end) => Some(end),
        None => plus(start, experiment.enrollment_period.saturating_add(42)).ok(),
    }
}

/// The window that the enrollments table is made for: the day of enrollment, `[0, 0]`; `None` without a start date.
pub fn enrollments_window(experiment: &Experiment) -> Result<Option<Window>> {
    match Enrollment::of(experiment)? {
        Some(dates) => Ok(Some(dates.window(Period::Day, 1, 0, 0)?)),
        None => Ok(None),
    }
}

/// The dates of rows that an exposure signal looks at, first and last, for the window of the query that is being built
/// ([`enrollments_window`] for the enrollments table).
///
/// Named limits are days after the first date of enrollment; the analysis window counts from the last date of enrollment.
/// An end that is absent, or the number 0, means the last date of enrollment, as in the reference.
pub fn exposure_dates(signal: &ExposureSignal, window: &Window) -> Result<(Date, Date)> {
    let enrollment_days = days_between(window.first_enrollment_date, window.last_enrollment_date);
    let days = |limit: WindowLimit| match limit {
        WindowLimit::Days(days) => days,
        WindowLimit::EnrollmentStart => 0,
        WindowLimit::EnrollmentEnd => enrollment_days,
        WindowLimit::AnalysisWindowStart => window.start + enrollment_days,
        WindowLimit::AnalysisWindowEnd => window.end + enrollment_days,
    };
    let start = signal.window_start.map_or(0, days);
    let end = signal.window_end.map_or(enrollment_days, days);
    Ok((
        plus(window.first_enrollment_date, start)?,
        plus(window.first_enrollment_date, end)?,
    ))
}

/// The dates of enrollment: `S` and `E`.
struct Enrollment {
    first: Date,
    last: Date,
}

impl Enrollment {
    fn of(experiment: &Experiment) -> Result<Option<Self>> {
        let Some(first) = experiment.start_date else {
            return Ok(None);
        };
        if experiment.enrollment_period < 0 {
            let message = format!(
                "enrollment ends {} days before it starts on {first}",
                experiment.enrollment_period.unsigned_abs()
            );
            return Err(dates_fault(experiment, message));
        }
        let last = plus(first, experiment.enrollment_period)?;
        Ok(Some(Self { first, last }))
    }

    fn due(&self, experiment: &Experiment, date: Date, period: Period) -> Result<Option<Window>> {
        match period {
            Period::Day => self.repeated(date, period, 1),
            Period::Week => self.repeated(date, period, 7),
            Period::Days28 => self.repeated(date, period, 28),
            Period::Overall => self.overall(experiment, date),
            Period::PreenrollmentWeek => self.before(date, period, 7),
            Period::PreenrollmentDays28 => self.before(date, period, 28),
        }
    }

    /// `k = floor((date - E + 1) / L)` windows are complete; the last of them is due when it was not the day before.
    fn repeated(&self, date: Date, period: Period, length: i64) -> Result<Option<Window>> {
        let observed = days_between(self.last, date) + 1;
        if observed <= 0 || observed % length != 0 {
            return Ok(None);
        }
        let index = observed / length;
        self.window(period, index, (index - 1) * length, index * length - 1)
            .map(Some)
    }

    /// The days of the experiment that are left when the last unit has enrolled: `(end - S) - N + 1`.
    fn overall(&self, experiment: &Experiment, date: Date) -> Result<Option<Window>> {
        if experiment.end_date != Some(date) || !experiment.is_complete {
            return Ok(None);
        }
        let length = days_between(self.last, date);
        if length <= 0 {
            let message = format!(
                "enrollment period is longer than analysis dates: enrollment lasts until {}, the experiment ends on {date}",
                self.last
            );
            return Err(dates_fault(experiment, message));
        }
        self.window(Period::Overall, 1, 0, length - 1).map(Some)
    }

    /// Windows before enrollment are due on the day after the last date of enrollment.
    fn before(&self, date: Date, period: Period, length: i64) -> Result<Option<Window>> {
        if days_between(self.last, date) != 1 {
            return Ok(None);
        }
        self.window(period, 1, -length, -1).map(Some)
    }

    fn window(&self, period: Period, index: i64, start: i64, end: i64) -> Result<Window> {
        Ok(Window {
            period,
            index,
            start,
            end,
            first_enrollment_date: self.first,
            last_enrollment_date: self.last,
            first_date_data_required: plus(self.first, start)?,
            last_date_data_required: plus(self.last, end)?,
        })
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

/// The date `days` after another one; before it, for a negative number.
pub fn plus(date: Date, days: i64) -> Result<Date> {
    let days = jiff::Span::new().try_days(days);
    days.and_then(|days| date.checked_add(days)).map_err(|_| {
        Diagnostic::error(
            Code::Dates,
            format!("the dates around {date} lie outside of the calendar"),
        )
        .into()
    })
}

fn dates_fault(experiment: &Experiment, message: String) -> crate::diagnostics::Diagnostics {
    Diagnostic::error(Code::Dates, message)
        .with_help(
            "set `enrollment_period`, `start_date` or `end_date` under `[experiment]` in the experiment's config",
        )
        .within(format!("experiment {}", experiment.slug))
        .into()
}
