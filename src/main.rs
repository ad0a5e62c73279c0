//! The `isobar` binary: hands the command line to [`isobar::cli`] and maps its outcome to an exit code.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    isobar::cli::main()
}
