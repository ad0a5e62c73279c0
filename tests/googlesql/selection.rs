//! The experiments that are executed: of all that the row fixtures have, the smallest one for each combination of properties.

/// The experiments, and what each stands for: app, unit, and what its config has or calls.
pub const CASES: [(&str, &str); 58] = [
    (
        "cross-platform-enhanced-suggest-android",
        "Fenix: metrics of metrics, ANY_VALUE",
    ),
    ("android-top-of-suggest-placement-re-run", "Fenix: metrics of metrics"),
    ("no-config-fenix-3", "Fenix: plain"),
    ("new-unified-search-for-firefox-android", "Fenix: monetized_search"),
    ("android-reengagement-push-world-cup", "Fenix: segments, ANY_VALUE"),
    (
        "android-beta-sponsored-shortcuts-validation",
        "Fenix: segments, PARSE_DATETIME",
    ),
    ("all-users-day-5-reengagement-push", "Fenix: segments, days_since_seen"),
    ("vpn-android", "Fenix: segments"),
    ("android-private-window-visual-refresh", "Fenix: exposure signal"),
    (
        "android-review-checker-new-users",
        "Fenix: exposure signal from day 0 to day 7",
    ),
    (
        "cbhqps-german-hold-back-mobile-android",
        "Fenix: exposure signal up to analysis window end",
    ),
    ("bug-1726656-pref-tab-unloading-nightly-93-94", "desktop: ANY_VALUE"),
    ("recommend-add-ons-staff-pick-part-2", "desktop: ARRAY_AGG"),
    ("pin-frequently-used-websites-141", "desktop: MAX_BY"),
    (
        "bug-1669364-pref-verify-changing-location-service-providers-still-release-82-83",
        "desktop: mode_last, ARRAY_AGG",
    ),
    ("sync-and-back-up-value-proposition-experiment", "desktop: plain"),
    (
        "message-experiment-new-tab-mobile-qr-code",
        "desktop: sample of clients",
    ),
    (
        "device-migration-existing-user-multi-message-spotlight",
        "desktop: segments, ANY_VALUE",
    ),
    ("keep-in-dock", "desktop: segments, BIT_COUNT"),
    (
        "navigational-suggestions",
        "desktop: segments, metrics of metrics, CONTAINS_SUBSTR",
    ),
    (
        "desktop-to-mobile-adoption-promo-signed-into-account-eu",
        "desktop: segments",
    ),
    (
        "churned-new-profiles-day-5-resurrection-feature-recommendation",
        "desktop: segments, custom enrollment query, ARRAY_AGG, QUALIFY, ROW_NUMBER",
    ),
    (
        "whats-new-notification-tab-groups",
        "desktop: segments, custom enrollment query, MAX_BY, QUALIFY, ROW_NUMBER",
    ),
    (
        "churn-risk-os-notification",
        "desktop: segments, custom enrollment query, QUALIFY, ROW_NUMBER, ANY_VALUE",
    ),
    (
        "48hr-os-notification-for-churned-resurrected-users",
        "desktop: segments, custom enrollment query, QUALIFY, ROW_NUMBER",
    ),
    (
        "new-alt-text-flow-and-generation",
        "desktop: exposure signal up to analysis window end, FULL OUTER",
    ),
    (
        "ai-tab-groups-experiment-with-opt-in-100-population",
        "desktop: exposure signal from day 0 to analysis window end, MAX_BY",
    ),
    (
        "desktop-release-show-relay-to-all-browsers",
        "desktop: exposure signal, metrics of metrics",
    ),
    (
        "mozilla-vpn-suggestions-holdback",
        "desktop: exposure signal up to analysis window end, metrics of metrics",
    ),
    (
        "semantic-history-search-contextual-embeddings",
        "desktop: exposure signal from enrollment start to analysis window end, metrics of metrics",
    ),
    (
        "sidebar-vertical-tabs-layout-and-new-tools",
        "desktop: exposure signal up to analysis window end, extract_version",
    ),
    ("privacy-enhancing-firefox-suggest-m31", "desktop: exposure signal"),
    (
        "us-review-checker-v2-holdback-experiment",
        "desktop: exposure signal from day 0 to day 7",
    ),
    (
        "simplified-chatbot-onboarding",
        "desktop: exposure signal from day 0 to analysis window end",
    ),
    ("cbb-us-hold-back-with-promo-v2", "desktop: exposure signal up to day 7"),
    (
        "canvas-fingerprinting-protection",
        "desktop: exposure signal up to analysis window end",
    ),
    (
        "firefox-suggest-by-merino-beta",
        "desktop: exposure signal from analysis window start to analysis window end",
    ),
    (
        "desktop-credit-card-autofill-global-enablement-holdback",
        "desktop: exposure signal from day 0 to day 7, custom enrollment query",
    ),
    (
        "new-tab-inferred-content-personalization",
        "desktop: exposure signal up to analysis window end, sample of clients",
    ),
    (
        "default-browser-adoption-experiment",
        "desktop, profile_group_id: ARRAY_AGG",
    ),
    (
        "firefox-accounts-toolbar-button-default-visibility-2",
        "desktop, profile_group_id: plain",
    ),
    (
        "new-tab-automated-personalization-local-ranking",
        "desktop, profile_group_id: sample of clients",
    ),
    (
        "import-bookmarks-copy",
        "desktop, profile_group_id: segments, ANY_VALUE",
    ),
    (
        "facebook-container-addon-early-day-us",
        "desktop, profile_group_id: segments, ARRAY_AGG",
    ),
    (
        "address-bar-update-launch-extention",
        "desktop, profile_group_id: segments, normalize_search_engine",
    ),
    (
        "week-1-privacy-focused-nudges-for-resurrected-users",
        "desktop, profile_group_id: segments",
    ),
    (
        "interaction-frecency-enhancement-v2",
        "desktop, profile_group_id: exposure signal up to analysis window end, metrics of metrics",
    ),
    (
        "semantic-history-search-v3",
        "desktop, profile_group_id: exposure signal from enrollment start to analysis window end, metrics of metrics",
    ),
    ("ios-worldcup-feature-1512", "iOS: plain"),
    (
        "firefox-ios-homepage-experiment-sponsored-shortcuts",
        "iOS: segments, PARSE_DATETIME",
    ),
    (
        "release-firefox-ios-mr-new-user-onboarding",
        "iOS: segments, extract_version",
    ),
    ("new-toolbar-ios-ios-redesign-iteration-1", "iOS: segments"),
    (
        "ios-review-checker-new-users",
        "iOS: exposure signal from day 0 to day 7",
    ),
    (
        "mobile-default-browser-cta-copy-test-ios",
        "iOS: exposure signal up to analysis window end",
    ),
    ("no-config-focus-android-1", "Focus on Android: plain"),
    ("no-config-focus-ios-3", "Focus on iOS: plain"),
    ("no-config-klar-android-1", "Klar on Android: plain"),
    ("no-config-klar-ios-2", "Klar on iOS: plain"),
];
