//! BigQuery's functions: each is rewritten, or the call is a located fault.

use sqlparser::ast::{Expr, Function, HavingBound, HavingBoundKind, NullTreatment, Spanned, Value};

use super::call::Call;
use super::{CATALOG, Translator, quote_string};
use crate::diagnostics::nearest;
use crate::sql::types::Type;

/// Scalar functions that DuckDB has with the same meaning: BigQuery's name, DuckDB's, least and most arguments.
const SAME: &[(&str, &str, usize, usize)] = &[
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
const MACROS: &[(&str, usize, usize)] = &[
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
const AGGREGATES: &[(&str, &str, usize, usize)] = &[
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

/// The other functions that [`Translator::special`] rewrites one by one.
const SPECIAL: &[&str] = &[
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
    pub(super) fn function(&mut self, function: &Function) -> String {
        if let Some(text) = self.array_subquery(function) {
            return text;
        }
        let Some(mut call) = self.call(function) else {
            return "NULL".into();
        };
        if let Some((name, count)) = self.functions.find(&call.name) {
            self.is_scalar(&call);
            if call.arguments.len() != count {
                let message = format!("`{name}` takes {count} arguments, not {}", call.arguments.len());
                return self.fault(call.span, message, None);
            }
            let arguments = self.arguments(&call).join(", ");
            self.called.insert(name.clone());
            return format!("{CATALOG}.{}({arguments})", super::quote_name(&name));
        }
        call.name = call.name.to_ascii_uppercase();
        if let Some(name) = call.name.strip_prefix("SAFE.") {
            call.name = name.to_string();
            return format!("TRY({})", self.builtin(&call));
        }
        self.builtin(&call)
    }

    fn builtin(&mut self, call: &Call<'_>) -> String {
        let name = call.name.as_str();
        let row = |table: &'static [(&str, &str, usize, usize)]| table.iter().find(|row| row.0 == name);
        if let Some((_, counterpart, least, most)) = row(SAME) {
            self.is_scalar(call);
            self.count_arguments(call, *least, *most);
            return format!("{counterpart}({})", self.arguments(call).join(", "));
        }
        if let Some((_, least, most)) = MACROS.iter().find(|row| row.0 == name) {
            self.is_scalar(call);
            self.count_arguments(call, *least, *most);
            return format!("{CATALOG}.{}({})", name.to_lowercase(), self.arguments(call).join(", "));
        }
        if let Some((_, counterpart, least, most)) = row(AGGREGATES) {
            self.count_arguments(call, *least, *most);
            let mut arguments = self.arguments(call).join(", ");
            arguments.push_str(match &call.nulls {
                Some(NullTreatment::IgnoreNulls) => " IGNORE NULLS",
                Some(NullTreatment::RespectNulls) | None => "",
            });
            return self.aggregate(call, counterpart, &arguments, None);
        }
        if SPECIAL.contains(&name) {
            return self.special(call);
        }
        let known = (SAME.iter().map(|row| row.0))
            .chain(MACROS.iter().map(|row| row.0))
            .chain(AGGREGATES.iter().map(|row| row.0))
            .chain(SPECIAL.iter().copied())
            .chain(self.functions.names());
        // Names of functions are alike in capitals and small letters.
        let known: Vec<(String, &str)> = known.map(|name| (name.to_lowercase(), name)).collect();
        let near = nearest(&call.name.to_lowercase(), known.iter().map(|(lower, _)| lower.as_str()));
        let near = near.and_then(|near| known.iter().find(|(lower, _)| lower == near));
        let help = near.map(|(_, name)| format!("a function with a similar name is `{name}`"));
        self.fault(
            call.span,
            format!("the embedded engine does not know the function `{}`", call.name),
            help,
        )
    }

    fn count_arguments(&mut self, call: &Call<'_>, least: usize, most: usize) {
        let count = call.arguments.len();
        if count < least || count > most || call.star {
            let wanted = match (least, most) {
                (least, most) if least == most => format!("{least}"),
                (least, usize::MAX) => format!("at least {least}"),
                (least, most) => format!("{least} to {most}"),
            };
            self.fault(
                call.span,
                format!("`{}` takes {wanted} arguments, not {count}", call.name),
                None,
            );
        }
    }

    /// Functions with a rewrite of their own.
    fn special(&mut self, call: &Call<'_>) -> String {
        let scalar = |this: &mut Self, least: usize, most: usize| {
            this.is_scalar(call);
            this.count_arguments(call, least, most);
            let mut texts = this.arguments(call);
            // A call with too few arguments is a fault already.
            texts.resize(texts.len().max(least), "NULL".into());
            texts
        };
        match call.name.as_str() {
            "COUNT" if call.star => self.aggregate(call, "count", "*", None),
            "COUNT" => self.unary_aggregate(call, "count"),
            "COUNTIF" => {
                self.count_arguments(call, 1, 1);
                let condition = self.arguments(call).join(", ");
                self.aggregate(call, "count", "*", Some(&condition))
            }
            "APPROX_COUNT_DISTINCT" => {
                self.count_arguments(call, 1, 1);
                let argument = self.arguments(call).join(", ");
                self.aggregate(call, "count", &format!("DISTINCT {argument}"), None)
            }
            "APPROX_QUANTILES" => self.approximate_quantiles(call),
            "MIN" => self.minimum(call),
            "ANY_VALUE" => match call.having {
                Some(HavingBound(kind, by)) => {
                    self.count_arguments(call, 1, 1);
                    let (argument, by) = (self.arguments(call).join(", "), self.expression(by));
                    let name = match kind {
                        HavingBoundKind::Max => "arg_max_null",
                        HavingBoundKind::Min => "arg_min_null",
                    };
                    let over = call.over.map(|over| self.over(over)).unwrap_or_default();
                    format!("{name}({argument}, {by}){over}")
                }
                None => self.unary_aggregate(call, "any_value"),
            },
            "MAX_BY" | "MIN_BY" => {
                self.count_arguments(call, 2, 2);
                let arguments = self.arguments(call).join(", ");
                let name = if call.name == "MAX_BY" {
                    "arg_max_null"
                } else {
                    "arg_min_null"
                };
                self.aggregate(call, name, &arguments, None)
            }
            "ARRAY_AGG" => self.array_agg(call),
            "ARRAY_CONCAT_AGG" => format!("flatten({})", self.unary_aggregate(call, "list")),
            "STRING_AGG" => self.string_agg(call),
            "PERCENTILE_CONT" => self.percentile(call, "quantile_cont"),
            "PERCENTILE_DISC" => self.percentile(call, "quantile_disc"),
            "IF" => {
                let texts = scalar(self, 3, 3);
                format!("CASE WHEN {} THEN {} ELSE {} END", texts[0], texts[1], texts[2])
            }
            "GREATEST" | "LEAST" => {
                let texts = scalar(self, 1, usize::MAX);
                let name = call.name.to_lowercase();
                let folded = texts
                    .into_iter()
                    .reduce(|left, right| format!("{CATALOG}.{name}({left}, {right})"));
                folded.unwrap_or_default()
            }
            "CONCAT" => {
                let texts: Vec<String> = {
                    scalar(self, 1, usize::MAX);
                    call.arguments.iter().map(|argument| self.text(argument)).collect()
                };
                // With a NULL that has no type, DuckDB's `||` has none either.
                match texts.iter().any(|text| text == "NULL") {
                    true => "CAST(NULL AS VARCHAR)".into(),
                    false => format!("({})", texts.join(" || ")),
                }
            }
            "SUBSTR" | "SUBSTRING" => {
                self.is_scalar(call);
                match call.arguments.as_slice() {
                    [text, from] => self.substring(text, from, None),
                    [text, from, length] => self.substring(text, from, Some(length)),
                    _ => self.fault(call.span, format!("`{}` takes 2 to 3 arguments", call.name), None),
                }
            }
            "TRIM" | "LTRIM" | "RTRIM" => {
                self.is_scalar(call);
                let name = call.name.to_lowercase();
                match call.arguments.as_slice() {
                    [text] => self.trim(&name, text, None),
                    [text, characters] => self.trim(&name, text, Some(characters)),
                    _ => self.fault(call.span, format!("`{}` takes 1 to 2 arguments", call.name), None),
                }
            }
            "LPAD" | "RPAD" => {
                let mut texts = scalar(self, 2, 3);
                texts.resize(3, "' '".into());
                format!(
                    "{}({}, {}, {})",
                    call.name.to_lowercase(),
                    texts[0],
                    integer(&texts[1]),
                    texts[2]
                )
            }
            "SPLIT" => {
                let mut texts = scalar(self, 1, 2);
                texts.resize(2, "','".into());
                format!("string_split({}, {})", texts[0], texts[1])
            }
            "REGEXP_EXTRACT" => {
                let texts = scalar(self, 2, 2);
                let group = self.groups(call);
                format!("regexp_extract_all({}, {}, {group})[1]", texts[0], texts[1])
            }
            "REGEXP_EXTRACT_ALL" => {
                let texts = scalar(self, 2, 2);
                let group = self.groups(call);
                format!("regexp_extract_all({}, {}, {group})", texts[0], texts[1])
            }
            "REGEXP_REPLACE" => {
                let texts = scalar(self, 3, 3);
                format!("regexp_replace({}, {}, {}, 'g')", texts[0], texts[1], texts[2])
            }
            "FORMAT" => self.format(call),
            "TO_HEX" => {
                let texts = scalar(self, 1, 1);
                format!("lower(hex({}))", texts[0])
            }
            "MD5" | "SHA256" => {
                let texts = scalar(self, 1, 1);
                format!("unhex({}({}))", call.name.to_lowercase(), texts[0])
            }
            // DuckDB counts the bits of the narrowest type that holds a literal.
            "BIT_COUNT" => format!("bit_count(CAST({} AS BIGINT))", scalar(self, 1, 1)[0]),
            "SIGN" => {
                let texts = scalar(self, 1, 1);
                match call.arguments.first().and_then(|argument| self.known_type(argument)) {
                    Some(Type::Float64) => format!("CAST(sign({}) AS DOUBLE)", texts[0]),
                    _ => format!("sign({})", texts[0]),
                }
            }
            "ROUND" | "TRUNC" => {
                let texts = scalar(self, 1, if call.name == "ROUND" { 2 } else { 1 });
                // Of an integer, too, the result is a FLOAT64.
                let number = match call.arguments.first().and_then(|argument| self.known_type(argument)) {
                    Some(Type::Float64) => texts[0].clone(),
                    _ => format!("CAST({} AS DOUBLE)", texts[0]),
                };
                match texts.get(1) {
                    Some(digits) => format!("{CATALOG}.round({number}, {digits})"),
                    None => format!("{}({number})", call.name.to_lowercase()),
                }
            }
            "LOG" => {
                let texts = scalar(self, 1, 2);
                match texts.as_slice() {
                    [x, base] => format!("(ln({x}) / ln({base}))"),
                    _ => format!("ln({})", texts[0]),
                }
            }
            "SAFE_ADD" | "SAFE_SUBTRACT" | "SAFE_MULTIPLY" => {
                let texts = scalar(self, 2, 2);
                let op = match call.name.as_str() {
                    "SAFE_ADD" => '+',
                    "SAFE_SUBTRACT" => '-',
                    _ => '*',
                };
                format!("TRY(({}) {op} ({}))", texts[0], texts[1])
            }
            "SAFE_NEGATE" => format!("TRY(-({}))", scalar(self, 1, 1)[0]),
            "ERROR" => format!("error({})", scalar(self, 1, 1)[0]),
            "ARRAY_CONCAT" => format!("({})", scalar(self, 1, usize::MAX).join(" || ")),
            "ARRAY_FIRST" => format!("{CATALOG}.element({}, 0)", scalar(self, 1, 1)[0]),
            "ARRAY_LAST" => {
                let texts = scalar(self, 1, 1);
                format!("{CATALOG}.element({0}, len({0}) - 1)", texts[0])
            }
            "ARRAY_TO_STRING" => {
                let texts = scalar(self, 2, 3);
                match texts.as_slice() {
                    [array, separator, null] => {
                        format!(
                            "array_to_string(list_transform({array}, lambda item: coalesce(item, {null})), {separator})"
                        )
                    }
                    _ => format!("array_to_string({}, {})", texts[0], texts[1]),
                }
            }
            "GENERATE_ARRAY" => {
                let texts = scalar(self, 2, 3);
                if call
                    .arguments
                    .iter()
                    .any(|argument| self.known_type(argument) == Some(Type::Float64))
                {
                    return self.unknown(call.span, "GENERATE_ARRAY of FLOAT64");
                }
                format!("generate_series({})", texts.join(", "))
            }
            "GENERATE_DATE_ARRAY" => {
                let mut texts = scalar(self, 2, 3);
                texts.resize(3, "INTERVAL 1 DAY".into());
                format!(
                    "list_transform(generate_series(CAST({} AS TIMESTAMP), CAST({} AS TIMESTAMP), {}), lambda day: CAST(day AS DATE))",
                    texts[0], texts[1], texts[2]
                )
            }
            "JSON_VALUE" | "JSON_EXTRACT_SCALAR" => self.json(call, "json_value"),
            "JSON_QUERY" | "JSON_EXTRACT" => self.json(call, "json_query"),
            "JSON_QUERY_ARRAY" | "JSON_EXTRACT_ARRAY" => self.json(call, "json_query_array"),
            "JSON_VALUE_ARRAY" | "JSON_EXTRACT_STRING_ARRAY" => self.json(call, "json_value_array"),
            "PARSE_JSON" => format!("CAST({} AS JSON)", scalar(self, 1, 1)[0]),
            "BOOL" => format!("{CATALOG}.bool({})", scalar(self, 1, 1)[0]),
            "STRING" => {
                let texts = scalar(self, 1, 1);
                format!("{CATALOG}.string({})", texts[0])
            }
            "DATE" => match scalar(self, 1, 3).as_slice() {
                [year, month, day] => format!("make_date({year}, {month}, {day})"),
                [moment] => match self
                    .literal_string(call.arguments[0])
                    .and_then(|text| quote_string(&text))
                {
                    Some(literal) => format!("DATE {literal}"),
                    None => format!("CAST({moment} AS DATE)"),
                },
                texts => self.in_utc(call, texts, "DATE"),
            },
            "DATETIME" | "TIMESTAMP" => match scalar(self, 1, 6).as_slice() {
                [moment] => format!("CAST({moment} AS TIMESTAMP)"),
                texts @ [_, _, _, _, _, _] if call.name == "DATETIME" => {
                    format!(
                        "make_timestamp({}, CAST({} AS DOUBLE))",
                        texts[..5].join(", "),
                        texts[5]
                    )
                }
                texts => self.in_utc(call, texts, "TIMESTAMP"),
            },
            "DATE_ADD" => self.add(call, '+', Type::Date),
            "DATE_SUB" => self.add(call, '-', Type::Date),
            "DATETIME_ADD" => self.add(call, '+', Type::Datetime),
            "DATETIME_SUB" => self.add(call, '-', Type::Datetime),
            "TIMESTAMP_ADD" => self.add(call, '+', Type::Timestamp),
            "TIMESTAMP_SUB" => self.add(call, '-', Type::Timestamp),
            "DATE_DIFF" => self.difference(call, Type::Date),
            "DATETIME_DIFF" => self.difference(call, Type::Datetime),
            "TIMESTAMP_DIFF" => self.difference(call, Type::Timestamp),
            "DATE_TRUNC" => self.truncate(call, Type::Date),
            "DATETIME_TRUNC" => self.truncate(call, Type::Datetime),
            "TIMESTAMP_TRUNC" => self.truncate(call, Type::Timestamp),
            "LAST_DAY" => format!("last_day({})", scalar(self, 1, 1)[0]),
            "UNIX_DATE" => format!("date_diff('day', DATE '1970-01-01', {})", scalar(self, 1, 1)[0]),
            "DATE_FROM_UNIX_DATE" => format!("(DATE '1970-01-01' + {})", integer(&scalar(self, 1, 1)[0])),
            "TIMESTAMP_SECONDS" => format!("make_timestamp(({}) * 1000000)", scalar(self, 1, 1)[0]),
            "TIMESTAMP_MILLIS" => format!("make_timestamp(({}) * 1000)", scalar(self, 1, 1)[0]),
            "TIMESTAMP_MICROS" => format!("make_timestamp({})", scalar(self, 1, 1)[0]),
            "CURRENT_DATE" => {
                self.utc_only(call);
                "current_date".into()
            }
            "CURRENT_DATETIME" | "CURRENT_TIMESTAMP" => {
                self.utc_only(call);
                "CAST(now() AS TIMESTAMP)".into()
            }
            "PARSE_DATE" | "PARSE_DATETIME" | "PARSE_TIMESTAMP" => {
                self.is_scalar(call);
                let [format, text] = call.arguments.as_slice() else {
                    return self.fault(call.span, format!("`{}` takes a format and a text", call.name), None);
                };
                let text = self.expression(text);
                match self.time_format(call, format, true) {
                    Some(format) if call.name == "PARSE_DATE" => format!("CAST(strptime({text}, {format}) AS DATE)"),
                    Some(format) => format!("CAST(strptime({text}, {format}) AS TIMESTAMP)"),
                    None => "NULL".into(),
                }
            }
            "FORMAT_DATE" | "FORMAT_DATETIME" | "FORMAT_TIMESTAMP" => {
                self.is_scalar(call);
                let [format, moment] = call.arguments.as_slice() else {
                    return self.fault(
                        call.span,
                        format!("`{}` takes a format and a date or time", call.name),
                        None,
                    );
                };
                let moment = self.expression(moment);
                match self.time_format(call, format, false) {
                    Some(format) => format!("strftime({moment}, {format})"),
                    None => "NULL".into(),
                }
            }
            // `ARRAY(SELECT ...)` was dealt with before.
            _ => self.fault(call.span, format!("`{}` is not called like this", call.name), None),
        }
    }

    fn unary_aggregate(&mut self, call: &Call<'_>, name: &str) -> String {
        self.count_arguments(call, 1, 1);
        let argument = self.arguments(call).join(", ");
        let filter = self.not_null(call, &argument);
        self.aggregate(call, name, &argument, filter.as_deref())
    }

    fn not_null(&self, call: &Call<'_>, argument: &str) -> Option<String> {
        (call.nulls == Some(NullTreatment::IgnoreNulls)).then(|| format!("({argument}) IS NOT NULL"))
    }

    /// NaN is the least value in BigQuery when it is looked for, the greatest in DuckDB.
    fn minimum(&mut self, call: &Call<'_>) -> String {
        self.count_arguments(call, 1, 1);
        let known = call.arguments.first().and_then(|argument| self.known_type(argument));
        let argument = self.arguments(call).join(", ");
        let can_be_nan = matches!(known, None | Some(Type::Float64));
        match (can_be_nan, call.over.is_some() || call.distinct) {
            (false, _) => self.aggregate(call, "min", &argument, None),
            (true, false) => {
                self.aggregate(call, "min", &argument, None);
                format!("{CATALOG}.min({argument})")
            }
            (true, true) => {
                let least = self.aggregate(call, "min", &argument, None);
                let nan = self.aggregate(
                    call,
                    "any_value",
                    &argument,
                    Some(&format!("{CATALOG}.is_nan({argument})")),
                );
                format!("coalesce({nan}, {least})")
            }
        }
    }

    fn array_agg(&mut self, call: &Call<'_>) -> String {
        self.count_arguments(call, 1, 1);
        let argument = self.arguments(call).join(", ");
        let filter = self.not_null(call, &argument);
        let unlimited = Call {
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            nulls: call.nulls,
            limit: None,
            ..*call
        };
        let list = self.aggregate(&unlimited, "list", &argument, filter.as_deref());
        match call.limit {
            Some(limit) => format!("({list})[1:{}]", self.operand(limit)),
            None if filter.is_some() => format!("({list})"),
            None => list,
        }
    }

    fn string_agg(&mut self, call: &Call<'_>) -> String {
        self.count_arguments(call, 1, 2);
        let mut texts = self.arguments(call);
        texts.resize(2, "','".into());
        let unlimited = Call {
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            nulls: None,
            limit: None,
            ..*call
        };
        match call.limit {
            None => self.aggregate(&unlimited, "string_agg", &texts.join(", "), None),
            Some(limit) => {
                let filter = format!("({}) IS NOT NULL", texts[0]);
                let list = self.aggregate(&unlimited, "list", &texts[0], Some(&filter));
                format!("array_to_string(({list})[1:{}], {})", self.operand(limit), texts[1])
            }
        }
    }

    fn percentile(&mut self, call: &Call<'_>, name: &str) -> String {
        self.count_arguments(call, 2, 2);
        if call.nulls == Some(NullTreatment::RespectNulls) || call.over.is_none() {
            return self.unknown(call.span, "percentiles without OVER or with RESPECT NULLS");
        }
        let arguments = self.arguments(call).join(", ");
        self.aggregate(call, name, &arguments, None)
    }

    fn approximate_quantiles(&mut self, call: &Call<'_>) -> String {
        self.count_arguments(call, 2, 2);
        let count = match call.arguments.get(1) {
            Some(Expr::Value(value)) => match &value.value {
                Value::Number(digits, _) => digits.parse::<u32>().ok().filter(|count| (1..=1000).contains(count)),
                _ => None,
            },
            _ => None,
        };
        let (Some(count), Some(argument)) = (count, call.arguments.first()) else {
            let message = "`APPROX_QUANTILES` takes a value and a literal number from 1 to 1000";
            return self.fault(call.span, message, None);
        };
        let argument = self.expression(argument);
        let shares: Vec<String> = (0..=count)
            .map(|place| format!("{}", f64::from(place) / f64::from(count)))
            .collect();
        self.aggregate(
            call,
            "quantile_disc",
            &format!("{argument}, [{}]", shares.join(", ")),
            None,
        )
    }

    /// Which group of a regular expression BigQuery extracts: the only one, or the whole match.
    fn groups(&mut self, call: &Call<'_>) -> usize {
        let Some(pattern) = call.arguments.get(1).and_then(|pattern| self.literal_string(pattern)) else {
            self.fault(
                call.span,
                format!("the pattern of `{}` is not a literal string", call.name),
                None,
            );
            return 0;
        };
        let (mut count, mut class, mut escaped) = (0, false, false);
        for (place, c) in pattern.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => class = true,
                ']' => class = false,
                '(' if !class => {
                    let rest = &pattern[place + 1..];
                    count += usize::from(!rest.starts_with('?') || rest.starts_with("?P<") || rest.starts_with("?<"));
                }
                _ => {}
            }
        }
        if count > 1 {
            let help = "`(?:...)` groups without extracting";
            self.fault(
                call.span,
                format!("the pattern of `{}` has {count} groups", call.name),
                Some(help.into()),
            );
        }
        count
    }

    /// `||` and CONCAT take text; a number or date would have to be cast in BigQuery too, but literals may be of any kind.
    fn text(&mut self, argument: &Expr) -> String {
        match self.known_type(argument) {
            Some(Type::String) | None => self.operand(argument),
            Some(_) => format!("{CATALOG}.to_string({})", self.expression(argument)),
        }
    }

    /// Positions count from 1, 0 means 1, and negative ones count from the end.
    pub(super) fn substring(&mut self, text: &Expr, from: &Expr, length: Option<&Expr>) -> String {
        let literal = |expr: &Expr| match expr {
            Expr::Value(value) => match &value.value {
                Value::Number(digits, _) => digits.parse::<i64>().ok(),
                _ => None,
            },
            _ => None,
        };
        let plain = literal(from).is_some() && length.is_none_or(|length| literal(length).is_some());
        let from_text = match literal(from) {
            Some(0) => "1".to_string(),
            _ => self.expression(from),
        };
        let mut texts = vec![self.expression(text), from_text];
        texts.extend(length.map(|length| self.expression(length)));
        let name = if plain {
            "substring".to_string()
        } else {
            format!("{CATALOG}.substr")
        };
        format!("{name}({})", texts.join(", "))
    }

    /// Without characters all white space goes, not only blanks as in DuckDB.
    pub(super) fn trim(&mut self, name: &str, text: &Expr, characters: Option<&Expr>) -> String {
        let text = self.expression(text);
        match characters {
            Some(characters) => format!("{name}({text}, {})", self.expression(characters)),
            None => format!("{name}({text}, {CATALOG}.white_space())"),
        }
    }

    /// FORMAT with a literal format, as a concatenation.
    fn format(&mut self, call: &Call<'_>) -> String {
        self.is_scalar(call);
        let Some((format, arguments)) = call.arguments.split_first() else {
            return self.fault(call.span, "`FORMAT` takes a format and its arguments", None);
        };
        let Some(text) = self.literal_string(format) else {
            return self.fault(format.span(), "the format of `FORMAT` is not a literal string", None);
        };
        let mut parts: Vec<String> = Vec::new();
        let mut plain = String::new();
        let mut arguments = arguments.iter();
        let mut rest = text.as_str();
        while let Some(place) = rest.find('%') {
            plain.push_str(&rest[..place]);
            rest = &rest[place + 1..];
            let end = rest
                .find(|c: char| c.is_ascii_alphabetic() || c == '%')
                .unwrap_or(rest.len());
            let (flags, specifier) = (&rest[..end], rest[end..].chars().next());
            rest = rest.get(end + 1..).unwrap_or_default();
            if specifier == Some('%') && flags.is_empty() {
                plain.push('%');
                continue;
            }
            let Some(argument) = arguments.next() else {
                return self.fault(call.span, "`FORMAT` has too few arguments for its format", None);
            };
            let argument = self.expression(argument);
            let simple_flags = flags.chars().all(|c| matches!(c, '0'..='9' | '.' | '-' | '+'));
            let part = match specifier {
                Some('s' | 't' | 'd' | 'i') if flags.is_empty() => format!("{CATALOG}.format_text({argument})"),
                Some('s' | 't') if simple_flags => {
                    format!("printf('%{flags}s', {CATALOG}.format_text({argument}))")
                }
                Some('d' | 'i') if simple_flags => format!("printf('%{flags}d', {argument})"),
                Some(c @ ('f' | 'e' | 'g')) if simple_flags => {
                    format!("printf('%{flags}{c}', CAST({argument} AS DOUBLE))")
                }
                _ => {
                    return self.unknown(
                        format.span(),
                        &format!("`%{flags}{}` in FORMAT", specifier.unwrap_or(' ')),
                    );
                }
            };
            parts.extend(literal_part(&mut plain));
            parts.push(part);
        }
        plain.push_str(rest);
        parts.extend(literal_part(&mut plain));
        if arguments.next().is_some() {
            return self.fault(call.span, "`FORMAT` has more arguments than its format", None);
        }
        match parts.is_empty() {
            true => "''".into(),
            false => format!("({})", parts.join(" || ")),
        }
    }

    /// `DATE(timestamp, zone)` and its kin: UTC is the only zone.
    fn in_utc(&mut self, call: &Call<'_>, texts: &[String], kind: &str) -> String {
        match call
            .arguments
            .get(1)
            .and_then(|zone| self.literal_string(zone))
            .as_deref()
        {
            Some("UTC" | "Etc/UTC" | "+00:00" | "+0") if texts.len() == 2 => format!("CAST({} AS {kind})", texts[0]),
            _ => self.unknown(call.span, "time zones other than UTC"),
        }
    }

    fn utc_only(&mut self, call: &Call<'_>) {
        self.is_scalar(call);
        let zone = call.arguments.first().map(|zone| self.literal_string(zone));
        if !matches!(
            zone.as_ref().map(|zone| zone.as_deref()),
            None | Some(Some("UTC" | "Etc/UTC" | "+00:00" | "+0"))
        ) {
            self.unknown(call.span, "time zones other than UTC");
        }
    }

    /// The type of a call's result, where the function alone tells it.
    pub(super) fn type_of_call(&self, function: &Function) -> Option<Type> {
        let name = function.name.to_string().to_ascii_uppercase();
        let arguments = super::call::plain_arguments(function);
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

fn literal_part(plain: &mut String) -> Option<String> {
    let text = std::mem::take(plain);
    if text.is_empty() { None } else { quote_string(&text) }
}

/// DuckDB takes 32-bit integers for counts of characters and days.
fn integer(text: &str) -> String {
    format!("CAST({text} AS INTEGER)")
}
