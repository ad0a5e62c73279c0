//! The true effects, for every cell of the results that has one.
//!
//! The truth of a cell is what its statistic estimates: with `E_i(b)` the expected value of the metric for client i in the cell's
//! window if branch b acts on it,
//!
//! ```text
//! mean(b)        = sum over i of w_i E_i(b) / sum over i of w_i
//! difference     = mean(b) - mean(reference)
//! relative_uplift= mean(b) / mean(reference) - 1
//! ```
//!
//! over all clients i of the cell's segment and basis, whatever branch they are in (branches are drawn evenly and apart from all
//! else, so each branch is a sample of the same clients). The expectation is over what a day draws, given what no branch can
//! change: latent rates, active days, enrollment, exposure. With A the active days of client i in the window (the enrollment day only
//! where its telemetry names the experiment, for tables that say so), q, T, M the client's rates and d_t the effects that
//! act on day t (none before exposure):
//!
//! ```text
//! hours, seconds: sum over A of q T (1 + browsing d_t) (1 + time d_t)          searches: sum over A of q M (1 + browsing d_t) (1 + searches d_t)
//! days with browsing: sum over A of q (1 + browsing d_t)                       ad clicks: searches, each times p (1 + ad clicks d_t)
//! any ad click: 1 - product over A of [1 - q_t + q_t / (1 + m_t)], q_t = q (1 + browsing d_t), m_t = M (1 + searches d_t) p (1 + ad clicks d_t)
//! ```
//!
//! The last line uses P(no event) = 1 / (1 + m) of the Poisson mixture; see [`desktop`](super::desktop). A client in two branches has a
//! row in each and no branch acts on it: w = 2, else w = 1. The truth of `per_client_dau_impact` is the difference times the
//! number of rows, the sum of w. Metrics that no branch changes have the truth 0, clipped or not; a metric that clips and has an
//! effect would have no simple truth, and the demo has none.

use serde::{Deserialize, Serialize};

use super::client::Enrollment;
use super::design::{DESKTOP, Experiment, FENIX};
use super::{desktop, fenix};
use crate::analysis::{Basis, Period};

/// The true effect of one cell of the results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// The experiment's slug.
    pub experiment: String,
    /// The metric.
    pub metric: String,
    /// The statistic as result rows name it, such as `mean_lm`.
    pub statistic: String,
    /// The period as tables name it, such as `week`.
    pub period: String,
    /// The 1-based index of the window in its period.
    pub window_index: i64,
    /// `enrollments` or `exposures`.
    pub analysis_basis: String,
    /// `all` or a segment.
    pub segment: String,
    /// The branch whose effect it is.
    pub branch: String,
    /// `difference` or `relative_uplift`.
    pub comparison: String,
    /// The branch that it is compared to.
    pub comparison_to_branch: String,
    /// The true value.
    pub point: f64,
}

/// A statistic of a metric that the demo's configs ask for.
struct Estimand {
    metric: &'static str,
    statistic: &'static str,
    periods: &'static [Period],
    value: Value,
}

/// What a metric's expectation is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    /// No branch changes the metric's distribution.
    Unaffected,
    /// The column of [`Sums`].
    Mean(usize),
    /// The same, divided by the days of the window.
    DailyMean(usize),
    /// The same, the difference times the number of rows.
    DailyImpact(usize),
}

const EVERY: &[Period] = &[Period::Day, Period::Week, Period::Overall];
const LONG: &[Period] = &[Period::Week, Period::Overall];
const BEFORE: &[Period] = &[Period::PreenrollmentWeek];

const TIME: usize = 0;
const SEARCHES: usize = 1;
const BROWSING: usize = 2;
const AD_CLICKS: usize = 3;
/// While days are added up: the logarithm of the probability of no ad click; in a window: the probability of one.
const ANY_AD_CLICK: usize = 4;
const VALUES: usize = 5;
const BRANCHES: usize = 3;

type Values = [[f64; BRANCHES]; VALUES];

const fn estimand(metric: &'static str, statistic: &'static str, periods: &'static [Period], value: Value) -> Estimand {
    Estimand {
        metric,
        statistic,
        periods,
        value,
    }
}

const DESKTOP_ESTIMANDS: &[Estimand] = &[
    estimand("hours_used", "mean_lm", LONG, Value::Mean(TIME)),
    estimand("searches", "mean_lm", EVERY, Value::Mean(SEARCHES)),
    estimand("days_used", "mean_lm", LONG, Value::Unaffected),
    estimand("pings_sent", "mean_lm", LONG, Value::Unaffected),
    estimand("came_back", "binomial", EVERY, Value::Unaffected),
    estimand(
        "browsing_days",
        "per_client_dau_impact",
        EVERY,
        Value::DailyImpact(BROWSING),
    ),
    estimand("browsing_days", "mean_lm", EVERY, Value::DailyMean(BROWSING)),
    estimand("ad_clicks", "mean_lm", LONG, Value::Mean(AD_CLICKS)),
    estimand("clicked_ad", "binomial", LONG, Value::Mean(ANY_AD_CLICK)),
    estimand("hours_used", "mean_lm", BEFORE, Value::Unaffected),
    estimand("searches", "mean_lm", BEFORE, Value::Unaffected),
    estimand("days_used", "mean_lm", BEFORE, Value::Unaffected),
    estimand("pings_sent", "mean_lm", BEFORE, Value::Unaffected),
    estimand("browsing_days", "mean_lm", BEFORE, Value::Unaffected),
    estimand("browsing_days", "per_client_dau_impact", BEFORE, Value::Unaffected),
];

const FENIX_ESTIMANDS: &[Estimand] = &[
    estimand("minutes_used", "mean_lm", LONG, Value::Mean(TIME)),
    estimand("searches", "mean_lm", EVERY, Value::Mean(SEARCHES)),
    estimand("days_used", "mean_lm", LONG, Value::Unaffected),
    estimand("sessions", "mean_lm", LONG, Value::Unaffected),
    estimand("came_back", "binomial", EVERY, Value::Unaffected),
    estimand("minutes_used", "mean_lm", BEFORE, Value::Unaffected),
    estimand("days_used", "mean_lm", BEFORE, Value::Unaffected),
];

/// Segments of the desktop experiment, in the order of [`DesktopTruth`]'s bits.
const DESKTOP_SEGMENTS: &[&str] = &["all", "on_windows", "new_profile", "regular_before"];
const FENIX_SEGMENTS: &[&str] = &["all", "new_client"];

/// A window with its place in time.
struct Window {
    period: Period,
    index: i64,
    first: i32,
    last: i32,
}

/// One cell's sums over clients.
#[derive(Clone, Default)]
struct Sums {
    weight: f64,
    values: Values,
}

/// The sums of all cells of an experiment. Adding clients in another order changes the last digits of sums, so chunks are added in the
/// order of their clients.
#[derive(Clone)]
pub struct Accumulator {
    /// By window, basis, segment.
    cells: Vec<Sums>,
    segments: usize,
}

/// The windows that fall due in an experiment's life: days, full weeks, and the whole. The day on which the experiment ends is the last to
/// fall due, which is one day more than the whole has.
fn windows(experiment: &Experiment) -> Vec<Window> {
    let overall = experiment.observed_days();
    let blocks = |period, length: i32, days: i32| {
        (0..days / length).map(move |block| Window {
            period,
            index: i64::from(block) + 1,
            first: block * length,
            last: (block + 1) * length - 1,
        })
    };
    blocks(Period::Day, 1, overall + 1)
        .chain(blocks(Period::Week, 7, overall + 1))
        .chain(blocks(Period::Overall, overall, overall))
        .collect()
}

impl Accumulator {
    /// Nothing added yet, for the desktop experiment.
    pub fn desktop() -> Self {
        Self::new(&DESKTOP, DESKTOP_SEGMENTS)
    }

    /// Nothing added yet, for the Fenix experiment.
    pub fn fenix() -> Self {
        Self::new(&FENIX, FENIX_SEGMENTS)
    }

    fn new(experiment: &Experiment, segments: &[&str]) -> Self {
        Self {
            cells: vec![Sums::default(); windows(experiment).len() * 2 * segments.len()],
            segments: segments.len(),
        }
    }

    /// Adds the sums of another part of the clients.
    pub fn merge(&mut self, other: &Self) {
        for (sums, more) in self.cells.iter_mut().zip(&other.cells) {
            sums.weight += more.weight;
            for (row, more) in sums.values.iter_mut().flatten().zip(more.values.iter().flatten()) {
                *row += more;
            }
        }
    }

    /// Adds desktop clients. The exposure signal has no dates of its own that matter but its end, the last enrollment date plus the last
    /// day of the window; windows start at enrollment on both bases.
    pub fn add_desktop(&mut self, clients: &[desktop::Client]) {
        let windows = windows(&DESKTOP);
        for client in clients {
            let Some(enrollment) = client.enrollment.filter(|enrollment| enrollment.counts(&DESKTOP)) else {
                continue;
            };
            let memberships = [
                true,
                desktop::SYSTEMS[usize::from(client.system)].0 == "Windows_NT",
                enrollment.day - client.first_seen < 7,
                14 <= client.path.days(enrollment.day - 28, enrollment.day - 1).count(),
            ];
            let running = running_sums(&DESKTOP, &enrollment, enrollment.day, |day, branch| {
                desktop_day(client, &enrollment, day, branch)
            });
            for (position, window) in windows.iter().enumerate() {
                let values = window_values(&running, window);
                let exposed = enrollment
                    .exposure
                    .is_some_and(|day| day <= DESKTOP.last_enrollment + window.last);
                self.add(position, [true, exposed], &memberships, weight(&enrollment), &values);
            }
        }
    }

    /// Adds Fenix clients. Exposure events count while enrollment is open; windows start at exposure on that basis. Exposure events
    /// of clients in two branches are not sent.
    pub fn add_fenix(&mut self, clients: &[fenix::Client]) {
        let windows = windows(&FENIX);
        for client in clients {
            let Some(enrollment) = client.enrollment.filter(|enrollment| enrollment.counts(&FENIX)) else {
                continue;
            };
            let memberships = [true, enrollment.day - client.first_seen < 14];
            let day_values = |day, branch| fenix_day(client, &enrollment, day, branch);
            let running = running_sums(&FENIX, &enrollment, enrollment.day, day_values);
            let exposure = enrollment
                .exposure
                .filter(|day| *day <= FENIX.last_enrollment && enrollment.second_branch.is_none());
            let exposed = exposure.map(|day| running_sums(&FENIX, &enrollment, day, day_values));
            for (position, window) in windows.iter().enumerate() {
                let values = window_values(&running, window);
                self.add(position, [true, false], &memberships, weight(&enrollment), &values);
                if let Some(exposed) = &exposed {
                    let values = window_values(exposed, window);
                    self.add(position, [false, true], &memberships, weight(&enrollment), &values);
                }
            }
        }
    }

    fn add(&mut self, window: usize, bases: [bool; 2], memberships: &[bool], weight: f64, values: &Values) {
        for (basis, _) in bases.iter().enumerate().filter(|(_, member)| **member) {
            for (segment, _) in memberships.iter().enumerate().filter(|(_, member)| **member) {
                let sums = &mut self.cells[(window * 2 + basis) * self.segments + segment];
                sums.weight += weight;
                for (sum, value) in sums.values.iter_mut().flatten().zip(values.iter().flatten()) {
                    *sum += weight * value;
                }
            }
        }
    }

    /// The truths of the desktop experiment.
    pub fn desktop_truths(&self) -> Vec<Truth> {
        self.truths(&DESKTOP, DESKTOP_SEGMENTS, DESKTOP_ESTIMANDS)
    }

    /// The truths of the Fenix experiment.
    pub fn fenix_truths(&self) -> Vec<Truth> {
        self.truths(&FENIX, FENIX_SEGMENTS, FENIX_ESTIMANDS)
    }

    fn truths(&self, experiment: &Experiment, segments: &[&str], estimands: &[Estimand]) -> Vec<Truth> {
        let before = Window {
            period: Period::PreenrollmentWeek,
            index: 1,
            first: -7,
            last: -1,
        };
        let windows = windows(experiment);
        let mut truths = Vec::new();
        for (position, window) in windows.iter().enumerate().chain([(usize::MAX, &before)]) {
            for estimand in estimands.iter().filter(|e| e.periods.contains(&window.period)) {
                for (basis, name) in Basis::ALL.iter().enumerate() {
                    for (index, segment) in segments.iter().enumerate() {
                        // Nothing acts before enrollment: those cells need no sums.
                        let nothing = Sums::default();
                        let sums = self
                            .cells
                            .get(position.saturating_mul(2 * self.segments) + basis * self.segments + index);
                        let sums = sums.filter(|_| position != usize::MAX).unwrap_or(&nothing);
                        for (branch, reference) in pairs(experiment.branches.len()) {
                            let [difference, uplift] = estimand.value.effects(sums, window, branch, reference);
                            for (comparison, point) in [("difference", difference), ("relative_uplift", uplift)] {
                                if point.is_finite() {
                                    truths.push(Truth {
                                        experiment: experiment.slug.to_owned(),
                                        metric: estimand.metric.to_owned(),
                                        statistic: estimand.statistic.to_owned(),
                                        period: window.period.as_str().to_owned(),
                                        window_index: window.index,
                                        analysis_basis: name.as_str().to_owned(),
                                        segment: (*segment).to_owned(),
                                        branch: experiment.branches[branch].to_owned(),
                                        comparison: comparison.to_owned(),
                                        comparison_to_branch: experiment.branches[reference].to_owned(),
                                        point,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
        truths
    }
}

impl Value {
    /// The difference and the relative uplift; not finite where nobody is in the cell.
    fn effects(self, sums: &Sums, window: &Window, branch: usize, reference: usize) -> [f64; 2] {
        let days = f64::from(window.last - window.first + 1);
        let means = |value: usize| sums.values[value].map(|sum| sum / sums.weight);
        let (value, scale) = match self {
            Value::Unaffected => return [0.0, 0.0],
            Value::Mean(value) => (value, 1.0),
            Value::DailyMean(value) => (value, 1.0 / days),
            Value::DailyImpact(value) => (value, sums.weight / days),
        };
        let means = means(value);
        [
            (means[branch] - means[reference]) * scale,
            means[branch] / means[reference] - 1.0,
        ]
    }
}

/// Every ordered pair of different branches.
fn pairs(branches: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..branches).flat_map(move |a| (0..branches).filter(move |b| *b != a).map(move |b| (a, b)))
}

/// A client in two branches has two rows.
fn weight(enrollment: &Enrollment) -> f64 {
    if enrollment.second_branch.is_some() { 2.0 } else { 1.0 }
}

/// Sums of the daily values over the days since `anchor`: entry n holds the first n days.
fn running_sums(
    experiment: &Experiment,
    enrollment: &Enrollment,
    anchor: i32,
    day_values: impl Fn(i32, usize) -> [f64; VALUES],
) -> Vec<Values> {
    let mut total = Values::default();
    let mut running = vec![total];
    for day in anchor..=anchor + experiment.observed_days() {
        let control = day_values(day, 0);
        for branch in 0..experiment.branches.len() {
            let acting = Enrollment { branch, ..*enrollment }.acting_branch(day);
            let values = if acting == 0 { control } else { day_values(day, acting) };
            for (total, value) in total.iter_mut().zip(values) {
                total[branch] += value;
            }
        }
        running.push(total);
    }
    running
}

fn window_values(running: &[Values], window: &Window) -> Values {
    let (from, to) = (&running[window.first as usize], &running[window.last as usize + 1]);
    let mut values = *to;
    for (value, before) in values.iter_mut().flatten().zip(from.iter().flatten()) {
        *value -= before;
    }
    for logarithm in &mut values[ANY_AD_CLICK] {
        *logarithm = -logarithm.exp_m1();
    }
    values
}

/// The expected values of a desktop client's day under a branch that acts.
fn desktop_day(client: &desktop::Client, enrollment: &Enrollment, day: i32, branch: usize) -> [f64; VALUES] {
    if !client.path.contains(day) {
        return [0.0; VALUES];
    }
    let effects = DESKTOP.effects[branch];
    let browsing = client.browsing * (1.0 + effects.browsing);
    let searches = client.searches * (1.0 + effects.searches);
    let ad_clicks = searches * desktop::AD_CLICKS_PER_SEARCH * (1.0 + effects.ad_clicks);
    let named = day != enrollment.day || enrollment.annotated_on_day;
    let mut values = [0.0; VALUES];
    if named {
        values[TIME] = browsing * client.ticks * (1.0 + effects.time) / desktop::TICKS_PER_HOUR;
    }
    values[SEARCHES] = browsing * searches;
    values[BROWSING] = browsing;
    values[AD_CLICKS] = browsing * ad_clicks;
    values[ANY_AD_CLICK] = (-browsing * ad_clicks / (1.0 + ad_clicks)).ln_1p();
    values
}

/// The expected values of a Fenix client's day under a branch that acts.
fn fenix_day(client: &fenix::Client, enrollment: &Enrollment, day: i32, branch: usize) -> [f64; VALUES] {
    if !client.path.contains(day) {
        return [0.0; VALUES];
    }
    let effects = FENIX.effects[branch];
    let mut values = [0.0; VALUES];
    values[TIME] = (1.0 + fenix::MORE_PINGS) * client.seconds * (1.0 + effects.time) / 60.0;
    if day != enrollment.day || enrollment.annotated_on_day {
        values[SEARCHES] = client.searches * (1.0 + effects.searches);
    }
    values
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use toml::Table;

    use super::*;
    use crate::demo::design::DAYS;
    use crate::demo::folder::CONFIGS;

    /// What clients do differs from what is expected of them by noise alone: the sum of the differences is within 4.5 of its standard
    /// errors, each estimated from the differences themselves (a chance of 7 in a million for each).
    fn check(name: &str, differences: &[f64]) {
        let sum: f64 = differences.iter().sum();
        let error = differences.iter().map(|x| x * x).sum::<f64>().sqrt();
        assert!(0.0 < error, "{name} never varies");
        assert!(sum.abs() < 4.5 * error, "{name}: {} standard errors off", sum / error);
    }

    #[test]
    fn desktop_clients_do_what_is_expected_of_them() {
        let windows = windows(&DESKTOP);
        for period in [Period::Day, Period::Week, Period::Overall] {
            let window = windows
                .iter()
                .rfind(|window| window.period == period)
                .expect("the period has windows");
            for branch in 0..DESKTOP.branches.len() {
                let mut differences = [const { Vec::new() }; VALUES];
                for number in 0..40_000 {
                    let client = desktop::Client::draw(5, number);
                    let Some(enrollment) = client.enrollment.filter(|enrollment| enrollment.branch == branch) else {
                        continue;
                    };
                    let days = |day, branch| desktop_day(&client, &enrollment, day, branch);
                    let expected = window_values(&running_sums(&DESKTOP, &enrollment, enrollment.day, days), window);
                    let mut done = [0.0; VALUES];
                    for day in client
                        .path
                        .days(enrollment.day + window.first, enrollment.day + window.last)
                    {
                        if day != enrollment.day || enrollment.annotated_on_day {
                            done[TIME] += f64::from(client.day(day).ticks) / desktop::TICKS_PER_HOUR;
                        }
                        done[BROWSING] += f64::from(u8::from(client.browses(day)));
                        for searches in client.day_searches(day) {
                            done[SEARCHES] += f64::from(searches.sap);
                            done[AD_CLICKS] += f64::from(searches.ad_click);
                        }
                    }
                    done[ANY_AD_CLICK] = f64::from(u8::from(0.0 < done[AD_CLICKS]));
                    for (value, differences) in differences.iter_mut().enumerate() {
                        // A client in two branches is in this one as well, and its expectation is control's.
                        differences.push(done[value] - expected[value][branch]);
                    }
                }
                for (value, differences) in differences.iter().enumerate() {
                    check(&format!("{period:?}, branch {branch}, value {value}"), differences);
                }
            }
        }
    }

    #[test]
    fn fenix_clients_do_what_is_expected_of_them() {
        let overall = windows(&FENIX).pop().expect("the overall window is the last");
        for branch in 0..FENIX.branches.len() {
            let mut differences = [const { Vec::new() }; 2];
            for number in 0..40_000 {
                let client = fenix::Client::draw(5, number);
                let Some(enrollment) = client.enrollment.filter(|enrollment| enrollment.branch == branch) else {
                    continue;
                };
                let days = |day, branch| fenix_day(&client, &enrollment, day, branch);
                let expected = window_values(&running_sums(&FENIX, &enrollment, enrollment.day, days), &overall);
                let mut done = [0.0; 2];
                for day in client.path.days(enrollment.day, enrollment.day + overall.last) {
                    for ping in client.pings(day) {
                        if day != enrollment.day || ping.annotation.is_some() {
                            done[TIME] += f64::from(ping.seconds) / 60.0;
                        }
                    }
                    if day != enrollment.day || enrollment.annotated_on_day {
                        done[SEARCHES] += f64::from(client.day_searches(day).0);
                    }
                }
                for (value, differences) in differences.iter_mut().enumerate() {
                    differences.push(done[value] - expected[value][branch]);
                }
            }
            for (value, differences) in differences.iter().enumerate() {
                check(&format!("branch {branch}, value {value}"), differences);
            }
        }
    }

    #[test]
    fn windows_are_those_that_fall_due() {
        let count = |experiment, period| windows(experiment).iter().filter(|w| w.period == period).count();
        let counts = |experiment| [Period::Day, Period::Week, Period::Overall].map(|period| count(experiment, period));
        assert_eq!((counts(&DESKTOP), counts(&FENIX)), ([29, 4, 1], [22, 3, 1]));
        for experiment in [DESKTOP, FENIX] {
            let last = windows(&experiment).iter().map(|window| window.last).max();
            assert!(last.is_some_and(|last| experiment.last_enrollment + last < DAYS));
        }
    }

    #[test]
    fn effects_show_in_full_once_clients_are_exposed() {
        let truths = crate::demo::truth(20_000, 2);
        let uplift = |metric: &str, branch: &str, basis: &str, period: &str, index: i64| {
            let found = truths.iter().find(|t| {
                (t.metric.as_str(), t.branch.as_str(), t.analysis_basis.as_str()) == (metric, branch, basis)
                    && (t.period.as_str(), t.window_index, t.segment.as_str()) == (period, index, "all")
                    && (t.comparison.as_str(), t.comparison_to_branch.as_str()) == ("relative_uplift", "control")
            });
            found.expect("the cell has a truth").point
        };
        // The week after exposure closes for good: everybody exposed is exposed throughout.
        let searches = |basis, index| uplift("searches", "new-start-page", basis, "week", index);
        assert!((searches("exposures", 3) + 0.10).abs() < 1e-12);
        assert!(searches("enrollments", 1) < 0.0 && searches("exposures", 1) < searches("enrollments", 1));
        let hours = |basis| uplift("hours_used", "large-panel", basis, "overall", 1);
        assert!(
            0.0 < hours("enrollments")
                && hours("enrollments") < hours("exposures")
                && hours("exposures") < 1.04 * 1.06 - 1.0
        );
        assert_eq!(uplift("days_used", "large-panel", "exposures", "overall", 1), 0.0);
        assert_eq!(uplift("hours_used", "small-panel", "exposures", "overall", 1), 0.0);
    }

    /// Every statistic with comparisons that the configs ask for, as (metric, statistic in result rows, period).
    fn asked_for(platform: &str) -> BTreeSet<(String, String, &'static str)> {
        let files: Vec<(&str, Table)> = CONFIGS
            .iter()
            .filter(|(path, _)| path.starts_with("jetstream/") && path.contains(platform))
            .map(|(path, text)| (*path, text.parse().expect("a config of the demo parses")))
            .collect();
        let mut asked = BTreeSet::new();
        let mut ask = |metric: &str, period: &'static str| {
            for (_, file) in &files {
                let Some(statistics) = file
                    .get("metrics")
                    .and_then(|m| m.get(metric))
                    .and_then(|m| m.get("statistics"))
                else {
                    continue;
                };
                for statistic in statistics.as_table().expect("statistics are a table").keys() {
                    let row = match statistic.as_str() {
                        "linear_model_mean" => "mean_lm",
                        "count" | "sum" => continue,
                        other => other,
                    };
                    asked.insert((metric.to_owned(), row.to_owned(), period));
                }
            }
        };
        for (path, file) in &files {
            let metrics = file
                .get("metrics")
                .and_then(|m| m.as_table())
                .expect("the file has metrics");
            if path.contains("/outcomes/") {
                for metric in metrics.keys() {
                    ask(metric, "week");
                    ask(metric, "overall");
                }
            }
            for (list, period) in [
                ("daily", "day"),
                ("weekly", "week"),
                ("overall", "overall"),
                ("preenrollment_weekly", "preenrollment_week"),
            ] {
                for metric in metrics.get(list).and_then(|list| list.as_array()).into_iter().flatten() {
                    ask(metric.as_str().expect("a metric is named by a string"), period);
                }
            }
        }
        asked
    }

    #[test]
    fn every_comparison_of_the_configs_has_a_truth() {
        for (platform, estimands) in [("firefox_desktop", DESKTOP_ESTIMANDS), ("fenix", FENIX_ESTIMANDS)] {
            let known: BTreeSet<(String, String, &'static str)> = estimands
                .iter()
                .flat_map(|e| {
                    let cell = |period: &Period| (e.metric.to_owned(), e.statistic.to_owned(), period.as_str());
                    e.periods.iter().map(cell).collect::<Vec<_>>()
                })
                .collect();
            assert_eq!(known, asked_for(platform), "{platform}");
        }
    }
}
