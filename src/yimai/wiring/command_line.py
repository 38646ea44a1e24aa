"""The ``yimai`` command: everything that an administrator or a planner needs without a browser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import get_args

from yimai.domain.site import SiteKind, SiteRegistered
from yimai.wiring import bench_arguments, compiled_code, programme_arguments
from yimai.wiring.network import Certificate, is_loopback
from yimai.wiring.problems import CommandProblem, plain_words

Task = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or a problem was found, 2 wrong usage, 130 stopped."""
    chosen = _parser().parse_args(arguments)
    compiled_code.choose_folder()
    task: Task = chosen.task
    try:
        return task(chosen)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as error:
        words = plain_words(error)
        if words is None:
            raise
        print(f"yimai: {words}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="yimai", description="Runs a city's cell and gene therapy programme, from its plan to a patient's dose."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_demo(commands)
    _add_ledger_commands(commands)
    _add_personal_data(commands)
    _add_begin(commands)
    _add_accounts(commands)
    _add_file_commands(commands)
    _add_plan(commands)
    _add_roadmap(commands)
    bench_arguments.add(commands, _command)
    return parser


Commands = argparse._SubParsersAction  # the type that add_subparsers returns has no public name


def _command(
    commands: Commands[argparse.ArgumentParser], name: str, words: str, task: Task, *, folder: bool = True
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=words, description=words)
    command.set_defaults(task=task)
    if folder:
        command.add_argument(
            "--folder", type=Path, default=Path("data"), help="where the embedded database and its key lie (data)"
        )
    return command


def _add_demo(commands: Commands[argparse.ArgumentParser]) -> None:
    demo = _command(commands, "demo", "Load a simulated programme and show it in the browser.", _demo)
    demo.add_argument("--check", action="store_true", help="one treatment from order to infusion, without a browser")
    demo.add_argument("--seed", type=int, default=1, help="seed of the simulated plant (1)")
    demo.add_argument("--start", default="2026-08-03T08:00:00+08:00", help="when the simulation begins (ISO 8601)")
    demo.add_argument("--treatments", type=int, default=60, help="how many treatments are simulated (60)")
    demo.add_argument("--port", type=int, default=8080, help="port on loopback (8080, or the next that is free)")
    demo.add_argument("--load-only", action="store_true", help="load the simulated programme, do not serve")
    serve = _command(commands, "serve", "Show the ledger in the browser, on loopback.", _serve)
    serve.add_argument("--port", type=int, default=8080, help="port (8080, or the next that is free)")
    _add_network(serve, "beyond loopback only if check --deploy passes")
    check = _command(
        commands, "check", "Say whether the installation may be reached over a network.", _check_deployment
    )
    check.add_argument("--deploy", action="store_true", required=True, help="judge settings, secrets and database")
    _add_network(check, "as serve would be given it")


def _add_network(command: argparse.ArgumentParser, listen: str) -> None:
    command.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS", help=listen)
    command.add_argument("--certificate", type=Path, metavar="FILE", help="PEM file, for TLS without a proxy")
    command.add_argument("--key", type=Path, metavar="FILE", help="the certificate's private key, a PEM file")


def _add_ledger_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    verify = _command(commands, "verify", "Re-derive every hash, chain and root of the ledger.", _verify)
    verify.add_argument("--noted", metavar="SIZE:ROOT", help="a checkpoint noted earlier, to find rewritten history")
    _command(commands, "checkpoint", "Seal the ledger and print its checkpoint, to be noted elsewhere.", _checkpoint)
    trace = _command(commands, "trace", "Print everything about a treatment, container, lot, person or room.", _trace)
    trace.add_argument("identifier", help="any identifier, with or without hyphens")
    trace.add_argument("--language", choices=("zh", "en"), default="en")
    vein = _command(commands, "vein", "Print a treatment's vein: when, what, who, where, holder.", _vein)
    vein.add_argument("identifier", help="the treatment's COI identifier")
    vein.add_argument("--language", choices=("zh", "en"), default="en")
    projections = commands.add_parser("projections", help="Look after what the screens read.")
    under = projections.add_subparsers(metavar="COMMAND", required=True)
    _command(under, "rebuild", "Drop what the screens read and compute it anew from the facts.", _rebuild)


def _add_personal_data(commands: Commands[argparse.ArgumentParser]) -> None:
    words = "Restrict or destroy a patient's data in the vault."
    under = commands.add_parser("personal-data", help=words, description=words)
    verbs = under.add_subparsers(metavar="COMMAND", required=True)
    for verb, help_words in (
        ("restrict", "Close a treatment's personal data to all but legal duties."),
        ("destroy", "Destroy the keys and salts of a treatment whose retention track has ended."),
    ):
        command = _command(verbs, verb, help_words, _personal_data)
        command.set_defaults(verb=verb)
        command.add_argument("identifier", help="the treatment's COI identifier")
        command.add_argument("--person", required=True, help="identifier of the person who decides")
        command.add_argument("--reason", required=True, help="a reason's code, for example treatment_ended")


def _add_begin(commands: Commands[argparse.ArgumentParser]) -> None:
    begin = _command(commands, "begin", "Begin a new ledger: its first administrator and his or her site.", _begin)
    begin.add_argument("person", help="the administrator's identifier, such as administrator-01")
    begin.add_argument("--name", required=True, help="as printed under signatures; kept in the vault")
    begin.add_argument("--site", required=True, help="the site's identifier, such as city-authority")
    begin.add_argument("--kind", choices=get_args(SiteKind), default="authority", help="what the site is (authority)")
    begin.add_argument("--title-zh", required=True, metavar="TITLE", help="the site's name in Chinese")
    begin.add_argument("--title-en", required=True, metavar="TITLE", help="the site's name in English")
    begin.add_argument("--district", required=True, help="the district in which it lies")
    begin.add_argument("--zone", type=int, default=480, metavar="MINUTES", help="the site's offset from UTC (480)")


def _add_accounts(commands: Commands[argparse.ArgumentParser]) -> None:
    words = "Accounts: who may sign in."
    verbs = commands.add_parser("account", help=words, description=words).add_subparsers(
        metavar="COMMAND", required=True
    )
    for verb, help_words in (
        ("create", "Make an account for a registered person, or renew its password; prints a one-time password."),
        ("revoke", "Close an account and end its sessions at once."),
        ("unlock", "Let an account that repeated failures locked try again."),
    ):
        command = _command(verbs, verb, help_words, _account)
        command.set_defaults(verb=verb)
        command.add_argument("person", help="the person's identifier in the ledger")
    _command(verbs, "list", "Print every account with its state.", _account).set_defaults(verb="list")


def _add_file_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    for noun in ("recipe", "base", "programme"):
        words = f"Check or approve a {noun} file."
        under = commands.add_parser(noun, help=words, description=words).add_subparsers(
            metavar="COMMAND", required=True
        )
        check = _command(under, "check", f"Check a {noun} file; every mistake with its line.", _check, folder=False)
        check.set_defaults(noun=noun)
        check.add_argument("file", type=Path)
        if noun == "recipe":
            check.add_argument("--base", type=Path, help="also check whether this base can run the recipe")
        approve = _command(under, "approve", f"Approve a {noun} file: a fact that holds its content.", _approve)
        approve.set_defaults(noun=noun)
        approve.add_argument("file", type=Path)
        approve.add_argument("--person", required=True, help="identifier of the person who approves")
        if noun == "programme":
            programme_arguments.add(under, _command)


def _add_plan(commands: Commands[argparse.ArgumentParser]) -> None:
    words = "Plan on files alone: a recipe, a base and orders."
    under = commands.add_parser("plan", help=words, description=words).add_subparsers(metavar="WHAT", required=True)
    timetable = _command(under, "timetable", "The base's timetable for these orders.", _plan_timetable, folder=False)
    _add_plan_files(timetable)
    timetable.add_argument("--moves", type=int, default=20_000, help="how long it searches (20000)")
    timetable.add_argument("--json", type=Path, metavar="FILE", help="also write it as JSON")
    repair = _command(under, "repair", "Ways to go on when something has broken.", _plan_repair, folder=False)
    _add_plan_files(repair)
    repair.add_argument("--moves", type=int, default=4_000, help="how long each way is searched for (4000)")
    for name, form, help_words in (
        ("away", ("NAME", "FROM", "UNTIL"), "a suite or equipment out of use, a person who is absent"),
        ("again", ("TREATMENT", "READY"), "collected again, then or later: collection failed or moved, batch lost"),
        ("longer", ("TREATMENT", "TASK", "HOURS"), "slow growth (step:…), a repeated test (test:…), a late courier (inbound)"),
    ):  # fmt: skip
        repair.add_argument(f"--{name}", action="append", nargs=len(form), default=[], metavar=form, help=help_words)
    repair.add_argument("--json", type=Path, metavar="FILE", help="also write the options as JSON")
    offer = _command(under, "offer", "Itineraries for one order that move nobody else.", _plan_offer, folder=False)
    _add_plan_files(offer)
    offer.add_argument("--order", required=True, metavar="ID", help="the order that asks")
    offer.add_argument("--number", type=int, default=5, help="how many (5)")
    forecast = _command(
        under, "forecast", "When each will be released, delivered and given.", _plan_forecast, folder=False
    )
    _add_plan_files(forecast)
    words = "How often hold times run out, by how growth is booked."
    policies = _command(under, "policies", words, _plan_policies, folder=False)
    _add_plan_files(policies)
    policies.add_argument("--moves", type=int, default=5_000, help="how long each timetable is searched for (5000)")
    policies.add_argument("--replications", type=int, default=20, help="courses of events (20)")
    policies.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")
    _add_simulate(under)
    _add_whatif(under)
    words = "What the ledger measured, beside the recipe; a draft for review."
    calibrate = _command(under, "calibrate", words, _plan_calibrate)
    for name, help_words in (("base", "the first"), ("recipe", "the first"), ("version", "the latest approved")):
        calibrate.add_argument(f"--{name}", default="", help=f"identifier ({help_words})")
    calibrate.add_argument("--propose", type=Path, metavar="FILE", help="write a draft of the recipe's next version")
    calibrate.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")

    words = "Compile the planner ahead: about a minute, once a version."
    _command(under, "prepare", words, _plan_prepare, folder=False)


def _add_simulate(under: Commands[argparse.ArgumentParser]) -> None:
    simulate = _command(under, "simulate", "Years of the base, with intervals.", _plan_simulate, folder=False)
    _add_simulated(simulate, 5.0, 20)
    simulate.add_argument(
        "--base", type=Path, required=True, action="append", dest="bases", metavar="FILE",
        help="base file; given again: a network of bases",
    )  # fmt: skip
    simulate.add_argument(
        "--policy", choices=("own", "earliest"), action="append", default=[], dest="policies",
        help="where a network sends patients: to the hospital's own base, or where they are treated first (both, compared)",
    )  # fmt: skip
    simulate.add_argument(
        "--own", type=Path, metavar="FILE", help="CSV file: hospital, base; the others' own is the nearest"
    )
    simulate.add_argument("--workers", type=int, default=1, help="processes on this machine (1)")
    simulate.add_argument(
        "--keep", type=Path, metavar="FILE", dest="kept", help="keep each replication; go on from there"
    )
    simulate.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler, instead of --workers")


def _add_whatif(under: Commands[argparse.ArgumentParser]) -> None:
    whatif = _command(under, "whatif", "The base beside named changes, in pairs.", _plan_whatif, folder=False)
    _add_simulated(whatif, 3.0, 30)
    whatif.add_argument("--base", type=Path, required=True, help="base file")
    whatif.add_argument(
        "--change", action="append", default=[], dest="changes", metavar="NAME",
        help="suite, night, day, closed, demand, qc, courier, or several joined by + (each one); may be given again",
    )  # fmt: skip
    whatif.add_argument("--language", choices=("en", "zh"), default="en", help="of what is printed (en)")


def _add_simulated(command: argparse.ArgumentParser, years: float, replications: int) -> None:
    command.add_argument("--recipe", type=Path, required=True, help="recipe file")
    command.add_argument(
        "--scenario", type=Path, metavar="FILE", help="YAML: who comes, what goes wrong, what it costs"
    )
    command.add_argument("--years", type=float, default=years, help=f"of each replication ({years:g})")
    command.add_argument("--replications", type=int, default=replications, help=f"how many ({replications})")
    command.add_argument("--seed", type=int, default=1, help="the same seed gives the same figures, however run (1)")
    command.add_argument("--begins", default="2026-03-02", help="a day of the first week (2026-03-02)")
    command.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")


def _add_plan_files(command: argparse.ArgumentParser) -> None:
    for name, help_words in (
        ("recipe", "recipe file"), ("base", "base file"), ("orders", "CSV file: id, hospital, ready, urgency, due, …"),
    ):  # fmt: skip
        command.add_argument(f"--{name}", type=Path, required=True, help=help_words)
    command.add_argument("--happened", type=Path, help="CSV file: id, task, starts, ends of what has begun")
    command.add_argument("--now", help="when the plan begins (ISO 8601; the present)")
    command.add_argument("--days", type=int, default=120, help="how far it looks ahead (120)")
    command.add_argument("--quantile", type=float, default=0.8, help="of the durations that are planned with (0.8)")
    command.add_argument("--seed", type=int, default=1, help="the same seed gives the same answer (1)")


def _add_roadmap(commands: Commands[argparse.ArgumentParser]) -> None:
    words = "The cheapest sites, suites and years that meet a city's goals."
    roadmap = _command(commands, "roadmap", words, _roadmap, folder=False)
    roadmap.add_argument("file", type=Path, help="roadmap file")
    roadmap.add_argument(
        "--without", action="append", default=[], metavar="GOAL", help="leave a goal out; may be given again"
    )
    roadmap.add_argument(
        "--alternatives", type=int, default=0, metavar="NUMBER", help="other sets of sites near the best (0)"
    )
    roadmap.add_argument("--prices", action="store_true", help="also what each goal costs")
    roadmap.add_argument(
        "--odds", type=int, default=0, metavar="NUMBER", help="simulate so many years of each scenario (0)"
    )
    for name, words in (
        ("recipe", "what the simulated bases make (cd19-cart)"),
        ("base", "what each is like (lingang)"),
    ):
        roadmap.add_argument(f"--{name}", type=Path, metavar="FILE", help=words)
    roadmap.add_argument("--seed", type=int, default=1, help="of the simulation (1)")
    roadmap.add_argument("--gap", type=float, default=0.2, help="good enough, in per cent of the cost (0.2)")
    roadmap.add_argument("--language", choices=("en", "zh"), default="en", help="of what is printed (en)")
    roadmap.add_argument("--json", type=Path, metavar="FILE", help="also write it as JSON")


def _demo(chosen: argparse.Namespace) -> int:
    from yimai.wiring import demo

    if chosen.check:
        return demo.check(seed=chosen.seed, start=chosen.start)
    with nullcontext() if chosen.load_only else compiled_code.made_meanwhile():
        return demo.run(
            chosen.folder,
            seed=chosen.seed,
            start=chosen.start,
            treatments=chosen.treatments,
            port=None if chosen.load_only else chosen.port,
        )


def _serve(chosen: argparse.Namespace) -> int:
    from yimai.wiring import serve

    with compiled_code.made_meanwhile():
        return serve.serve_folder(chosen.folder, chosen.port, chosen.listen, _certificate(chosen))


def _certificate(chosen: argparse.Namespace) -> Certificate | None:
    if (chosen.certificate is None) != (chosen.key is None):
        raise CommandProblem("--certificate and --key belong together; give both, or neither")
    return Certificate(chosen.certificate, chosen.key) if chosen.certificate is not None else None


def _check_deployment(chosen: argparse.Namespace) -> int:
    from yimai.wiring import deploy_check

    is_loopback(chosen.listen)
    found = deploy_check.shortcomings(deploy_check.installation_at(chosen.folder, _certificate(chosen)))
    for each in found:
        print(f"- {each.what}: {each.mend}")
    print(f"{len(found)} shortcomings: not to be served on a network." if found else "May be served on a network.")
    return 1 if found else 0


def _verify(chosen: argparse.Namespace) -> int:
    from yimai.wiring import ledger_commands

    return ledger_commands.verify(chosen.folder, chosen.noted)


def _checkpoint(chosen: argparse.Namespace) -> int:
    from yimai.wiring import ledger_commands

    return ledger_commands.checkpoint(chosen.folder)


def _trace(chosen: argparse.Namespace) -> int:
    from yimai.wiring import ledger_commands

    return ledger_commands.trace(chosen.folder, chosen.identifier, chosen.language)


def _vein(chosen: argparse.Namespace) -> int:
    from yimai.wiring import ledger_commands

    return ledger_commands.vein(chosen.folder, chosen.identifier, chosen.language)


def _rebuild(chosen: argparse.Namespace) -> int:
    from yimai.wiring import ledger_commands

    return ledger_commands.rebuild(chosen.folder)


def _personal_data(chosen: argparse.Namespace) -> int:
    from yimai.wiring import personal_data

    act = personal_data.restrict if chosen.verb == "restrict" else personal_data.destroy
    return act(chosen.folder, chosen.identifier, chosen.person, chosen.reason)


def _begin(chosen: argparse.Namespace) -> int:
    from yimai.wiring import beginning

    titles = (chosen.title_zh, chosen.title_en)
    registration = SiteRegistered(chosen.site, chosen.kind, *titles, chosen.district, chosen.zone)
    return beginning.begin(chosen.folder, chosen.person, chosen.name, registration)


def _account(chosen: argparse.Namespace) -> int:
    from yimai.wiring import account_commands

    if chosen.verb == "list":
        return account_commands.list_all(chosen.folder)
    acts = {
        "create": account_commands.create,
        "revoke": account_commands.revoke,
        "unlock": account_commands.unlock,
    }
    return acts[chosen.verb](chosen.folder, chosen.person)


def _check(chosen: argparse.Namespace) -> int:
    from yimai.interfaces.files import check_command

    if chosen.noun == "recipe":
        return check_command.check_recipe(chosen.file, chosen.base)
    check = check_command.check_base if chosen.noun == "base" else check_command.check_programme
    return check(chosen.file)


def _approve(chosen: argparse.Namespace) -> int:
    from yimai.wiring import ledger_commands

    return ledger_commands.approve(chosen.folder, chosen.noun, chosen.file, chosen.person)


PLAN_FILES = ("recipe", "base", "orders", "happened", "now", "days", "quantile", "seed")


def _plan_timetable(chosen: argparse.Namespace) -> int:
    from yimai.wiring import plan_commands

    names = (*PLAN_FILES, "moves", "json")
    return plan_commands.timetable(plan_commands.Asked(**{name: getattr(chosen, name) for name in names}))


def _plan_repair(chosen: argparse.Namespace) -> int:
    from yimai.wiring import plan_commands, plan_repair

    names = (*PLAN_FILES, "moves", "json")
    asked = plan_commands.Asked(**{name: getattr(chosen, name) for name in names})
    return plan_repair.repair(asked, plan_repair.Broken(chosen.away, chosen.again, chosen.longer))


def _plan_offer(chosen: argparse.Namespace) -> int:
    from yimai.wiring import plan_commands, plan_odds

    asked = plan_commands.Asked(**{name: getattr(chosen, name) for name in PLAN_FILES})
    return plan_odds.offer(asked, chosen.order, chosen.number)


def _plan_forecast(chosen: argparse.Namespace) -> int:
    from yimai.wiring import plan_commands, plan_odds

    return plan_odds.forecasts(plan_commands.Asked(**{name: getattr(chosen, name) for name in PLAN_FILES}))


def _plan_policies(chosen: argparse.Namespace) -> int:
    from yimai.wiring import plan_commands, policy_command

    names = [*PLAN_FILES, "moves", "json"]
    asked = plan_commands.Asked(**{name: getattr(chosen, name) for name in names})
    return policy_command.policies(asked, chosen.replications)


def _plan_simulate(chosen: argparse.Namespace) -> int:
    from yimai.wiring import network_command, simulate_command

    names = simulate_command.Asked.__dataclass_fields__
    asked = simulate_command.Asked(
        **{name: getattr(chosen, name) for name in names if name != "base"}, base=chosen.bases[0]
    )
    if len(chosen.bases) == 1:
        return simulate_command.simulate(asked, chosen.policies, chosen.own)
    return network_command.simulate(
        network_command.Asked(asked, tuple(chosen.bases), tuple(chosen.policies), chosen.own)
    )


def _plan_whatif(chosen: argparse.Namespace) -> int:
    from yimai.wiring import whatif_command

    names = whatif_command.Asked.__dataclass_fields__
    return whatif_command.whatif(whatif_command.Asked(**{name: getattr(chosen, name) for name in names}))


def _roadmap(chosen: argparse.Namespace) -> int:
    from yimai.wiring import roadmap_command

    names = roadmap_command.Asked.__dataclass_fields__
    return roadmap_command.roadmap(roadmap_command.Asked(**{name: getattr(chosen, name) for name in names}))


def _plan_calibrate(chosen: argparse.Namespace) -> int:
    from yimai.wiring import calibrate_command

    names = ("folder", "base", "recipe", "version", "propose", "json")
    return calibrate_command.run(calibrate_command.Asked(**{name: getattr(chosen, name) for name in names}))


def _plan_prepare(chosen: argparse.Namespace) -> int:
    compiled_code.make()
    return 0
