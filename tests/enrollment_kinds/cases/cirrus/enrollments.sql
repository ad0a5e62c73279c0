-- Events of the server, each with the id of the user that it is about; 70 % of the pings' clients are looked at.
WITH
  events AS (
    SELECT 'enrollment' AS source, p.submission_timestamp AS moment, p.client_info.app_channel AS channel, p.sample_id, e.category, e.name, e.extra
    FROM `moz-fx-data-shared-prod.monitor_cirrus.enrollment` AS p, UNNEST(p.events) AS e
    UNION ALL
    SELECT 'events', p.submission_timestamp, p.client_info.app_channel, p.sample_id, e.category, e.name, e.extra
    FROM `moz-fx-data-shared-prod.monitor_cirrus.events` AS p, UNNEST(p.events) AS e
  ),
  ours AS (
    SELECT
      source,
      channel,
      name,
      EXTRACT(DATE FROM moment) AS day,
      (SELECT x.value FROM UNNEST(extra) AS x WHERE x.key = 'nimbus_user_id') AS id,
      (SELECT x.value FROM UNNEST(extra) AS x WHERE x.key = 'branch') AS branch
    FROM events
    WHERE category = 'cirrus_events' AND sample_id < 70
      AND moment >= TIMESTAMP '2025-03-03 00:00:00Z' AND moment < TIMESTAMP '2025-03-11 00:00:00Z'
      AND EXISTS (SELECT 1 FROM UNNEST(extra) AS x WHERE x.key = 'experiment' AND x.value = 'server-side-layout')
  ),
  enrolled AS (
    SELECT id, branch, MIN(day) AS first, SUM(1) AS events
    FROM ours
    WHERE source = 'enrollment' AND name = 'enrollment' AND channel = 'production' AND id IS NOT NULL
    GROUP BY id, branch
  )
SELECT
  e.id AS analysis_id,
  e.branch,
  e.first AS enrollment_date,
  e.events AS num_enrollment_events,
  (
    SELECT MIN(x.day) FROM ours AS x
    WHERE x.source = 'events' AND x.name IN ('expose', 'exposure') AND x.id = e.id AND x.branch = e.branch AND x.day >= e.first
  ) AS exposure_date,
  (
    SELECT NULLIF(COUNT(*), 0) FROM ours AS x
    WHERE x.source = 'events' AND x.name IN ('expose', 'exposure') AND x.id = e.id AND x.branch = e.branch AND x.day >= e.first
  ) AS num_exposure_events
FROM enrolled AS e
