//! Which analysis windows are due on a date, with every date that a statement needs. Plain arithmetic on an
//! [`Experiment`](crate::analysis::Experiment)'s dates; no clock.

use jiff::civil::Date;

use crate::analysis::Period;

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

pub fn day_after(date: Date, days: i64) -> crate::diagnostics::Result<Date> {
    date.checked_add(jiff::Span::new().days(days)).map_err(|_| todo!())
}
pub fn exposure_dates(_s: &crate::analysis::ExposureSignal, w: &Window) -> crate::diagnostics::Result<(Date, Date)> {
    Ok((w.first_enrollment_date, w.last_enrollment_date))
}
