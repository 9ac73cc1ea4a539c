//! Director: research, script, critique, scenes.
