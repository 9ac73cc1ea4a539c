//! Production: drives one run through its stages.
