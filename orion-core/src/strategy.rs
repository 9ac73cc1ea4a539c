//! LOCAL and CLOUD sides behind one trait.
