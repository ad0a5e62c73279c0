//! The library in a few lines: resolves the experiments of a file and prints the statements of their whole lives.
//!
//! `cargo run --example compile -- CONFIGS EXPERIMENTS`

use std::path::PathBuf;

use isobar::diagnostics::Result;
use isobar::pipeline::{self, Selection};
use isobar::tables::Destination;
use isobar::{config, experiment};

fn main() -> Result<()> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [configs, experiments] = paths.as_slice() else {
        println!("usage: compile CONFIGS EXPERIMENTS");
        return Ok(());
    };
    let configs = config::load(std::slice::from_ref(configs))?;
    let (experiments, _) = experiment::load(std::slice::from_ref(experiments))?;
    for experiment in &experiments {
        let analysis = configs.resolve(experiment)?;
        let selection = Selection::default();
        let destination = Destination {
            project: "my-project".to_string(),
            dataset: "my_dataset".to_string(),
            slug: experiment.slug.clone(),
        };
        for statement in pipeline::compile(&analysis, &selection, &destination)?
            .script()
            .statements
        {
            println!("{}", statement.sql);
        }
    }
    Ok(())
}
