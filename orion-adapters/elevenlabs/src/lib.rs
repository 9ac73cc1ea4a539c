//! ElevenLabs: voices with the times of every character.
