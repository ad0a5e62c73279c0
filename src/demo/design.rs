//! What the demo is made of: its calendar, its two experiments, and the effects that are planted. Everything here is fixed;
//! only the number of clients and the seed vary.
//!
//! Days are counted from [`FIRST_DATE`]; a negative day lies before the first telemetry that is written.

use jiff::civil::{Date, date};

/// The first date of telemetry: 28 days before the experiments start, for the longest pre-enrollment window.
pub const FIRST_DATE: Date = date(2025, 8, 4);

/// The number of dates with telemetry: up to and including the day on which the desktop experiment ends.
pub const DAYS: i32 = 64;

/// Days of activity before the first written one, so that the 28-day histories of the first rows are full.
pub const HISTORY: i32 = 28;

/// What a branch does to its exposed clients from the day of their first exposure: each is a factor minus one on the mean of one
/// day, so that `E[Y | branch] = (1 + d) E[Y | control]` for a client and a day after exposure, exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effects {
    /// On the probability that an active day has browsing in it.
    pub browsing: f64,
    /// On the time of a day with browsing.
    pub time: f64,
    /// On the searches of a day with browsing.
    pub searches: f64,
    /// On the probability that a search page with ads leads to a click.
    pub ad_clicks: f64,
}

const NONE: Effects = Effects {
    browsing: 0.0,
    time: 0.0,
    searches: 0.0,
    ad_clicks: 0.0,
};

/// An experiment of the demo.
#[derive(Debug, Clone, Copy)]
pub struct Experiment {
    /// The Nimbus slug.
    pub slug: &'static str,
    /// `firefox_desktop` or `fenix`.
    pub app_name: &'static str,
    /// The first day of enrollment.
    pub start: i32,
    /// The last day of enrollment.
    pub last_enrollment: i32,
    /// The day on which the experiment ends; the last day of data is the one before.
    pub end: i32,
    /// Branch slugs, control first; clients are spread evenly.
    pub branches: &'static [&'static str],
    /// What each branch does, in the order of `branches`.
    pub effects: &'static [Effects],
}

/// The desktop experiment: three branches, eight days of enrollment, 28 days observed.
pub const DESKTOP: Experiment = Experiment {
    slug: "demo-search-panel",
    app_name: "firefox_desktop",
    start: 28,
    last_enrollment: 35,
    end: 63,
    branches: &["control", "small-panel", "large-panel"],
    effects: &[
        NONE,
        Effects { searches: 0.12, ..NONE },
        Effects {
            browsing: 0.04,
            time: 0.06,
            ad_clicks: -0.15,
            ..NONE
        },
    ],
};

/// The Fenix experiment: two branches, five days of enrollment, 21 days observed.
pub const FENIX: Experiment = Experiment {
    slug: "demo-start-page",
    app_name: "fenix",
    start: 28,
    last_enrollment: 32,
    end: 53,
    branches: &["control", "new-start-page"],
    effects: &[
        NONE,
        Effects {
            time: 0.08,
            searches: -0.10,
            ..NONE
        },
    ],
};

impl Experiment {
    /// The number of days of the overall window.
    pub fn observed_days(&self) -> i32 {
        self.end - self.last_enrollment
    }
}

/// The date of a day.
pub fn date_of(day: i32) -> Date {
    FIRST_DATE
        .checked_add(jiff::Span::new().days(day))
        .expect("the demo's days lie within the calendar")
}

/// How likely a client is active on a day, relative to its own rate: less on weekends. [`FIRST_DATE`] is a Monday.
pub fn weekday_factor(day: i32) -> f64 {
    if day.rem_euclid(7) < 5 { 1.0 } else { 0.8 }
}

/// A [`Path`] has a bit for every day.
const _: () = assert!(DAYS + HISTORY <= 128);

/// The days of a client's activity, one bit a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Path(u128);

impl Path {
    /// Marks a day as active.
    pub fn insert(&mut self, day: i32) {
        self.0 |= 1 << (day + HISTORY);
    }

    /// Whether the client was active on the day.
    pub fn contains(self, day: i32) -> bool {
        (0..128).contains(&(day + HISTORY)) && (self.0 >> (day + HISTORY)) & 1 == 1
    }

    /// The active days from `first` to `last`, both included, in order.
    pub fn days(self, first: i32, last: i32) -> impl Iterator<Item = i32> {
        (first..=last).filter(move |day| self.contains(*day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_holds_every_window() {
        assert_eq!(FIRST_DATE.weekday(), jiff::civil::Weekday::Monday);
        for experiment in [DESKTOP, FENIX] {
            assert!(28 <= experiment.start && experiment.end < DAYS);
            assert_eq!(experiment.branches.len(), experiment.effects.len());
            assert_eq!(experiment.effects[0], NONE);
        }
        assert_eq!(date_of(DESKTOP.start), date(2025, 9, 1));
        assert_eq!(date_of(DESKTOP.end), date(2025, 10, 6));
        assert_eq!((DESKTOP.observed_days(), FENIX.observed_days()), (28, 21));
    }

    #[test]
    fn a_path_remembers_its_days() {
        let mut path = Path::default();
        for day in [-28, -1, 0, 63] {
            path.insert(day);
        }
        assert_eq!(path.days(-40, 99).collect::<Vec<_>>(), [-28, -1, 0, 63]);
    }
}
