//! What the clients of both platforms share: ids, activity, and the way through an experiment.
//!
//! Everything here is settled before the treatment can act, or does not depend on it: the branch is drawn apart from all the
//! rest, and enrollment and exposure happen on active days, which no branch changes. The truth is therefore an expectation given what
//! stands here; see [`truth`](super::truth).

use super::design::{DAYS, Experiment, HISTORY, Path, weekday_factor};
use super::random::{Purpose, Stream, permute48};

/// Share of clients that the experiment's targeting lets in.
const TARGETED: f64 = 0.88;
/// Share of those whose first active day falls behind the enrollment period and who enroll all the same, too late to count.
const LATE: f64 = 0.5;
/// Share of enrolled clients that are seen in a second branch on the day of enrollment; no branch acts on them.
const TWO_BRANCHES: f64 = 0.003;
/// Share of enrolled clients whose enroll event comes again on a later day.
const REPEATED: f64 = 0.1;
/// Share of clients that can be exposed at all.
const EXPOSABLE: f64 = 0.8;
/// Chance of exposure on an active day of a client that can be exposed.
const EXPOSED_ON_A_DAY: f64 = 0.5;
/// Share of enrolled clients that leave the experiment early.
const UNENROLLED: f64 = 0.03;
/// Share of enrolled clients whose telemetry of the enrollment day was sent before they enrolled.
const UNANNOTATED: f64 = 0.2;

/// An id as it stands in the tables: twelve hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id([u8; 12]);

impl Id {
    /// The id of a number below 2^44 in one of up to 16 name spaces. Ids never collide.
    pub fn new(seed: u64, space: u64, number: u64) -> Self {
        let mut rest = permute48(seed, space << 44 | number);
        let mut digits = [0; 12];
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789abcdef"[(rest & 15) as usize];
            rest >>= 4;
        }
        Self(digits)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an id has hexadecimal digits only")
    }
}

/// A client's way through its platform's experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrollment {
    /// The day of the first enroll event: the client's first active day since the experiment started.
    pub day: i32,
    /// The index of its branch.
    pub branch: usize,
    /// The index of the second branch of a client that is seen in two.
    pub second_branch: Option<usize>,
    /// A later day with another enroll event in the first branch.
    pub repeated: Option<i32>,
    /// The day of the first exposure.
    pub exposure: Option<i32>,
    /// The day on which it left.
    pub unenrollment: Option<i32>,
    /// Whether a table with one row a day names the branch in the row of the enrollment day.
    pub annotated_on_day: bool,
}

impl Enrollment {
    /// Follows a client; `None` for one that never enrolls.
    pub fn draw(key: u64, path: Path, experiment: &Experiment) -> Option<Self> {
        let mut stream = Stream::new(key, Purpose::Experiment, 0);
        if !stream.chance(TARGETED) {
            return None;
        }
        let branches = experiment.branches.len() as u64;
        let branch = stream.below(branches) as usize;
        let last_chance = experiment.last_enrollment + if stream.chance(LATE) { 3 } else { 0 };
        let day = path.days(experiment.start, last_chance).next()?;
        let second_branch = stream
            .chance(TWO_BRANCHES)
            .then(|| (branch + 1 + stream.below(branches - 1) as usize) % branches as usize);
        let repeated = match stream.chance(REPEATED) {
            true => path.days(day + 1, experiment.end).next(),
            false => None,
        };
        let exposure = match stream.chance(EXPOSABLE) {
            true => path.days(day, experiment.end).find(|_| stream.chance(EXPOSED_ON_A_DAY)),
            false => None,
        };
        let unenrollment = match stream.chance(UNENROLLED) {
            true => path.days(day + 1, experiment.end).nth(stream.below(10) as usize),
            false => None,
        };
        Some(Self {
            day,
            branch,
            second_branch,
            repeated,
            exposure,
            unenrollment,
            annotated_on_day: !stream.chance(UNANNOTATED),
        })
    }

    /// Whether the client is of the analysed population: enrolled while enrollment was open.
    pub fn counts(&self, experiment: &Experiment) -> bool {
        self.day <= experiment.last_enrollment
    }

    /// The branch whose effects act on the client on a day; control's, which are none, before exposure and on clients in two branches.
    pub fn acting_branch(&self, day: i32) -> usize {
        match (self.exposure, self.second_branch) {
            (Some(exposure), None) if exposure <= day => self.branch,
            _ => 0,
        }
    }

    /// The branch that telemetry of a day names, if the client is in the experiment then.
    pub fn annotation(&self, day: i32) -> Option<usize> {
        let left = self.unenrollment.is_some_and(|unenrollment| unenrollment < day);
        let before = day < self.day || (day == self.day && !self.annotated_on_day);
        (!before && !left).then_some(self.branch)
    }
}

/// Draws the days of activity. Each day since the client was first seen is active with probability `rate` times the weekday's factor,
/// apart from all other days; the client's rate makes its weeks alike. The first day is active.
pub fn draw_path(key: u64, rate: f64, first_seen: i32) -> Path {
    let mut stream = Stream::new(key, Purpose::Activity, 0);
    let mut path = Path::default();
    for day in -HISTORY..DAYS {
        let active = stream.chance(rate * weekday_factor(day));
        if day == first_seen || (active && day > first_seen) {
            path.insert(day);
        }
    }
    path
}

/// Draws the day on which a client was first seen: within two weeks around the start of enrollment for `share_new` of them, else weeks
/// to years before.
pub fn draw_first_seen(stream: &mut Stream, share_new: f64, experiment: &Experiment) -> i32 {
    if stream.chance(share_new) {
        experiment.start - 6 + stream.below(14) as i32
    } else {
        -HISTORY - 1 - stream.mixed_poisson(400.0).min(5_000) as i32
    }
}
