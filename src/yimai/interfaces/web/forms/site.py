"""The register: sites, the people who work there, and what these are qualified for."""

from __future__ import annotations

from typing import Any, Final, get_args

from django.urls import reverse

from yimai.actions import site
from yimai.actions.decision import Done
from yimai.domain.recipe import Words
from yimai.domain.site import SiteKind, SiteRegistered
from yimai.interfaces.web.field import NOTHING, Choice, Choices, Day, Line, Option, Whole, reason
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.permitted import permitted
from yimai.interfaces.web.recorded import Following
from yimai.interfaces.web.situation import Situation
from yimai.projections import approval_board, people_board, register
from yimai.projections.words import ROLES, SITE_KINDS

IDENTIFIER: Final = Words(
    "小写字母、数字和连字符，例如 nurse-07；不含姓名。", "Small letters, digits and hyphens, such as nurse-07; no name."
)

SITE_IDENTIFIER: Final = Words(
    "小写字母、数字和连字符，例如 hospital-d。", "Small letters, digits and hyphens, such as hospital-d."
)


def sites(situation: Situation) -> tuple[Option, ...]:
    found = register.sites(situation.cursor).values()
    return tuple((each.site, Words(each.title_zh, each.title_en)) for each in found)


def colleagues(situation: Situation) -> tuple[Option, ...]:
    """Everybody of one's own site but oneself, whom nobody qualifies."""
    others = (each for each in situation.colleagues if each != situation.who)
    return tuple((each.person, Words(each.person, each.person)) for each in others)


def named(situation: Situation) -> tuple[Option, ...]:
    """The person whom the address names, else everybody of one's own site but oneself."""
    person = situation.given.get("person", "")
    return ((person, Words(person, person)),) if person else colleagues(situation)


def known_qualifications(situation: Situation) -> tuple[Option, ...]:
    """What the approved recipes ask for."""
    found: dict[str, Words] = {}
    for identifier in approval_board.identifiers(situation.cursor, "recipe"):
        recipe = approval_board.recipe(situation.cursor, identifier)
        found |= dict(recipe.qualifications) if recipe is not None else {}
    return tuple(found.items())


def held_qualifications(situation: Situation) -> tuple[Option, ...]:
    """What the named person, else anybody of one's site, is qualified for."""
    titles = dict(known_qualifications(situation))
    wanted = situation.given.get("person", "")
    held = {
        row.qualification: titles.get(row.qualification, Words(row.qualification, row.qualification))
        for row in people_board.qualifications(situation.cursor, situation.who.site)
        if wanted in ("", row.person)
    }
    return tuple(held.items())


def _registered(values: Arguments, _: Situation) -> dict[str, Any]:
    return {
        "registration": SiteRegistered(
            values["site"],
            values["type"],
            values["title_zh"],
            values["title_en"],
            values["district"],
            int(values["zone"]),
        )
    }


def _account(done: Done, situation: Situation) -> Following | None:
    """A person who was registered signs in with an account: the way to make it, for whoever may."""
    if not permitted(situation.who, "account.issue_password"):
        return None
    address = reverse("account_administered", args=[done.entries[0].data["person"]])
    return Following(Words("开设账号", "Make the account"), NOTHING, address)


PERSON: Final = Choice(name="person", title=Words("人员", "Person"), options=colleagues)
ROLE_OPTIONS: Final = tuple(ROLES.items())
FORMS: Final = (
    Form(
        site.register_person,
        Words("登记人员", "Register a person"),
        (
            Line(name="person", title=Words("标识", "Identifier"), hint=IDENTIFIER, longest=40),
            Choice(name="site", title=Words("站点", "Site"), options=sites, proposed=lambda here: here.who.site),
            Choices(name="roles", title=Words("角色", "Roles"), options=lambda _: ROLE_OPTIONS),
            Line(
                name="printed_name",
                title=Words("签名用姓名", "Printed name"),
                hint=Words("显示在签名旁；只存入个人数据库。", "Stands beside signatures; it is kept in the vault only."),
                longest=60,
                secret=True,
            ),
        ),
        button=Words("登记", "Register"),
        guide=Words("登记后再为其开设账号。", "Make the person's account afterwards."),
        onward=_account,
    ),
    Form(
        site.change_roles,
        Words("更改角色", "Change a person's roles"),
        (
            Choice(name="person", title=Words("人员", "Person"), options=named),
            Choices(
                name="roles",
                title=Words("此后的角色", "Roles from now on"),
                hint=Words("全部不选：不再在此工作。", "None at all: no longer works here."),
                options=lambda _: ROLE_OPTIONS,
                optional=True,
            ),
        ),
        button=Words("更改", "Change"),
        guide=Words(
            "立即生效，已登录的会话也随之改变。离岗者另须吊销账号。",
            "It counts at once, in open sessions too. Revoke the account of somebody who leaves as well.",
        ),
    ),
    Form(
        site.register_site,
        Words("登记站点", "Register a site"),
        (
            Line(name="site", title=Words("标识", "Identifier"), hint=SITE_IDENTIFIER, longest=40),
            Choice(
                name="type",
                title=Words("类型", "Kind"),
                options=lambda _: [(each, SITE_KINDS[each]) for each in get_args(SiteKind)],
            ),
            Line(name="title_zh", title=Words("中文名称", "Chinese title")),
            Line(name="title_en", title=Words("英文名称", "English title")),
            Line(
                name="district",
                title=Words("所在区", "District"),
                hint=Words("该区的检查员可查看其记录。", "Inspectors of that district read its records."),
                longest=40,
            ),
            Whole(
                name="zone",
                title=Words("与 UTC 的时差（分钟）", "Minutes ahead of UTC"),
                hint=Words("北京时间为 480（UTC+8）。", "480 is China Standard Time, UTC+8."),
                least=-720,
                most=840,
                proposed=lambda _: "480",
            ),
        ),
        button=Words("登记", "Register"),
        build=_registered,
    ),
    Form(
        site.qualify_person,
        Words("授予资质", "Qualify a person"),
        (
            PERSON,
            Choice(name="qualification", title=Words("资质", "Qualification"), options=known_qualifications),
            Day(
                name="valid_from",
                title=Words("生效日", "Valid from"),
                proposed=lambda here: here.now.date().isoformat(),
            ),
            Day(name="valid_until", title=Words("有效至（含当日）", "Valid until (that day included)")),
        ),
        button=Words("授予", "Qualify"),
        guide=Words("凭培训和考核记录授予；不能给自己授予。", "On the record of training and test; nobody qualifies himself."),
    ),
    Form(
        site.withdraw_qualification,
        Words("撤回资质", "Withdraw a qualification"),
        (
            PERSON,
            Choice(name="qualification", title=Words("资质", "Qualification"), options=held_qualifications),
            reason("left_the_site", "training_lapsed", "operator_error", "investigation"),
        ),
        button=Words("撤回", "Withdraw"),
        guide=Words("立即生效；已开始的步骤须由他人完成。", "It counts at once; others complete steps that run."),
    ),
)  # fmt: skip
