"""Make the user manual from the pictures that the journeys took.

YIMAI_MANUAL=FOLDER pytest tests/journeys takes them; python -m tests.journeys.manual FOLDER [ROLE …] writes docs/manual: in both
languages a chapter a role, a section a task, with what the form itself says and how it looks. With roles only their chapters are made anew.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
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
    "seen": Words("页面如下。", "It looks like this."),
    "filled": Words("填写或扫描。", "Fill it in, or scan."),
    "sign": Words("核对记录后签名。", "Look at the record, then sign."),
    "passkey": Words("如有通行密钥：用它签名。", "With a passkey: sign with it."),
    "refused": Words("如被拒绝：页面说明原因和下一步。", "If it is refused: the page says why, and what to do."),
}


PAGES: Final[Mapping[str, tuple[Words, Words]]] = {
    "page.home": (
        Words("我的工作", "My work"),
        Words("登录后所见：先做什么、等待什么。", "What one sees after signing in: what comes first, and what waits."),
    ),
    "page.trace": (
        Words("追溯", "Trace"),
        Words("从任一标识向前和向后追溯。", "From any identifier, forwards and back."),
    ),
    "page.facts": (
        Words("事实及其哈希值", "The facts and their hashes"),
        Words(
            "每条事实都已按其字节、链和签名核对。",
            "Each fact is checked against its bytes, its chain and its signatures.",
        ),
    ),
    "page.ledger": (
        Words("验证账本", "Verify the ledger"),
        Words(
            "重新推导每个哈希、链、占用、根和签名。", "Every hash, chain, claim, root and signature is derived again."
        ),
    ),
    "page.programme": (
        Words("计划与目标", "Plans and goals"),
        Words(
            "每行一个目标；未知的显示为未知；每个数字都可点开。",
            "A goal a row; what is unknown says so; every number opens.",
        ),
    ),
    "page.number": (
        Words("数字从何而来", "Where a number comes from"),
        Words("公式、计入的事实和未计入的原因。", "The formula, the facts that count, and why others do not."),
    ),
    "page.plan": (Words("一份计划", "A plan"), Words("条文、来源和不同解读。", "Its clauses, sources and readings.")),
    "page.people": (
        Words("人员与资质", "People and qualifications"),
        Words("谁在何处、以何角色工作，资质至何时。", "Who works where in which roles, qualified until when."),
    ),
    "page.accounts": (
        Words("账号", "Accounts"),
        Words("开户、解锁、结束会话、吊销。", "Make an account, unlock it, end its sessions, revoke it."),
    ),
}
"""Pages that are no forms: title, and what they are for."""


def main(folder: Path, *roles: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
    django.setup()
    if not roles:
        shutil.rmtree(MANUAL, ignore_errors=True)
    for language, title in TITLES.items():
        here = MANUAL / language
        (here / "pictures").mkdir(parents=True, exist_ok=True)
        for role, verbs in _chapters(folder / language).items():
            if not roles or role in roles:
                (here / f"{role}.md").write_text(
                    "\n".join(_chapter(here, language, role, verbs)) + "\n", encoding="utf-8"
                )
        index = [
            f"- [{_said(words, language)}]({role}.md)"
            for role, words in ROLES.items()
            if (here / f"{role}.md").exists()
        ]
        (here / "README.md").write_text(
            "\n".join([f"# {title}", "", MADE[language], "", *index]) + "\n", encoding="utf-8"
        )
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
        title, guide = PAGES[verb] if verb in PAGES else (FORMS[verb].title, FORMS[verb].guide)
        lines += [f"## {_said(title, language)}", ""]
        if guide.zh:
            lines += [_said(guide, language), ""]
        for moment, words in MOMENTS.items():
            if moment in moments:
                name = f"{role}-{verb}-{moment}.webp"
                _keep(moments[moment], here / "pictures" / name)
                lines += [_said(words, language), "", f"![{_said(title, language)}](pictures/{name})", ""]
    return lines[:-1]


def _keep(picture: Path, to: Path) -> None:
    with Image.open(picture) as opened:
        height = round(opened.height * WIDTH / opened.width)
        opened.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS).save(to, quality=45, method=6)


def _said(words: Words, language: str) -> str:
    return words.en if language == "en" else words.zh


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
