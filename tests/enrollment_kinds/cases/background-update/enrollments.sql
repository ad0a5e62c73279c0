-- What enrollments of the background task are, in plain words: three traces of a unit, of which its earliest counts, ties by branch
-- and then by the number of events. 60 % of the clients of each table are looked at, for exposures all.
WITH
  traces AS (
    SELECT
      JSON_VALUE(s.metrics, '$.uuid.background_update_client_id') AS id,
      JSON_VALUE(s.event_extra, '$.branch') AS branch,
      MIN(EXTRACT(DATE FROM s.submission_timestamp)) AS day,
      SUM(1) AS events
    FROM `moz-fx-data-shared-prod.firefox_desktop_background_update.events_stream` AS s
    WHERE s.event_category = 'nimbus_events' AND s.event_name = 'enrollment' AND s.sample_id < 60
      AND JSON_VALUE(s.event_extra, '$.experiment') = 'background-task-message'
      AND s.submission_timestamp >= TIMESTAMP '2025-03-03 00:00:00Z' AND s.submission_timestamp < TIMESTAMP '2025-03-11 00:00:00Z'
    GROUP BY id, branch
    UNION ALL
    SELECT DISTINCT
      p.metrics.uuid.background_update_client_id,
      e.value.branch,
      MIN(EXTRACT(DATE FROM p.submission_timestamp)) OVER (
        PARTITION BY p.metrics.uuid.background_update_client_id, e.value.branch
      ),
      1
    FROM `mozdata.firefox_desktop_background_update.background_update` AS p, UNNEST(p.ping_info.experiments) AS e
    WHERE e.key = 'background-task-message' AND p.sample_id < 60
      AND p.submission_timestamp >= TIMESTAMP '2025-03-03 00:00:00Z' AND p.submission_timestamp < TIMESTAMP '2025-03-11 00:00:00Z'
    UNION ALL
    SELECT
      t.client_id,
      REGEXP_EXTRACT((SELECT v.value FROM UNNEST(t.event_map_values) AS v WHERE v.key = 'name'), r'^background-task-message:([^:]*)'),
      MIN(t.submission_date),
      SUM(1)
    FROM `mozdata.telemetry.events` AS t
    WHERE t.event_category = 'browser.launched_to_handle' AND t.event_method = 'system_notification' AND t.event_object = 'toast'
      AND (SELECT v.value FROM UNNEST(t.event_map_values) AS v WHERE v.key = 'name') LIKE 'background-task-message:%'
      AND t.submission_date >= DATE '2025-03-03' AND t.submission_date < DATE '2025-03-11' AND t.sample_id < 60
    GROUP BY 1, 2
  ),
  enrolled AS (
    SELECT id, ARRAY_AGG(STRUCT(branch, day, events) ORDER BY day, branch, events LIMIT 1)[OFFSET(0)] AS first
    FROM traces
    WHERE id IS NOT NULL
    GROUP BY id
  ),
  exposed AS (
    SELECT
      x.client_id AS id,
      (SELECT v.value FROM UNNEST(x.event_map_values) AS v WHERE v.key = 'branchSlug') AS branch,
      x.submission_date AS day
    FROM `moz-fx-data-shared-prod.telemetry.events` AS x
    WHERE x.event_category = 'normandy' AND x.event_method IN ('expose', 'exposure') AND x.event_string_value = 'background-task-message'
      AND x.submission_date >= DATE '2025-03-03' AND x.submission_date < DATE '2025-03-11'
  )
SELECT
  e.id AS analysis_id,
  e.first.branch AS branch,
  e.first.day AS enrollment_date,
  e.first.events AS num_enrollment_events,
  (SELECT MIN(x.day) FROM exposed AS x WHERE x.id = e.id AND x.branch = e.first.branch AND x.day >= e.first.day) AS exposure_date,
  (
    SELECT NULLIF(COUNT(*), 0) FROM exposed AS x WHERE x.id = e.id AND x.branch = e.first.branch AND x.day >= e.first.day
  ) AS num_exposure_events
FROM enrolled AS e
