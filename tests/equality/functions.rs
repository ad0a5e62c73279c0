//! Functions and constructs of BigQuery SQL with their values, as Google's reference implementation of GoogleSQL gives them: what the
//! embedded engine must give, and what the reference implementation is asked again.

use isobar::sql::types::Type;
use isobar::warehouse::{Rows, Value};
use serde_json::Value as Json;

/// Expressions, their types and their values as JSON (a STRUCT is a list), as Google's reference implementation of GoogleSQL gives them.
pub const CASES: &[(&str, &str, &str)] = &[
    (
        r#"'it\'s', "say \"hi\"", r'a\b', """a"b""", 'tab\tend', '\x41\u00e9'"#,
        "STRING, STRING, STRING, STRING, STRING, STRING",
        r#"["it's", "say \"hi\"", "a\\b", "a\"b", "tab\tend", "Aé"]"#,
    ),
    (r#"b'\xff\x00'"#, "BYTES", r#"["/wA="]"#),
    (
        "1, 1.5, .5, 1e3, 0xFF, -7, TRUE, NULL",
        "INT64, FLOAT64, FLOAT64, FLOAT64, INT64, INT64, BOOL, INT64",
        "[1, 1.5, 0.5, 1000.0, 255, -7, true, null]",
    ),
    ("60 * 60 * 24 * 1000000", "INT64", "[86400000000]"),
    ("2147483647 + 1", "INT64", "[2147483648]"),
    ("7 / 2, 1 / 4", "FLOAT64, FLOAT64", "[3.5, 0.25]"),
    ("1 = 1 AND NOT 2 > 3 OR FALSE", "BOOL", "[true]"),
    ("1 + 2 * 3 - 4", "INT64", "[3]"),
    ("5 & 3 | 8, 5 ^ 1, ~5", "INT64, INT64, INT64", "[9, 4, -6]"),
    ("'a' || 'b' || 'c'", "STRING", r#"["abc"]"#),
    (
        r#"'a_b' LIKE r'a\_b', 'axb' LIKE r'a\_b', 'abc' LIKE 'a%', 'a' NOT LIKE 'b'"#,
        "BOOL, BOOL, BOOL, BOOL",
        "[true, false, true, true]",
    ),
    (
        "3 BETWEEN 1 AND 5, 3 NOT BETWEEN 1 AND 5, 3 IN (1, 2), 3 NOT IN (1, 2)",
        "BOOL, BOOL, BOOL, BOOL",
        "[true, false, false, true]",
    ),
    (
        "NULL IN UNNEST([1]), 3 IN UNNEST([1, NULL]), 1 IN UNNEST(CAST(NULL AS ARRAY<INT64>))",
        "BOOL, BOOL, BOOL",
        "[null, null, false]",
    ),
    (
        "NULL IS DISTINCT FROM 1, 1 IS NOT DISTINCT FROM 1",
        "BOOL, BOOL",
        "[true, true]",
    ),
    (
        "CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END, CASE 3 WHEN 3 THEN 'x' END",
        "STRING, STRING",
        r#"["b", "x"]"#,
    ),
    (
        "IF(TRUE, 1, 2), IFNULL(NULL, 3), NULLIF(1, 1), COALESCE(NULL, NULL, 4)",
        "INT64, INT64, INT64, INT64",
        "[1, 3, null, 4]",
    ),
    (
        "CAST(2.5 AS INT64), CAST(-2.5 AS INT64), CAST(1.4999 AS INT64), CAST(TRUE AS INT64)",
        "INT64, INT64, INT64, INT64",
        "[3, -3, 1, 1]",
    ),
    (
        "CAST('12' AS INT64), CAST(' -12 ' AS INT64), CAST('0x1F' AS INT64)",
        "INT64, INT64, INT64",
        "[12, -12, 31]",
    ),
    (
        "SAFE_CAST('1.5' AS INT64), SAFE_CAST('x' AS INT64), SAFE_CAST('' AS INT64), SAFE_CAST('2020-13-01' AS DATE), SAFE_CAST('x' AS FLOAT64)",
        "INT64, INT64, INT64, DATE, FLOAT64",
        "[null, null, null, null, null]",
    ),
    (
        "CAST(1.0 AS STRING), CAST(1e15 AS STRING), CAST(1e20 AS STRING), CAST(1e-7 AS STRING), CAST(0.1 AS STRING), CAST(1/3 AS STRING)",
        "STRING, STRING, STRING, STRING, STRING, STRING",
        r#"["1", "1e+15", "1e+20", "1e-07", "0.1", "0.33333333333333331"]"#,
    ),
    (
        "CAST(CAST('nan' AS FLOAT64) AS STRING), CAST(CAST('-inf' AS FLOAT64) AS STRING), CAST(TRUE AS STRING), CAST(12 AS STRING)",
        "STRING, STRING, STRING, STRING",
        r#"["nan", "-inf", "true", "12"]"#,
    ),
    (
        "CAST(DATE '2020-01-02' AS STRING), CAST(TIMESTAMP '2020-01-02 03:04:05.1' AS STRING), CAST(TIMESTAMP '2020-01-02 03:04:05' AS STRING)",
        "STRING, STRING, STRING",
        r#"["2020-01-02", "2020-01-02 03:04:05.100+00", "2020-01-02 03:04:05+00"]"#,
    ),
    (
        "CAST('TRUE' AS BOOL), SAFE_CAST('yes' AS BOOL), CAST(0 AS BOOL)",
        "BOOL, BOOL, BOOL",
        "[true, null, false]",
    ),
    (
        "CAST(NUMERIC '1.50' AS STRING), CAST('2.5' AS NUMERIC)",
        "STRING, NUMERIC",
        r#"["1.5", "2.5"]"#,
    ),
    (
        "SUBSTR('abc', 0, 2), SUBSTR('abc', -2, 1), SUBSTR('abc', -5, 2), SUBSTR('abc', 2), SUBSTR('abc', 5), SUBSTR('abc', NULL)",
        "STRING, STRING, STRING, STRING, STRING, STRING",
        r#"["ab", "b", "ab", "bc", "", null]"#,
    ),
    (
        "SAFE.SUBSTR('a', 1, -1), SAFE.LOG(-1)",
        "STRING, FLOAT64",
        "[null, null]",
    ),
    (
        "LENGTH('né'), BYTE_LENGTH('né'), CHAR_LENGTH(''), UPPER('né'), LOWER('ÀB'), REVERSE('abc')",
        "INT64, INT64, INT64, STRING, STRING, STRING",
        r#"[2, 3, 0, "NÉ", "àb", "cba"]"#,
    ),
    (
        r#"TRIM('\n a\u00a0 '), TRIM('xxaxx', 'x'), LTRIM(' a '), RTRIM('abb', 'b')"#,
        "STRING, STRING, STRING, STRING",
        r#"["a", "a", "a ", "a"]"#,
    ),
    (
        "LPAD('a', 3), RPAD('a', 3, 'xy'), LEFT('abc', 2), RIGHT('abc', 2), REPEAT('ab', 2), REPLACE('aba', 'a', 'x')",
        "STRING, STRING, STRING, STRING, STRING, STRING",
        r#"["  a", "axy", "ab", "bc", "abab", "xbx"]"#,
    ),
    (
        "STARTS_WITH('abc', 'ab'), ENDS_WITH('abc', 'bc'), STRPOS('abc', 'c'), INSTR('abc', 'z')",
        "BOOL, BOOL, INT64, INT64",
        "[true, true, 3, 0]",
    ),
    (
        "CONCAT('a', NULL), CONCAT('a', 'b', 'c'), CONCAT('a', 1)",
        "STRING, STRING, STRING",
        r#"[null, "abc", "a1"]"#,
    ),
    (
        "SPLIT('a,b'), SPLIT('', ','), SPLIT('abc', ''), SPLIT('a--b', '--')",
        "ARRAY<STRING>, ARRAY<STRING>, ARRAY<STRING>, ARRAY<STRING>",
        r#"[["a", "b"], [""], ["a", "b", "c"], ["a", "b"]]"#,
    ),
    (
        "SPLIT('a:b', ':')[OFFSET(1)], SPLIT('a:b', ':')[SAFE_OFFSET(2)], [1, 2][ORDINAL(1)], [1, 2][SAFE_ORDINAL(3)], [1, 2][SAFE_OFFSET(-1)], [5, 6][0]",
        "STRING, STRING, INT64, INT64, INT64, INT64",
        r#"["b", null, 1, null, null, 5]"#,
    ),
    (
        r#"REGEXP_CONTAINS('abc', r'^a.c$'), REGEXP_CONTAINS('a\nc', r'a.c'), REGEXP_CONTAINS('xabcx', 'b')"#,
        "BOOL, BOOL, BOOL",
        "[true, false, true]",
    ),
    (
        r#"REGEXP_EXTRACT('a', 'a(b)?'), REGEXP_EXTRACT('abc', 'b'), REGEXP_EXTRACT('abc', 'z'), REGEXP_EXTRACT('a_12', r'_([0-9]+)$'), REGEXP_EXTRACT('(x)', r'\((x)\)')"#,
        "STRING, STRING, STRING, STRING, STRING",
        r#"[null, "b", null, "12", "x"]"#,
    ),
    (
        r#"REGEXP_EXTRACT_ALL('a1b2', '[0-9]'), REGEXP_REPLACE('abc', '(b)', r'<\1>')"#,
        "ARRAY<STRING>, STRING",
        r#"[["1", "2"], "a<b>c"]"#,
    ),
    (
        "FORMAT('%d %s %t %.2f %5d|', 1, 'a', DATE '2020-01-01', 2.345, 3), FORMAT('%t %t', 1.0, TRUE), FORMAT('100%%')",
        "STRING, STRING, STRING",
        r#"["1 a 2020-01-01 2.35     3|", "1.0 true", "100%"]"#,
    ),
    (
        r#"TO_HEX(MD5('a')), TO_HEX(SHA256('a')), TO_HEX(b'\x01\xff')"#,
        "STRING, STRING, STRING",
        r#"["0cc175b9c0f1b6a831c399e269772661", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", "01ff"]"#,
    ),
    (
        "CONTAINS_SUBSTR('the blue house', 'Blue'), CONTAINS_SUBSTR('x', 'y')",
        "BOOL, BOOL",
        "[true, false]",
    ),
    (
        "ABS(-2), SIGN(-2.5), MOD(-7, 2), DIV(-7, 2), SQRT(2), POW(2, 10), EXP(0), LN(1), LOG(8, 2), LOG(10), LOG10(1000)",
        "INT64, FLOAT64, INT64, INT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64",
        "[2, -1.0, -1, -3, 1.4142135623730951, 1024.0, 1.0, 0.0, 3.0, 2.302585092994046, 3.0]",
    ),
    (
        "CEIL(1.2), FLOOR(-1.2), TRUNC(-1.7), ROUND(2.5), ROUND(-2.5), ROUND(2.675, 2), ROUND(0.125, 2), ROUND(1234.5, -2), ROUND(5)",
        "FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64",
        "[2.0, -2.0, -1.0, 3.0, -3.0, 2.67, 0.13, 1200.0, 5.0]",
    ),
    (
        "IS_NAN(CAST('nan' AS FLOAT64)), IS_INF(CAST('inf' AS FLOAT64)), IS_NAN(1.0)",
        "BOOL, BOOL, BOOL",
        "[true, true, false]",
    ),
    (
        "GREATEST(1, NULL), LEAST(1, 2, 0), GREATEST('a', 'b'), LEAST(1.0, CAST('nan' AS FLOAT64)), GREATEST(1.0, CAST('nan' AS FLOAT64))",
        "INT64, INT64, STRING, FLOAT64, FLOAT64",
        r#"[null, 0, "b", "NaN", "NaN"]"#,
    ),
    (
        "SAFE_DIVIDE(1, 0), SAFE_DIVIDE(1, 2), IEEE_DIVIDE(1, 0), IEEE_DIVIDE(0, 0)",
        "FLOAT64, FLOAT64, FLOAT64, FLOAT64",
        r#"[null, 0.5, "Infinity", "NaN"]"#,
    ),
    (
        "SAFE_ADD(9223372036854775807, 1), SAFE_MULTIPLY(9223372036854775807, 2), SAFE_SUBTRACT(1, 2), SAFE_NEGATE(3)",
        "INT64, INT64, INT64, INT64",
        "[null, null, -1, -3]",
    ),
    ("BIT_COUNT(5), BIT_COUNT(-1)", "INT64, INT64", "[2, 64]"),
    (
        "DATE(2020, 2, 29), DATE('2020-01-02'), DATE(TIMESTAMP '2020-01-02 23:59:59'), DATE(DATETIME '2020-01-02 01:02:03')",
        "DATE, DATE, DATE, DATE",
        r#"["2020-02-29", "2020-01-02", "2020-01-02", "2020-01-02"]"#,
    ),
    (
        "DATE_ADD('2020-01-31', INTERVAL 1 MONTH), DATE_ADD(DATE '2020-01-01', INTERVAL -2 DAY), DATE_SUB(DATE '2020-03-31', INTERVAL 1 MONTH), DATE_ADD(DATE '2020-01-01', INTERVAL 1 WEEK)",
        "DATE, DATE, DATE, DATE",
        r#"["2020-02-29", "2019-12-30", "2020-02-29", "2020-01-08"]"#,
    ),
    (
        "DATE_ADD(TIMESTAMP '2020-01-01 05:00:00', INTERVAL 1 DAY), TIMESTAMP_SUB(TIMESTAMP '2020-01-01', INTERVAL 90 MINUTE), DATETIME_ADD(DATETIME '2020-01-01', INTERVAL 1 YEAR)",
        "TIMESTAMP, TIMESTAMP, DATETIME",
        r#"["2020-01-02T05:00:00Z", "2019-12-31T22:30:00Z", "2021-01-01T00:00:00"]"#,
    ),
    (
        "DATE_DIFF('2020-02-01', '2020-01-31', DAY), DATE_DIFF(DATE '2020-02-01', DATE '2020-01-31', MONTH), DATE_DIFF(DATE '2020-01-05', DATE '2020-01-04', WEEK), DATE_DIFF(DATE '2020-01-06', DATE '2020-01-05', WEEK), DATE_DIFF(DATE '2020-01-06', DATE '2020-01-05', ISOWEEK), DATE_DIFF(DATE '2021-01-01', DATE '2020-12-31', YEAR)",
        "INT64, INT64, INT64, INT64, INT64, INT64",
        "[1, 1, 1, 0, 1, 1]",
    ),
    (
        "TIMESTAMP_DIFF(TIMESTAMP '2020-01-01 10:30:00', TIMESTAMP '2020-01-01 11:00:00', HOUR), TIMESTAMP_DIFF(TIMESTAMP '2020-01-03 00:00:00', TIMESTAMP '2020-01-01 00:00:01', DAY), TIMESTAMP_DIFF(TIMESTAMP '2020-01-01 00:00:01', TIMESTAMP '2020-01-01 00:00:00', MILLISECOND)",
        "INT64, INT64, INT64",
        "[0, 1, 1000]",
    ),
    (
        "DATETIME_DIFF(DATETIME '2020-01-01 11:00:00', DATETIME '2020-01-01 10:59:00', HOUR)",
        "INT64",
        "[1]",
    ),
    (
        "DATE_TRUNC(DATE '2020-01-04', WEEK), DATE_TRUNC(DATE '2020-01-05', WEEK(MONDAY)), DATE_TRUNC(DATE '2020-05-17', MONTH), DATE_TRUNC(DATE '2020-05-17', QUARTER), DATE_TRUNC(DATE '2020-01-01', ISOWEEK)",
        "DATE, DATE, DATE, DATE, DATE",
        r#"["2019-12-29", "2019-12-30", "2020-05-01", "2020-04-01", "2019-12-30"]"#,
    ),
    (
        "TIMESTAMP_TRUNC(TIMESTAMP '2020-01-01 10:30:00', HOUR), TIMESTAMP_TRUNC(TIMESTAMP '2020-01-04 10:30:00', WEEK)",
        "TIMESTAMP, TIMESTAMP",
        r#"["2020-01-01T10:00:00Z", "2019-12-29T00:00:00Z"]"#,
    ),
    (
        "EXTRACT(DAYOFWEEK FROM DATE '2020-01-05'), EXTRACT(WEEK FROM DATE '2020-01-05'), EXTRACT(WEEK FROM DATE '2020-01-04'), EXTRACT(ISOWEEK FROM DATE '2020-01-05'), EXTRACT(WEEK(MONDAY) FROM DATE '2020-01-06'), EXTRACT(DAYOFYEAR FROM DATE '2020-02-01'), EXTRACT(ISOYEAR FROM DATE '2019-12-31'), EXTRACT(QUARTER FROM DATE '2020-05-01')",
        "INT64, INT64, INT64, INT64, INT64, INT64, INT64, INT64",
        "[1, 1, 0, 1, 1, 32, 2020, 2]",
    ),
    (
        "EXTRACT(DATE FROM TIMESTAMP '2020-01-05 01:00:00'), EXTRACT(HOUR FROM TIMESTAMP '2020-01-05 01:00:00'), EXTRACT(MICROSECOND FROM TIMESTAMP '2020-01-05 01:00:03.5'), EXTRACT(MILLISECOND FROM TIMESTAMP '2020-01-05 01:00:03.5')",
        "DATE, INT64, INT64, INT64",
        r#"["2020-01-05", 1, 500000, 500]"#,
    ),
    (
        "DATE '2020-01-05' > '2020-01-04', TIMESTAMP '2020-01-05 00:00:00' >= '2020-01-05'",
        "BOOL, BOOL",
        "[true, true]",
    ),
    (
        "UNIX_SECONDS(TIMESTAMP '1969-12-31 23:59:59.5'), UNIX_MILLIS(TIMESTAMP '2020-01-01'), UNIX_MICROS(TIMESTAMP '2020-01-01'), UNIX_DATE(DATE '1970-01-02'), DATE_FROM_UNIX_DATE(1), TIMESTAMP_SECONDS(1), TIMESTAMP_MILLIS(1500), TIMESTAMP_MICROS(7)",
        "INT64, INT64, INT64, INT64, DATE, TIMESTAMP, TIMESTAMP, TIMESTAMP",
        r#"[-1, 1577836800000, 1577836800000000, 1, "1970-01-02", "1970-01-01T00:00:01Z", "1970-01-01T00:00:01.500000Z", "1970-01-01T00:00:00.000007Z"]"#,
    ),
    (
        "PARSE_DATE('%Y%m%d', '20200102'), PARSE_TIMESTAMP('%Y-%m-%d %H:%M:%S', '2020-01-02 03:04:05'), FORMAT_DATE('%Y-%m', DATE '2020-01-02'), FORMAT_TIMESTAMP('%F %T', TIMESTAMP '2020-01-02 03:04:05')",
        "DATE, TIMESTAMP, STRING, STRING",
        r#"["2020-01-02", "2020-01-02T03:04:05Z", "2020-01", "2020-01-02 03:04:05"]"#,
    ),
    (
        "LAST_DAY(DATE '2020-02-03'), TIMESTAMP('2020-01-02'), DATE(TIMESTAMP '2020-01-02 00:00:00', 'UTC')",
        "DATE, TIMESTAMP, DATE",
        r#"["2020-02-29", "2020-01-02T00:00:00Z", "2020-01-02"]"#,
    ),
    (
        r#"JSON_VALUE('{"a": {"b": 1}, "n": null, "s": "x", "t": true, "f": 1.0}', '$.s'), JSON_VALUE('{"a": {"b": 1}}', '$.a'), JSON_VALUE('{"n": null}', '$.n'), JSON_VALUE('{"t": true}', '$.t'), JSON_VALUE('{"a": {"b": 1}}', '$.a.b'), JSON_VALUE('{bad', '$.a'), JSON_VALUE('{"a-b": 2}', '$."a-b"'), JSON_VALUE('[5, 6]', '$[1]')"#,
        "STRING, STRING, STRING, STRING, STRING, STRING, STRING, STRING",
        r#"["x", null, null, "true", "1", null, "2", "6"]"#,
    ),
    (
        r#"JSON_EXTRACT_SCALAR('{"a.b": 1}', "$['a.b']"), JSON_QUERY('{"a": [1, 2]}', '$.a'), JSON_EXTRACT('{"a": null}', '$.a'), JSON_EXTRACT('{"a": "x"}', '$.a')"#,
        "STRING, STRING, STRING, STRING",
        r#"["1", "[1,2]", null, "\"x\""]"#,
    ),
    (
        r#"JSON_EXTRACT_ARRAY('{"a": 1}', '$.a'), JSON_EXTRACT_ARRAY('{"a": [1, "x"]}', '$.a'), JSON_VALUE_ARRAY('{"a": [1, "x", null]}', '$.a')"#,
        "ARRAY<STRING>, ARRAY<STRING>, ARRAY<STRING>",
        r#"[null, ["1", "\"x\""], ["1", "x", null]]"#,
    ),
    (
        r#"JSON_VALUE(JSON '{"a": {"b": "x"}}', '$.a.b'), JSON_VALUE(JSON '{"a": {"b": "x"}}'.a.b), STRING(JSON '"x"'), INT64(JSON '10.0'), FLOAT64(JSON '1'), BOOL(JSON 'true')"#,
        "STRING, STRING, STRING, INT64, FLOAT64, BOOL",
        r#"["x", "x", "x", 10, 1.0, true]"#,
    ),
    (
        r#"LAX_INT64(JSON '1.6'), LAX_INT64(JSON '"12"'), LAX_INT64(JSON 'true'), LAX_BOOL(JSON '"TRUE"'), LAX_STRING(JSON '12'), LAX_FLOAT64(JSON 'true'), LAX_BOOL(JSON '2')"#,
        "INT64, INT64, INT64, BOOL, STRING, FLOAT64, BOOL",
        r#"[2, 12, 1, true, "12", null, true]"#,
    ),
    (
        "ARRAY_LENGTH([1, 2]), ARRAY_LENGTH(CAST(NULL AS ARRAY<INT64>)), ARRAY_CONCAT([1], [2, 3]), ARRAY_REVERSE([1, 2]), ARRAY_TO_STRING(['a', NULL, 'b'], '-'), ARRAY_TO_STRING(['a', NULL], '-', 'N')",
        "INT64, INT64, ARRAY<INT64>, ARRAY<INT64>, STRING, STRING",
        r#"[2, null, [1, 2, 3], [2, 1], "a-b", "a-N"]"#,
    ),
    (
        "GENERATE_ARRAY(1, 5, 2), GENERATE_ARRAY(3, 1), GENERATE_DATE_ARRAY('2020-01-01', '2020-01-03'), GENERATE_DATE_ARRAY('2020-01-01', '2020-01-20', INTERVAL 1 WEEK)",
        "ARRAY<INT64>, ARRAY<INT64>, ARRAY<DATE>, ARRAY<DATE>",
        r#"[[1, 3, 5], [], ["2020-01-01", "2020-01-02", "2020-01-03"], ["2020-01-01", "2020-01-08", "2020-01-15"]]"#,
    ),
    (
        "ARRAY<INT64>[1, 2], STRUCT(1 AS a, 'x' AS b), STRUCT<a INT64, b STRING>(1, 'x').b, [STRUCT('k' AS key, 1 AS value)][OFFSET(0)].value",
        "ARRAY<INT64>, STRUCT<a INT64, b STRING>, STRING, INT64",
        r#"[[1, 2], [1, "x"], "x", 1]"#,
    ),
    (
        "ARRAY(SELECT x * 2 FROM UNNEST([1, 2, 3]) AS x WHERE x > 1), ARRAY(SELECT x FROM UNNEST([3, 1, 2]) AS x ORDER BY x DESC), ARRAY(SELECT AS STRUCT x AS a FROM UNNEST([1]) AS x)",
        "ARRAY<INT64>, ARRAY<INT64>, ARRAY<STRUCT<a INT64>>",
        "[[4, 6], [3, 2, 1], [[1]]]",
    ),
    (
        "(SELECT SUM(x) FROM UNNEST([1, 2, 3]) AS x), (SELECT COUNT(*) FROM UNNEST([1, 2])), (SELECT MAX(x) FROM UNNEST(CAST(NULL AS ARRAY<INT64>)) AS x), EXISTS(SELECT 1 FROM UNNEST([1, 2]) AS x WHERE x = 2), EXISTS(SELECT 1 FROM UNNEST(CAST(NULL AS ARRAY<INT64>)) AS x)",
        "INT64, INT64, INT64, BOOL, BOOL",
        "[6, 2, null, true, false]",
    ),
    (
        "(SELECT SUM(value) FROM UNNEST([STRUCT('a' AS key, 1 AS value), STRUCT('b' AS key, 5 AS value)]) WHERE key = 'b'), (SELECT e.value FROM UNNEST([STRUCT('a' AS key, 1 AS value), ('b', 5)]) AS e WHERE key = 'b')",
        "INT64, INT64",
        "[5, 5]",
    ),
    (
        "ARRAY(SELECT o FROM UNNEST(['x', 'y']) AS e WITH OFFSET AS o ORDER BY o), (SELECT e FROM UNNEST(['x', 'y']) AS e WITH OFFSET WHERE offset = 1)",
        "ARRAY<INT64>, STRING",
        r#"[[0, 1], "y"]"#,
    ),
    (
        "(SELECT MIN(x) FROM UNNEST([1.0, CAST('nan' AS FLOAT64)]) AS x), (SELECT MAX(x) FROM UNNEST([1.0, CAST('nan' AS FLOAT64)]) AS x), (SELECT MIN(x) FROM UNNEST([2, 1]) AS x)",
        "FLOAT64, FLOAT64, INT64",
        r#"["NaN", "NaN", 1]"#,
    ),
    (
        "(SELECT COUNTIF(x > 1) FROM UNNEST([1, 2, 3]) AS x), (SELECT LOGICAL_OR(x > 2) FROM UNNEST([1, 2, 3]) AS x), (SELECT LOGICAL_AND(x > 2) FROM UNNEST([1, 2, 3]) AS x), (SELECT AVG(x) FROM UNNEST([1, 2]) AS x), (SELECT COUNT(DISTINCT x) FROM UNNEST([1, 1, NULL]) AS x)",
        "INT64, BOOL, BOOL, FLOAT64, INT64",
        "[2, true, false, 1.5, 1]",
    ),
    (
        "(SELECT ARRAY_AGG(x IGNORE NULLS ORDER BY x DESC LIMIT 2) FROM UNNEST([1, NULL, 3, 2]) AS x), (SELECT ARRAY_AGG(DISTINCT x ORDER BY x) FROM UNNEST([2, 1, 2]) AS x), (SELECT ARRAY_AGG(x IGNORE NULLS) FROM UNNEST([CAST(NULL AS INT64)]) AS x)",
        "ARRAY<INT64>, ARRAY<INT64>, ARRAY<INT64>",
        "[[3, 2], [1, 2], null]",
    ),
    (
        "(SELECT STRING_AGG(x, '-' ORDER BY x) FROM UNNEST(['b', NULL, 'a']) AS x), (SELECT STRING_AGG(x ORDER BY x LIMIT 1) FROM UNNEST(['b', NULL, 'a']) AS x), (SELECT ARRAY_CONCAT_AGG(x) FROM UNNEST([STRUCT([1] AS x)]))",
        "STRING, STRING, ARRAY<INT64>",
        r#"["a-b", "a", [1]]"#,
    ),
    (
        "(SELECT ANY_VALUE(x HAVING MAX y) FROM UNNEST([STRUCT(NULL AS x, 3 AS y), (2, 1)])), (SELECT MAX_BY(x, y) FROM UNNEST([STRUCT(1 AS x, 3 AS y), (2, 1)])), (SELECT MIN_BY(x, y) FROM UNNEST([STRUCT(1 AS x, 3 AS y), (2, 1)]))",
        "INT64, INT64, INT64",
        "[null, 1, 2]",
    ),
    (
        "(SELECT STDDEV(x) FROM UNNEST([1, 2, 4]) AS x), (SELECT VAR_SAMP(x) FROM UNNEST([1.0]) AS x), (SELECT VAR_POP(x) FROM UNNEST([1, 2]) AS x), (SELECT CORR(x, x) FROM UNNEST([1, 2]) AS x), (SELECT COVAR_SAMP(x, x) FROM UNNEST([1, 2]) AS x)",
        "FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64",
        "[1.5275252316519468, null, 0.25, 1.0, 0.5]",
    ),
    (
        "(SELECT BIT_OR(x) FROM UNNEST([1, 4]) AS x), (SELECT BIT_AND(x) FROM UNNEST([5, 4]) AS x), (SELECT SUM(x) FROM UNNEST([1.5, 2.5]) AS x)",
        "INT64, INT64, FLOAT64",
        "[5, 4, 4.0]",
    ),
    (
        "ARRAY(SELECT x FROM UNNEST([2, NULL, 1]) AS x ORDER BY x), ARRAY(SELECT x FROM UNNEST([2, NULL, 1]) AS x ORDER BY x DESC), ARRAY(SELECT x FROM UNNEST([1, 2, 3]) AS x ORDER BY x LIMIT 1 OFFSET 1)",
        "ARRAY<INT64>, ARRAY<INT64>, ARRAY<INT64>",
        "[[null, 1, 2], [2, 1, null], [2]]",
    ),
    (
        "ARRAY<STRUCT<key STRING, value INT64>>[('a', 1)], ARRAY<STRING>[], ARRAY<FLOAT64>[1, 2.5]",
        "ARRAY<STRUCT<key STRING, value INT64>>, ARRAY<STRING>, ARRAY<FLOAT64>",
        r#"[[["a", 1]], [], [1.0, 2.5]]"#,
    ),
    ("SAFE.TRIM(' a'), SAFE.FLOOR(1.5)", "STRING, FLOAT64", r#"["a", 1.0]"#),
    (
        "DATE_DIFF(DATE '2019-12-30', DATE '2019-12-29', ISOYEAR), DATE_DIFF(DATE '2020-03-01', DATE '2020-01-01', WEEK(TUESDAY))",
        "INT64, INT64",
        "[1, 8]",
    ),
    (
        "(SELECT COUNT(*) FROM UNNEST([1, 2, 3]) AS a, UNNEST([1, 2]) AS b WHERE a = b), (SELECT COUNT(b) FROM UNNEST([1, 2]) AS a LEFT JOIN UNNEST([1, 3]) AS b ON a = b)",
        "INT64, INT64",
        "[2, 1]",
    ),
    (
        "ARRAY(SELECT AS STRUCT x, ROW_NUMBER() OVER (ORDER BY x DESC) AS n FROM UNNEST([3, 5, 5]) AS x ORDER BY x, n), ARRAY(SELECT AS STRUCT x, RANK() OVER (ORDER BY x) AS n FROM UNNEST([3, 5, 5, 7]) AS x ORDER BY x, n)",
        "ARRAY<STRUCT<x INT64, n INT64>>, ARRAY<STRUCT<x INT64, n INT64>>",
        "[[[3, 3], [5, 1], [5, 2]], [[3, 1], [5, 2], [5, 2], [7, 4]]]",
    ),
    (
        "ARRAY(SELECT SUM(x) OVER (ORDER BY x) FROM UNNEST([1, 2, 2, NULL]) AS x ORDER BY x), ARRAY(SELECT COUNT(*) OVER () FROM UNNEST([1, NULL]) AS x)",
        "ARRAY<INT64>, ARRAY<INT64>",
        "[[null, 1, 5, 5], [2, 2]]",
    ),
    (
        "PARSE_DATETIME('%Y-%m-%d %H:%M:%S', '2020-01-02 03:04:05'), SAFE.PARSE_DATETIME('%Y-%m-%d', 'x')",
        "DATETIME, DATETIME",
        r#"["2020-01-02T03:04:05", null]"#,
    ),
    (
        "CURRENT_DATE() = CURRENT_DATE(), CURRENT_DATE() > DATE '2020-01-01'",
        "BOOL, BOOL",
        "[true, true]",
    ),
    (
        "(SELECT SUM(x) FROM UNNEST(CAST([] AS ARRAY<INT64>)) AS x), (SELECT COUNT(x) FROM UNNEST([1, NULL]) AS x), (SELECT AVG(x) FROM UNNEST([CAST(NULL AS INT64)]) AS x), (SELECT COUNTIF(x) FROM UNNEST([TRUE, NULL, FALSE]) AS x)",
        "INT64, INT64, FLOAT64, INT64",
        "[null, 1, null, 1]",
    ),
    (
        "(SELECT LOGICAL_OR(x) FROM UNNEST([FALSE, NULL]) AS x), (SELECT LOGICAL_AND(x) FROM UNNEST([TRUE, NULL]) AS x), (SELECT LOGICAL_OR(x) FROM UNNEST([CAST(NULL AS BOOL)]) AS x), (SELECT ANY_VALUE(x) FROM UNNEST([4, 4]) AS x)",
        "BOOL, BOOL, BOOL, INT64",
        "[false, true, null, 4]",
    ),
    (
        "(SELECT MAX_BY(x, y) FROM UNNEST([STRUCT('a' AS x, NULL AS y), ('b', 1)])), (SELECT MAX_BY(x, y) FROM UNNEST([STRUCT('a' AS x, CAST(NULL AS INT64) AS y)]))",
        "STRING, STRING",
        r#"["b", null]"#,
    ),
    (
        "IF(NULL, 1, 2), LEAST(3, NULL), SAFE_DIVIDE(NULL, 0), COALESCE(NULL, 'a'), NULLIF(0, 0)",
        "INT64, INT64, FLOAT64, STRING, INT64",
        r#"[2, null, null, "a", null]"#,
    ),
    (
        "DATE_SUB(DATE '2020-03-01', INTERVAL 1 DAY), DATE_SUB('2021-01-01', INTERVAL 1 YEAR), DATE_DIFF(DATE '2020-03-01', NULL, DAY), DATE_ADD(NULL, INTERVAL 1 DAY)",
        "DATE, DATE, INT64, DATE",
        r#"["2020-02-29", "2020-01-01", null, null]"#,
    ),
    (
        r#"JSON_EXTRACT_SCALAR(NULL, '$.a'), JSON_EXTRACT_SCALAR('', '$.a'), JSON_VALUE('{}', '$.a'), JSON_VALUE('{"a": [1]}', '$.a[0]'), JSON_VALUE('"x"', '$'), JSON_VALUE('{"a": ""}', '$.a')"#,
        "STRING, STRING, STRING, STRING, STRING, STRING",
        r#"[null, null, null, "1", "x", ""]"#,
    ),
    (
        "REGEXP_CONTAINS(NULL, 'a'), REGEXP_CONTAINS('', '^$'), REGEXP_CONTAINS('A', '(?i)a'), STARTS_WITH('abc', ''), STARTS_WITH(NULL, 'a'), ENDS_WITH('', 'a')",
        "BOOL, BOOL, BOOL, BOOL, BOOL, BOOL",
        "[null, true, true, true, null, false]",
    ),
    (
        "LOWER(NULL), UPPER('où'), REPLACE('aaa', 'aa', 'b'), REPLACE('a', '', 'b'), ARRAY_LENGTH([]), BIT_COUNT(NULL)",
        "STRING, STRING, STRING, STRING, INT64, INT64",
        r#"[null, "OÙ", "ba", "a", 0, null]"#,
    ),
    (
        "CONTAINS_SUBSTR('', ''), CONTAINS_SUBSTR(NULL, 'a'), CONTAINS_SUBSTR(12345, '34')",
        "BOOL, BOOL, BOOL",
        "[true, null, true]",
    ),
    (
        "FLOOR(-0.5), SIGN(0), ABS(-0.0), LN(10), IS_INF(CAST('-inf' AS FLOAT64)), IS_NAN(NULL)",
        "FLOAT64, INT64, FLOAT64, FLOAT64, BOOL, BOOL",
        "[-1.0, 0, 0.0, 2.302585092994046, true, null]",
    ),
    (
        "(SELECT VAR_SAMP(x) FROM UNNEST([1.0, 2.0, 4.0]) AS x), (SELECT COVAR_SAMP(x, y) FROM UNNEST([STRUCT(1.0 AS x, 2.0 AS y), (2.0, NULL), (3.0, 5.0)])), (SELECT COVAR_SAMP(x, y) FROM UNNEST([STRUCT(1.0 AS x, 2.0 AS y)])), (SELECT STDDEV_SAMP(x) FROM UNNEST([1.0, 3.0, 5.0]) AS x), (SELECT STDDEV_SAMP(x) FROM UNNEST([1.0]) AS x), (SELECT COVAR_POP(x, y) FROM UNNEST([STRUCT(1.0 AS x, 2.0 AS y), (3.0, 6.0), (5.0, NULL)])), (SELECT VAR_POP(x) FROM UNNEST([1.0, 3.0]) AS x), POW(-3.0, 2)",
        "FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64",
        "[2.3333333333333335, 3.0, null, 2.0, null, 2.0, 1.0, 9.0]",
    ),
];

/// The built-in functions that the configs of the public corpus and our own statements call. Each has a case above.
pub const BUILT_IN: &[&str] = &[
    "ABS",
    "ANY_VALUE",
    "ARRAY",
    "ARRAY_AGG",
    "ARRAY_CONCAT_AGG",
    "ARRAY_LENGTH",
    "ARRAY_TO_STRING",
    "AVG",
    "BIT_COUNT",
    "CAST",
    "COALESCE",
    "CONTAINS_SUBSTR",
    "COUNT",
    "COUNTIF",
    "COVAR_SAMP",
    "CURRENT_DATE",
    "DATE",
    "DATE_ADD",
    "DATE_DIFF",
    "DATE_SUB",
    "ENDS_WITH",
    "EXISTS",
    "FLOOR",
    "GREATEST",
    "IF",
    "IS_INF",
    "IS_NAN",
    "JSON_EXTRACT",
    "JSON_EXTRACT_ARRAY",
    "JSON_EXTRACT_SCALAR",
    "JSON_QUERY",
    "JSON_VALUE",
    "LEAST",
    "LN",
    "LOGICAL_AND",
    "LOGICAL_OR",
    "LOWER",
    "MAX",
    "MAX_BY",
    "MIN",
    "NULLIF",
    "PARSE_DATETIME",
    "RANK",
    "REGEXP_CONTAINS",
    "REPLACE",
    "ROW_NUMBER",
    "SAFE_CAST",
    "SAFE_DIVIDE",
    "SAFE_OFFSET",
    "SIGN",
    "SPLIT",
    "STARTS_WITH",
    "STDDEV_SAMP",
    "STRUCT",
    "SUM",
    "UNNEST",
    "UPPER",
    "VAR_SAMP",
];

/// A value as JSON; times without the `Z` that tells a TIMESTAMP from a DATETIME, which are one type in DuckDB.
fn listed(value: &Value, kind: &Type) -> Json {
    match (value, kind) {
        (Value::Struct(values), Type::Struct(fields)) => values
            .iter()
            .zip(fields)
            .map(|(value, (_, kind))| listed(value, kind))
            .collect(),
        (Value::Array(items), Type::Array(element)) => items.iter().map(|item| listed(item, element)).collect(),
        (Value::Timestamp(moment), _) => Json::from(moment.to_string()),
        (Value::Json(text), _) => Json::from(text.as_str()),
        (value, kind) => value.to_json(kind),
    }
}

/// A date and time, with or without the `Z`.
fn moment(json: &Json) -> Option<jiff::civil::DateTime> {
    json.as_str()
        .filter(|text| text.contains('T'))?
        .trim_end_matches('Z')
        .parse()
        .ok()
}

/// One difference per line: type and value of each expression of a SELECT list. `known_as` is what the engine calls a type.
pub fn check(rows: Result<Rows, String>, case: &(&str, &str, &str), known_as: fn(&str) -> String) -> Vec<String> {
    let (list, types, values) = case;
    let rows = match rows {
        Ok(rows) => rows,
        Err(fault) => return vec![format!("{list}: {fault}")],
    };
    let wanted: Vec<Json> = serde_json::from_str(values).unwrap();
    let found: Vec<Json> = rows.rows[0]
        .iter()
        .zip(&rows.columns)
        .map(|(value, (_, kind))| listed(value, kind))
        .collect();
    let mut faults = Vec::new();
    for (place, (wanted, found)) in wanted.iter().zip(&found).enumerate() {
        let near = match (wanted.as_f64(), found.as_f64()) {
            (Some(wanted), Some(found)) => (wanted - found).abs() <= 1e-12 * wanted.abs(),
            _ => match (moment(wanted), moment(found)) {
                (Some(wanted), Some(found)) => wanted == found,
                _ => false,
            },
        };
        if wanted != found && !near {
            faults.push(format!("{list}: expression {place} is {found}, expected {wanted}"));
        }
    }
    let kinds: Vec<String> = rows.columns.iter().map(|(_, kind)| kind.to_string()).collect();
    let kinds = kinds.join(", ");
    if kinds != known_as(types) {
        faults.push(format!("{list}: the types are {kinds}, expected {types}"));
    }
    faults
}
