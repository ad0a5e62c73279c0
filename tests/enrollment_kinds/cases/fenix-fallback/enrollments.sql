-- Who is named by the annotation of a baseline ping, from the first such ping on. Who was named in the week before is left out.
WITH
  named AS (
    SELECT
      b.client_info.client_id AS id,
      EXTRACT(DATE FROM b.submission_timestamp) AS day,
      (SELECT x.value.branch FROM UNNEST(b.ping_info.experiments) AS x WHERE x.key = 'home-screen-shortcuts') AS branch
    FROM `moz-fx-data-shared-prod.org_mozilla_fenix.baseline` AS b
    WHERE b.sample_id < 100
  ),
  enrolled AS (
    SELECT id, branch, MIN(day) AS first, SUM(1) AS pings
    FROM named
    WHERE id IS NOT NULL AND branch IS NOT NULL AND day BETWEEN DATE '2025-02-24' AND DATE '2025-03-10'
    GROUP BY id, branch
  ),
  exposed AS (
    SELECT s.client_id AS id, JSON_VALUE(s.event_extra, '$.branch') AS branch, EXTRACT(DATE FROM s.submission_timestamp) AS day
    FROM `moz-fx-data-shared-prod.org_mozilla_fenix.events_stream` AS s
    WHERE s.event_category = 'nimbus_events' AND s.event_name IN ('expose', 'exposure')
      AND JSON_VALUE(s.event_extra, '$.experiment') = 'home-screen-shortcuts'
      AND EXTRACT(DATE FROM s.submission_timestamp) BETWEEN DATE '2025-03-03' AND DATE '2025-03-10'
  )
SELECT
  e.id AS analysis_id,
  e.branch,
  e.first AS enrollment_date,
  e.pings AS num_enrollment_events,
  (SELECT MIN(x.day) FROM exposed AS x WHERE x.id = e.id AND x.branch = e.branch AND x.day >= e.first) AS exposure_date,
  (SELECT NULLIF(COUNT(*), 0) FROM exposed AS x WHERE x.id = e.id AND x.branch = e.branch AND x.day >= e.first) AS num_exposure_events
FROM enrolled AS e
WHERE e.first >= DATE '2025-03-03'
