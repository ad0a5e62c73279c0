-- The first week of each unit, its day of enrollment only as far as its rows name the experiment.
WITH
  rows_of_units AS (
    SELECT
      e.analysis_id,
      e.branch,
      d.minutes,
      (SELECT x.value.branch FROM UNNEST(d.experiments) AS x WHERE x.key = 'sidebar-defaults') AS named
    FROM `results.cases.enrollments` AS e, `mozdata.firefox_desktop.clients_daily` AS d
    WHERE d.profile_group_id = e.analysis_id AND DATE_DIFF(d.submission_date, e.enrollment_date, DAY) BETWEEN 0 AND 6
      AND (
        d.submission_date > e.enrollment_date
        OR EXISTS (SELECT 1 FROM UNNEST(d.experiments) AS x WHERE x.key = 'sidebar-defaults' AND x.value.branch IS NOT NULL)
      )
  )
SELECT
  e.*,
  0 AS analysis_window_start,
  6 AS analysis_window_end,
  -- A unit without a branch is found by none of the joins.
  IF(e.branch IS NULL, NULL, (
    SELECT IFNULL(SUM(r.minutes), 0) FROM rows_of_units AS r WHERE r.analysis_id = e.analysis_id AND r.branch = e.branch
  )) AS minutes,
  IF(e.branch IS NULL, NULL, EXISTS (
    SELECT 1 FROM rows_of_units AS r WHERE r.analysis_id = e.analysis_id AND r.branch = e.branch AND r.named != r.branch
  )) AS daily_has_contradictory_branch,
  -- A unit without rows counts as having one that does not name the experiment, as in the reference.
  IF(e.branch IS NULL, NULL, NOT EXISTS (
    SELECT 1 FROM rows_of_units AS r WHERE r.analysis_id = e.analysis_id AND r.branch = e.branch
  ) OR EXISTS (
    SELECT 1 FROM rows_of_units AS r WHERE r.analysis_id = e.analysis_id AND r.branch = e.branch AND r.named IS NULL
  )) AS daily_has_non_enrolled_data
FROM `results.cases.enrollments` AS e
