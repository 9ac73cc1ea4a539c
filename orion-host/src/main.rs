//! The `orion` command.

fn main() -> std::process::ExitCode {
    #[cfg(feature = "faults")]
    orion_host::fault::list_if_asked();
    orion_host::cli::main()
}
