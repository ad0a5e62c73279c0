//! Which windows are due on which date: the worked example of the reference's semantics, the edges, and the dates that an
//! exposure signal looks at.

use std::sync::Arc;

use isobar::analysis::{Experiment, ExposureSignal, Fragment, Period, RefusalKind, WindowLimit, refusal};
use isobar::config;
use isobar::diagnostics::{Code, Source, Span};
use isobar::experiment;
use isobar::schedule::{self, Window};
use jiff::civil::Date;
use proptest::prelude::*;
use serde_json::{Value, json};

fn date(text: &str) -> Date {
    text.parse().expect("the date is valid")
}

/// An experiment with these keys of the API instead of the usual ones, and this config.
fn experiment(keys: Value, config: &str) -> Experiment {
    let mut json = json!({
        "slug": "x",
        "branches": [{"slug": "control", "ratio": 1}],
        "startDate": "2025-01-06",
        "endDate": "2025-02-10",
        "enrollmentEndDate": "2025-01-12",
        "proposedEnrollment": 10,
        "referenceBranch": "control",
        "bucketConfig": {"randomizationUnit": "normandy_id"},
    });
    for (key, value) in keys.as_object().expect("keys are an object") {
        json[key] = value.clone();
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::write(folder.path().join("x.toml"), config).expect("a file can be written in a temporary folder");
    let source = Arc::new(Source {
        path: "experiment.json".to_string(),
        text: json.to_string(),
    });
    let nimbus = experiment::parse(&source).expect("the experiment is JSON").remove(0);
    let nimbus = nimbus.unwrap_or_else(|faults| panic!("{faults}"));
    let configs = config::load(&[folder.path().to_path_buf()]).unwrap_or_else(|faults| panic!("{faults}"));
    let analysis = configs.resolve(&nimbus).unwrap_or_else(|faults| panic!("{faults}"));
    analysis.experiment
}

/// `date: index [start, end] first..last date of data` for each date on which a period is due.
fn calendar(experiment: &Experiment, period: Period) -> Vec<String> {
    let last = schedule::last_date(experiment).expect("the experiment has a start date");
    let calendar = schedule::calendar(experiment, period, last).unwrap_or_else(|faults| panic!("{faults}"));
    calendar
        .into_iter()
        .map(|(date, window)| format!("{date}: {}", show(&window)))
        .collect()
}

fn show(window: &Window) -> String {
    format!(
        "{} [{}, {}] {}..{}",
        window.index, window.start, window.end, window.first_date_data_required, window.last_date_data_required
    )
}

#[test]
fn the_worked_example() {
    let experiment = experiment(json!({}), "");
    assert_eq!(experiment.enrollment_period, 7);
    let days = calendar(&experiment, Period::Day);
    assert_eq!(days.len(), 29);
    assert_eq!(days[0], "2025-01-13: 1 [0, 0] 2025-01-06..2025-01-13");
    assert_eq!(days[1], "2025-01-14: 2 [1, 1] 2025-01-07..2025-01-14");
    assert_eq!(
        calendar(&experiment, Period::Week),
        [
            "2025-01-19: 1 [0, 6] 2025-01-06..2025-01-19",
            "2025-01-26: 2 [7, 13] 2025-01-13..2025-01-26",
            "2025-02-02: 3 [14, 20] 2025-01-20..2025-02-02",
            "2025-02-09: 4 [21, 27] 2025-01-27..2025-02-09",
        ]
    );
    assert_eq!(
        calendar(&experiment, Period::Days28),
        ["2025-02-09: 1 [0, 27] 2025-01-06..2025-02-09"]
    );
    assert_eq!(
        calendar(&experiment, Period::Overall),
        ["2025-02-10: 1 [0, 27] 2025-01-06..2025-02-09"]
    );
    assert_eq!(
        calendar(&experiment, Period::PreenrollmentWeek),
        ["2025-01-14: 1 [-7, -1] 2024-12-30..2025-01-12"]
    );
    assert_eq!(
        calendar(&experiment, Period::PreenrollmentDays28),
        ["2025-01-14: 1 [-28, -1] 2024-12-09..2025-01-12"]
    );
    let due = schedule::due(&experiment, date("2025-02-09"), &Period::ALL).expect("the dates are possible");
    let periods: Vec<Period> = due.iter().map(|window| window.period).collect();
    assert_eq!(periods, [Period::Day, Period::Week, Period::Days28]);
}

#[test]
fn enrollment_periods() {
    let period = |keys, config| {
        let experiment = experiment(keys, config);
        (experiment.enrollment_period, experiment.proposed_enrollment)
    };
    assert_eq!(period(json!({"enrollmentEndDate": "2025-01-13"}), ""), (8, 10));
    assert_eq!(
        period(
            json!({"enrollmentEndDate": "2025-01-13"}),
            "[experiment]\nenrollment_period = 7\n"
        ),
        (7, 7)
    );
    assert_eq!(period(json!({"enrollmentEndDate": null}), ""), (10, 10));
    assert_eq!(
        period(json!({"enrollmentEndDate": null, "proposedEnrollment": null}), ""),
        (0, 0)
    );
}

#[test]
fn no_day_is_left_for_the_overall_window() {
    for end in ["2025-01-13", "2025-01-10"] {
        let experiment = experiment(json!({ "endDate": end }), "");
        let faults = schedule::due(&experiment, date(end), &Period::ALL).expect_err("no day is left");
        assert_eq!(faults.0[0].code, Code::Dates);
        assert!(schedule::due(&experiment, date(end), &[Period::Day]).is_ok());
    }
}

#[test]
fn impossible_dates() {
    let experiment = experiment(json!({"enrollmentEndDate": "2024-12-01"}), "");
    let faults = schedule::due(&experiment, date("2025-02-10"), &Period::ALL).expect_err("enrollment ends too soon");
    assert_eq!(faults.0[0].code, Code::Dates);
}

#[test]
fn without_a_start_date_nothing_is_due() {
    let experiment = experiment(json!({"startDate": null}), "");
    assert_eq!(
        schedule::due(&experiment, date("2025-02-10"), &Period::ALL),
        Ok(Vec::new())
    );
    assert_eq!(schedule::last_date(&experiment), None);
}

#[test]
fn refusals() {
    let kind = |keys, config, on: &str| refusal(&experiment(keys, config), date(on)).map(|refusal| refusal.kind);
    let on = "2025-02-10";
    assert_eq!(kind(json!({}), "", on), None);
    assert_eq!(kind(json!({}), "", "2025-02-11"), Some(RefusalKind::Ended));
    assert_eq!(
        kind(json!({}), "[experiment]\nend_date = \"2025-02-20\"\n", "2025-02-11"),
        None
    );
    assert_eq!(kind(json!({"isRollout": true}), "", on), Some(RefusalKind::Rollout));
    assert_eq!(kind(json!({"startDate": null}), "", on), Some(RefusalKind::NoStartDate));
    assert_eq!(
        kind(json!({"appName": "other"}), "", on),
        Some(RefusalKind::UnsupportedApplication)
    );
    let enrolling = json!({"enrollmentEndDate": null});
    assert_eq!(
        kind(enrolling.clone(), "", on),
        Some(RefusalKind::EnrollmentNotComplete)
    );
    assert_eq!(kind(enrolling, "[experiment]\nenrollment_period = 7\n", on), None);
    let nothing = json!({"enrollmentEndDate": null, "proposedEnrollment": 0});
    assert_eq!(kind(nothing, "", on), Some(RefusalKind::NoEnrollmentPeriod));
    // The first reason counts.
    assert_eq!(
        kind(json!({"isRollout": true}), "[experiment]\nskip = true\n", "2025-03-01"),
        Some(RefusalKind::ExplicitSkip)
    );
    let refused = refusal(&experiment(json!({"isRollout": true}), ""), date(on)).expect("rollouts are refused");
    assert_eq!(
        refused.message,
        "x -> Experiment is a rollout and will not be analyzed."
    );
}

#[test]
fn exposure_dates() {
    let experiment = experiment(json!({}), "");
    let source = Arc::new(Source {
        path: "x.toml".to_string(),
        text: String::new(),
    });
    let fragment = Fragment {
        sql: "x".to_string(),
        span: Span { source, range: 0..0 },
    };
    let dates = |window_start, window_end, window: &Window| {
        let signal = ExposureSignal {
            name: "e".to_string(),
            data_source: "d".to_string(),
            from: fragment.clone(),
            select: fragment.clone(),
            friendly_name: String::new(),
            description: String::new(),
            window_start,
            window_end,
        };
        let (first, last) = schedule::exposure_dates(&signal, window).expect("the dates are possible");
        format!("{first}..{last}")
    };
    let enrollments = schedule::enrollments_window(&experiment)
        .expect("the dates are possible")
        .expect("there is a start");
    let weeks = schedule::due(&experiment, date("2025-01-26"), &[Period::Week]).expect("the dates are possible");
    let week = &weeks[0];
    let end = Some(WindowLimit::AnalysisWindowEnd);
    assert_eq!(dates(None, None, week), "2025-01-06..2025-01-13");
    assert_eq!(
        dates(Some(WindowLimit::Days(0)), Some(WindowLimit::Days(7)), week),
        "2025-01-06..2025-01-13"
    );
    assert_eq!(dates(None, Some(WindowLimit::Days(0)), week), "2025-01-06..2025-01-06");
    assert_eq!(
        dates(None, Some(WindowLimit::EnrollmentStart), week),
        "2025-01-06..2025-01-06"
    );
    assert_eq!(
        dates(Some(WindowLimit::EnrollmentEnd), Some(WindowLimit::Days(9)), week),
        "2025-01-13..2025-01-15"
    );
    assert_eq!(dates(None, end, week), "2025-01-06..2025-01-26");
    assert_eq!(dates(None, end, &enrollments), "2025-01-06..2025-01-13");
    assert_eq!(
        dates(Some(WindowLimit::AnalysisWindowStart), end, week),
        "2025-01-20..2025-01-26"
    );
}

proptest! {
    /// Every window of a repeated period is due exactly once, in order, and follows the one before it.
    #[test]
    fn windows_follow_each_other(enrollment in 1_i64..40, days in 0_i64..200, offset in 0_i64..3000) {
        let start = date("2020-01-01").checked_add(jiff::Span::new().days(offset)).expect("the date is possible");
        let end = start.checked_add(jiff::Span::new().days(days)).expect("the date is possible");
        let mut experiment = experiment(json!({}), "");
        (experiment.start_date, experiment.end_date, experiment.enrollment_period) = (Some(start), Some(end), enrollment);
        for (period, length) in [(Period::Day, 1), (Period::Week, 7), (Period::Days28, 28)] {
            let calendar = schedule::calendar(&experiment, period, end).expect("the dates are possible");
            prop_assert_eq!(calendar.len() as i64, ((days - enrollment + 1).max(0)) / length);
            for (at, (date, window)) in calendar.iter().enumerate() {
                prop_assert_eq!(window.index, at as i64 + 1);
                prop_assert_eq!((window.start, window.end), (at as i64 * length, (at as i64 + 1) * length - 1));
                prop_assert_eq!(window.last_date_data_required, *date);
            }
        }
    }
}
