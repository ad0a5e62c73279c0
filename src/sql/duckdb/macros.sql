-- Functions whose meaning in BigQuery differs from DuckDB's. Statements call them as isobar.<name>.
-- Where the type of an argument matters, typeof() chooses: it is a constant when the statement is bound.
-- Errors are raised by casts of words, which TRY() can catch (it can't catch error()).

CREATE MACRO isobar.is_nan(x) AS typeof(x) IN ('DOUBLE', 'FLOAT') AND TRY_CAST(x AS DOUBLE) = 'nan'::DOUBLE;

CREATE MACRO isobar.min(x) AS coalesce(any_value(x) FILTER (WHERE isobar.is_nan(x)), min(x));

CREATE MACRO isobar.greatest(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE greatest(a, b) END;

CREATE MACRO isobar.least(a, b) AS CASE
  WHEN a IS NULL OR b IS NULL THEN NULL
  WHEN isobar.is_nan(a) THEN a
  WHEN isobar.is_nan(b) THEN b
  ELSE least(a, b)
END;

CREATE MACRO isobar.divide(a, b) AS CASE WHEN b = 0 THEN CAST('division by zero' AS DOUBLE) ELSE a / b END;

CREATE MACRO isobar.safe_divide(a, b) AS CASE WHEN b <> 0 THEN a / b END;

CREATE MACRO isobar.ieee_divide(a, b) AS CAST(a AS DOUBLE) / CAST(b AS DOUBLE);

CREATE MACRO isobar.div(a, b) AS CASE WHEN b = 0 THEN CAST('division by zero' AS BIGINT) ELSE a // b END;

CREATE MACRO isobar.mod(a, b) AS CASE WHEN b = 0 THEN CAST('division by zero' AS BIGINT) ELSE a % b END;

CREATE MACRO isobar.is_integer_text(x) AS regexp_full_match(x, '\s*[+-]?(0[xX][0-9a-fA-F]+|[0-9]+)\s*');

CREATE MACRO isobar.text_to_int64(x) AS CAST(
  CASE WHEN isobar.is_integer_text(x) THEN x ELSE 'not an INT64: ' || x END AS BIGINT
);

CREATE MACRO isobar.to_int64(x) AS CASE
  WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
  WHEN typeof(x) = 'VARCHAR' THEN isobar.text_to_int64(CAST(x AS VARCHAR))
  ELSE CAST(x AS BIGINT)
END;

CREATE MACRO isobar.safe_text_to_int64(x) AS CASE WHEN isobar.is_integer_text(x) THEN TRY_CAST(x AS BIGINT) END;

CREATE MACRO isobar.safe_to_int64(x) AS CASE
  WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN TRY_CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
  WHEN typeof(x) = 'VARCHAR' THEN isobar.safe_text_to_int64(CAST(x AS VARCHAR))
  ELSE TRY_CAST(x AS BIGINT)
END;

CREATE MACRO isobar.to_bool(x) AS CASE
  WHEN typeof(x) = 'VARCHAR' THEN CAST(
    CASE WHEN lower(CAST(x AS VARCHAR)) IN ('true', 'false') THEN CAST(x AS VARCHAR) ELSE 'not a BOOL: ' || CAST(x AS VARCHAR) END AS BOOLEAN
  )
  ELSE CAST(x AS BOOLEAN)
END;

CREATE MACRO isobar.safe_to_bool(x) AS CASE
  WHEN typeof(x) = 'VARCHAR' THEN CASE lower(CAST(x AS VARCHAR)) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END
  ELSE TRY_CAST(x AS BOOLEAN)
END;

-- The shorter of 15 and 17 digits that reads back as the same number.
CREATE MACRO isobar.double_text(x) AS CASE
  WHEN isnan(x) THEN 'nan'
  WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'inf' ELSE '-inf' END
  WHEN CAST(printf('%.15g', x) AS DOUBLE) = x THEN printf('%.15g', x)
  ELSE printf('%.17g', x)
END;

CREATE MACRO isobar.timestamp_text(x) AS strftime(x, '%Y-%m-%d %H:%M:%S') || CASE
  WHEN epoch_us(x) % 1000000 = 0 THEN ''
  WHEN epoch_us(x) % 1000 = 0 THEN strftime(x, '.%g')
  ELSE strftime(x, '.%f')
END || '+00';

CREATE MACRO isobar.to_string(x) AS CASE
  WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN isobar.double_text(TRY_CAST(x AS DOUBLE))
  WHEN typeof(x) = 'TIMESTAMP' THEN isobar.timestamp_text(TRY_CAST(x AS TIMESTAMP))
  WHEN starts_with(typeof(x), 'DECIMAL') AND contains(CAST(x AS VARCHAR), '.') THEN rtrim(rtrim(CAST(x AS VARCHAR), '0'), '.')
  WHEN typeof(x) = 'BLOB' THEN decode(TRY_CAST(x AS BLOB))
  ELSE CAST(x AS VARCHAR)
END;

-- FORMAT's %t and %s write whole FLOAT64s with a point.
CREATE MACRO isobar.format_text(x) AS CASE
  WHEN typeof(x) IN ('DOUBLE', 'FLOAT') AND regexp_full_match(isobar.double_text(TRY_CAST(x AS DOUBLE)), '-?[0-9]+')
    THEN isobar.double_text(TRY_CAST(x AS DOUBLE)) || '.0'
  ELSE isobar.to_string(x)
END;

CREATE MACRO isobar.element(items, place) AS items[
  CASE WHEN place < 0 OR place >= len(items) THEN CAST('the array has no such element' AS BIGINT) ELSE place + 1 END
];

CREATE MACRO isobar.safe_element(items, place) AS items[CASE WHEN place >= 0 THEN place + 1 END];

CREATE MACRO isobar.substr
  (x, start) AS substring(x, CASE WHEN start > 0 THEN start WHEN start = 0 THEN 1 WHEN start < 0 THEN greatest(length(x) + start + 1, 1) END),
  (x, start, size) AS substring(
    x,
    CASE WHEN start > 0 THEN start WHEN start = 0 THEN 1 WHEN start < 0 THEN greatest(length(x) + start + 1, 1) END,
    CASE WHEN size < 0 THEN CAST('the length of a substring is negative' AS BIGINT) ELSE size END
  );

-- What Unicode calls white space; after \r stand 19 characters that look like blanks or like nothing.
CREATE MACRO isobar.white_space() AS E' \t\n\x0b\x0c\r                 　';

CREATE MACRO isobar.contains_substr(x, wanted) AS contains(lower(nfc_normalize(CAST(x AS VARCHAR))), lower(nfc_normalize(wanted)));

-- A list of one element gives its element a type of its own, so that the overload can be chosen inside aggregates and subqueries too.
CREATE MACRO isobar.typed_add(x DATE, i) AS CAST(x + i AS DATE), (x TIMESTAMP, i) AS x + i, (x VARCHAR, i) AS CAST(CAST(x AS DATE) + i AS DATE);

CREATE MACRO isobar.date_add(x, i) AS list_transform([x], lambda moment: isobar.typed_add(moment, i))[1];

CREATE MACRO isobar.date_sub(x, i) AS list_transform([x], lambda moment: isobar.typed_add(moment, -i))[1];

CREATE MACRO isobar.typed_trunc(x DATE, part) AS CAST(date_trunc(part, x) AS DATE), (x TIMESTAMP, part) AS date_trunc(part, x);

CREATE MACRO isobar.date_trunc(part, x) AS list_transform([x], lambda moment: isobar.typed_trunc(moment, part))[1];

CREATE MACRO isobar.week_trunc(days, x) AS isobar.date_add(
  isobar.date_trunc('week', isobar.date_sub(x, to_days(CAST(days AS INTEGER)))), to_days(CAST(days AS INTEGER))
);

-- Half away from zero of the number as it is stored: 2.675 lies below 2.675.
CREATE MACRO isobar.round(x, digits) AS CASE
  WHEN abs(x) < 1e15 THEN CAST(round(CAST(printf('%.20f', x) AS DECIMAL(38, 20)), digits) AS DOUBLE)
  ELSE x
END;

CREATE MACRO isobar.floor_divide(a, b) AS (a - ((a % b) + b) % b) // b;

CREATE MACRO isobar.unix_seconds(x) AS isobar.floor_divide(epoch_us(x), 1000000);

CREATE MACRO isobar.unix_millis(x) AS isobar.floor_divide(epoch_us(x), 1000);

-- A text that is not JSON has no values. DuckDB's json_value() is a JSON scalar; the second step takes the quotes away.
CREATE MACRO isobar.json_value(x, path) AS json_extract_string(json_value(TRY_CAST(x AS JSON), path), '$');

-- Of a STRING the result is a STRING, in which JSON's null is no value; of a JSON it is a JSON.
CREATE MACRO isobar.typed_query
  (x JSON, path) AS json_extract(x, path),
  (x VARCHAR, path) AS CASE
    WHEN json_type(TRY_CAST(x AS JSON), path) <> 'NULL' THEN CAST(json_extract(TRY_CAST(x AS JSON), path) AS VARCHAR)
  END;

CREATE MACRO isobar.json_query(x, path) AS list_transform([x], lambda document: isobar.typed_query(document, path))[1];

CREATE MACRO isobar.typed_array
  (x JSON, path) AS CASE WHEN json_type(x, path) = 'ARRAY' THEN CAST(json_extract(x, path) AS JSON[]) END,
  (x VARCHAR, path) AS CASE
    WHEN json_type(TRY_CAST(x AS JSON), path) = 'ARRAY'
      THEN list_transform(CAST(json_extract(TRY_CAST(x AS JSON), path) AS JSON[]), lambda item: CAST(item AS VARCHAR))
  END;

CREATE MACRO isobar.json_query_array(x, path) AS list_transform([x], lambda document: isobar.typed_array(document, path))[1];

CREATE MACRO isobar.json_value_array(x, path) AS list_transform(isobar.json_query_array(x, path), lambda item: isobar.json_value(item, '$'));

CREATE MACRO isobar.lax_string(x) AS isobar.json_value(x, '$');

CREATE MACRO isobar.lax_float64(x) AS CASE json_type(x)
  WHEN 'BOOLEAN' THEN NULL
  ELSE TRY_CAST(isobar.json_value(x, '$') AS DOUBLE)
END;

CREATE MACRO isobar.lax_int64(x) AS CASE json_type(x)
  WHEN 'BOOLEAN' THEN CAST(isobar.json_value(x, '$') = 'true' AS BIGINT)
  ELSE coalesce(
    isobar.safe_text_to_int64(isobar.json_value(x, '$')),
    TRY_CAST(round(TRY_CAST(isobar.json_value(x, '$') AS DOUBLE)) AS BIGINT)
  )
END;

CREATE MACRO isobar.lax_bool(x) AS CASE
  WHEN json_type(x) IN ('BOOLEAN', 'VARCHAR') THEN isobar.safe_to_bool(isobar.json_value(x, '$'))
  ELSE TRY_CAST(isobar.json_value(x, '$') AS DOUBLE) <> 0
END;

CREATE MACRO isobar.int64(x) AS CASE
  WHEN json_type(x) IN ('BIGINT', 'UBIGINT', 'NULL') THEN CAST(isobar.json_value(x, '$') AS BIGINT)
  WHEN json_type(x) = 'DOUBLE' AND TRY_CAST(isobar.json_value(x, '$') AS DOUBLE) = trunc(TRY_CAST(isobar.json_value(x, '$') AS DOUBLE))
    THEN CAST(TRY_CAST(isobar.json_value(x, '$') AS DOUBLE) AS BIGINT)
  WHEN x IS NULL THEN NULL
  ELSE CAST('the JSON value is not an integer' AS BIGINT)
END;

CREATE MACRO isobar.float64(x) AS CASE
  WHEN x IS NULL OR json_type(x) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN CAST(isobar.json_value(x, '$') AS DOUBLE)
  ELSE CAST('the JSON value is not a number' AS DOUBLE)
END;

CREATE MACRO isobar.bool(x) AS CASE
  WHEN x IS NULL OR json_type(x) = 'BOOLEAN' THEN CAST(isobar.json_value(x, '$') AS BOOLEAN)
  ELSE CAST('the JSON value is not a boolean' AS BOOLEAN)
END;

CREATE MACRO isobar.string(x) AS CASE
  WHEN typeof(x) <> 'JSON' THEN isobar.to_string(x)
  ELSE isobar.json_value(x, '$')
END;
