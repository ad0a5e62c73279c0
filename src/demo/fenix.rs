//! Fenix, Firefox for Android: what a client is, and what it does on a day. Telemetry is pings: several a day, and those that were
//! sent before the client enrolled don't name the experiment, on the enrollment day either.
//!
//! | what | law, given the client | mean |
//! | --- | --- | --- |
//! | pings of an active day since enrollment | 1 + Poisson([`MORE_PINGS`]) | |
//! | seconds of a ping | 1 + G(T (1 + time effect) - 1) | T |
//! | searches of an active day | G(M (1 + searches effect)) | M |

use super::client::{Enrollment, Id, draw_first_seen, draw_path};
use super::design::{Effects, FENIX, HISTORY, Path};
use super::random::{Purpose, Stream, unit_key};

/// The mean number of baseline pings of an active day beyond the first.
pub const MORE_PINGS: f64 = 0.8;

/// Countries with their weights.
pub const COUNTRIES: [(&str, f64); 6] = [
    ("US", 30.0),
    ("DE", 20.0),
    ("FR", 12.0),
    ("IN", 14.0),
    ("BR", 12.0),
    ("ID", 12.0),
];

/// A Fenix client.
#[derive(Debug, Clone)]
pub struct Client {
    key: u64,
    /// The Glean client id.
    pub id: Id,
    /// 0 to 99.
    pub sample_id: u8,
    /// Index into [`COUNTRIES`].
    pub country: u8,
    /// The day on which it was first seen.
    pub first_seen: i32,
    /// The days on which it is active.
    pub path: Path,
    /// Its way through the experiment.
    pub enrollment: Option<Enrollment>,
    /// T: mean seconds of a ping.
    pub seconds: f64,
    /// M: mean searches of an active day.
    pub searches: f64,
    pages: f64,
}

/// A baseline ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ping {
    /// Seconds since midnight at which it arrived.
    pub second_of_day: u32,
    /// Foreground time in seconds.
    pub seconds: u32,
    /// The branch that it names.
    pub annotation: Option<usize>,
}

/// A Nimbus event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The day on which it arrived.
    pub day: i32,
    /// Seconds since midnight at which it arrived.
    pub second_of_day: u32,
    /// `enrollment`, `unenrollment` or `exposure`.
    pub name: &'static str,
    /// The experiment's slug.
    pub experiment: &'static str,
    /// The index of the branch that it names.
    pub branch: Option<usize>,
    /// Whether it arrived without a client id.
    pub anonymous: bool,
}

impl Client {
    /// Draws the client with the given number.
    pub fn draw(seed: u64, number: u64) -> Self {
        let key = unit_key(seed, 1, number);
        let mut stream = Stream::new(key, Purpose::Traits, 0);
        let activity = stream.beta(0.9, 1.8);
        let first_seen = draw_first_seen(&mut stream, 0.12, &FENIX);
        let path = draw_path(key, activity, first_seen);
        Self {
            key,
            id: Id::new(seed, 2, number),
            sample_id: stream.below(100) as u8,
            country: stream.pick(&COUNTRIES.map(|country| country.1)) as u8,
            first_seen,
            path,
            enrollment: Enrollment::draw(key, path, &FENIX),
            seconds: 1.0 + stream.lognormal(5.2, 0.8) * (0.5 + activity),
            searches: stream.lognormal(-0.3, 0.9) * (0.5 + activity),
            pages: stream.lognormal(2.5, 0.7),
        }
    }

    /// The effects that act on a day.
    pub fn effects(&self, day: i32) -> Effects {
        FENIX.effects[self.enrollment.map_or(0, |enrollment| enrollment.acting_branch(day))]
    }

    /// The baseline pings of an active day, in order of arrival.
    pub fn pings(&self, day: i32) -> Vec<Ping> {
        let mut stream = Stream::new(self.key, Purpose::Pings, (day + HISTORY) as u64);
        let enrolls = self.enrollment.is_some_and(|enrollment| enrollment.day == day);
        // Pings of the enrollment day that came before the client enrolled are drawn beside the others, so that the
        // number of those that count has the same law on every day.
        let before = if enrolls { stream.poisson(0.5) } else { 0 };
        let count = before + 1 + stream.poisson(MORE_PINGS);
        let mean = self.seconds * (1.0 + self.effects(day).time);
        (0..count)
            .map(|index| Ping {
                second_of_day: 1_800 + (84_000 * index + stream.below(84_000) as u32) / count,
                seconds: 1 + stream.mixed_poisson(mean - 1.0),
                annotation: match &self.enrollment {
                    Some(enrollment) if enrolls => (before <= index).then_some(enrollment.branch),
                    Some(enrollment) => enrollment.annotation(day),
                    None => None,
                },
            })
            .collect()
    }

    /// The searches of an active day and the clicks on ads that followed.
    pub fn day_searches(&self, day: i32) -> (u32, u32) {
        let mut stream = Stream::new(self.key, Purpose::Search, (day + HISTORY) as u64);
        let searches = stream.mixed_poisson(self.searches * (1.0 + self.effects(day).searches));
        (searches, stream.binomial(searches, 0.08))
    }

    /// The pages opened on an active day.
    pub fn pages(&self, day: i32) -> u32 {
        let mut stream = Stream::new(self.key, Purpose::Day, (day + HISTORY) as u64);
        1 + stream.mixed_poisson(self.pages)
    }

    /// The Nimbus events of the client in order of time, but for exposures, which come last. A client in two branches sends no exposure.
    pub fn events(&self) -> Vec<Event> {
        let Some(enrollment) = self.enrollment else {
            return Vec::new();
        };
        let mut stream = Stream::new(self.key, Purpose::Experiment, 1);
        let mut events = Vec::new();
        let mut push = |day: i32, name, branch, anonymous| {
            events.push(Event {
                day,
                second_of_day: 20_000 + stream.below(60_000) as u32,
                name,
                experiment: FENIX.slug,
                branch: Some(branch),
                anonymous,
            });
            stream.chance(0.001)
        };
        if push(enrollment.day, "enrollment", enrollment.branch, false) {
            push(enrollment.day, "enrollment", enrollment.branch, true);
        }
        if let Some(second) = enrollment.second_branch {
            push(enrollment.day, "enrollment", second, false);
        }
        if let Some(day) = enrollment.repeated {
            push(day, "enrollment", enrollment.branch, false);
        }
        if let Some(day) = enrollment.unenrollment {
            push(day, "unenrollment", enrollment.branch, false);
        }
        if let (Some(exposure), None) = (enrollment.exposure, enrollment.second_branch) {
            for day in self.path.days(exposure, FENIX.end).step_by(4) {
                push(day, "exposure", enrollment.branch, false);
            }
        }
        events
    }
}
