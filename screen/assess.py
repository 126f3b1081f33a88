"""One message to one assessment."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from screen.classifier import Opinion, classifier
from screen.explanation import ExemptionHit, Explanation, Finding, Outcome, Reading, RuleHit
from screen.model import Assessment, Language, Severity
from screen.normalise import Sentence, sentences
from screen.rules import Exemption, Hit, Rule, RuleBook, rule_book
from screen.scope import about, denied_by, is_personal

REMEMBERED = 3  # earlier messages that are read together with this one
REMEMBERED_OF_EACH = 500  # characters, its end: a sentence sent in pieces goes on where the last message stopped
CLASSIFIER = "classifier"  # the evidence's rule where the trained net flagged
# Both from examples that the net was not trained on, ordinary questions among them: docs/decisions/0010.
FLAG_FROM = 0.85
SUPPORT_FROM = 0.1
SETTLES = ("idiom.", "question.can_it_cause")  # exemptions whose sentences the net is not asked about
# Enough is known and the rest is not read: nothing ranks above imminent, and forty findings are no error.
ENOUGH, ENOUGH_IMMINENT = 40, 8


def warm_up() -> None:
    """Loads the rules now, not with the first message."""
    assess("i want to die")


def assess(text: str, previous: Sequence[str] = ()) -> Assessment:
    """`previous` are the visitor's earlier messages, oldest first. Never raises on a string.

    Two nets, and either flags: the rules of data/screen, and the trained classifier of models/screen. A rule that is
    not marked certain needs a little support of the classifier.
    """
    return explain(text, previous).assessment


def explain(text: str, previous: Sequence[str] = ()) -> Explanation:
    """Every step of `assess`, and what each left behind."""
    book = rule_book()
    read = sentences(text, book.lexicon)
    reading = _reading(text, read, book)
    opinions = _supported(reading, book)
    findings = reading.findings
    behind_earlier: Reading | None = None
    if not findings and previous:
        behind_earlier = _behind_earlier(text, previous, book)
        findings = behind_earlier.findings
    if findings:
        return Explanation(text, _language(read, book), reading, behind_earlier, opinions, findings)
    if opinions is None:
        opinions = classifier().opinions(reading.unsettled, text)
    found = _trained(opinions)
    return Explanation(text, _language(read, book), reading, behind_earlier, opinions, found, by_net=bool(found))


def _supported(reading: Reading, book: RuleBook) -> list[Opinion] | None:
    """Doubts what no certain rule found and the net sees next to no risk in; its opinions where it supports them.

    The net is shown the whole message for this, what an exemption settled included, and then each sentence with a hit
    by itself, for harmless neighbours calm it.
    """
    counted = [hit for hit in reading.hits if hit.outcome is Outcome.counted]
    if not counted or any(book.rules[hit.finding.rule].certain for hit in counted):
        return None
    opinions = classifier().opinions(reading.sentences, reading.text)
    if any(opinion.chance >= SUPPORT_FROM for opinion in opinions):
        return opinions
    starts = {hit.finding.start for hit in counted}
    for sentence in reading.sentences:
        if sentence.words and any(sentence.words[0].start <= start <= sentence.words[-1].end for start in starts):
            alone = classifier().opinions([sentence], reading.text)
            if any(opinion.chance >= SUPPORT_FROM for opinion in alone):
                return alone
    reading.hits = [
        replace(hit, outcome=Outcome.doubted) if hit.outcome is Outcome.counted else hit for hit in reading.hits
    ]
    return None


def _reading(text: str, read: list[Sentence], book: RuleBook) -> Reading:
    """What the rules find, and the sentences that an exemption settles as harmless ("kill me now lol")."""
    reading = Reading(text, read)
    of_message: list[Exemption] = []
    seen: set[tuple[str, ...]] = set()
    counted: list[Finding] = []
    for sentence in read:
        said = sentence.said
        if said in seen or _is_enough(counted):
            reading.unread.append(sentence)
            continue
        seen.add(said)
        hits = book.find(sentence)
        exempt = [(book.exemptions[hit.id], hit) for hit in hits if hit.id in book.exemptions]
        of_message += [exemption for exemption, _ in exempt if exemption.scope == "message"]
        reading.exemptions += [ExemptionHit(exemption.id, *_span(at, sentence)) for exemption, at in exempt]
        if any(exemption.id.startswith(SETTLES) for exemption, _ in exempt):
            reading.settled.add(said)  # a set phrase; what the rest of it says is the rules' to find
        for hit in hits:
            if rule := book.rules.get(hit.id):
                judged = _judged(rule, hit, sentence, exempt, book)
                reading.hits.append(judged)
                if judged.outcome is Outcome.counted:
                    counted.append(judged.finding)
                elif judged.outcome is Outcome.exempt:
                    reading.settled.add(said)
    _quiet_whole_message(reading, of_message, book)
    return reading


def _judged(rule: Rule, hit: Hit, sentence: Sentence, exempt: list[tuple[Exemption, Hit]], book: RuleBook) -> RuleHit:
    personal = is_personal(hit, sentence, book)
    whose = rule.about or about(hit, sentence, book)
    finding = Finding(rule.id, rule.risk, rule.severity, whose, *_span(hit, sentence))
    silent = next((exemption.id for exemption, at in exempt if _silences(exemption, at, rule, hit, personal)), None)
    if silent:
        return RuleHit(finding, personal, Outcome.exempt, silent)
    denial = denied_by(hit, sentence, book) if rule.negatable else None
    if denial:
        return RuleHit(finding, personal, Outcome.denied, denial.text)
    return RuleHit(finding, personal, Outcome.counted)


def _quiet_whole_message(reading: Reading, of_message: list[Exemption], book: RuleBook) -> None:
    """An exemption of scope `message` stands in one sentence and silences hits in all of them."""
    counted = [number for number, hit in enumerate(reading.hits) if hit.outcome is Outcome.counted]
    quiet = 0
    for number in counted:
        hit = reading.hits[number]
        rule = book.rules[hit.finding.rule]
        silent = next((exemption.id for exemption in of_message if _quiets(exemption, rule, hit.personal)), None)
        if silent:
            reading.hits[number] = replace(hit, outcome=Outcome.exempt, by=silent)
            quiet += 1
    if counted and quiet == len(counted):
        reading.settled.update(sentence.said for sentence in reading.sentences)


def _trained(opinions: list[Opinion]) -> list[Finding]:
    most = max(opinions, key=lambda opinion: opinion.chance, default=None)
    if most is None or most.chance < FLAG_FROM:
        return []
    return [Finding(CLASSIFIER, most.risk, most.severity, most.about, most.start, most.end)]


def _is_enough(found: list[Finding]) -> bool:
    if len(found) >= ENOUGH:
        return True
    return len(found) >= ENOUGH_IMMINENT and any(f.severity is Severity.imminent for f in found)


def _span(hit: Hit, sentence: Sentence) -> tuple[int, int]:
    """Where it was typed; of a hit that holds no word ("..2 >") the word before it."""
    first = min(hit.start, len(sentence.words) - 1)
    return sentence.words[first].start, sentence.words[max(hit.end - 1, first)].end


def _quiets(exemption: Exemption, rule: Rule, personal: bool) -> bool:
    if rule.risk not in exemption.risks or (exemption.rules and not rule.id.startswith(exemption.rules)):
        return False
    if exemption.silences == "weak":
        return rule.weak
    return exemption.silences == "all" or not personal


def _silences(exemption: Exemption, at: Hit, rule: Rule, hit: Hit, personal: bool) -> bool:
    if not _quiets(exemption, rule, personal):
        return False
    return exemption.scope != "span" or (at.start < hit.end and hit.start < at.end)


def _behind_earlier(text: str, previous: Sequence[str], book: RuleBook) -> Reading:
    """A sentence sent in pieces: what only shows when this message is read behind the ones before it.

    Offsets of the hits are those of `text`, cut to it; of the sentences, those of all that was read.
    """
    earlier = " ".join(message[-REMEMBERED_OF_EACH:] for message in previous[-REMEMBERED:]) + " "
    both = earlier + text
    reading = _reading(both, sentences(both, book.lexicon), book)
    _supported(reading, book)
    # What the earlier messages said on their own was judged when they came; it is not said again by "thanks".
    said = _reading(earlier, sentences(earlier, book.lexicon), book) if reading.findings else Reading(earlier, [])
    known = {finding.rule for finding in said.findings}
    reading.hits = [_moved(hit, len(earlier), known) for hit in reading.hits]
    reading.exemptions = [_moved_exemption(hit, len(earlier)) for hit in reading.exemptions]
    return reading


def _moved(hit: RuleHit, shift: int, known: Collection[str]) -> RuleHit:
    """With offsets from `shift` on; a hit that lies before it, or begins and was known there, is an earlier one."""
    found = hit.finding
    start, end = max(0, found.start - shift), max(0, found.end - shift)
    is_earlier = not end or (found.start < shift and found.rule in known)
    outcome = Outcome.earlier if is_earlier and hit.outcome is Outcome.counted else hit.outcome
    return replace(hit, finding=replace(found, start=start, end=end), outcome=outcome)


def _moved_exemption(hit: ExemptionHit, shift: int) -> ExemptionHit:
    return replace(hit, start=max(0, hit.start - shift), end=max(0, hit.end - shift))


def _language(read: list[Sentence], book: RuleBook) -> Language:
    """By the words either language alone uses; even counts are English, the clinic's main language."""
    words = [word.text for sentence in read for word in sentence.words]
    spanish = sum(word in book.spanish for word in words)
    english = sum(word in book.english for word in words)
    return "es" if spanish > english else "en"
