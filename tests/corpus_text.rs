//! Statements of real experiments, as a reviewer reads them. Each snapshot was read line by line. The snapshots hold SQL of
//! Mozilla's metric-hub configs as it stands in our statements.

#[path = "equality/mod.rs"]
mod equality;

use equality::fixtures::shared;
use equality::statements::work;
use isobar::config;

/// Experiments, statements, and what to look at.
const STATEMENTS: [(&str, &str, &str); 15] = [
    ("easy-setup-part-4", "enrollments", "profile groups, segments"),
    ("carrot-potential-exposures", "enrollments", "profile groups, plain"),
    ("keep-in-dock", "enrollments", "a segment of 28 days of bits"),
    (
        "firefox-add-ons-suggestions-experiment",
        "enrollments",
        "segments of a query",
    ),
    (
        "simplified-chatbot-onboarding",
        "enrollments",
        "an exposure signal beside segments",
    ),
    (
        "desktop-credit-card-autofill-global-enablement-holdback",
        "enrollments",
        "a custom enrollment query and an exposure signal",
    ),
    (
        "message-experiment-new-tab-mobile-qr-code",
        "enrollments",
        "a sample of clients",
    ),
    ("no-config-klar-ios-2", "enrollments", "Glean events"),
    (
        "no-config-klar-ios-2",
        "metrics_overall_enrollments",
        "defaults of an app",
    ),
    ("no-config-klar-ios-2", "view_week_enrollments", "a view"),
    (
        "cbhqps-german-hold-back-mobile-android",
        "metrics_week_exposures_2",
        "an exposure signal that grows with the windows",
    ),
    (
        "new-unified-search-for-firefox-android",
        "metrics_week_enrollments_1",
        "the day of enrollment, annotations of Glean",
    ),
    (
        "ios-onboarding-search-widget",
        "metrics_preenrollment_week_enrollments",
        "days before enrollment",
    ),
    (
        "bug-1726656-pref-tab-unloading-nightly-93-94",
        "metrics_day_exposures_3",
        "days after the first exposure",
    ),
    (
        "enhanced-cross-platform-suggest-android-relaunch",
        "metrics_overall_enrollments",
        "metrics that ratios depend on",
    ),
];

#[test]
fn statements_of_real_experiments() {
    let Some(shared) = shared() else { return };
    let configs = config::load(&[shared.join("metric-hub")]).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/corpus");
    settings.set_prepend_module_to_snapshot(false);
    for (slug, name, what) in STATEMENTS {
        let script = work(&shared, &configs, slug).unwrap().script();
        let statement = (script.statements.iter())
            .find(|statement| statement.name == name)
            .unwrap_or_else(|| panic!("{slug} has {name}"));
        settings.set_description(what);
        settings.bind(|| insta::assert_snapshot!(format!("{slug}__{name}"), statement.sql));
    }
}
