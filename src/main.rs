//! The `isobar` binary: hands the command line to [`isobar::cli`] and maps its outcome to an exit code.

fn main() -> std::process::ExitCode {
    isobar::cli::main()
}
