-- Functions of Mozilla's public dataset `mozfun` that experiment configs call, written anew in BigQuery SQL from their documentation.
-- The embedded engine turns them into macros; in BigQuery they can be installed as they stand.

-- The value of the first entry of a map whose key is `k`; null without such an entry.
CREATE FUNCTION `mozfun.map.get_key`(map ANY TYPE, k ANY TYPE) AS (
  ARRAY(
    SELECT entry.value
    FROM UNNEST(map) AS entry WITH OFFSET AS place
    WHERE entry.key = k
    ORDER BY place
  )[SAFE_OFFSET(0)]
);

-- The sum of the values of a keyed scalar; null when it has none.
CREATE FUNCTION `mozfun.map.extract_keyed_scalar_sum`(keyed_scalar ARRAY<STRUCT<key STRING, value INT64>>) AS (
  (SELECT SUM(entry.value) FROM UNNEST(keyed_scalar) AS entry)
);

-- A histogram as telemetry sends it, in one of four forms: JSON; `buckets;type;sum;low,high;key:value,...`;
-- `no,yes` counts of a boolean; a single count.
CREATE FUNCTION `mozfun.hist.extract`(input STRING) AS (
  CASE
    WHEN STARTS_WITH(LTRIM(input), '{') THEN STRUCT(
      CAST(JSON_VALUE(input, '$.bucket_count') AS INT64) AS bucket_count,
      CAST(JSON_VALUE(input, '$.histogram_type') AS INT64) AS histogram_type,
      CAST(JSON_VALUE(input, '$.sum') AS INT64) AS `sum`,
      ARRAY(
        SELECT CAST(bound AS INT64)
        FROM UNNEST(JSON_VALUE_ARRAY(input, '$.range')) AS bound WITH OFFSET AS place
        ORDER BY place
      ) AS `range`,
      -- The entries of `{"1": 2, "5": 1}`, in the order in which they stand.
      ARRAY(
        SELECT AS STRUCT
          CAST(REGEXP_EXTRACT(bucket, r'^"(-?[0-9]+)"') AS INT64) AS key,
          CAST(REGEXP_EXTRACT(bucket, r':\s*(-?[0-9]+)$') AS INT64) AS value
        FROM UNNEST(REGEXP_EXTRACT_ALL(JSON_QUERY(input, '$.values'), r'"-?[0-9]+"\s*:\s*-?[0-9]+')) AS bucket WITH OFFSET AS place
        ORDER BY place
      ) AS `values`
    )
    WHEN ARRAY_LENGTH(SPLIT(input, ';')) = 5 THEN STRUCT(
      CAST(SPLIT(input, ';')[SAFE_OFFSET(0)] AS INT64) AS bucket_count,
      CAST(SPLIT(input, ';')[SAFE_OFFSET(1)] AS INT64) AS histogram_type,
      CAST(SPLIT(input, ';')[SAFE_OFFSET(2)] AS INT64) AS `sum`,
      ARRAY(
        SELECT CAST(bound AS INT64)
        FROM UNNEST(SPLIT(SPLIT(input, ';')[SAFE_OFFSET(3)], ',')) AS bound WITH OFFSET AS place
        ORDER BY place
      ) AS `range`,
      ARRAY(
        SELECT AS STRUCT
          CAST(SPLIT(bucket, ':')[SAFE_OFFSET(0)] AS INT64) AS key,
          CAST(SPLIT(bucket, ':')[SAFE_OFFSET(1)] AS INT64) AS value
        FROM UNNEST(SPLIT(SPLIT(input, ';')[SAFE_OFFSET(4)], ',')) AS bucket WITH OFFSET AS place
        WHERE STRPOS(bucket, ':') > 0
        ORDER BY place
      ) AS `values`
    )
    WHEN ARRAY_LENGTH(SPLIT(input, ',')) = 2 THEN STRUCT(
      3 AS bucket_count,
      2 AS histogram_type,
      CAST(SPLIT(input, ',')[SAFE_OFFSET(1)] AS INT64) AS `sum`,
      [1, 2] AS `range`,
      [
        STRUCT(0 AS key, CAST(SPLIT(input, ',')[SAFE_OFFSET(0)] AS INT64) AS value),
        STRUCT(1 AS key, CAST(SPLIT(input, ',')[SAFE_OFFSET(1)] AS INT64) AS value),
        STRUCT(2 AS key, 0 AS value)
      ] AS `values`
    )
    WHEN ARRAY_LENGTH(SPLIT(input, ',')) = 1 THEN STRUCT(
      3 AS bucket_count,
      4 AS histogram_type,
      CAST(input AS INT64) AS `sum`,
      [1, 2] AS `range`,
      [STRUCT(0 AS key, CAST(input AS INT64) AS value), STRUCT(1 AS key, 0 AS value)] AS `values`
    )
  END
);

-- How many observations lie in buckets at or above a threshold; 0 without a histogram.
CREATE FUNCTION `mozfun.hist.threshold_count`(histogram STRING, threshold INT64) AS (
  IFNULL(
    (SELECT SUM(bucket.value) FROM UNNEST(`mozfun.hist.extract`(histogram).values) AS bucket WHERE bucket.key >= threshold),
    0
  )
);

-- The most frequent element that is not null; among equally frequent ones, the one that occurs last.
CREATE FUNCTION `mozfun.stats.mode_last`(list ANY TYPE) AS (
  (
    SELECT element
    FROM UNNEST(list) AS element WITH OFFSET AS place
    WHERE element IS NOT NULL
    GROUP BY element
    ORDER BY COUNT(*) DESC, MAX(place) DESC
    LIMIT 1
  )
);

-- Histograms added up bucket by bucket. The shape is the most frequent one among them.
CREATE FUNCTION `mozfun.hist.merge`(histogram_list ANY TYPE) AS (
  STRUCT(
    `mozfun.stats.mode_last`(
      ARRAY(SELECT one.bucket_count FROM UNNEST(histogram_list) AS one WITH OFFSET AS place ORDER BY place)
    ) AS bucket_count,
    (SELECT SUM(one.`sum`) FROM UNNEST(histogram_list) AS one) AS `sum`,
    `mozfun.stats.mode_last`(
      ARRAY(SELECT one.histogram_type FROM UNNEST(histogram_list) AS one WITH OFFSET AS place ORDER BY place)
    ) AS histogram_type,
    [
      `mozfun.stats.mode_last`(
        ARRAY(SELECT one.`range`[SAFE_OFFSET(0)] FROM UNNEST(histogram_list) AS one WITH OFFSET AS place ORDER BY place)
      ),
      `mozfun.stats.mode_last`(
        ARRAY(SELECT one.`range`[SAFE_OFFSET(1)] FROM UNNEST(histogram_list) AS one WITH OFFSET AS place ORDER BY place)
      )
    ] AS `range`,
    ARRAY(
      SELECT AS STRUCT bucket.key AS key, SUM(bucket.value) AS value
      FROM UNNEST(histogram_list) AS one CROSS JOIN UNNEST(one.`values`) AS bucket
      GROUP BY bucket.key
      ORDER BY bucket.key
    ) AS `values`
  )
);

-- For each wanted share, the lowest bucket up to which at least that share of the observations lies.
CREATE FUNCTION `mozfun.hist.percentiles`(histogram ANY TYPE, percentiles ARRAY<FLOAT64>) AS (
  ARRAY(
    SELECT AS STRUCT wanted AS percentile, MIN(cumulative.key) AS value
    FROM UNNEST(percentiles) AS wanted
    JOIN (
      SELECT
        bucket.key AS key,
        SAFE_DIVIDE(SUM(bucket.value) OVER (ORDER BY bucket.key), SUM(bucket.value) OVER ()) AS share
      FROM UNNEST(histogram.`values`) AS bucket
    ) AS cumulative ON cumulative.share >= wanted
    GROUP BY wanted
    ORDER BY wanted
  )
);

-- How many days ago the most recent of 28 daily bits was set; null when none is.
CREATE FUNCTION `mozfun.bits28.days_since_seen`(bits INT64) AS (
  IF(bits = 0, NULL, BIT_COUNT((bits & -bits) - 1))
);

-- The family of an operating system.
CREATE FUNCTION `mozfun.norm.os`(os STRING) AS (
  CASE
    WHEN STARTS_WITH(os, 'Windows') OR STARTS_WITH(os, 'WINNT') THEN 'Windows'
    WHEN STARTS_WITH(os, 'Darwin') THEN 'Mac'
    WHEN REGEXP_CONTAINS(os, 'Linux|BSD|SunOS|Solaris') THEN 'Linux'
    WHEN STARTS_WITH(os, 'iOS') OR REGEXP_CONTAINS(os, 'iPhone') THEN 'iOS'
    WHEN STARTS_WITH(os, 'Android') THEN 'Android'
    ELSE 'Other'
  END
);

-- The marketing name of a Windows version; null for other systems and unknown versions.
CREATE FUNCTION `mozfun.norm.windows_version_info`(os STRING, os_version STRING, windows_build_number INT64) AS (
  CASE
    WHEN os IN ('Windows_95', 'Windows_98') THEN REPLACE(os, '_', ' ')
    WHEN NOT STARTS_WITH(os, 'Windows') THEN NULL
    WHEN os_version = '10.0' AND windows_build_number IS NULL THEN 'Windows 10 or 11'
    WHEN os_version = '10.0' AND windows_build_number >= 22000 THEN 'Windows 11'
    WHEN os_version = '10.0' THEN 'Windows 10'
    WHEN os_version = '6.3' THEN 'Windows 8.1'
    WHEN os_version = '6.2' THEN 'Windows 8'
    WHEN os_version = '6.1' THEN 'Windows 7'
    WHEN os_version = '6.0' THEN 'Windows Vista'
    WHEN os_version IN ('5.1', '5.2') THEN 'Windows XP'
    WHEN os_version = '5.0' THEN 'Windows 2000'
    WHEN os = 'Windows_NT' AND os_version = '4.0' THEN 'Windows NT 4.0'
  END
);

-- One part of a version such as `96.0.1` or `100.10b3`: 'major', 'minor', 'patch' or 'beta'.
CREATE FUNCTION `mozfun.norm.extract_version`(version_string STRING, extraction_level STRING) AS (
  CAST(
    CASE extraction_level
      WHEN 'major' THEN REGEXP_EXTRACT(version_string, r'^([0-9]+)')
      WHEN 'minor' THEN REGEXP_EXTRACT(version_string, r'^[0-9]+[.]([0-9]+)')
      WHEN 'patch' THEN REGEXP_EXTRACT(version_string, r'^[0-9]+[.][0-9]+[.]([0-9]+)')
      WHEN 'beta' THEN REGEXP_EXTRACT(version_string, r'^[0-9.]+[rcb|]+([0-9]+)$')
    END AS NUMERIC
  )
);

-- An operating system's version down to 'major' or 'minor', as a number.
CREATE FUNCTION `mozfun.norm.truncate_version`(os_version STRING, truncation_level STRING) AS (
  CAST(
    CASE truncation_level
      WHEN 'major' THEN REGEXP_EXTRACT(os_version, r'^([0-9]+)')
      WHEN 'minor' THEN REGEXP_EXTRACT(os_version, r'^([0-9]+[.]?[0-9]+)')
    END AS NUMERIC
  )
);
