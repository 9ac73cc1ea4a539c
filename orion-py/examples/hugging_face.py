"""Writes the script with a Hugging Face pipeline: a language model written in Python.

    pip install transformers torch
    python examples/hugging_face.py FEED [MODEL]

The model is loaded when it is first asked. Without `transformers` the provider says so, and the next of the chain, the
built-in writer, takes its turn; the report of the run tells who wrote and who failed.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

import orion


class Pipeline(orion.LanguageModel):
    """A text-generation pipeline."""

    name = "hugging-face"
    timeout = 900.0

    def __init__(self, model: str = "HuggingFaceTB/SmolLM2-1.7B-Instruct") -> None:
        self.model = model
        self._lock = threading.Lock()
        self._pipeline: Any = None

    def _load(self) -> Any:
        with self._lock:
            if self._pipeline is None:
                try:
                    from transformers import pipeline
                except ImportError as error:
                    raise orion.UnsupportedError(
                        "transformers is not installed", hint="pip install transformers torch"
                    ) from error
                self._pipeline = pipeline("text-generation", model=self.model)
            return self._pipeline

    def complete(self, request: orion.CompletionRequest) -> orion.Completion:
        pipeline = self._load()
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        answer = pipeline(
            messages,
            max_new_tokens=request.max_tokens,
            do_sample=request.temperature > 0,
            temperature=request.temperature or None,
        )
        text = answer[0]["generated_text"][-1]["content"]
        return orion.Completion(text, tokens=len(pipeline.tokenizer.encode(text)))


def main(feed: str, model: str | None) -> None:
    """Writes a script about the best trend of a feed, and shows who wrote it."""
    writer = Pipeline(model) if model else Pipeline()
    with orion.Orion(llm=[writer, "extractive:"], voice="silent:", store="memory:", blobs="memory:") as app:
        run = app.advance(app.start(feed=feed, gates=["script"]))
        content = app.content(run)
        assert content.script is not None
        print(content.script.author, "wrote:", content.script.text)
        step = next(step for step in app.steps(run) if step.key == "script")
        for attempt in step.after:
            print(attempt.provider, "failed:", attempt.error)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
