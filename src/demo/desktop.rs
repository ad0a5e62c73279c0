//! Firefox desktop: what a client is, and what it does on a day.
//!
//! A client has latent rates (activity, browsing, time, searches; heavy-tailed and correlated), and a day draws from them:
//!
//! | what | law, given the client | mean |
//! | --- | --- | --- |
//! | the day is active (there are rows) | Bernoulli(activity x weekday factor) | |
//! | D: there is browsing in it | Bernoulli(q (1 + browsing effect)) | |
//! | time, in 1/1024 h | D (1 + G(T (1 + time effect) - 1)) | q T |
//! | searches | D G(M (1 + searches effect)) | q M |
//! | ad clicks | each search with probability [`AD_CLICKS_PER_SEARCH`] (1 + ad clicks effect) | q M p |
//! | pings, addresses visited | 1 + G(.), no effect beyond that of D | |
//!
//! G(m) is the Poisson mixture of [`Stream::mixed_poisson`]. Time has a power of two as its unit so that sums of hours are exact in
//! binary and do not depend on the order of rows.

use super::client::{Enrollment, Id, draw_first_seen, draw_path};
use super::design::{DESKTOP, Effects, Path};
use super::random::{Purpose, Stream, unit_key};

/// Units of time in an hour.
pub const TICKS_PER_HOUR: f64 = 1024.0;

const TAGGED: f64 = 0.8;
const FOLLOW_ON: f64 = 0.3;
const WITH_ADS: f64 = 0.5;
const CLICKED: f64 = 0.25;

/// The chance that a search leads to a click on an ad, without treatment: tagged, shown ads, clicked.
pub const AD_CLICKS_PER_SEARCH: f64 = TAGGED * WITH_ADS * CLICKED;

/// Countries and locales, the most frequent first, with their weights.
pub const COUNTRIES: [(&str, &str, f64); 10] = [
    ("US", "en-US", 30.0),
    ("DE", "de", 16.0),
    ("FR", "fr", 10.0),
    ("GB", "en-GB", 8.0),
    ("PL", "pl", 7.0),
    ("IN", "en-US", 6.0),
    ("BR", "pt-BR", 5.0),
    ("CA", "en-CA", 5.0),
    ("JP", "ja", 4.0),
    ("??", "en-US", 9.0),
];

/// Operating systems with version, Windows build and weight.
pub const SYSTEMS: [(&str, &str, Option<i64>, f64); 5] = [
    ("Windows_NT", "10.0", Some(22_631), 45.0),
    ("Windows_NT", "10.0", Some(19_045), 30.0),
    ("Windows_NT", "6.1", Some(7_601), 4.0),
    ("Darwin", "24.6.0", None, 13.0),
    ("Linux", "6.8.0", None, 8.0),
];

/// Search engines with their weights.
pub const ENGINES: [(&str, f64); 4] = [
    ("google-b-d", 70.0),
    ("bing", 14.0),
    ("ddg", 10.0),
    ("other-engine", 6.0),
];

/// Where searches start, with weights.
pub const SOURCES: [(&str, f64); 4] = [
    ("urlbar", 70.0),
    ("searchbar", 15.0),
    ("newtab", 10.0),
    ("contextmenu", 5.0),
];

/// A desktop client.
#[derive(Debug, Clone)]
pub struct Client {
    key: u64,
    /// The legacy client id.
    pub id: Id,
    /// The profile group's id; now and then two clients share one.
    pub group_id: Id,
    /// 0 to 99.
    pub sample_id: u8,
    /// Index into [`COUNTRIES`].
    pub country: u8,
    /// Index into [`SYSTEMS`].
    pub system: u8,
    /// Index into [`ENGINES`].
    pub engine: u8,
    /// Whether Firefox is the default browser.
    pub is_default_browser: bool,
    /// Whether it is signed in to an account.
    pub has_account: bool,
    /// The day on which it was first seen.
    pub first_seen: i32,
    /// The days on which it is active.
    pub path: Path,
    /// Its way through the experiment.
    pub enrollment: Option<Enrollment>,
    /// q: the probability of browsing on an active day.
    pub browsing: f64,
    /// T: mean time of a day with browsing, in ticks.
    pub ticks: f64,
    /// M: mean searches of a day with browsing.
    pub searches: f64,
    pages: f64,
    pings: f64,
}

/// What an active day holds besides searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Pings sent.
    pub pings: u32,
    /// Active time in ticks.
    pub ticks: u32,
    /// Addresses visited in normal windows.
    pub pages: u32,
    /// Addresses visited in private windows.
    pub private_pages: u32,
}

/// The searches of a day at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Searches {
    /// Index into [`SOURCES`].
    pub source: u8,
    /// Searches from access points.
    pub sap: u32,
    /// Of these, tagged with a partner code.
    pub tagged_sap: u32,
    /// Follow-on searches that are tagged.
    pub tagged_follow_on: u32,
    /// Tagged result pages that showed ads.
    pub search_with_ads: u32,
    /// Clicks on them.
    pub ad_click: u32,
    /// Searches that came from elsewhere.
    pub organic: u32,
}

/// An event of the client's life in the experiment, or of what it saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The day on which it arrived.
    pub day: i32,
    /// `enroll`, `unenroll`, `expose`, `panel` or `other`.
    pub kind: &'static str,
    /// The index of the branch that it names.
    pub branch: Option<usize>,
    /// Whether it arrived without ids.
    pub anonymous: bool,
}

impl Client {
    /// Draws the client with the given number.
    pub fn draw(seed: u64, number: u64) -> Self {
        let key = unit_key(seed, 0, number);
        let mut stream = Stream::new(key, Purpose::Traits, 0);
        let activity = stream.beta(1.0, 1.9);
        let first_seen = draw_first_seen(&mut stream, 0.08, &DESKTOP);
        let path = draw_path(key, activity, first_seen);
        // One number in 32 is a second profile of the client before it.
        let group = if number % 32 == 31 { number - 1 } else { number };
        let engagement = stream.normal();
        let lognormal = |stream: &mut Stream, location: f64, scale: f64, shared: f64| {
            (location + scale * (shared * engagement + (1.0 - shared * shared).sqrt() * stream.normal())).exp()
        };
        Self {
            key,
            id: Id::new(seed, 0, number),
            group_id: Id::new(seed, 1, group),
            sample_id: stream.below(100) as u8,
            country: stream.pick(&COUNTRIES.map(|country| country.2)) as u8,
            system: stream.pick(&SYSTEMS.map(|system| system.3)) as u8,
            engine: stream.pick(&ENGINES.map(|engine| engine.1)) as u8,
            is_default_browser: stream.chance(0.45),
            has_account: stream.chance(0.2),
            first_seen,
            path,
            enrollment: Enrollment::draw(key, path, &DESKTOP),
            browsing: 0.5 + 0.44 * stream.uniform(),
            ticks: 1.0 + TICKS_PER_HOUR * lognormal(&mut stream, 0.1, 0.7, 0.7) * (0.5 + activity),
            searches: lognormal(&mut stream, 0.4, 1.0, 0.5) * (0.5 + activity),
            pages: lognormal(&mut stream, 3.3, 0.8, 0.8),
            pings: lognormal(&mut stream, -0.6, 0.9, 0.3),
        }
    }

    /// The effects that act on a day.
    pub fn effects(&self, day: i32) -> Effects {
        DESKTOP.effects[self.enrollment.map_or(0, |enrollment| enrollment.acting_branch(day))]
    }

    /// Whether there is browsing in an active day; whoever asks gets the same answer.
    pub fn browses(&self, day: i32) -> bool {
        self.day_stream(day)
            .chance(self.browsing * (1.0 + self.effects(day).browsing))
    }

    /// What the client does on an active day.
    pub fn day(&self, day: i32) -> Day {
        let effects = self.effects(day);
        let mut stream = self.day_stream(day);
        let browses = stream.chance(self.browsing * (1.0 + effects.browsing));
        let pings = 1 + stream.mixed_poisson(self.pings);
        if !browses {
            return Day {
                pings,
                ticks: 0,
                pages: 0,
                private_pages: 0,
            };
        }
        let pages = 1 + stream.mixed_poisson(self.pages);
        Day {
            pings,
            ticks: 1 + stream.mixed_poisson(self.ticks * (1.0 + effects.time) - 1.0),
            pages,
            private_pages: if stream.chance(0.1) { 1 + pages / 4 } else { 0 },
        }
    }

    /// The searches of an active day, by place; empty on most days without browsing or with none.
    pub fn day_searches(&self, day: i32) -> impl Iterator<Item = Searches> {
        let none = [None, None];
        if !self.browses(day) {
            return none.into_iter().flatten();
        }
        let effects = self.effects(day);
        let mut stream = Stream::new(self.key, Purpose::Search, day_counter(day));
        let sap = stream.mixed_poisson(self.searches * (1.0 + effects.searches));
        let organic = stream.mixed_poisson(0.2 * self.searches);
        if sap + organic == 0 {
            return none.into_iter().flatten();
        }
        let tagged_sap = stream.binomial(sap, TAGGED);
        let search_with_ads = stream.binomial(tagged_sap, WITH_ADS);
        let first = Searches {
            source: stream.pick(&SOURCES.map(|source| source.1)) as u8,
            sap,
            tagged_sap,
            tagged_follow_on: stream.binomial(tagged_sap, FOLLOW_ON),
            search_with_ads,
            ad_click: stream.binomial(search_with_ads, CLICKED * (1.0 + effects.ad_clicks)),
            organic,
        };
        // Some days have a second place, with the searches that carried no tag.
        let untagged = first.sap - first.tagged_sap;
        if untagged == 0 || first.tagged_sap == 0 || !stream.chance(0.4) {
            return [Some(first), None].into_iter().flatten();
        }
        let second = Searches {
            source: (first.source + 1) % SOURCES.len() as u8,
            sap: untagged,
            tagged_sap: 0,
            tagged_follow_on: 0,
            search_with_ads: 0,
            ad_click: 0,
            organic: 0,
        };
        let first = Searches {
            sap: first.tagged_sap,
            ..first
        };
        [Some(first), Some(second)].into_iter().flatten()
    }

    /// The events of the client, not sorted. The panel of the experiment is what the exposure signal looks for: it is shown from
    /// the day of exposure on, and now and then to clients that were never enrolled or not yet, which must not count.
    pub fn events(&self) -> Vec<Event> {
        let mut stream = Stream::new(self.key, Purpose::Experiment, 1);
        let mut events = Vec::new();
        let event = |day, kind, branch| Event {
            day,
            kind,
            branch,
            anonymous: false,
        };
        if stream.chance(0.02) {
            let last = self.enrollment.map_or(DESKTOP.end, |enrollment| enrollment.day - 1);
            events.extend(self.path.days(0, last).last().map(|day| event(day, "panel", None)));
        }
        if stream.chance(0.02) {
            let day = self.path.days(DESKTOP.start, DESKTOP.last_enrollment).next();
            events.extend(day.map(|day| event(day, "other", Some(stream.below(2) as usize))));
        }
        let Some(enrollment) = self.enrollment else {
            return events;
        };
        let branch = Some(enrollment.branch);
        events.push(event(enrollment.day, "enroll", branch));
        events.extend(
            enrollment
                .second_branch
                .map(|second| event(enrollment.day, "enroll", Some(second))),
        );
        events.extend(enrollment.repeated.map(|day| event(day, "enroll", branch)));
        events.extend(enrollment.unenrollment.map(|day| event(day, "unenroll", branch)));
        if stream.chance(0.001) {
            events.push(Event {
                anonymous: true,
                ..event(enrollment.day, "enroll", branch)
            });
        }
        if let Some(exposure) = enrollment.exposure {
            for day in self.path.days(exposure, DESKTOP.end) {
                if day == exposure || stream.chance(0.1) {
                    events.push(event(day, "expose", branch));
                    events.push(event(day, "panel", None));
                }
            }
        }
        events
    }

    fn day_stream(&self, day: i32) -> Stream {
        Stream::new(self.key, Purpose::Day, day_counter(day))
    }
}

/// Days before the first are negative; the key of a stream is not.
fn day_counter(day: i32) -> u64 {
    (day + super::design::HISTORY) as u64
}
