//! Any text as SQL of a config, in each of its roles: the expression of a metric, of a segment and of an exposure signal, a data source, a
//! segment's data source, an enrollment query.
#![no_main]

mod tree;

use libfuzzer_sys::fuzz_target;

/// A config in which `FRAGMENT` stands for the text, for each role.
const CONFIGS: [&str; 6] = [
    "[metrics]\nweekly = [\"m\"]\n[metrics.m]\nselect_expression = FRAGMENT\ndata_source = \"d\"\nstatistics = { sum = {} }\n\
     [data_sources.d]\nfrom_expression = \"t\"\n",
    "[metrics]\nweekly = [\"m\"]\n[metrics.m]\nselect_expression = \"SUM(x)\"\ndata_source = \"d\"\nstatistics = { sum = {} }\n\
     [data_sources.d]\nfrom_expression = FRAGMENT\n",
    "[experiment]\nsegments = [\"s\"]\n[segments.s]\nselect_expression = FRAGMENT\ndata_source = \"d\"\n\
     [segments.data_sources.d]\nfrom_expression = \"t\"\n",
    "[experiment]\nsegments = [\"s\"]\n[segments.s]\nselect_expression = \"LOGICAL_OR(x)\"\ndata_source = \"d\"\n\
     [segments.data_sources.d]\nfrom_expression = FRAGMENT\n",
    "[experiment]\nenrollment_query = FRAGMENT\n",
    "[experiment.exposure_signal]\nname = \"e\"\ndata_source = \"d\"\nselect_expression = FRAGMENT\nfriendly_name = \"\"\n\
     description = \"\"\n[data_sources.d]\nfrom_expression = \"t\"\n",
];

fuzz_target!(|text: &str| {
    let quoted = serde_json::Value::from(text).to_string();
    for config in CONFIGS {
        // A JSON string is a TOML string, but for DEL, which TOML wants escaped.
        let config = config.replace("FRAGMENT", &quoted.replace('\u{7f}', "\\u007f"));
        tree::analyse(&[("jetstream/x.toml", &config)]);
    }
});
