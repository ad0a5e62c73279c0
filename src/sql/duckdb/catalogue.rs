//! Which functions there are: those that need no more than another name, those that are macros, and the types of results.

use sqlparser::ast::Function;

use super::Translator;
use crate::sql::types::Type;

/// Scalar functions that DuckDB has with the same meaning: BigQuery's name, DuckDB's, least and most arguments.
pub(super) const SAME: &[(&str, &str, usize, usize)] = &[
    ("ABS", "abs", 1, 1),
    ("ACOS", "acos", 1, 1),
    ("ARRAY_LENGTH", "len", 1, 1),
    ("ARRAY_REVERSE", "list_reverse", 1, 1),
    ("ASCII", "ascii", 1, 1),
    ("ASIN", "asin", 1, 1),
    ("ATAN", "atan", 1, 1),
    ("ATAN2", "atan2", 2, 2),
    ("BYTE_LENGTH", "strlen", 1, 1),
    ("CEIL", "ceil", 1, 1),
    ("CEILING", "ceil", 1, 1),
    ("CHARACTER_LENGTH", "length", 1, 1),
    ("CHAR_LENGTH", "length", 1, 1),
    ("CHR", "chr", 1, 1),
    ("COALESCE", "coalesce", 1, usize::MAX),
    ("COS", "cos", 1, 1),
    ("COSH", "cosh", 1, 1),
    ("ENDS_WITH", "ends_with", 2, 2),
    ("EXP", "exp", 1, 1),
    ("FLOOR", "floor", 1, 1),
    ("GENERATE_UUID", "uuid", 0, 0),
    ("IFNULL", "ifnull", 2, 2),
    ("INSTR", "instr", 2, 2),
    ("IS_INF", "isinf", 1, 1),
    ("IS_NAN", "isnan", 1, 1),
    ("LEFT", "left", 2, 2),
    ("LENGTH", "length", 1, 1),
    ("LN", "ln", 1, 1),
    ("LOG10", "log10", 1, 1),
    ("LOWER", "lower", 1, 1),
    ("NULLIF", "nullif", 2, 2),
    ("PI", "pi", 0, 0),
    ("POW", "pow", 2, 2),
    ("POWER", "pow", 2, 2),
    ("RAND", "random", 0, 0),
    ("REGEXP_CONTAINS", "regexp_matches", 2, 2),
    ("REPEAT", "repeat", 2, 2),
    ("REPLACE", "replace", 3, 3),
    ("REVERSE", "reverse", 1, 1),
    ("RIGHT", "right", 2, 2),
    ("SIN", "sin", 1, 1),
    ("SINH", "sinh", 1, 1),
    ("SQRT", "sqrt", 1, 1),
    ("STARTS_WITH", "starts_with", 2, 2),
    ("STRPOS", "strpos", 2, 2),
    ("TAN", "tan", 1, 1),
    ("TANH", "tanh", 1, 1),
    ("UNIX_MICROS", "epoch_us", 1, 1),
    ("UPPER", "upper", 1, 1),
];

/// Scalar functions that a macro of the catalog stands for: the name (the macro's is the same in lower case), least and most arguments.
pub(super) const MACROS: &[(&str, usize, usize)] = &[
    ("CONTAINS_SUBSTR", 2, 2),
    ("DIV", 2, 2),
    ("FLOAT64", 1, 1),
    ("IEEE_DIVIDE", 2, 2),
    ("INT64", 1, 1),
    ("LAX_BOOL", 1, 1),
    ("LAX_FLOAT64", 1, 1),
    ("LAX_INT64", 1, 1),
    ("LAX_STRING", 1, 1),
    ("MOD", 2, 2),
    ("SAFE_DIVIDE", 2, 2),
    ("UNIX_MILLIS", 1, 1),
    ("UNIX_SECONDS", 1, 1),
];

/// Aggregates and window functions that DuckDB has with the same meaning: BigQuery's name, DuckDB's, least and most arguments.
pub(super) const AGGREGATES: &[(&str, &str, usize, usize)] = &[
    ("AVG", "avg", 1, 1),
    ("BIT_AND", "bit_and", 1, 1),
    ("BIT_OR", "bit_or", 1, 1),
    ("BIT_XOR", "bit_xor", 1, 1),
    ("CORR", "corr", 2, 2),
    ("COVAR_POP", "covar_pop", 2, 2),
    ("COVAR_SAMP", "covar_samp", 2, 2),
    ("CUME_DIST", "cume_dist", 0, 0),
    ("DENSE_RANK", "dense_rank", 0, 0),
    ("FIRST_VALUE", "first_value", 1, 1),
    ("LAG", "lag", 1, 3),
    ("LAST_VALUE", "last_value", 1, 1),
    ("LEAD", "lead", 1, 3),
    ("LOGICAL_AND", "bool_and", 1, 1),
    ("LOGICAL_OR", "bool_or", 1, 1),
    ("MAX", "max", 1, 1),
    ("NTH_VALUE", "nth_value", 2, 2),
    ("NTILE", "ntile", 1, 1),
    ("PERCENT_RANK", "percent_rank", 0, 0),
    ("RANK", "rank", 0, 0),
    ("ROW_NUMBER", "row_number", 0, 0),
    ("STDDEV", "stddev_samp", 1, 1),
    ("STDDEV_POP", "stddev_pop", 1, 1),
    ("STDDEV_SAMP", "stddev_samp", 1, 1),
    ("SUM", "sum", 1, 1),
    ("VARIANCE", "var_samp", 1, 1),
    ("VAR_POP", "var_pop", 1, 1),
    ("VAR_SAMP", "var_samp", 1, 1),
];

/// The other functions that are rewritten one by one.
pub(super) const SPECIAL: &[&str] = &[
    "ANY_VALUE",
    "APPROX_COUNT_DISTINCT",
    "APPROX_QUANTILES",
    "ARRAY",
    "ARRAY_AGG",
    "ARRAY_CONCAT",
    "ARRAY_CONCAT_AGG",
    "ARRAY_FIRST",
    "ARRAY_LAST",
    "ARRAY_TO_STRING",
    "BIT_COUNT",
    "BOOL",
    "CONCAT",
    "COUNT",
    "COUNTIF",
    "CURRENT_DATE",
    "CURRENT_DATETIME",
    "CURRENT_TIMESTAMP",
    "DATE",
    "DATETIME",
    "DATETIME_ADD",
    "DATETIME_DIFF",
    "DATETIME_SUB",
    "DATETIME_TRUNC",
    "DATE_ADD",
    "DATE_DIFF",
    "DATE_FROM_UNIX_DATE",
    "DATE_SUB",
    "DATE_TRUNC",
    "ERROR",
    "FORMAT",
    "FORMAT_DATE",
    "FORMAT_DATETIME",
    "FORMAT_TIMESTAMP",
    "GENERATE_ARRAY",
    "GENERATE_DATE_ARRAY",
    "GREATEST",
    "IF",
    "JSON_EXTRACT",
    "JSON_EXTRACT_ARRAY",
    "JSON_EXTRACT_SCALAR",
    "JSON_EXTRACT_STRING_ARRAY",
    "JSON_QUERY",
    "JSON_QUERY_ARRAY",
    "JSON_VALUE",
    "JSON_VALUE_ARRAY",
    "LAST_DAY",
    "LEAST",
    "LOG",
    "LPAD",
    "LTRIM",
    "MAX_BY",
    "MD5",
    "MIN",
    "MIN_BY",
    "PARSE_DATE",
    "PARSE_DATETIME",
    "PARSE_JSON",
    "PARSE_TIMESTAMP",
    "PERCENTILE_CONT",
    "PERCENTILE_DISC",
    "REGEXP_EXTRACT",
    "REGEXP_EXTRACT_ALL",
    "REGEXP_REPLACE",
    "ROUND",
    "RPAD",
    "RTRIM",
    "SAFE_ADD",
    "SAFE_MULTIPLY",
    "SAFE_NEGATE",
    "SAFE_SUBTRACT",
    "SHA256",
    "SIGN",
    "SPLIT",
    "STRING",
    "STRING_AGG",
    "SUBSTR",
    "SUBSTRING",
    "TIMESTAMP",
    "TIMESTAMP_ADD",
    "TIMESTAMP_DIFF",
    "TIMESTAMP_MICROS",
    "TIMESTAMP_MILLIS",
    "TIMESTAMP_SECONDS",
    "TIMESTAMP_SUB",
    "TIMESTAMP_TRUNC",
    "TO_HEX",
    "TRIM",
    "TRUNC",
    "UNIX_DATE",
];

/// Whether a function of BigQuery's own can stand in a lambda: it is neither an aggregate nor one with subqueries.
pub(super) fn is_scalar_name(name: &str) -> bool {
    const AGGREGATING: [&str; 13] = [
        "ANY_VALUE",
        "APPROX_COUNT_DISTINCT",
        "APPROX_QUANTILES",
        "ARRAY",
        "ARRAY_AGG",
        "ARRAY_CONCAT_AGG",
        "COUNT",
        "COUNTIF",
        "MAX_BY",
        "MIN",
        "MIN_BY",
        "PERCENTILE_CONT",
        "PERCENTILE_DISC",
    ];
    let upper = name.to_ascii_uppercase();
    let upper = upper.strip_prefix("SAFE.").unwrap_or(&upper);
    let aggregate =
        AGGREGATES.iter().any(|row| row.0 == upper) || AGGREGATING.contains(&upper) || upper == "STRING_AGG";
    !aggregate
}

impl Translator<'_> {
    /// The type of a call's result, where the function alone tells it.
    pub(super) fn type_of_call(&self, function: &Function) -> Option<Type> {
        let name = function.name.to_string().to_ascii_uppercase();
        let arguments = crate::sql::fragment::plain_arguments(function);
        Some(match name.as_str() {
            "DATE" | "PARSE_DATE" | "CURRENT_DATE" | "LAST_DAY" | "DATE_FROM_UNIX_DATE" => Type::Date,
            "DATE_ADD" | "DATE_SUB" | "DATE_TRUNC" => match self.known_type(arguments.first()?) {
                Some(Type::String) => Type::Date,
                known => known?,
            },
            "TIMESTAMP" | "PARSE_TIMESTAMP" | "CURRENT_TIMESTAMP" | "TIMESTAMP_ADD" | "TIMESTAMP_SUB"
            | "TIMESTAMP_TRUNC" | "TIMESTAMP_SECONDS" | "TIMESTAMP_MILLIS" | "TIMESTAMP_MICROS" => Type::Timestamp,
            "DATETIME" | "PARSE_DATETIME" | "CURRENT_DATETIME" | "DATETIME_ADD" | "DATETIME_SUB" | "DATETIME_TRUNC" => {
                Type::Datetime
            }
            "COUNT"
            | "COUNTIF"
            | "APPROX_COUNT_DISTINCT"
            | "LENGTH"
            | "CHAR_LENGTH"
            | "ARRAY_LENGTH"
            | "DATE_DIFF"
            | "TIMESTAMP_DIFF"
            | "DATETIME_DIFF"
            | "ROW_NUMBER"
            | "RANK"
            | "DENSE_RANK"
            | "NTILE"
            | "STRPOS"
            | "INSTR"
            | "BIT_COUNT"
            | "UNIX_DATE"
            | "UNIX_SECONDS"
            | "UNIX_MILLIS"
            | "UNIX_MICROS"
            | "DIV" => Type::Int64,
            "LOGICAL_OR" | "LOGICAL_AND" | "STARTS_WITH" | "ENDS_WITH" | "REGEXP_CONTAINS" | "CONTAINS_SUBSTR"
            | "IS_NAN" | "IS_INF" => Type::Bool,
            "SAFE_DIVIDE" | "IEEE_DIVIDE" | "SQRT" | "LN" | "LOG" | "LOG10" | "EXP" | "POW" | "POWER" | "STDDEV"
            | "STDDEV_SAMP" | "STDDEV_POP" | "VARIANCE" | "VAR_SAMP" | "VAR_POP" | "CORR" | "COVAR_SAMP"
            | "COVAR_POP" | "RAND" => Type::Float64,
            "LOWER"
            | "UPPER"
            | "CONCAT"
            | "SUBSTR"
            | "SUBSTRING"
            | "TRIM"
            | "LTRIM"
            | "RTRIM"
            | "REPLACE"
            | "LEFT"
            | "RIGHT"
            | "JSON_VALUE"
            | "JSON_EXTRACT_SCALAR"
            | "REGEXP_EXTRACT"
            | "REGEXP_REPLACE"
            | "FORMAT"
            | "FORMAT_DATE"
            | "STRING_AGG"
            | "FORMAT_TIMESTAMP"
            | "FORMAT_DATETIME"
            | "ARRAY_TO_STRING"
            | "LPAD"
            | "RPAD"
            | "TO_HEX"
            | "REPEAT" => Type::String,
            "SPLIT" | "REGEXP_EXTRACT_ALL" | "JSON_VALUE_ARRAY" | "JSON_EXTRACT_STRING_ARRAY" => {
                Type::Array(Box::new(Type::String))
            }
            "COALESCE" | "IFNULL" | "GREATEST" | "LEAST" => self.common_type(arguments.into_iter())?,
            "IF" => self.common_type(arguments.into_iter().skip(1))?,
            "NULLIF" | "MAX" | "MIN" | "SUM" | "ANY_VALUE" | "ABS" | "MAX_BY" | "MIN_BY" | "FIRST_VALUE"
            | "LAST_VALUE" | "LAG" | "LEAD" => self.known_type(arguments.first()?)?,
            _ => return None,
        })
    }
}
