//! Any server that speaks OpenAI's HTTP API: language, embeddings, pictures, speech, transcription.
