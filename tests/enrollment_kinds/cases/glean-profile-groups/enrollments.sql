-- Enrollment and exposure events of Glean, by the column `profile_group_id`; the segment looks from three days before to one day after enrollment.
WITH
  events AS (
    SELECT
      s.profile_group_id AS id,
      s.event_name AS name,
      s.sample_id,
      EXTRACT(DATE FROM s.submission_timestamp) AS day,
      JSON_VALUE(s.event_extra, '$.branch') AS branch
    FROM `moz-fx-data-shared-prod.firefox_desktop.events_stream` AS s
    WHERE s.event_category = 'nimbus_events' AND JSON_VALUE(s.event_extra, '$.experiment') = 'sidebar-defaults'
      AND s.submission_timestamp >= TIMESTAMP '2025-03-03 00:00:00Z' AND s.submission_timestamp < TIMESTAMP '2025-03-11 00:00:00Z'
  ),
  enrolled AS (
    SELECT id, branch, MIN(day) AS first, SUM(1) AS events
    FROM events
    WHERE name = 'enrollment' AND id IS NOT NULL AND sample_id < 100
    GROUP BY id, branch
  )
SELECT
  e.id AS analysis_id,
  e.branch,
  e.first AS enrollment_date,
  e.events AS num_enrollment_events,
  -- A unit without a branch is found by none of the joins.
  IF(e.branch IS NULL, NULL, EXISTS (
    SELECT 1 FROM `mozdata.firefox_desktop.clients_daily` AS d
    WHERE d.profile_group_id = e.id AND d.is_new AND DATE_DIFF(d.submission_date, e.first, DAY) BETWEEN -3 AND 1
  )) AS new_profile,
  (
    SELECT MIN(x.day) FROM events AS x
    WHERE x.name IN ('expose', 'exposure') AND x.id = e.id AND x.branch = e.branch AND x.day >= e.first
  ) AS exposure_date,
  (
    SELECT NULLIF(COUNT(*), 0) FROM events AS x
    WHERE x.name IN ('expose', 'exposure') AND x.id = e.id AND x.branch = e.branch AND x.day >= e.first
  ) AS num_exposure_events
FROM enrolled AS e
