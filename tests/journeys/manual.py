"""Make the user manual from the pictures that the journeys took.

YIMAI_MANUAL=FOLDER pytest tests/journeys takes them; python -m tests.journeys.manual FOLDER writes docs/manual: in both
languages a chapter a role, a section a task, with what the form itself says and how it looks.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

import django
from PIL import Image

from yimai.domain.recipe import Words
from yimai.projections.words import ROLES

MANUAL: Final = Path(__file__).parents[2] / "docs" / "manual"
PICTURE: Final = re.compile(
    r"(?P<journey>[a-z-]+)-(?P<number>\d{3})-(?P<role>[a-z_]+)-(?P<verb>[a-z_]+\.[a-z_]+)-(?P<moment>[a-z]+)\.png"
)
WIDTH: Final = 600
TITLES: Final = {"zh-hans": "一脉 用户手册", "en": "Yimai user manual"}
MADE: Final = {
    "zh-hans": "本手册由浏览器测试中的截图生成；人员、患者和治疗均为模拟。",
    "en": "Made from pictures of the browser tests; people, patients and treatments are simulated.",
}
MOMENTS: Final = {
    "task": Words("在“我的工作”或治疗页面上选择此项。", "Choose it on 'My work' or on the treatment's page."),
    "filled": Words("填写或扫描。", "Fill it in, or scan."),
    "sign": Words("核对记录后签名。", "Look at the record, then sign."),
    "passkey": Words("如有通行密钥：用它签名。", "With a passkey: sign with it."),
    "refused": Words("如被拒绝：页面说明原因和下一步。", "If it is refused: the page says why, and what to do."),
}


def main(folder: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
    django.setup()
    shutil.rmtree(MANUAL, ignore_errors=True)
    for language, title in TITLES.items():
        chapters = _chapters(folder / language)
        here = MANUAL / language
        (here / "pictures").mkdir(parents=True)
        index = [f"# {title}", "", MADE[language], ""]
        for role, verbs in chapters.items():
            name = _said(ROLES[role], language)
            index.append(f"- [{name}]({role}.md)")
            (here / f"{role}.md").write_text("\n".join(_chapter(here, language, role, verbs)) + "\n", encoding="utf-8")
        (here / "README.md").write_text("\n".join(index) + "\n", encoding="utf-8")
    (MANUAL / "README.md").write_text(
        "# 用户手册 · User manual\n\n- [中文](zh-hans/README.md)\n- [English](en/README.md)\n", encoding="utf-8"
    )


def _chapters(folder: Path) -> dict[str, dict[str, dict[str, Path]]]:
    """By role and verb, the first picture of each moment."""
    found: dict[str, dict[str, dict[str, Path]]] = {}
    for path in sorted(folder.glob("*.png")):
        if parts := PICTURE.fullmatch(path.name):
            found.setdefault(parts["role"], {}).setdefault(parts["verb"], {}).setdefault(parts["moment"], path)
    return {role: found[role] for role in ROLES if role in found}


def _chapter(here: Path, language: str, role: str, verbs: dict[str, dict[str, Path]]) -> list[str]:
    from yimai.interfaces.web.acts import FORMS

    lines = [f"# {_said(ROLES[role], language)}", ""]
    for verb, moments in verbs.items():
        form = FORMS[verb]
        lines += [f"## {_said(form.title, language)}", ""]
        if form.guide.zh:
            lines += [_said(form.guide, language), ""]
        for moment, words in MOMENTS.items():
            if moment in moments:
                name = f"{role}-{verb}-{moment}.webp"
                _keep(moments[moment], here / "pictures" / name)
                lines += [_said(words, language), "", f"![{_said(form.title, language)}](pictures/{name})", ""]
    return lines[:-1]


def _keep(picture: Path, to: Path) -> None:
    with Image.open(picture) as opened:
        height = round(opened.height * WIDTH / opened.width)
        opened.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS).save(to, quality=45, method=6)


def _said(words: Words, language: str) -> str:
    return words.en if language == "en" else words.zh


if __name__ == "__main__":
    main(Path(sys.argv[1]))
