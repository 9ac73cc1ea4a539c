"""Deciding at gates."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from .._client import SyncBase
from .._given import content_id
from ..types import Content, Line, Question, Run, Script


class DecidingCalls(SyncBase):
    """Deciding at gates."""

    def question(self, content: Content | Run | UUID) -> Question | None:
        """What content waits for, or ``None``.

        Examples
        --------
        >>> run = app.advance(app.start(script=script, gates=["script"]))
        >>> question = app.question(run)
        >>> question.gate
        'script'
        >>> content = app.approve(run, subject=question.subject)
        >>> app.question(run) is None
        True
        """
        answer = self._call("question", content=content_id(content))
        return None if answer == b"null" else Question(answer)

    def approve(self, content: Content | Run | UUID, *, subject: str | None = None) -> Content:
        """Approves what content shows now: at a gate the run may go on, and a finished video may be published.

        Parameters
        ----------
        content
            Which.
        subject
            The hash that a `question` named: if what it showed has changed since, nothing is approved.
        """
        return Content(self._call("approve", content=content_id(content), subject=subject))

    def reject(
        self, content: Content | Run | UUID, feedback: str | None = None, *, again: bool = False
    ) -> Content:
        """Refuses content, for good or, with `again`, for another version that heeds the feedback."""
        return Content(self._call("reject", content=content_id(content), feedback=feedback, again=again))

    def regenerate(self, content: Content | Run | UUID, feedback: str | None = None) -> Content:
        """Asks for another version that heeds the feedback, three times at most; `advance` makes it."""
        return Content(self._call("regenerate", content=content_id(content), feedback=feedback))

    def edit_script(
        self, content: Content | Run | UUID, lines: Script | Iterable[str | Line], *, title: str | None = None
    ) -> Question:
        """Puts another script in place of the one that waits at its gate; the question is asked anew about it.

        Parameters
        ----------
        content
            Which.
        lines
            The lines in speaking order: the hook first, the call to action last. A line with the words of an earlier
            one keeps its sources.
        title
            Another title.

        Examples
        --------
        >>> run = app.advance(app.start(script=script, gates=["script"]))
        >>> question = app.edit_script(run, ["A better hook.", "Ships pass below.", "Bye."])
        >>> (app.content(run)).script.lines[0].text
        'A better hook.'
        """
        given = lines.lines if isinstance(lines, Script) else lines
        parts = [line.as_dict() if isinstance(line, Line) else {"text": line} for line in given]
        return Question(self._call("edit_script", content=content_id(content), title=title, lines=parts))

    def edit_scene(
        self,
        content: Content | Run | UUID,
        number: int,
        *,
        description: str | None = None,
        style: str | None = None,
        camera_angle: str | None = None,
        mood: str | None = None,
        negative_prompt: str | None = None,
    ) -> Question:
        """Changes one scene that waits at its gate; the question is asked anew about all of them."""
        scene = {
            "description": description,
            "style": style,
            "camera_angle": camera_angle,
            "mood": mood,
            "negative_prompt": negative_prompt,
        }
        return Question(self._call("edit_scene", content=content_id(content), number=number, scene=scene))
