-- The tables that analyses read, under the names and with the columns and types of Mozilla's telemetry. What the demo does not
-- simulate is null. Words in braces are filled in from the lists and slugs in design.rs, desktop.rs and fenix.rs.

CREATE SCHEMA telemetry;
CREATE SCHEMA search;
CREATE SCHEMA fenix;
CREATE SCHEMA org_mozilla_firefox;

CREATE VIEW telemetry.clients_daily AS
SELECT
    submission_date,
    client_id,
    profile_group_id,
    CAST(ticks / 1024.0 AS DOUBLE) AS active_hours_sum,
    CAST('142.0.1' AS VARCHAR) AS app_display_version,
    CAST('142.0.1' AS VARCHAR) AS app_version,
    CAST(
        {'version': '142.0.1', 'major_version': 142, 'minor_version': 0, 'patch_revision': 1, 'is_major_release': FALSE}
        AS STRUCT("version" VARCHAR, "major_version" DECIMAL(38, 9), "minor_version" DECIMAL(38, 9), "patch_revision" DECIMAL(38, 9), "is_major_release" BOOLEAN)
    ) AS browser_version_info,
    CAST({desktop_countries}[country + 1] AS VARCHAR) AS country,
    CAST({desktop_engines}[engine + 1] AS VARCHAR) AS default_search_engine,
    CAST(private_pages > 0 AS BOOLEAN) AS dom_parentprocess_private_window_used,
    CAST(
        CASE
            WHEN branch IS NULL THEN []
            ELSE [{'key': '{desktop_slug}', 'value': branch}]
        END
        AS STRUCT("key" VARCHAR, "value" VARCHAR)[]
    ) AS experiments,
    first_seen_date,
    CAST(flags & 2 = 2 AS BOOLEAN) AS fxa_configured,
    CAST(flags & 1 = 1 AS BOOLEAN) AS is_default_browser,
    CAST({desktop_locales}[country + 1] AS VARCHAR) AS locale,
    CAST({desktop_systems}[system + 1] AS VARCHAR) AS os,
    CAST({desktop_versions}[system + 1] AS VARCHAR) AS os_version,
    CAST(pings AS BIGINT) AS pings_aggregated_by_this_row,
    CAST(1 + pages // 8 AS BIGINT) AS scalar_parent_browser_engagement_max_concurrent_tab_count_max,
    CAST(pages + private_pages AS BIGINT) AS scalar_parent_browser_engagement_total_uri_count_normal_and_private_mode_sum,
    CAST(pages AS BIGINT) AS scalar_parent_browser_engagement_total_uri_count_sum,
    CAST(CASE WHEN flags & 2 = 2 THEN 1 + sample_id % 2 END AS DOUBLE) AS sync_count_desktop_mean,
    CAST(CASE WHEN flags & 2 = 2 THEN sample_id % 3 END AS DOUBLE) AS sync_count_mobile_mean,
    CAST(pages AS BIGINT) AS total_uri_count_normal_mode,
    CAST(private_pages AS BIGINT) AS total_uri_count_private_mode,
    CAST({desktop_builds}[system + 1] AS BIGINT) AS windows_build_number,
    CAST(NULL AS STRUCT("addon_id" VARCHAR, "blocklisted" BOOLEAN, "name" VARCHAR, "user_disabled" BOOLEAN, "app_disabled" BOOLEAN, "version" VARCHAR, "scope" BIGINT, "type" VARCHAR, "foreign_install" BOOLEAN, "has_binary_components" BOOLEAN, "install_day" BIGINT, "update_day" BIGINT, "signed_state" BIGINT, "is_system" BOOLEAN, "is_web_extension" BOOLEAN, "multiprocess_compatible" BOOLEAN)[]) AS active_addons,
    CAST(NULL AS DOUBLE) AS active_addons_count_mean,
    CAST(NULL AS BIGINT) AS bookmark_migrations_quantity_all,
    CAST(NULL AS BOOLEAN) AS browser_backup_scheduler_enabled,
    CAST(NULL AS STRUCT("key" VARCHAR, "value" BIGINT)[]) AS contextual_services_quicksuggest_click_dynamic_wikipedia_sum,
    CAST(NULL AS STRUCT("key" VARCHAR, "value" BIGINT)[]) AS contextual_services_quicksuggest_click_nonsponsored_sum,
    CAST(NULL AS STRUCT("key" VARCHAR, "value" BIGINT)[]) AS contextual_services_quicksuggest_click_sponsored_sum,
    CAST(NULL AS STRUCT("key" VARCHAR, "value" BIGINT)[]) AS contextual_services_quicksuggest_impression_dynamic_wikipedia_sum,
    CAST(NULL AS STRUCT("key" VARCHAR, "value" BIGINT)[]) AS contextual_services_quicksuggest_impression_nonsponsored_sum,
    CAST(NULL AS STRUCT("key" VARCHAR, "value" BIGINT)[]) AS contextual_services_quicksuggest_impression_sponsored_sum,
    CAST(NULL AS BIGINT) AS history_migrations_quantity_all,
    CAST(NULL AS BIGINT) AS logins_migrations_quantity_all,
    CAST(NULL AS BOOLEAN) AS scalar_parent_os_environment_is_taskbar_pinned,
    CAST(NULL AS BOOLEAN) AS scalar_parent_os_environment_launched_via_taskbar,
    CAST(NULL AS STRUCT("key" VARCHAR, "value" BIGINT)[]) AS scalar_parent_telemetry_event_counts_sum,
    CAST(NULL AS STRUCT("key" VARCHAR, "value" BIGINT)[]) AS scalar_parent_urlbar_picked_searchsuggestion_sum,
    CAST(NULL AS VARCHAR) AS user_pref_browser_urlbar_quicksuggest_data_collection_enabled,
    CAST(NULL AS VARCHAR) AS user_pref_browser_urlbar_quicksuggest_onboarding_dialog_choice
FROM "moz-fx-data-shared-prod".isobar_demo.desktop_days;

CREATE VIEW telemetry.desktop_active_users AS
SELECT
    submission_date,
    client_id,
    profile_group_id,
    CAST(days_active_bits AS BIGINT) AS days_active_bits,
    CAST(days_active_bits & 1 = 1 AS BOOLEAN) AS is_dau,
    CAST(TRUE AS BOOLEAN) AS is_desktop,
    CAST(sample_id AS BIGINT) AS sample_id
FROM "moz-fx-data-shared-prod".isobar_demo.desktop_days;

CREATE VIEW telemetry.clients_last_seen AS
SELECT
    submission_date,
    client_id,
    profile_group_id,
    CAST(
        CASE
            WHEN bit_count(days_active_bits) >= 21 THEN 'core_user'
            WHEN bit_count(days_active_bits) >= 14 THEN 'regular_user'
            WHEN bit_count(days_active_bits) >= 7 THEN 'casual_user'
            WHEN bit_count(days_active_bits) >= 1 THEN 'infrequent_user'
            ELSE 'other'
        END
        AS VARCHAR
    ) AS activity_segments_v1,
    CAST({desktop_countries}[country + 1] AS VARCHAR) AS country,
    CAST(days_seen_bits AS BIGINT) AS days_seen_bits,
    CAST(submission_date - first_seen_date AS BIGINT) AS days_since_created_profile,
    CAST(submission_date - first_seen_date AS BIGINT) AS days_since_first_seen,
    CAST({desktop_engines}[engine + 1] AS VARCHAR) AS default_search_engine,
    CAST(first_seen_date AS DATE) AS first_run_date,
    first_seen_date,
    CAST(NULL AS BOOLEAN) AS is_allweek_regular_v1,
    CAST(bit_count(days_active_bits) >= 21 AS BOOLEAN) AS is_core_active_v1,
    CAST(flags & 1 = 1 AS BOOLEAN) AS is_default_browser,
    CAST(days_seen_bits >> 1 = 0 AS BOOLEAN) AS is_new_or_resurrected_v3,
    CAST(bit_count(days_seen_bits >> 1) >= 14 AS BOOLEAN) AS is_regular_user_v3,
    CAST(NULL AS BOOLEAN) AS is_weekday_regular_v1,
    CAST({desktop_versions}[system + 1] AS VARCHAR) AS normalized_os_version,
    CAST({desktop_systems}[system + 1] AS VARCHAR) AS os,
    CAST({desktop_builds}[system + 1] AS BIGINT) AS windows_build_number,
    CAST(NULL AS STRUCT("source" VARCHAR, "medium" VARCHAR, "campaign" VARCHAR, "content" VARCHAR, "experiment" VARCHAR, "variation" VARCHAR, "dltoken" VARCHAR, "dlsource" VARCHAR, "ua" VARCHAR, "msstoresignedin" BOOLEAN)) AS attribution,
    CAST(NULL AS BIGINT) AS cpu_cores,
    CAST(NULL AS BIGINT) AS cpu_count,
    CAST(NULL AS BIGINT) AS memory_mb
FROM "moz-fx-data-shared-prod".isobar_demo.desktop_days;

CREATE VIEW search.search_clients_engines_sources_daily AS
SELECT
    submission_date,
    client_id,
    profile_group_id,
    CAST(ad_click AS BIGINT) AS ad_click,
    CAST('142.0.1' AS VARCHAR) AS app_version,
    CAST({desktop_engines}[engine + 1] AS VARCHAR) AS engine,
    CAST(organic AS BIGINT) AS organic,
    CAST(sap AS BIGINT) AS sap,
    CAST(search_with_ads AS BIGINT) AS search_with_ads,
    CAST({desktop_sources}[source + 1] AS VARCHAR) AS source,
    CAST(tagged_follow_on AS BIGINT) AS tagged_follow_on,
    CAST(tagged_sap AS BIGINT) AS tagged_sap
FROM "moz-fx-data-shared-prod".isobar_demo.desktop_searches;

CREATE VIEW telemetry.events AS
SELECT
    submission_date,
    client_id,
    profile_group_id,
    CAST({desktop_countries}[country + 1] AS VARCHAR) AS country,
    CAST(CASE kind WHEN 'panel' THEN 'search_panel' ELSE 'normandy' END AS VARCHAR) AS event_category,
    CAST(
        CASE kind
            WHEN 'panel' THEN [{'key': 'results', 'value': CAST(sample_id % 7 AS VARCHAR)}]
            WHEN 'expose' THEN [{'key': 'branchSlug', 'value': branch}, {'key': 'featureId', 'value': 'searchPanel'}]
            WHEN 'unenroll' THEN [{'key': 'branch', 'value': branch}, {'key': 'reason', 'value': 'user-opt-out'}]
            ELSE [{'key': 'branch', 'value': branch}, {'key': 'experimentType', 'value': 'nimbus'}]
        END
        AS STRUCT("key" VARCHAR, "value" VARCHAR)[]
    ) AS event_map_values,
    CAST(CASE kind WHEN 'panel' THEN 'shown' WHEN 'other' THEN 'enroll' ELSE kind END AS VARCHAR) AS event_method,
    CAST(CASE kind WHEN 'panel' THEN 'urlbar' ELSE 'nimbus_experiment' END AS VARCHAR) AS event_object,
    CAST(
        CASE kind
            WHEN 'panel' THEN NULL
            WHEN 'other' THEN 'demo-unrelated-experiment'
            ELSE '{desktop_slug}'
        END
        AS VARCHAR
    ) AS event_string_value,
    CAST(
        CASE
            WHEN annotation IS NULL THEN []
            ELSE [{'key': '{desktop_slug}', 'value': {'branch': annotation, 'extra': {'type': 'nimbus-nimbus', 'enrollment_id': NULL}}}]
        END
        AS STRUCT("key" VARCHAR, "value" STRUCT("branch" VARCHAR, "extra" STRUCT("type" VARCHAR, "enrollment_id" VARCHAR)))[]
    ) AS experiments,
    CAST('release' AS VARCHAR) AS normalized_channel,
    CAST(sample_id AS BIGINT) AS sample_id,
    CAST(NULL AS VARCHAR) AS event,
    CAST(NULL AS VARCHAR) AS session_id
FROM "moz-fx-data-shared-prod".isobar_demo.desktop_events;

CREATE VIEW org_mozilla_firefox.events_stream AS
SELECT
    submission_timestamp,
    client_id,
    CAST('nimbus_events.' || event_name AS VARCHAR) AS event,
    CAST('nimbus_events' AS VARCHAR) AS event_category,
    CAST(json_object('experiment', experiment, 'branch', branch) AS JSON) AS event_extra,
    event_name,
    CAST(json_object(experiment, json_object('branch', branch)) AS JSON) AS experiments,
    CAST(sample_id AS BIGINT) AS sample_id
FROM "moz-fx-data-shared-prod".isobar_demo.fenix_events;

CREATE VIEW org_mozilla_firefox.baseline AS
SELECT
    submission_timestamp,
    CAST(
        {'app_display_version': '142.0', 'client_id': client_id, 'first_run_date': strftime(first_seen_date, '%Y-%m-%d')}
        AS STRUCT("app_display_version" VARCHAR, "client_id" VARCHAR, "first_run_date" VARCHAR)
    ) AS client_info,
    CAST(client_id || '-' || epoch_us(submission_timestamp) AS VARCHAR) AS document_id,
    CAST({'isp': {'name': 'Example Net'}} AS STRUCT("isp" STRUCT("name" VARCHAR))) AS metadata,
    CAST(
        {'timespan': {'glean_baseline_duration': {'time_unit': 'second', 'value': seconds}}}
        AS STRUCT("timespan" STRUCT("glean_baseline_duration" STRUCT("time_unit" VARCHAR, "value" BIGINT)))
    ) AS metrics,
    CAST('15' AS VARCHAR) AS normalized_os_version,
    CAST(
        {'experiments': CASE WHEN branch IS NULL THEN [] ELSE [{'key': '{fenix_slug}', 'value': {'branch': branch, 'extra': {'type': 'nimbus', 'enrollment_id': NULL}}}] END}
        AS STRUCT("experiments" STRUCT("key" VARCHAR, "value" STRUCT("branch" VARCHAR, "extra" STRUCT("type" VARCHAR, "enrollment_id" VARCHAR)))[])
    ) AS ping_info
FROM "moz-fx-data-shared-prod".isobar_demo.fenix_pings;

CREATE VIEW org_mozilla_firefox.metrics AS
SELECT
    CAST(submission_date + TIME '12:00:00' AS TIMESTAMP) AS submission_timestamp,
    CAST(
        {'app_display_version': '142.0', 'client_id': client_id}
        AS STRUCT("app_display_version" VARCHAR, "client_id" VARCHAR)
    ) AS client_info,
    CAST(
        {'boolean': {'customize_home_contile': NULL, 'metrics_notifications_allowed': TRUE}, 'counter': {'events_normal_and_private_uri_count': pages, 'glean_validation_foreground_count': 1, 'metrics_private_tabs_open_count': 0, 'shopping_product_page_visits': 0}, 'string': {'metrics_default_moz_browser': 'org.mozilla.firefox'}}
        AS STRUCT("boolean" STRUCT("customize_home_contile" BOOLEAN, "metrics_notifications_allowed" BOOLEAN), "counter" STRUCT("events_normal_and_private_uri_count" BIGINT, "glean_validation_foreground_count" BIGINT, "metrics_private_tabs_open_count" BIGINT, "shopping_product_page_visits" BIGINT), "string" STRUCT("metrics_default_moz_browser" VARCHAR))
    ) AS metrics,
    CAST('release' AS VARCHAR) AS normalized_channel,
    CAST(
        {'experiments': CASE WHEN branch IS NULL THEN [] ELSE [{'key': '{fenix_slug}', 'value': {'branch': branch, 'extra': {'type': 'nimbus', 'enrollment_id': NULL}}}] END}
        AS STRUCT("experiments" STRUCT("key" VARCHAR, "value" STRUCT("branch" VARCHAR, "extra" STRUCT("type" VARCHAR, "enrollment_id" VARCHAR)))[])
    ) AS ping_info
FROM "moz-fx-data-shared-prod".isobar_demo.fenix_days;

CREATE VIEW fenix.active_users AS
SELECT
    submission_date,
    client_id,
    CAST(0 AS BIGINT) AS days_since_active,
    CAST(
        CASE
            WHEN branch IS NULL THEN []
            ELSE [{'key': '{fenix_slug}', 'value': {'branch': branch, 'extra': {'type': 'nimbus', 'enrollment_id': NULL}}}]
        END
        AS STRUCT("key" VARCHAR, "value" STRUCT("branch" VARCHAR, "extra" STRUCT("type" VARCHAR, "enrollment_id" VARCHAR)))[]
    ) AS experiments,
    CAST(TRUE AS BOOLEAN) AS is_mobile
FROM "moz-fx-data-shared-prod".isobar_demo.fenix_days;

CREATE VIEW fenix.baseline_clients_daily AS
SELECT
    submission_date,
    client_id,
    CAST({fenix_countries}[country + 1] AS VARCHAR) AS country,
    first_seen_date
FROM "moz-fx-data-shared-prod".isobar_demo.fenix_days;

CREATE VIEW fenix.baseline_clients_last_seen AS
SELECT
    submission_date,
    client_id,
    CAST(0 AS BIGINT) AS days_since_seen,
    first_seen_date
FROM "moz-fx-data-shared-prod".isobar_demo.fenix_days;

CREATE VIEW search.mobile_search_clients_engines_sources_daily AS
SELECT
    submission_date,
    client_id,
    CAST(ad_click AS BIGINT) AS ad_click,
    CAST('Fenix' AS VARCHAR) AS app_name,
    CAST('142.0' AS VARCHAR) AS app_version,
    CAST({fenix_countries}[country + 1] AS VARCHAR) AS country,
    CAST('google' AS VARCHAR) AS engine,
    CAST(
        CASE
            WHEN branch IS NULL THEN []
            ELSE [{'key': '{fenix_slug}', 'value': branch}]
        END
        AS STRUCT("key" VARCHAR, "value" VARCHAR)[]
    ) AS experiments,
    CAST('Firefox Android' AS VARCHAR) AS normalized_app_name_os,
    CAST(0 AS BIGINT) AS organic,
    CAST(searches AS BIGINT) AS sap,
    CAST(searches AS BIGINT) AS search_count,
    CAST(searches // 2 AS BIGINT) AS search_with_ads,
    CAST('urlbar' AS VARCHAR) AS source,
    CAST(searches // 4 AS BIGINT) AS tagged_follow_on,
    CAST(searches - searches // 5 AS BIGINT) AS tagged_sap,
    CAST(NULL AS VARCHAR) AS distribution_id
FROM "moz-fx-data-shared-prod".isobar_demo.fenix_days
WHERE searches > 0;
