//! `isobar demo`, its first half: arguments, and writing the folder with a progress bar. Running the experiments is the pipeline's work.

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::demo::{self, Demo};
use crate::diagnostics::Result;

/// Writes synthetic telemetry with known effects and analyses it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder to write; a demo that lies there is replaced.
    #[arg(long, value_name = "DIR", default_value = "isobar-demo")]
    pub dir: PathBuf,
    /// Desktop clients; there are a quarter as many Fenix clients beside them.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub clients: u64,
    /// Another seed gives other clients with the same effects.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Writes the demo's folder. The progress bar goes to stderr and is hidden where that is not a terminal.
pub fn write(arguments: &Arguments) -> Result<Demo> {
    let bar = ProgressBar::with_draw_target(
        Some(demo::total_clients(arguments.clients)),
        ProgressDrawTarget::stderr(),
    );
    let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len} clients")
        .expect("the template of the progress bar is well formed");
    bar.set_style(style);
    bar.set_message("writing telemetry");
    let written = demo::write(&arguments.dir, arguments.clients, arguments.seed, &mut |done| {
        bar.set_position(done)
    });
    bar.finish_and_clear();
    written
}

/// Writes the folder.
pub fn run(args: &Arguments) -> Result<super::Outcome> {
    write(args)?;
    Ok(super::Outcome::Complete)
}
