//! Ollama: local language models and embeddings.
