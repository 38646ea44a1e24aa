"""Receipts computed a second time, from the stored bytes alone: nothing of the house is imported here.

It takes each fact in turn and asks what it does, where the house goes from rule to rule through groups of facts.
"""

from __future__ import annotations

import calendar
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

Record = dict[str, Any]
Verdict = tuple[str, Any]
"""``("count", (key, amount))``, ``("out", reason)`` or ``("basis", None)``."""


def record(position: int, content: bytes) -> Record:
    said = json.loads(content)
    at = datetime.fromisoformat(said["occurred"])
    written = datetime.fromisoformat(said["recorded"]).astimezone(at.tzinfo)
    digest = hashlib.sha256(b"\0" + content).hexdigest()
    return {
        **said["data"],
        "_kind": said["kind"],
        "_hash": digest,
        "_at": at,
        "_day": at.date(),
        "_told": written.date(),
        "_n": position,
    }


def begins(fact: Record) -> date:
    text = str(fact["since"])
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        if len(text) == 7:
            return date(int(text[:4]), int(text[5:]), calendar.monthrange(int(text[:4]), int(text[5:]))[1])
        return date(int(text), 12, 31)
    except ValueError:
        return fact["_told"]  # type: ignore[no-any-return]


class Opinion:
    def __init__(self, facts: list[Record], definition: Record, question: Record) -> None:
        self.all = sorted((f for f in facts if f["_kind"] in definition["kinds"]), key=lambda f: int(f["_n"]))
        self.definition, self.question = definition, question
        self.until = date.fromisoformat(question["until"])
        self.first = date.fromisoformat(question["first"]) if question["first"] else date.min
        self.verdicts: dict[str, Verdict] = {}

    def of(self, *endings: str) -> list[Record]:
        return [fact for fact in self.all if fact["_kind"].endswith(endings)]

    def say(self, fact: Record, what: str, more: Any = None) -> None:
        assert fact["_hash"] not in self.verdicts
        self.verdicts[fact["_hash"]] = (what, more)

    def document(self) -> dict[str, Any]:
        asked = {"therapies": self.question["therapies"], "district": self.question["district"]}
        if not any(value and scope not in self.definition["scopes"] for scope, value in asked.items()):
            ANSWERS[self.definition["rule"]](self)
            assert {fact["_hash"] for fact in self.all} == set(self.verdicts)
        counted = sorted((digest, *more) for digest, (what, more) in self.verdicts.items() if what == "count")
        amounts = sorted(amount for _, _, amount in counted)
        how = self.definition["total"]
        value = None
        if amounts:
            value = amounts[(len(amounts) - 1) // 2] if how == "median" else sum(amounts)
            value = value * 1_000_000 // len(amounts) if how == "share" else value
        return {
            "value": value,
            "contributions": [{"fact": digest, "key": key, "amount": amount} for digest, key, amount in counted],
            "exclusions": [
                {"fact": d, "reason": more} for d, (what, more) in sorted(self.verdicts.items()) if what == "out"
            ],
            "basis": sorted(digest for digest, (what, _) in self.verdicts.items() if what == "basis"),
        }

    # --- what several answers ask

    def therapies(self, fact: Record) -> str:
        wanted = self.question["therapies"]
        if not wanted or fact["therapies"] in (wanted, "both"):
            return ""
        return "other_therapies" if fact["therapies"] else "therapies_unknown"

    def period(self, day: date) -> str:
        return "later" if day > self.until else "earlier" if day < self.first else ""

    def newest(self, facts: list[Record], name: str) -> dict[str, Record]:
        last = {fact[name]: fact for fact in facts}
        for fact in facts:
            if last[fact[name]] is not fact:
                self.say(fact, "out", "corrected")
        return last

    def finish(self, ending: list[Record], name: str, alive: dict[str, str], when: Callable[[Record], date]) -> None:
        """Judge what ends things. alive: of each thing, why it does not count already ("" if it does); ended ones get ``ended``."""
        used = set()
        for fact in ending:
            due, thing = when(fact) <= self.until, fact[name]
            if thing not in alive:
                self.say(fact, "out", "no_effect")
            elif not due:
                self.say(fact, "out", "later")
            elif alive[thing] == "" and thing not in used:
                used.add(thing)
                self.say(fact, "basis")
            else:
                self.say(fact, "out", "no_effect")
        for thing in used:
            alive[thing] = "ended"

    def places(self, wanted: set[str], *, closing: bool) -> dict[str, str]:
        state = {
            site: "" if site in wanted else "unasked" for site in {f["site"] for f in self.of("closed.v1")} | wanted
        }
        if closing:
            self.finish(self.of("establishment.closed.v1"), "site", state, begins)
        entered = {fact["site"] for fact in self.of("establishment.opened.v1")}
        open_ = {site for site in wanted if state[site] == ""} if self.question["district"] else set()
        asked = open_ & entered
        decisive = {}
        for fact in self.of("establishment.opened.v1", "establishment.moved.v1"):
            if fact["_kind"] == "establishment.opened.v1" or begins(fact) <= self.until:
                decisive[fact["site"]] = fact
        for fact in self.of("establishment.opened.v1", "establishment.moved.v1"):
            if fact["site"] in asked and decisive.get(fact["site"]) is fact:
                self.say(fact, "basis")
            else:
                self.say(fact, "out", "no_effect")
        for site in open_:
            there = decisive.get(site, {}).get("district")
            away = "" if there == self.question["district"] else "other_district"
            state[site] = away if site in entered else "district_unknown"
        return {site: state[site] for site in wanted}

    # --- the answers

    def standing(self) -> None:
        noun = "organisation" if any(k.startswith("organisation") for k in self.definition["kinds"]) else "cluster"
        last = self.newest(self.of("registered.v1", "declared.v1"), noun)
        why = {name: self.why_not(fact) for name, fact in last.items()}
        self.finish(self.of("merged.v1", "organisation.closed.v1", "dissolved.v1"), noun, why, begins)
        for name, fact in last.items():
            self.say(fact, "out", why[name]) if why[name] else self.say(fact, "count", (f"{noun}/{name}", 1))

    def why_not(self, fact: Record) -> str:
        if self.definition["types"] and fact["type"] not in self.definition["types"]:
            return "other_type"
        return self.therapies(fact) or ("later" if begins(fact) > self.until else "")

    def designated(self) -> None:
        last = self.newest(self.of("designation.given.v1"), "designation")
        why = {name: self.why_not(fact) for name, fact in last.items()}
        self.finish(self.of("withdrawn.v1"), "designation", why, begins)
        held = defaultdict(list)
        for name, fact in last.items():
            if why[name]:
                self.say(fact, "out", why[name])
            else:
                held[fact["site"]].append(fact)
        places = self.places(set(held), closing=True)
        for site, facts in held.items():
            facts.sort(key=lambda fact: (begins(fact), fact["_n"]))
            for number, fact in enumerate(facts):
                once = self.definition["rule"] == "facilities"
                if places[site]:
                    self.say(fact, "out", places[site])
                elif once and number:
                    self.say(fact, "out", "same_facility")
                else:
                    self.say(fact, "count", (f"site/{site}" if once else f"designation/{fact['designation']}", 1))

    def products(self) -> None:
        named = self.newest(self.of("product_named.v1"), "authorisation")
        last = self.newest(self.of("filed.v1", "granted.v1"), "authorisation")
        asked = bool(self.question["therapies"])
        timely = {name for name, fact in last.items() if not self.period(begins(fact))}
        for name, product in named.items():
            used = asked and name in timely and product["therapies"] != ""
            self.say(product, "basis") if used else self.say(product, "out", "no_effect")
        for name, fact in last.items():
            why = self.period(begins(fact)) or self.therapies(named.get(name, {"therapies": ""}))
            self.say(fact, "out", why) if why else self.say(fact, "count", (f"authorisation/{name}", 1))

    def returns(self) -> None:
        year = (self.until + timedelta(days=1)).year - 1
        filed = defaultdict(list)
        for fact in self.of("filed.v1"):
            filed[fact["annual_return"]].append(fact)
        waiting = []
        for facts in filed.values():
            chosen = ([f for f in facts if f["audit"] == "audited"] or facts)[-1]
            figure = chosen[self.definition["figure"]]
            for fact in facts:
                if fact is not chosen:
                    self.say(fact, "out", "corrected" if fact["audit"] == chosen["audit"] else "outdone_by_audit")
            why = "other_year" if chosen["year"] != year else self.therapies(chosen)
            why = why or ("figure_missing" if figure is None else "")
            if why:
                self.say(chosen, "out", why)
            else:
                waiting.append((chosen, figure))
        places = self.places({fact["establishment"] for fact, _ in waiting}, closing=False)
        for fact, figure in waiting:
            if self.definition["sales"] == "net" and self.definition["figure"] != "value_added":
                figure -= sum(sale["amount"] for sale in fact["sales"])
            why = places[fact["establishment"]]
            self.say(fact, "out", why) if why else self.say(fact, "count", (f"site/{fact['establishment']}", figure))

    def released(self) -> list[Record]:
        first: dict[str, Record] = {}
        for fact in self.of("released.v1", "supplied.v1"):
            if first.setdefault(fact["batch"], fact) is not fact:
                self.say(fact, "out", "same_batch")
        why = {batch: self.period(fact["_day"]) for batch, fact in first.items()}
        self.finish(self.of("revoked.v1"), "batch", why, lambda fact: fact["_day"])
        for batch, fact in first.items():
            if why[batch]:
                self.say(fact, "out", why[batch])
        return [fact for batch, fact in first.items() if not why[batch]]

    def doses(self) -> None:
        for fact in self.released():
            self.say(fact, "count", (f"batch/{fact['batch']}", 1))

    def listed_value(self) -> None:
        products = {f["authorisation"]: f for f in self.of("product_named.v1")}
        orders = {f["treatment"]: f for f in self.of("ordered.v1")}
        prices = self.of("price_listed.v1")
        used = set()
        for fact in self.released():
            recipe = orders.get(fact["treatment"], {"recipe": ""})["recipe"]
            named = [name for name, product in products.items() if product["recipe"] and product["recipe"] == recipe]
            fitting = [p for p in prices if named and p["authorisation"] == named[-1] and begins(p) <= fact["_day"]]
            if not fitting:
                self.say(fact, "out", "no_price")
                continue
            price = max(fitting, key=lambda p: (begins(p), p["_n"]))
            used |= {price["_hash"], orders[fact["treatment"]]["_hash"], products[named[-1]]["_hash"]}
            self.say(fact, "count", (f"batch/{fact['batch']}", price["price"]))
        for fact in self.of("product_named.v1", "ordered.v1", "price_listed.v1"):
            self.say(fact, "basis") if fact["_hash"] in used else self.say(fact, "out", "no_effect")

    def infused(self) -> dict[str, Record]:
        first: dict[str, Record] = {}
        for fact in self.of("infusion.started.v1"):
            if first.setdefault(fact["treatment"], fact) is not fact:
                self.say(fact, "out", "same_treatment")
            elif why := self.period(fact["_day"]):
                self.say(fact, "out", why)
        return {name: fact for name, fact in first.items() if not self.period(fact["_day"])}

    def patients(self) -> None:
        for name, fact in self.infused().items():
            self.say(fact, "count", (f"treatment/{name}", 1))

    def compared(
        self, beside: list[Record], chosen: dict[str, Record], amount: Callable[[Record, Record], int]
    ) -> None:
        infused = self.infused()
        for fact in beside:
            used = chosen[fact["treatment"]] is fact and fact["treatment"] in infused
            self.say(fact, "basis") if used else self.say(fact, "out", "no_effect")
        for name, fact in infused.items():
            if name in chosen:
                self.say(fact, "count", (f"treatment/{name}", amount(chosen[name], fact)))
            else:
                self.say(fact, "out", "incomplete")

    def on_time(self) -> None:
        slots = self.of("slot.reserved.v1")
        self.compared(
            slots,
            {fact["treatment"]: fact for fact in reversed(slots)},
            lambda slot, began: int(began["_at"] <= datetime.fromisoformat(slot["itinerary"]["infusion"])),
        )

    def vein_to_vein(self) -> None:
        taken = self.of("collection.completed.v1")
        last = {fact["treatment"]: fact for fact in taken}
        self.compared(taken, last, lambda start, began: (began["_at"] - start["_at"]) // timedelta(hours=1))

    def slots(self) -> None:
        for fact in self.of("slot.reserved.v1"):
            why = self.period(fact["_day"])
            self.say(fact, "out", why) if why else self.say(fact, "count", (f"treatment/{fact['treatment']}", 1))

    def suites(self) -> None:
        seen = set()
        last = {f["suite"]: f for f in self.of("taken_out.v1", "returned.v1") if f["_day"] <= self.until}
        registered = {}
        for fact in self.of("suite.registered.v1"):
            name = fact["suite"]
            if name in seen:
                self.say(fact, "out", "corrected")
                continue
            seen.add(name)
            out = name in last and last[name]["_kind"].endswith("taken_out.v1")
            why = self.period(fact["_day"]) or ("out_of_use" if out else "")
            registered[name] = why
            self.say(fact, "out", why) if why else self.say(fact, "count", (f"suite/{name}", 1))
        for fact in self.of("taken_out.v1", "returned.v1"):
            decisive = last.get(fact["suite"]) is fact and registered.get(fact["suite"]) == "out_of_use"
            late = fact["_day"] > self.until and fact["suite"] in registered
            self.say(fact, "basis") if decisive else self.say(fact, "out", "later" if late else "no_effect")


ANSWERS: dict[str, Callable[[Opinion], None]] = {
    "standing": Opinion.standing,
    "designations": Opinion.designated,
    "facilities": Opinion.designated,
    "products": Opinion.products,
    "returns": Opinion.returns,
    "doses": Opinion.doses,
    "listed_value": Opinion.listed_value,
    "patients": Opinion.patients,
    "on_time": Opinion.on_time,
    "vein_to_vein": Opinion.vein_to_vein,
    "slots": Opinion.slots,
    "suites": Opinion.suites,
}


def evidence(facts: list[Record], definition: Record, answer: dict[str, Any]) -> str:
    """What the value rests on at worst."""
    if answer["value"] is None:
        return ""
    counted = {each["fact"] for each in answer["contributions"]}
    weak = any(f["_hash"] in counted and f.get("audit") == "self_declared" for f in facts)
    return "self_declared" if weak else str(definition["evidence"])


def receipt(facts: list[Record], definition: Record, question: Record, *, ledger: str, size: int, root: str) -> bytes:
    """The document of a number that belongs to no target, as canonical bytes."""
    answer = Opinion(facts, definition, question).document()
    fingerprint = hashlib.sha256(canonical(definition)).hexdigest()
    return canonical(
        {
            "form": 1,
            "ledger": ledger,
            "size": size,
            "root": root,
            "measure": question["measure"],
            "definition": fingerprint,
            "question": question,
            "target": "",
            "goal": "",
            "day": question["until"],
            "unit": definition["unit"],
            "evidence": evidence(facts, definition, answer),
            "status": None,
            **answer,
        }
    )


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
