"""The command `kompas`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from knowledge.entry import LANGUAGES
from kompas import desk_commands, knowledge_commands
from kompas.settings import QUESTIONS, ROOT, WEAK, Settings, SettingsError, read_settings, settings_path

COMMITTED_RESULT = ROOT / "tests" / "data" / "evaluation.json"
# Which questions a score counts. Scores that hang on the encoder may lose one question: its arithmetic differs a little with
# the processor and the batch. Crisis scores may lose none.
COUNTED = {
    "hit_at_1": "answerable",
    "hit_at_3": "answerable",
    "answered": "answerable",
    "refused": "answerable",
    "wrong": "unanswerable",
    "crisis_recall": "crisis",
    "false_alarms": "lookalike",
}
LOWER_IS_BETTER = {"refused", "wrong", "false_alarms"}
EXACT = {"crisis_recall", "false_alarms"}


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code. Expected failures end with one sentence on stderr."""
    options = parser().parse_args(arguments)
    try:
        options.settings_file = settings_path(options.settings).resolve()
        settings = read_settings(options.settings_file)
        return int(options.run(options, settings))
    except _expected() as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0


def _expected() -> tuple[type[Exception], ...]:
    from channels.desk.accounts import AccountError
    from channels.ledger import KeyFileError
    from knowledge.problem import KnowledgeError
    from knowledge.sheets import SheetError
    from kompas.supervisor import StartError
    from kompas.training import TrainingError
    from retrieval.encoder import EncoderError
    from retrieval.sentence_sets import SentenceSetError

    return (
        SettingsError, KnowledgeError, SheetError, EncoderError, SentenceSetError, StartError, TrainingError, KeyFileError,
        AccountError,
    )  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="kompas", description=__doc__)
    top.add_argument("--settings", type=Path, help="settings file (default: settings.toml)")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[..., int], text: str, parent: Any = commands) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = parent.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    ask_parser = add("ask", ask, "answer a question: crisis rules and retrieval, without Rasa")
    ask_parser.add_argument("question", nargs="*", metavar="QUESTION")
    ask_parser.add_argument("--lang", choices=LANGUAGES, help="the question's language (default: detected)")
    ask_parser.add_argument("--json", action="store_true", help="print the whole reply as one line of JSON")
    ask_parser.add_argument("--jsonl", action="store_true", help="questions from stdin, a JSON object a line")
    evaluate_parser = add("evaluate", evaluate, "ask the public questions and print a table per language")
    evaluate_parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    evaluate_parser.add_argument("--misses", action="store_true", help="also print every question that went wrong")
    evaluate_parser.add_argument("--check", action="store_true", help="fail when worse than the committed result")
    evaluate_parser.add_argument("--commit", action="store_true", help="write the result to tests/data/evaluation.json")
    evaluate_parser.add_argument("--encoder", metavar="NAME", help="with another encoder: a folder, or owner/model@revision")
    evaluate_parser.add_argument(
        "--sentences", type=Path, metavar="DIR", help="also judge the encoder alone on published sets"
    )
    encoder_parser = commands.add_parser("encoder", help="choose the sentence encoder")
    choices = encoder_parser.add_subparsers(required=True, metavar="WHAT")
    use_parser = add(
        "use", encoder_use, "fetch a model if needed, build the index and the thresholds, write the settings", choices
    )
    use_parser.add_argument("name", metavar="NAME", help="bundled, a folder, or owner/model[@revision] of a model hub")
    add("calibrate", calibrate, "set the thresholds of the encoder in use from the public questions")
    add("run", run, "train if needed, start everything, wait until a question is answered")
    add("train", train, "train the Rasa model if what it is made of changed")
    add("chat", chat, "talk to a running Kompas in the terminal")
    serve_parser = add("serve", serve, "run one process (the supervisor does this)")
    serve_parser.add_argument("part", choices=("actions", "web"))
    doctor_parser = add("doctor", doctor, "look whether everything is as it should be, and print a table")
    doctor_parser.add_argument("--online", action="store_true", help="also ask the platforms of the channels switched on")
    add("stats", stats, "print the counts of a running Kompas, none of them of fewer than ten people")
    knowledge_commands.add_to(commands, add)
    desk_commands.add_to(commands, add)
    return top


def ask(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas ask`."""
    from kompas.wiring import build_assistant

    if not options.jsonl and not options.question:
        print('no question given: kompas ask "mag de politie mijn huis in?"', file=sys.stderr)
        return 2
    assistant = build_assistant(settings).assistant
    if options.jsonl:
        return _ask_lines(assistant.ask, sys.stdin)
    reply = assistant.ask(" ".join(options.question), options.lang)
    print(json.dumps(reply, ensure_ascii=False) if options.json else _plain(reply))
    return 0


def _ask_lines(answer: Callable[[str, str | None], dict[str, Any]], lines: Iterable[str]) -> int:
    failed = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            text, language = given["text"], given.get("lang")
            if not isinstance(text, str) or language not in (None, *LANGUAGES):
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError):
            wrong = f'line {number} is no {{"text": …, "lang": {"|".join(LANGUAGES)} or absent}}'
            print(json.dumps({"error": wrong}, ensure_ascii=False), flush=True)
            failed = 1
            continue
        print(json.dumps(answer(text, language), ensure_ascii=False), flush=True)
    return failed


def _plain(reply: dict[str, Any]) -> str:
    lines = [
        f"[{reply['decision']}, {reply['language']}, {reply['score']:.2f}] {reply['entry'] or ''}".rstrip(),
        reply["text"],
    ]
    if reply["decision"] == "choices":
        lines += [f"  - {choice['title']} ({choice['entry']})" for choice in reply["choices"]]
    lines += [f"  {source['title']}: {source['url']}, checked on {source['checked_on']}" for source in reply["sources"]]
    return "\n".join(lines)


def evaluate(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas evaluate`."""
    from kompas.wiring import build_assistant
    from retrieval import calibration, evaluation, sentence_sets

    if options.encoder and (options.commit or options.check):
        print("--commit and --check are about the encoder of the settings: leave out --encoder", file=sys.stderr)
        return 2
    questions = evaluation.read_questions(QUESTIONS)
    chosen = _with_encoder(settings, options.encoder) if options.encoder else settings
    assistant = build_assistant(chosen, calibrated=chosen is settings).assistant
    if chosen is not settings:  # another encoder is compared with thresholds of its own
        assistant.searcher.calibration = calibration.calibrate(assistant.searcher, questions)
    scores = evaluation.evaluate(questions, assistant.ask)
    found = evaluation.as_json(scores)
    judged = sentence_sets.judge(assistant.searcher.encoder, options.sentences) if options.sentences else []
    alone = {"sentences": [vars(result) for result in judged]} if judged else {}
    print(json.dumps(found | alone, indent=1) if options.json else evaluation.table(scores))
    if judged and not options.json:
        print("\n" + sentence_sets.table(judged))
    if options.misses:
        _print_misses(questions, assistant.ask)
    if options.commit:
        COMMITTED_RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        missed = evaluation.weak(questions, assistant.ask)
        WEAK.write_text(json.dumps(missed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    worse = regressions(found, json.loads(COMMITTED_RESULT.read_text(encoding="utf-8"))) if options.check else []
    for line in worse:
        print(line, file=sys.stderr)
    return 1 if worse else 0


def _with_encoder(settings: Settings, name: str) -> Settings:
    return settings.model_copy(update={"encoder": settings.encoder.model_copy(update={"model": name})})


def encoder_use(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas encoder use NAME`: the settings change last, when everything else has worked."""
    from kompas import encoders

    name = encoders.fetch_if_needed(options.name, settings)
    chosen = _with_encoder(settings, name)
    if name != "bundled":
        _calibrate(chosen)
    encoders.write_choice(name, options.settings_file)
    print(f"{options.settings_file}: encoder {name}; start Kompas again to use it")
    return 0


def regressions(found: dict[str, dict[str, float]], committed: dict[str, dict[str, float]]) -> list[str]:
    """What is worse than the committed result by more than one question; for crises, by any."""
    worse = []
    for language, before in committed.items():
        for name, kind in COUNTED.items():
            change = found[language][name] - before[name]
            loss = change if name in LOWER_IS_BETTER else -change
            if loss > (0.0 if name in EXACT else 1.01 / before[kind]):
                worse.append(f"{language}: {name} is {found[language][name]}, committed is {before[name]}")
    return worse


def _print_misses(questions: list[Any], answer: Callable[[str, str], dict[str, Any]]) -> None:
    from retrieval.evaluation import is_hit, ranked

    for question in questions:
        line = answer(question.text, question.language)
        right = {
            "answerable": is_hit(question, line, 1),
            "unanswerable": line["decision"] != "answer",
            "crisis": line["decision"] == "crisis",
            "lookalike": line["decision"] != "crisis",
        }[question.kind]
        if not right:
            wanted, got = "|".join(sorted(question.expected)), ",".join(ranked(line)[:3])
            said = f"{line['decision']} {line['score']}"
            print(question.kind, question.language, wanted, said, got, question.text, sep="\t")


def calibrate(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas calibrate`."""
    _calibrate(settings)
    return 0


def _calibrate(settings: Settings) -> None:
    """Builds the index, fits the thresholds to the public questions, keeps and prints them."""
    from kompas.wiring import build_assistant, calibration_file
    from retrieval import calibration, evaluation
    from retrieval.search import write_calibration

    searcher = build_assistant(settings, calibrated=False).assistant.searcher
    questions = evaluation.read_questions(QUESTIONS)
    found = calibration.calibrate(searcher, questions)
    target = calibration_file(settings, searcher.encoder.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_calibration(found, target)
    print(found.belief)
    for language, limits in found.thresholds.items():
        print(f"{language}: answer from {limits.answer}, choices from {limits.choices}")
    for name, share in calibration.held_out(searcher, questions).items():
        print(f"held out, {name}: {share:.3f}")


def train(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas train`."""
    from kompas.training import train_if_needed

    began = time.monotonic()
    model, trained = train_if_needed(settings)
    print(f"{'trained' if trained else 'up to date'}: {model.name} ({time.monotonic() - began:.1f} s)")
    return 0


def run(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas run`."""
    return asyncio.run(_run(options.settings_file, settings))


async def _run(settings_file: Path, settings: Settings) -> int:
    from knowledge.library import load
    from kompas import channels
    from kompas.supervisor import Supervisor, check_ports, children, wait_until_answering
    from kompas.training import train_if_needed

    def say(line: str) -> None:
        print(line, flush=True)

    channels.build(settings)  # a secret that is missing stops the start here, in one sentence
    check_ports(settings)
    library = load(settings.knowledge)
    say(f"Knowledge: {len(library.entries)} entries, version {library.version}")
    announcement = "Training the Rasa model (one to three minutes; only when questions or rules changed) ..."
    model, trained = await asyncio.to_thread(train_if_needed, settings, lambda: say(announcement))
    say(f"Rasa model: {model.name}, {'trained now' if trained else 'up to date'}")
    say("Starting Rasa, the action server and the web chat ...")
    supervisor = Supervisor(children(settings, settings_file, model), say)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, supervisor.stop)
    running = asyncio.create_task(supervisor.run())
    question = next(iter(library.entries.values())).nl.question
    ready = asyncio.create_task(wait_until_answering(settings, question, say))
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if ready.done():
            say(f"Ready after {ready.result():.1f} s: {settings.web_url}   (Ctrl-C stops everything)")
            await running
    finally:
        ready.cancel()
        supervisor.stop()
        await running
    say("Stopped.")
    return 0


def doctor(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas doctor`. 1 when something is wrong."""
    from kompas.doctor import doctor as examine
    from kompas.doctor import table

    findings = examine(settings, options.online)
    print(table(findings))
    return int(any(finding.right is False for finding in findings))


def stats(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas stats`."""
    from kompas.stats import stats as counted

    print(counted(settings))
    return 0


def chat(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas chat`."""
    from kompas.chat import chat as talk

    return talk(settings)


def serve(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas serve actions|web`."""
    import uvicorn

    from kompas import wiring
    from kompas.logs import keep_quiet
    from kompas.settings import LOOPBACK

    keep_quiet(os.environ.get("KOMPAS_LOG_LEVEL", "WARNING"))
    if options.part == "actions":
        app, host, port = wiring.build_action_app(settings), LOOPBACK, settings.actions.port
    else:
        app, host, port = wiring.build_web_app(settings), settings.web.host, settings.web.port
    # access_log stays off: it would hold addresses. h11 refuses what is no HTTP without quoting it.
    uvicorn.run(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        h11_max_incomplete_event_size=65536,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
