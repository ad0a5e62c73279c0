//! JSON Schemas (draft 7) of the files that Isobar reads, for editors: what `read` would remark on, an editor underlines.
//!
//! The words and statistics come from the tables and readers that the files are read with; the keys are written out here, and a test
//! changes files at random to see that schema and reader agree. Keys in other cases, which the reader takes, are not in the schema.

mod shape;
mod statistics;

use serde_json::{Value, json};

use self::shape::{
    Key, anything, boolean, choice, choices, date, described, integer, open_table, or_null, strict_date, table, tables,
    text, texts,
};
use super::read::{BASES, COLUMN_TYPES, ENROLLMENTS_QUERIES, FOREIGN, LEVELS, PERIODS, UNITS, WINDOW_LIMITS};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// `jetstream/<slug>.toml`.
    Experiment,
    /// `jetstream/defaults/<app>.toml`.
    Defaults,
    /// `definitions/<app>.toml`.
    Definitions,
    /// `outcomes/<app>/<slug>.toml`.
    Outcome,
    /// `definitions/functions.toml`.
    Functions,
    /// The list of platforms.
    Platforms,
    /// Nimbus experiments, v8.
    ExperimentJson,
}

/// The schema of a kind of file.
pub fn schema(document: Document) -> Value {
    let (title, shape) = match document {
        Document::Experiment => ("An experiment's config", config()),
        Document::Defaults => ("Defaults of an app's experiments", config()),
        Document::Definitions => ("Definitions of an app", config()),
        Document::Outcome => ("An outcome", outcome()),
        Document::Functions => ("Functions of templates", functions()),
        Document::Platforms => ("Apps whose experiments can be analysed", platforms()),
        Document::ExperimentJson => ("Nimbus experiments", experiments()),
    };
    let mut schema = json!({"$schema": "http://json-schema.org/draft-07/schema#", "title": title});
    if let (Value::Object(schema), Value::Object(shape)) = (&mut schema, shape) {
        schema.extend(shape);
    }
    schema
}

fn config() -> Value {
    let mut keys = vec![(
        "experiment",
        experiment(),
        "What differs from the experiment as Nimbus describes it.",
    )];
    keys.extend(common());
    keys.extend(FOREIGN.map(|key| (key, anything(), "Read by other programs, not by Isobar.")));
    table(keys, &[])
}

fn outcome() -> Value {
    let mut keys: Vec<Key> = vec![
        ("friendly_name", text(), "The outcome's name for people."),
        ("description", text(), "What the outcome is about."),
        (
            "default_metrics",
            texts(),
            "Metrics of the outcome that are shown first.",
        ),
    ];
    keys.extend(common());
    keys.extend(PERIODS.map(|(key, _)| (key, texts(), "Metrics that are computed for this period.")));
    table(keys, &["friendly_name", "description"])
}

fn functions() -> Value {
    let keys: Vec<Key> = vec![
        (
            "definition",
            text(),
            "SQL with `{select_expr}` where the argument goes.",
        ),
        ("friendly_name", anything(), "The function's name for people."),
        ("description", anything(), "What the function computes."),
    ];
    let functions = tables(table(keys, &["definition"]));
    table(
        vec![(
            "functions",
            functions,
            "Functions of one text, called as `{{name(\"...\")}}`.",
        )],
        &[],
    )
}

fn platforms() -> Value {
    let keys: Vec<Key> = vec![
        (
            "app_id",
            text(),
            "Stands in for the app id of an experiment that has none.",
        ),
        (
            "enrollments_query_type",
            choice(&ENROLLMENTS_QUERIES),
            "How enrolled units are found.",
        ),
    ];
    let platforms = tables(table(keys, &["app_id", "enrollments_query_type"]));
    table(vec![("platforms", platforms, "Platforms by app name.")], &["platforms"])
}

/// What configs and outcomes have in common.
fn common() -> Vec<Key> {
    let sources = tables(segment_data_source());
    let mut segments = tables(segment());
    segments["properties"] = json!({"data_sources": described(sources, "Where segments take their rows from.")});
    vec![
        ("metrics", metrics(), "Which metrics are computed, and how."),
        (
            "data_sources",
            tables(data_source()),
            "Where metrics and exposure signals take their rows from.",
        ),
        (
            "segments",
            segments,
            "Groups of units, by what they were when they enrolled.",
        ),
        (
            "parameters",
            tables(parameter()),
            "Values for templates: `{{parameters.name}}`.",
        ),
    ]
}

fn experiment() -> Value {
    let keys = vec![
        (
            "enrollment_query",
            text(),
            "SQL that replaces the built-in query for enrolled units.",
        ),
        ("enrollment_period", integer(), "How many days enrollment takes."),
        (
            "reference_branch",
            text(),
            "The branch that the others are compared with.",
        ),
        ("segments", texts(), "Segments to analyse."),
        ("outcomes", texts(), "Outcomes beside those that Nimbus names."),
        ("start_date", date(), "The first day of enrollment: YYYY-MM-DD."),
        ("end_date", date(), "The day on which the experiment ends: YYYY-MM-DD."),
        ("skip", boolean(), "Whether to leave the experiment out."),
        ("exposure_signal", exposure_signal(), "What counts as exposure."),
        ("is_private", boolean(), "Whether results must not be public."),
        (
            "dataset_id",
            text(),
            "The dataset of the results; a private experiment needs one.",
        ),
        ("sample_size", integer(), "Percent of clients to analyse."),
        ("analysis_unit", choice(&UNITS), "What a unit is."),
        (
            "enrollments_query_type",
            choice(&ENROLLMENTS_QUERIES),
            "The built-in query for enrolled units.",
        ),
    ];
    table(keys, &[])
}

fn exposure_signal() -> Value {
    let limit = || {
        let days = described(integer(), "Days from the start of the experiment.");
        json!({"anyOf": [choice(&WINDOW_LIMITS), days]})
    };
    let keys = vec![
        ("name", text(), "The signal's name."),
        ("data_source", text(), "A data source of metrics."),
        ("select_expression", text(), "A condition on a row."),
        ("friendly_name", text(), "The signal's name for people."),
        ("description", text(), "What counts as exposure, for people."),
        ("window_start", limit(), "From when rows count."),
        ("window_end", limit(), "Until when rows count."),
    ];
    table(
        keys,
        &[
            "name",
            "data_source",
            "select_expression",
            "friendly_name",
            "description",
        ],
    )
}

/// Period lists, and metrics under names or patterns.
fn metrics() -> Value {
    let lists = PERIODS.map(|(key, _)| (key, texts(), "Metrics that are computed for this period."));
    let mut metrics = table(lists.to_vec(), &[]);
    let words = PERIODS.map(|(key, _)| key).join("|");
    // A pattern of metric-hub changes the metrics that it matches; other names are left out when layers are merged.
    let names = format!(r"^(?!({words})$)([A-Za-z0-9_]*$|[\s\S]*[*?\[])");
    metrics["patternProperties"] = json!({ names: metric() });
    metrics
}

fn metric() -> Value {
    let owner = json!({"anyOf": [text(), texts()]});
    let keys = vec![
        ("name", text(), "The metric's name, if it is not the key."),
        (
            "select_expression",
            text(),
            "An SQL aggregate over the rows of a unit; a template.",
        ),
        ("data_source", text(), "Where the rows come from."),
        ("statistics", statistics::statistics(), ""),
        ("friendly_name", text(), "The metric's name for people."),
        ("description", text(), "What the metric measures."),
        ("bigger_is_better", boolean(), "Whether an increase is good news."),
        (
            "analysis_bases",
            choices(&BASES),
            "The populations that it is computed for.",
        ),
        (
            "analysis_units",
            choices(&UNITS),
            "The units that it can be computed for.",
        ),
        ("depends_on", texts(), "The metrics that a ratio is computed from."),
        ("type", text(), "`scalar` and the like."),
        ("category", text(), "A grouping for people."),
        ("owner", owner, "Who to ask."),
        ("deprecated", boolean(), "Whether its authors want it gone."),
        ("level", choice(&LEVELS), "How well the metric is looked after."),
    ];
    table(keys, &[])
}

/// The columns that every source may name.
fn columns() -> Vec<Key> {
    vec![
        ("client_id_column", text(), "The column with the client id."),
        ("group_id_column", text(), "The column with the profile group id."),
        ("glean_client_id_column", text(), "The column with the Glean client id."),
        (
            "legacy_client_id_column",
            text(),
            "The column with the legacy client id.",
        ),
        ("submission_date_column", text(), "The column with the date."),
    ]
}

fn data_source() -> Value {
    let mut column_type = choice(&COLUMN_TYPES);
    // "none" in any case, and an empty string, which counts as absent.
    column_type = json!({"anyOf": [column_type, {"type": "string", "pattern": "^([Nn][Oo][Nn][Ee])?$"}]});
    let mut keys = vec![
        (
            "from_expression",
            text(),
            "A table, or a query in parentheses; a template in part.",
        ),
        (
            "experiments_column_type",
            column_type,
            "How rows name their experiments.",
        ),
        ("build_id_column", text(), "An expression for the build id."),
        ("columns_as_dimensions", boolean(), "Without effect on experiments."),
        ("default_dataset", text(), "Stands for `{dataset}` in exposure signals."),
        ("analysis_units", choices(&UNITS), "The units that it can serve."),
        ("friendly_name", text(), "The source's name for people."),
        ("description", text(), "What the rows are."),
        ("joins", anything(), "Read by other programs, not by Isobar."),
        ("deprecated", anything(), "Read by other programs, not by Isobar."),
    ];
    keys.extend(columns());
    table(keys, &[])
}

fn segment() -> Value {
    let keys = vec![
        (
            "select_expression",
            text(),
            "An SQL aggregate over the rows of a unit that is true or false; a template.",
        ),
        ("data_source", text(), "A segment data source."),
        ("friendly_name", text(), "The segment's name for people."),
        ("description", text(), "Who is in the segment."),
    ];
    table(keys, &["select_expression", "data_source"])
}

fn segment_data_source() -> Value {
    let mut keys = vec![
        (
            "from_expression",
            text(),
            "A table, or a query in parentheses; a template.",
        ),
        (
            "window_start",
            integer(),
            "First day, counted from enrollment: -28 is four weeks before.",
        ),
        ("window_end", integer(), "Last day, counted from enrollment."),
        (
            "default_dataset",
            anything(),
            "Without effect: `{dataset}` is the experiment's own.",
        ),
        ("friendly_name", anything(), "The source's name for people."),
        ("description", anything(), "What the rows are."),
    ];
    keys.extend(columns());
    table(keys, &["from_expression"])
}

fn parameter() -> Value {
    let value = || json!({"anyOf": [text(), tables(text())]});
    let keys = vec![
        ("name", anything(), "Without effect: the key is the name."),
        ("friendly_name", text(), "The parameter's name for people."),
        ("description", text(), "What the parameter stands for."),
        ("value", value(), "A text, or a text for each branch."),
        ("default", value(), "The value where none is given."),
        (
            "distinct_by_branch",
            boolean(),
            "Whether there is a text for each branch.",
        ),
    ];
    table(keys, &[])
}

/// One experiment or a list of them.
fn experiments() -> Value {
    let slugs = || {
        let entry = open_table(vec![("slug", text(), "")], &["slug"]);
        or_null(json!({"type": "array", "items": entry}))
    };
    let number = || or_null(integer());
    let branch = open_table(
        vec![("slug", text(), "The branch."), ("ratio", number(), "Its share.")],
        &["slug"],
    );
    let bucket_keys = vec![
        (
            "randomizationUnit",
            text(),
            "normandy_id, nimbus_id, user_id or group_id.",
        ),
        ("namespace", or_null(text()), "The name of the population."),
        ("start", number(), "The first bucket."),
        ("count", number(), "How many buckets."),
        ("total", number(), "Of how many."),
    ];
    let keys = vec![
        ("slug", text(), "The experiment's name."),
        ("appName", or_null(text()), "firefox_desktop, fenix, ..."),
        ("appId", or_null(text()), "firefox-desktop, org.mozilla.firefox, ..."),
        (
            "branches",
            json!({"type": "array", "items": branch}),
            "The branches in order.",
        ),
        (
            "startDate",
            or_null(strict_date()),
            "The first day of enrollment: YYYY-MM-DD.",
        ),
        (
            "endDate",
            or_null(strict_date()),
            "The day on which the experiment ends: YYYY-MM-DD.",
        ),
        (
            "enrollmentEndDate",
            or_null(strict_date()),
            "The day on which enrollment ended: YYYY-MM-DD.",
        ),
        ("proposedEnrollment", number(), "How many days enrollment should take."),
        (
            "referenceBranch",
            or_null(text()),
            "The branch that the others are compared with.",
        ),
        (
            "bucketConfig",
            open_table(bucket_keys, &["randomizationUnit"]),
            "How units are put into buckets.",
        ),
        ("outcomes", slugs(), "Outcomes: objects with a slug."),
        ("segments", slugs(), "Segments: objects with a slug."),
        ("isEnrollmentPaused", or_null(boolean()), "Without effect."),
        ("isRollout", or_null(boolean()), "Rollouts are not analysed."),
    ];
    let required = [
        "slug",
        "startDate",
        "endDate",
        "referenceBranch",
        "proposedEnrollment",
        "branches",
        "bucketConfig",
    ];
    let reference = json!({"$ref": "#/definitions/experiment"});
    json!({
        "anyOf": [reference, {"type": "array", "items": reference}],
        "definitions": {"experiment": open_table(keys, &required)},
    })
}
