//! The step journal in use: nothing that costs money or time is done twice.
