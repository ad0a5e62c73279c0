//! The layout of authors' SQL: what it looks like, and that it changes nothing else.

use std::collections::BTreeSet;
use std::path::PathBuf;

use isobar::sql::fragment::{self, Role, Tree};
use isobar::sql::layout::{Place, layout};
use isobar::{config, experiment};
use proptest::prelude::*;
use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

const PLACE: Place = Place {
    indent: 6,
    before: 0,
    after: 20,
};

/// The tokens and comments of a text, words in upper case.
fn tokens(text: &str) -> Vec<String> {
    let tokens = Tokenizer::new(&BigQueryDialect {}, text)
        .with_unescape(false)
        .tokenize()
        .unwrap();
    let shown = tokens.into_iter().filter_map(|token| match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
        Token::Whitespace(Whitespace::SingleLineComment { comment, .. }) => Some(format!("-- {}", comment.trim())),
        Token::Whitespace(Whitespace::MultiLineComment(comment)) => Some(format!("/* {comment}")),
        Token::Whitespace(_) => None,
        token => Some(token.to_string()),
    });
    shown.collect()
}

/// Lays a text out and checks that nothing else changed, also when it is laid out again.
fn laid_out(role: Role, text: &str, place: Place) -> String {
    let once = layout(role, text, place).unwrap_or_else(|fault| panic!("{fault:?}: {text}"));
    assert_eq!(tokens(&once), tokens(text), "{text}");
    let twice = layout(role, &once, place).unwrap_or_else(|fault| panic!("{fault:?}: {once}"));
    assert_eq!(once, twice, "laying out twice changes more than once:\n{text}");
    once.to_string()
}

/// The text of the syntax tree, in upper case.
fn tree(role: Role, text: &str) -> String {
    let fragment = fragment::parse(role, text).unwrap_or_else(|fault| panic!("{fault:?}: {text}"));
    let printed = match &fragment.tree {
        Tree::Expression(expression) => expression.to_string(),
        Tree::Source(table) => table.to_string(),
        Tree::Query(query) => query.to_string(),
    };
    printed.to_uppercase()
}

fn check(role: Role, text: &str, expected: &str) {
    let place = Place {
        indent: 0,
        before: 0,
        after: 0,
    };
    assert_eq!(laid_out(role, text, place), expected);
}

#[test]
fn keywords_and_built_in_functions_are_upper_case() {
    check(
        Role::Expression,
        "coalesce(sum(case when x is not null then y else 0 end),0)",
        "COALESCE(SUM(CASE WHEN x IS NOT NULL THEN y ELSE 0 END), 0)",
    );
    check(
        Role::Expression,
        "cast(logical_or(a.date>date '2025-01-01') as int64)",
        "CAST(LOGICAL_OR(a.date > DATE '2025-01-01') AS INT64)",
    );
    // Names keep their case, also where a keyword or a function has the same.
    check(
        Role::Expression,
        "mozfun.map.get_key(max.Value, 'Select').sum",
        "mozfun.map.get_key(max.Value, 'Select').sum",
    );
    check(Role::Expression, "my_function( week,- 1 )", "my_function(week, -1)");
    check(
        Role::Expression,
        "date_sub(d, interval 7 day) between a and b",
        "DATE_SUB(d, INTERVAL 7 DAY) BETWEEN a AND b",
    );
}

#[test]
fn literals_and_names_keep_every_byte() {
    check(
        Role::Expression,
        r#"regexp_contains(x,r'a\d+ and  b') or y in ("it's",b'x',1e3,.5) or z='''two
  lines'''"#,
        r#"REGEXP_CONTAINS(x, r'a\d+ and  b') OR y IN ("it's", b'x', 1e3, .5) OR z = '''two
  lines'''"#,
    );
    check(
        Role::Source,
        "moz-fx-data-shared-prod.telemetry.main",
        "moz-fx-data-shared-prod.telemetry.main",
    );
    check(Role::Source, "`a-b.c.d`", "`a-b.c.d`");
}

#[test]
fn queries_break_at_their_clauses() {
    check(
        Role::Source,
        "(select a, date(t) as submission_date from `p.d.t` where b)",
        "(SELECT a, DATE(t) AS submission_date FROM `p.d.t` WHERE b)",
    );
    check(
        Role::Source,
        "(with u as (select 1 as x) select distinct u.x, count(*) over (partition by y order by z desc) as n
          from u left join v as w on u.x = w.x and u.y=w.y cross join unnest(w.items) as item
          where u.x >0 and (item.a or item.b) group by 1,2 having n > 1
          union all select * except (a) from t order by x limit 3)",
        "(
  WITH
    u AS (SELECT 1 AS x)
  SELECT DISTINCT
    u.x,
    COUNT(*) OVER (PARTITION BY y ORDER BY z DESC) AS n
  FROM u
  LEFT JOIN v AS w
    ON u.x = w.x AND u.y = w.y
  CROSS JOIN UNNEST(w.items) AS item
  WHERE u.x > 0 AND (item.a OR item.b)
  GROUP BY 1, 2
  HAVING n > 1
  UNION ALL
  SELECT * EXCEPT (a)
  FROM t
  ORDER BY x
  LIMIT 3
)",
    );
}

#[test]
fn long_expressions_break_at_their_weakest_part() {
    check(
        Role::Expression,
        "COUNTIF(event_category = 'a_long_category' AND event_method = 'a_long_method' AND event_object = 'object')",
        "COUNTIF(
  event_category = 'a_long_category'
  AND event_method = 'a_long_method'
  AND event_object = 'object'
)",
    );
    check(
        Role::Expression,
        "safe_divide(sum(a_column_with_a_long_name * another_column_with_a_long_name), sum(weight_of_the_column))",
        "SAFE_DIVIDE(
  SUM(a_column_with_a_long_name * another_column_with_a_long_name),
  SUM(weight_of_the_column)
)",
    );
    check(
        Role::Expression,
        "sum((select sum(value) from unnest(mozfun.hist.extract(payload.histograms.a_histogram_with_a_long_name).values)))",
        "SUM((
  SELECT SUM(value)
  FROM UNNEST(mozfun.hist.extract(payload.histograms.a_histogram_with_a_long_name).values)
))",
    );
    check(
        Role::Expression,
        "case when a_condition_on_a_column > 1 then 'the first value' when another_condition then 'b' else 'c' end",
        "CASE
  WHEN a_condition_on_a_column > 1 THEN 'the first value'
  WHEN another_condition THEN 'b'
  ELSE 'c'
END",
    );
}

#[test]
fn comments_stay_beside_what_they_explain() {
    check(
        Role::Expression,
        "SUM( -- all of them
  x /* the count */ + y)",
        "SUM( -- all of them
  x /* the count */ + y
)",
    );
    check(
        Role::Source,
        "(SELECT
   -- who
   a, # which
   b -- what
   , c
 FROM t -- where
)",
        "(
  SELECT
    -- who
    a, # which
    b -- what
    , c
  FROM t -- where
)",
    );
    check(
        Role::Expression,
        "SUM(x) -- why
 + SUM(y)",
        "SUM(x) -- why
+ SUM(y)",
    );
    // What follows the fragment must not become part of its comment.
    check(Role::Expression, "SUM(x) -- why", "SUM(x) -- why\n");
}

/// The folder with the corpus and the configs, if it is there.
fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("ISOBAR_SHARED").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    if folder.join("corpus/experiments").is_dir() {
        return Some(folder);
    }
    println!("skipped: {} does not hold the corpus", folder.display());
    None
}

/// Every piece of SQL of the public experiments, each once.
fn corpus() -> Option<BTreeSet<(&'static str, String)>> {
    let folder = shared()?;
    let configs = config::load(&[folder.join("metric-hub")]).unwrap();
    let (experiments, _) = experiment::load(&[folder.join("corpus/experiments")]).unwrap();
    let mut pieces = BTreeSet::new();
    for analysis in experiments
        .iter()
        .filter_map(|experiment| configs.resolve(experiment).ok())
    {
        let experiment = &analysis.experiment;
        let metrics = analysis.metrics.values().filter_map(|metric| metric.select.as_ref());
        let segments = experiment.segments.iter().map(|segment| &segment.select);
        let signal = experiment.exposure_signal.iter();
        let selects = metrics
            .chain(segments)
            .chain(signal.clone().map(|signal| &signal.select));
        pieces.extend(selects.map(|select| ("expression", select.sql.clone())));
        let sources = analysis.data_sources.values().map(|source| &source.from);
        let segments = experiment.segments.iter().map(|segment| &segment.data_source.from);
        let sources = sources.chain(segments).chain(signal.map(|signal| &signal.from));
        pieces.extend(sources.map(|from| ("source", from.sql.clone())));
        pieces.extend(
            experiment
                .enrollment_query
                .iter()
                .map(|query| ("query", query.sql.clone())),
        );
    }
    Some(pieces)
}

#[test]
fn the_layout_of_all_public_sql_changes_white_space_and_case_alone() {
    let Some(corpus) = corpus() else { return };
    let (mut long, mut lines) = (Vec::new(), 0);
    for (role, text) in &corpus {
        let role = match *role {
            "expression" => Role::Expression,
            "source" => Role::Source,
            _ => Role::Query,
        };
        let sql = laid_out(role, text, PLACE);
        assert_eq!(tree(role, text), tree(role, &sql), "{text}");
        for line in sql.lines() {
            lines += 1;
            // A word that is as long can't break.
            let is_whole = line.contains("--")
                || line
                    .split([' ', '('])
                    .chain(line.split('\''))
                    .any(|word| word.len() > 60);
            if line.chars().count() > 100 && !is_whole {
                long.push(line.to_string());
            }
        }
    }
    println!("{} pieces, {lines} lines", corpus.len());
    assert!(corpus.len() > 1000);
    assert_eq!(long, Vec::<String>::new());
}

/// Whether a keyword of the generated expressions is in lower case.
fn has_lower_case_keyword(sql: &str) -> bool {
    let tokens = Tokenizer::new(&BigQueryDialect {}, sql)
        .with_unescape(false)
        .tokenize()
        .unwrap();
    let keywords = [
        "and", "between", "case", "then", "end", "select", "from", "where", "as", "is",
    ];
    tokens
        .iter()
        .any(|token| matches!(token, Token::Word(word) if keywords.contains(&word.value.as_str())))
}

/// White space and comments between tokens.
fn gap() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just(" ".to_string()),
        2 => Just("\n   ".to_string()),
        1 => Just("\n\n\t".to_string()),
        1 => Just(" -- a comment\n".to_string()),
        1 => Just("\n  # another, with 'quotes' and (\n  ".to_string()),
        1 => Just(" /* in between */ ".to_string()),
        1 => Just("\n/* two\n   lines */\n".to_string()),
    ]
}

/// Expressions of all shapes that the layout knows, with anything between their tokens.
fn an_expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "x",
        "a.Date",
        "`a b`",
        "- 1",
        "r'\\d'",
        "1e3",
        "null",
        "date '2025-01-01'",
        "ds.metrics.counter.a_counter_with_a_long_name",
        "count( * )",
        "mozfun.map.get_key(m, 'k').value",
        "[1,2,3]",
        "x[safe_offset(0)]",
    ]);
    leaf.prop_map(str::to_string).prop_recursive(5, 40, 4, |inner| {
        let pair = (inner.clone(), gap().boxed(), gap().boxed(), inner.clone());
        let operators = vec![
            "and",
            "OR",
            "=",
            "<>",
            "+",
            "-",
            "*",
            "/",
            "||",
            "<=",
            "LIKE",
            "is not distinct from",
        ];
        prop_oneof![
            (pair.clone(), prop::sample::select(operators))
                .prop_map(|((a, one, other, b), operator)| format!("({a}{one}{operator}{other}{b})")),
            (pair.clone(), inner.clone())
                .prop_map(|((a, one, other, b), c)| format!("({a}{one}between{other}{b} and {c})")),
            (
                pair.clone(),
                prop::sample::select(vec!["coalesce", "IF", "my_function", "Safe.Substr"])
            )
                .prop_map(|((a, one, other, b), name)| format!("{name}({a}{one},{other}{b},1)")),
            pair.clone()
                .prop_map(|(a, one, other, b)| format!("case when{one}{a} then{other}{b} else null end")),
            pair.clone().prop_map(|(a, one, other, b)| format!(
                "array_agg({a}{one}ignore nulls order by{other}{b} desc limit 1)"
            )),
            (inner.clone(), gap()).prop_map(|(a, one)| format!("cast({one}{a} as int64)")),
            pair.prop_map(|(a, one, other, b)| format!(
                "(select{one}max({a}) from{other}unnest(list) as item where {b} group by 1,item.y having true)"
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_expression_keeps_its_tokens_wherever_it_stands(text in an_expression(), indent in 0_usize..12, after in 0_usize..60) {
        let place = Place { indent: 2 * indent, before: 0, after };
        let sql = laid_out(Role::Expression, &text, place);
        prop_assert_eq!(tree(Role::Expression, &text), tree(Role::Expression, &sql));
        // A text that the layout does not understand would keep its keywords as they are.
        prop_assert!(!has_lower_case_keyword(&sql), "{}", sql);
    }
}
