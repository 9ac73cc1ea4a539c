//! The `orion` command.

fn main() -> std::process::ExitCode {
    orion_host::cli::main()
}
