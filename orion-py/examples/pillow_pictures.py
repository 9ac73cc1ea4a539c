"""Draws the scenes with Pillow: a picture maker written in Python.

    pip install pillow
    python examples/pillow_pictures.py [FOLDER]
"""

from __future__ import annotations

import random
import sys

from PIL import Image, ImageDraw, ImageFilter, ImageFont

import orion


class Dots(orion.ImageGenerator):
    """A night sky in the colours of the video, with the words of the scene."""

    name = "pillow-dots"

    def generate(self, request: orion.ImageRequest) -> orion.Drawing:
        width, height = request.width, request.height
        dice = random.Random(request.seed * 1000 + request.scene_number)
        image = Image.new("RGB", (width, height), request.colours["background"])
        draw = ImageDraw.Draw(image)
        for _ in range(90):
            size = dice.uniform(0.002, 0.05) * height
            x, y = dice.uniform(0, width), dice.uniform(0, height)
            draw.ellipse((x - size, y - size, x + size, y + size), fill=request.colours["accent"])
        image = Image.blend(image.filter(ImageFilter.GaussianBlur(width / 60)), image, 0.25)
        image = Image.blend(image, Image.new("RGB", image.size, request.colours["background"]), 0.45)
        self._write(ImageDraw.Draw(image), request.headline, width, height, request.colours["text"])
        return orion.Drawing(image, moves=False)

    @staticmethod
    def _write(draw: ImageDraw.ImageDraw, words: str, width: int, height: int, colour: str) -> None:
        font = ImageFont.load_default(size=width / 14)
        lines, line = [], ""
        for word in words.split():
            longer = f"{line} {word}".strip()
            if line and draw.textlength(longer, font) > width * 0.8:
                lines.append(line)
                longer = word
            line = longer
        text = "\n".join([*lines, line])
        draw.multiline_text((width / 2, height * 0.38), text, colour, font, anchor="mm", align="center", spacing=width / 50)


SCRIPT = """A picture maker is one small class.

It gets the words, the size and the colours of every scene.

Write your own, and hand it to Orion."""


def main(folder: str) -> None:
    """Makes a video with these pictures."""
    with orion.Orion(images=[Dots(), "graphics:"], voice="silent:", offline=True, store="memory:", blobs="memory:") as app:
        video = app.create(script=SCRIPT, out=folder, quality="draft")
        print(video.path)
        drawn = {str(step.served_by) for step in app.steps(video.run_id) if step.key.startswith("images/")}
        print("drawn by", ", ".join(sorted(drawn)))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "pillow-video")
