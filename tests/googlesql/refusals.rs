//! What Google's analyzer refuses for the fault of the public configs: the reference's statements for them are refused alike, and the row
//! fixtures leave them out.

/// Experiments with the kind of statement that is refused, and the analyzer's words.
const REFUSED: [(&str, &str, &str); 20] = [
    // The unit is profile_group_id (or client_id), and a data source has no such column.
    (
        "address-bar-update-donoharm",
        "metrics",
        "Name profile_group_id not found inside ds",
    ),
    (
        "address-bar-update-launch-hold",
        "metrics",
        "Name profile_group_id not found inside ds",
    ),
    (
        "bug-1692000-pref-activity-stream-new-tab-default-content-v2-fr-release-85-88",
        "enrollments",
        "Name profile_group_id not found inside ds",
    ),
    (
        "bug-1696831-pref-activity-stream-new-tab-default-content-existin-release-85-88",
        "enrollments",
        "Name profile_group_id not found inside ds",
    ),
    (
        "chatbot-sticky-cta",
        "enrollments",
        "Unrecognized name: profile_group_id",
    ),
    (
        "firefox-suggest-history-vs-offline",
        "enrollments",
        "Name profile_group_id not found inside ds",
    ),
    (
        "kitified-value-prop-experiments-on-new-tab-countries-with-no-content-re-run",
        "enrollments",
        "Name client_id not found inside ds",
    ),
    (
        "kitified-value-prop-experiments-on-new-tab-re-run",
        "enrollments",
        "Name client_id not found inside ds",
    ),
    (
        "off-train-aa-test-release",
        "metrics",
        "Name profile_group_id not found inside ds",
    ),
    (
        "onboarding-modal-experiment",
        "enrollments",
        "Name profile_group_id not found inside ds",
    ),
    (
        "onboarding-set-up-checklist-windows",
        "enrollments",
        "Unrecognized name: profile_group_id",
    ),
    (
        "review-checker-v11-experiment",
        "enrollments",
        "Unrecognized name: profile_group_id",
    ),
    (
        "set-default-pdf-handler-with-annotations",
        "enrollments",
        "Unrecognized name: profile_group_id",
    ),
    (
        "win10-eos-hnt-differentiationprivacy-default-fr",
        "metrics",
        "Name profile_group_id not found inside ds",
    ),
    // A custom enrollment query returns no analysis_id.
    (
        "abouthome-startup-cache-3",
        "enrollments",
        "Name analysis_id not found inside e",
    ),
    (
        "backgroundtaskmessage-notification-release-4pct-fr",
        "enrollments",
        "Name analysis_id not found inside e",
    ),
    (
        "mr2022-backgroundtaskmessage-notification-release-2pct-with-holdback",
        "enrollments",
        "Name analysis_id not found inside e",
    ),
    (
        "pdfjs-feature-callout",
        "enrollments",
        "Name analysis_id not found inside e",
    ),
    // A metric reads a column that its data source lacks, or a field of a text.
    (
        "default-browser-adoption-experiment",
        "metrics",
        "Cannot access field category on a value with type STRING",
    ),
    (
        "introduce-the-new-sidebar-callout-136",
        "metrics",
        "Unrecognized name: chatbot",
    ),
];

/// What differs from that: refusals, as `slug/statement: message`, that are not known, and known ones that do not occur.
pub fn unexpected(refused: &[String]) -> Vec<String> {
    let is_known = |fault: &&String, (slug, kind, message): &(&str, &str, &str)| {
        fault.starts_with(&format!("{slug}/{kind}")) && fault.ends_with(message)
    };
    let unknown = refused
        .iter()
        .filter(|fault| !REFUSED.iter().any(|known| is_known(fault, known)));
    let absent = REFUSED
        .iter()
        .filter(|known| !refused.iter().any(|fault| is_known(&fault, known)));
    let absent = absent.map(|(slug, kind, _)| format!("{slug}/{kind} is no longer refused"));
    unknown.cloned().chain(absent).collect()
}
