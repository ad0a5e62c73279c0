//! Functions of Mozilla's datasets with their values, in the form of the built-in ones.

/// Functions of Mozilla's datasets, by their documentation, in the same form: the program's own definitions in `configs/functions`.
pub const MOZILLA: &[(&str, &str, &str)] = &[
    (
        "mozfun.map.get_key([STRUCT('a' AS key, 1 AS value), ('b', 2)], 'b')",
        "INT64",
        "[2]",
    ),
    (
        "mozfun.map.get_key([STRUCT('a' AS key, 1 AS value)], 'z'), mozfun.map.get_key(CAST(NULL AS ARRAY<STRUCT<key STRING, value INT64>>), 'z')",
        "INT64, INT64",
        "[null, null]",
    ),
    (
        "mozfun.map.extract_keyed_scalar_sum([STRUCT('a' AS key, 1 AS value), ('b', 2)])",
        "INT64",
        "[3]",
    ),
    (
        r#"mozfun.hist.extract('{"bucket_count": 3, "histogram_type": 1, "sum": 7, "range": [1, 2], "values": {"0": 1, "2": 3}}').values"#,
        "ARRAY<STRUCT<key INT64, value INT64>>",
        "[[[0, 1], [2, 3]]]",
    ),
    (
        "mozfun.hist.extract('5;1;90;0,10;0:5,3:2,7:0').sum, mozfun.hist.extract('5;1;90;0,10;0:5,3:2,7:0').values",
        "INT64, ARRAY<STRUCT<key INT64, value INT64>>",
        "[90, [[0, 5], [3, 2], [7, 0]]]",
    ),
    (
        "mozfun.hist.extract('3,4').values, mozfun.hist.extract('9').sum",
        "ARRAY<STRUCT<key INT64, value INT64>>, INT64",
        "[[[0, 3], [1, 4], [2, 0]], 9]",
    ),
    (
        "mozfun.hist.threshold_count('5;1;90;0,10;0:5,3:2,7:0', 3), mozfun.hist.threshold_count(NULL, 3)",
        "INT64, INT64",
        "[2, 0]",
    ),
    (
        "`moz-fx-data-shared-prod.udf.histogram_max_key_with_nonzero_value`('5;1;90;0,10;0:5,3:2,7:0')",
        "INT64",
        "[3]",
    ),
    (
        "mozfun.stats.mode_last(['a', 'b', 'b', 'a', NULL, NULL, NULL]), mozfun.stats.mode_last(['a', 'b'])",
        "STRING, STRING",
        r#"["a", "b"]"#,
    ),
    (
        "mozfun.hist.merge([mozfun.hist.extract('5;1;90;0,10;0:5,3:2,7:0'), mozfun.hist.extract('5;1;90;0,10;0:5,3:2,7:0')]).values",
        "ARRAY<STRUCT<key INT64, value INT64>>",
        "[[[0, 10], [3, 4], [7, 0]]]",
    ),
    (
        "mozfun.hist.percentiles(mozfun.hist.extract('5;1;90;0,10;0:5,3:2,7:0'), [0.5, 0.95])",
        "ARRAY<STRUCT<percentile FLOAT64, value INT64>>",
        "[[[0.5, 0], [0.95, 3]]]",
    ),
    (
        "mozfun.bits28.days_since_seen(0), mozfun.bits28.days_since_seen(12)",
        "INT64, INT64",
        "[null, 2]",
    ),
    (
        "mozfun.norm.os('Windows_NT'), mozfun.norm.os('Darwin'), mozfun.norm.os('FreeBSD')",
        "STRING, STRING, STRING",
        r#"["Windows", "Mac", "Linux"]"#,
    ),
    (
        "mozfun.norm.windows_version_info('Windows_NT', '10.0', 22621), mozfun.norm.windows_version_info('Darwin', '10.0', 1)",
        "STRING, STRING",
        r#"["Windows 11", null]"#,
    ),
    (
        "mozfun.norm.extract_version('96.05.01', 'minor'), mozfun.norm.extract_version('100.04b3', 'beta'), mozfun.norm.truncate_version('10.23', 'major')",
        "NUMERIC, NUMERIC, NUMERIC",
        r#"["5", "3", "10"]"#,
    ),
    (
        "mozfun.map.get_key(CAST(NULL AS ARRAY<STRUCT<key STRING, value INT64>>), 'z'), mozfun.map.get_key(CAST([] AS ARRAY<STRUCT<key STRING, value INT64>>), 'z'), mozfun.map.get_key([STRUCT('a' AS key, 1 AS value), ('a', 2)], 'a'), mozfun.map.get_key([STRUCT('a' AS key, CAST(NULL AS INT64) AS value)], 'a'), mozfun.map.get_key([STRUCT('a' AS key, 1 AS value)], CAST(NULL AS STRING))",
        "INT64, INT64, INT64, INT64, INT64",
        "[null, null, 1, null, null]",
    ),
    (
        "mozfun.map.get_key([STRUCT(CAST(NULL AS STRING) AS key, 1 AS value), ('b', 2)], 'b'), mozfun.map.get_key([STRUCT('a' AS key, STRUCT('control' AS branch) AS value)], 'a').branch",
        "INT64, STRING",
        r#"[2, "control"]"#,
    ),
    (
        "`moz-fx-data-shared-prod.udf.get_key`([STRUCT('a' AS key, 1 AS value), ('b', 2)], 'b'), `moz-fx-data-shared-prod`.udf.get_key([STRUCT('a' AS key, 1 AS value)], 'z')",
        "INT64, INT64",
        "[2, null]",
    ),
    (
        "mozfun.map.extract_keyed_scalar_sum(CAST(NULL AS ARRAY<STRUCT<key STRING, value INT64>>)), mozfun.map.extract_keyed_scalar_sum([]), mozfun.map.extract_keyed_scalar_sum([STRUCT('a' AS key, CAST(NULL AS INT64) AS value), ('b', -2)])",
        "INT64, INT64, INT64",
        "[null, null, -2]",
    ),
    (
        "mozfun.hist.extract(NULL).sum, ARRAY_LENGTH(mozfun.hist.extract(NULL).values), mozfun.hist.extract('0').values, mozfun.hist.extract('0,0').values, mozfun.hist.extract('0,0').sum",
        "INT64, INT64, ARRAY<STRUCT<key INT64, value INT64>>, ARRAY<STRUCT<key INT64, value INT64>>, INT64",
        "[null, null, [[0, 0], [1, 0]], [[0, 0], [1, 0], [2, 0]], 0]",
    ),
    (
        r#"mozfun.hist.extract('{"bucket_count": 3, "histogram_type": 1, "sum": 0, "range": [1, 2], "values": {}}').values, mozfun.hist.extract(' {"values": {"-1": 4}}').values, mozfun.hist.extract('{"sum": null}').sum, mozfun.hist.extract('{}').values"#,
        "ARRAY<STRUCT<key INT64, value INT64>>, ARRAY<STRUCT<key INT64, value INT64>>, INT64, ARRAY<STRUCT<key INT64, value INT64>>",
        "[[], [[-1, 4]], null, []]",
    ),
    (
        r#"mozfun.hist.extract('{"bucket_count": 3, "histogram_type": 1, "sum": 7, "range": [1, 2], "values": {"0": 1, "2": 3}}')"#,
        "STRUCT<bucket_count INT64, histogram_type INT64, sum INT64, range ARRAY<INT64>, values ARRAY<STRUCT<key INT64, value INT64>>>",
        "[[3, 1, 7, [1, 2], [[0, 1], [2, 3]]]]",
    ),
    (
        "mozfun.hist.extract('5;1;90;0,10;0:5,3:2,7:0')",
        "STRUCT<bucket_count INT64, histogram_type INT64, sum INT64, range ARRAY<INT64>, values ARRAY<STRUCT<key INT64, value INT64>>>",
        "[[5, 1, 90, [0, 10], [[0, 5], [3, 2], [7, 0]]]]",
    ),
    (
        "mozfun.hist.extract('5;1;0;0,10;').values, mozfun.hist.extract('5;1;0;0,10;').sum, mozfun.hist.extract('3,4'), mozfun.hist.extract('9')",
        "ARRAY<STRUCT<key INT64, value INT64>>, INT64, STRUCT<bucket_count INT64, histogram_type INT64, sum INT64, range ARRAY<INT64>, values ARRAY<STRUCT<key INT64, value INT64>>>, STRUCT<bucket_count INT64, histogram_type INT64, sum INT64, range ARRAY<INT64>, values ARRAY<STRUCT<key INT64, value INT64>>>",
        "[[], 0, [3, 2, 4, [1, 2], [[0, 3], [1, 4], [2, 0]]], [3, 4, 9, [1, 2], [[0, 9], [1, 0]]]]",
    ),
    (
        r#"mozfun.hist.threshold_count('5;1;90;0,10;0:5,3:2,7:0', 100), mozfun.hist.threshold_count('5;1;90;0,10;0:5,3:2,7:0', -1), mozfun.hist.threshold_count('5;1;90;0,10;0:5,3:2,7:0', NULL), mozfun.hist.threshold_count('{"bucket_count": 3, "histogram_type": 1, "sum": 7, "range": [1, 2], "values": {"0": 1, "2": 3}}', 2)"#,
        "INT64, INT64, INT64, INT64",
        "[0, 7, 0, 3]",
    ),
    (
        r#"`moz-fx-data-shared-prod.udf.histogram_to_threshold_count`('5;1;90;0,10;0:5,3:2,7:0', 3), `moz-fx-data-shared-prod.udf.json_extract_histogram`('{"bucket_count": 3, "histogram_type": 1, "sum": 7, "range": [1, 2], "values": {"0": 1, "2": 3}}').sum, `moz-fx-data-shared-prod.udf.json_extract_histogram`(NULL).sum"#,
        "INT64, INT64, INT64",
        "[2, 7, null]",
    ),
    (
        r#"`moz-fx-data-shared-prod.udf.histogram_max_key_with_nonzero_value`('5;1;0;0,10;0:0'), `moz-fx-data-shared-prod.udf.histogram_max_key_with_nonzero_value`(NULL), `moz-fx-data-shared-prod.udf.histogram_max_key_with_nonzero_value`('{"bucket_count": 3, "histogram_type": 1, "sum": 7, "range": [1, 2], "values": {"0": 1, "2": 3}}')"#,
        "INT64, INT64, INT64",
        "[null, null, 2]",
    ),
    (
        "mozfun.stats.mode_last(CAST([] AS ARRAY<STRING>)), mozfun.stats.mode_last(CAST(NULL AS ARRAY<STRING>)), mozfun.stats.mode_last([CAST(NULL AS STRING)]), mozfun.stats.mode_last([1, 2, 2, 1]), mozfun.stats.mode_last(['a', NULL, NULL])",
        "STRING, STRING, STRING, INT64, STRING",
        r#"[null, null, null, 1, "a"]"#,
    ),
    (
        "mozfun.hist.merge([mozfun.hist.extract('5;1;90;0,10;0:5,3:2,7:0'), mozfun.hist.extract('5;1;4;0,10;3:1,9:4')])",
        "STRUCT<bucket_count INT64, sum INT64, histogram_type INT64, range ARRAY<INT64>, values ARRAY<STRUCT<key INT64, value INT64>>>",
        "[[5, 94, 1, [0, 10], [[0, 5], [3, 3], [7, 0], [9, 4]]]]",
    ),
    (
        "mozfun.hist.merge([mozfun.hist.extract('5;1;90;0,10;0:5,3:2,7:0')]).range, mozfun.hist.merge(ARRAY(SELECT mozfun.hist.extract(x) FROM UNNEST(['1']) AS x WHERE FALSE)).values, mozfun.hist.merge([mozfun.hist.extract(NULL)]).sum",
        "ARRAY<INT64>, ARRAY<STRUCT<key INT64, value INT64>>, INT64",
        "[[0, 10], [], null]",
    ),
    (
        "mozfun.hist.percentiles(mozfun.hist.extract('5;1;90;0,10;0:5,3:2,7:0'), ARRAY<FLOAT64>[]), mozfun.hist.percentiles(mozfun.hist.extract('5;1;0;0,10;'), [0.5]), mozfun.hist.percentiles(mozfun.hist.extract('5;1;90;0,10;0:5,3:2,7:0'), [0.0, 1.0])",
        "ARRAY<STRUCT<percentile FLOAT64, value INT64>>, ARRAY<STRUCT<percentile FLOAT64, value INT64>>, ARRAY<STRUCT<percentile FLOAT64, value INT64>>",
        "[[], [], [[0.0, 0], [1.0, 3]]]",
    ),
    (
        "mozfun.bits28.days_since_seen(NULL), mozfun.bits28.days_since_seen(1), mozfun.bits28.days_since_seen(134217728), mozfun.bits28.days_since_seen(5)",
        "INT64, INT64, INT64, INT64",
        "[null, 0, 27, 0]",
    ),
    (
        "mozfun.norm.os(NULL), mozfun.norm.os(''), mozfun.norm.os('WINNT'), mozfun.norm.os('iPhone OS'), mozfun.norm.os('Android'), mozfun.norm.os('SunOS'), mozfun.norm.os('windows')",
        "STRING, STRING, STRING, STRING, STRING, STRING, STRING",
        r#"["Other", "Other", "Windows", "iOS", "Android", "Linux", "Other"]"#,
    ),
    (
        "mozfun.norm.windows_version_info('Windows_NT', '10.0', NULL), mozfun.norm.windows_version_info('Windows_NT', '6.1', 7601), mozfun.norm.windows_version_info('Windows_95', NULL, NULL), mozfun.norm.windows_version_info('Windows_NT', '9.9', 1), mozfun.norm.windows_version_info('Windows_NT', '10.0', 19045)",
        "STRING, STRING, STRING, STRING, STRING",
        r#"["Windows 10 or 11", "Windows 7", "Windows 95", null, "Windows 10"]"#,
    ),
    (
        "mozfun.norm.extract_version(NULL, 'major'), mozfun.norm.extract_version('', 'major'), mozfun.norm.extract_version('abc', 'major'), mozfun.norm.extract_version('100', 'minor'), mozfun.norm.extract_version('96.0.12', 'patch'), mozfun.norm.extract_version('96.0', 'other')",
        "NUMERIC, NUMERIC, NUMERIC, NUMERIC, NUMERIC, NUMERIC",
        r#"[null, null, null, null, "12", null]"#,
    ),
    (
        "mozfun.norm.truncate_version('10.15.7', 'minor'), mozfun.norm.truncate_version(NULL, 'major'), mozfun.norm.truncate_version('x', 'major'), mozfun.norm.truncate_version('9', 'minor')",
        "NUMERIC, NUMERIC, NUMERIC, NUMERIC",
        r#"["10.15", null, null, null]"#,
    ),
    (
        "`moz-fx-data-shared-prod.udf.normalize_search_engine`(NULL), `moz-fx-data-shared-prod.udf.normalize_search_engine`('google-b-d'), `moz-fx-data-shared-prod.udf.normalize_search_engine`('DuckDuckGo'), `moz-fx-data-shared-prod.udf.normalize_search_engine`('other-x')",
        "STRING, STRING, STRING, STRING",
        r#"[null, "Google", "DuckDuckGo", "Other"]"#,
    ),
];

/// The functions of Mozilla's datasets that the public corpus calls, but for `udf.monetized_search`, whose definition is private.
pub const NAMED: &[&str] = &[
    "mozfun.bits28.days_since_seen",
    "mozfun.hist.extract",
    "mozfun.hist.merge",
    "mozfun.hist.percentiles",
    "mozfun.hist.threshold_count",
    "mozfun.map.extract_keyed_scalar_sum",
    "mozfun.map.get_key",
    "mozfun.norm.extract_version",
    "mozfun.norm.os",
    "mozfun.norm.truncate_version",
    "mozfun.norm.windows_version_info",
    "mozfun.stats.mode_last",
    "moz-fx-data-shared-prod.udf.get_key",
    "moz-fx-data-shared-prod.udf.histogram_max_key_with_nonzero_value",
    "moz-fx-data-shared-prod.udf.histogram_to_threshold_count",
    "moz-fx-data-shared-prod.udf.json_extract_histogram",
    "moz-fx-data-shared-prod.udf.normalize_search_engine",
];
