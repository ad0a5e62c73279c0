-- Functions of `moz-fx-data-shared-prod.udf` that experiment configs call and whose meaning is public.
-- `udf.monetized_search` and others that are private have to be given with `--functions`.

CREATE FUNCTION `moz-fx-data-shared-prod.udf.get_key`(map ANY TYPE, k ANY TYPE) AS (
  `mozfun.map.get_key`(map, k)
);

CREATE FUNCTION `moz-fx-data-shared-prod.udf.json_extract_histogram`(input STRING) AS (
  `mozfun.hist.extract`(input)
);

CREATE FUNCTION `moz-fx-data-shared-prod.udf.histogram_to_threshold_count`(histogram STRING, threshold INT64) AS (
  `mozfun.hist.threshold_count`(histogram, threshold)
);

-- The highest bucket with an observation.
CREATE FUNCTION `moz-fx-data-shared-prod.udf.histogram_max_key_with_nonzero_value`(histogram STRING) AS (
  (SELECT MAX(bucket.key) FROM UNNEST(`mozfun.hist.extract`(histogram).values) AS bucket WHERE bucket.value > 0)
);

-- The search engine that an identifier of telemetry belongs to.
CREATE FUNCTION `moz-fx-data-shared-prod.udf.normalize_search_engine`(engine STRING) AS (
  CASE
    WHEN engine IS NULL THEN NULL
    WHEN STARTS_WITH(LOWER(engine), 'google') THEN 'Google'
    WHEN STARTS_WITH(LOWER(engine), 'bing') THEN 'Bing'
    WHEN STARTS_WITH(LOWER(engine), 'ddg') OR STARTS_WITH(LOWER(engine), 'duckduckgo') THEN 'DuckDuckGo'
    WHEN STARTS_WITH(LOWER(engine), 'yandex') THEN 'Yandex'
    ELSE 'Other'
  END
);
