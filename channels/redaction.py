"""Takes personal identifiers out of a message before Rasa sees it: what is found, by which rule, and what is put there.

Every rule is a finder: a plain function from a text to the cuts to make in it. FINDERS is the order; no finder knows
another. What is no identifier, or is everybody's (help lines, amounts, dates, articles of law), stays as it is typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from phonenumbers import (
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    PhoneNumberType,
    country_code_for_region,
    format_number,
    number_type,
)
from stdnum import iban
from stdnum.es import dni, nie
from stdnum.nl import bsn, btw
from stdnum.pl import pesel
from stdnum.ro import cnp

from knowledge.text import fold


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(text).split())


# No digits, and no vowels either: a marker is not a word in any of the five languages, so no entry is found by one.
PHONE, EMAIL, IBAN, ID, PLATE, LINK, NAME = "[phn]", "[eml]", "[ibn]", "[idn]", "[plt]", "[lnk]", "[nme]"
MARKERS = (PHONE, EMAIL, IBAN, ID, PLATE, LINK, NAME)

# In the order they are tried: a number that is public in the Netherlands is not looked at as another country's.
REGIONS = ("NL", "ES", "PL", "RO", "GB", "BE", "DE")
# Where a number at home begins with any digit. Elsewhere it begins with a 0, a + or the country's code.
WITHOUT_ZERO = ("ES", "PL")
# 0800, 0900 and the like, and UAN: 088 and 14 0xx. Nobody has such a number at home.
PUBLIC_NUMBERS = frozenset(
    {PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN}
)
# Everybody's, though they look like somebody's own, because Kompas itself gives them: CoMensha, and the Klachtenbalie.
PUBLISHED = frozenset({"+31334481186", "klachtenbalie@sekswerk.info", "sekswerk.info/klachtenbalie"})

# As they are written at home; libphonenumber misses them behind another number ("om 10 06 12 34 56 78").
MOBILES = (
    r"0[ .-]?6(?:[ .-]?\d){8}",  # nl
    r"[4-8]\d\d(?P<es>[ .-])(?:\d{3}(?P=es)\d{3}|\d\d(?P=es)\d\d(?P=es)\d\d)",  # es, pl
    r"07\d\d(?P<ro>[ .-]?)\d{3}(?P=ro)\d{3}",
)
# No letter's reference is taken for a phone number below this many digits.
SHORTEST_PHONE = 9
# "ik vraag 100 150 200": as long as a phone number, and one time in eleven a BSN.
PRICES = r"\d[05]0 \d[05]0 \d[05]0"
_AMOUNT = r"\d{1,3}(?:\.?\d{3})?(?:,\d\d?|,-)?"
# Numbers that no phone number is looked for in, and what would make them part of a longer one.
NO_PHONES = (
    (r"\d{1,2}(?P<mark>[/.-])\d{1,2}(?P=mark)(?:\d\d){1,2}|\d{4}-\d\d-\d\d", "/.-"),  # 3-11-2026, 2026-11-03
    (r"\d{1,2} \d{1,2} (?:19|20)\d\d", " /.-"),
    (r"\d{1,2}:\d\d", ":"),
    (r"[1-9]\d{0,2}\.\d{3}(?:,\d\d)?", "/.-"),
    (r"\d{4}(?: \d{4}){3}", " "),  # the reference of a letter
    (PRICES, " "),
    (rf"€\s?{_AMOUNT}", "."),
    (rf"{_AMOUNT}\s?(?:€(?!\s?\d)|(?:euros?|eur|lei|ron|zł|zl|złotych|zlotych)\b)", ".-"),
)

# The numbers that carry a checksum: what they look like, and who tells a true one.
IDENTIFIERS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    (r"NL\d{9}B\d\d", btw.is_valid),  # until 2020 the VAT number of a person was the BSN with two letters around it
    (r"\d{13}", cnp.is_valid),
    (r"\d{11}", pesel.is_valid),
    (r"(?:\d{8}|\d\d\.\d{3}\.\d{3})[ -]?[A-Z]", lambda text: dni.is_valid(text.replace(".", ""))),
    (r"[XYZ][ -]?\d{7}[ -]?[A-Z]", nie.is_valid),
    (rf"\d{{9}}|\d{{4}}([ .])\d\d\1\d{{3}}|(?!{PRICES})\d{{3}}([ .-])\d{{3}}\2\d{{3}}", bsn.is_valid),
)

# X a letter, 9 a digit.
OLD_PLATES = ("XX-99-99", "99-99-XX", "99-XX-99")
PLATES = (
    *("XX-99-XX", "XX-XX-99", "99-XX-XX", "99-XXX-9", "9-XXX-99", "XX-999-X"),
    *("X-999-XX", "XXX-99-X", "X-99-XXX", "9-XX-999", "999-XX-9"),
)
# Without vowels, so that a plate spells nothing; C, M, Q, W and Y are not given to cars either.
PLATE_LETTERS = "BDFGHJKLNPRSTVXZ"
MONTHS = "jan feb mrt mar apr mei may maj mai jun jul aug ago sep okt oct nov dec dic gru lip"

# What a name follows. Written with their accents, understood without them.
SAYS_A_NAME = (
    *("ik heet", "mijn naam is", "m'n naam is"),
    *("my name is", "my name's", "i'm called", "i am called"),
    *("me llamo", "mi nombre es"),
    *("mam na imię", "na imię mi", "moje imię to", "nazywam się"),
    *("mă numesc", "mă cheamă", "numele meu e", "numele meu este"),
)
# What a name may follow, but more often does not: only a word with a capital counts.
MAY_SAY_A_NAME = ("ik ben", "i am", "i'm", "soy", "jestem", "sunt")
LONGEST_NAME = 3
# Part of a name when a name goes on behind them.
PARTICLES = _words("van von de den der del di da la las los ten ter")
# Ends a name, or says that there is none: nl, en, es, pl, ro, without accents. Words that are names too (dan, will) are
# not here.
NOT_NAMES = _words(
    """
    aan aangehouden achter al alle alleen als anders anoniem baas bang bank bedreigd bekend bel belasting
    belastingdienst bij boete brief collega daar dat de deze die dit doe doen door dus een eerst eigen en er escort ga
    gedwongen geen geheim gekregen geld gelekt gemeente genoemd gestolen getrouwd gewoon goed graag had heb hebben
    heeft het hier hij hoe huis huisbaas hulp huur iemand iets ik in is ja je jij kan klant klanten kom kompas kreeg krijg
    kun kunnen kvk maar mag man me mee meer met mij mijn misbruikt mishandeld moeder moest moet moeten mogen moslim na
    naar nederlands nee niet niks nog nooit nu of om omdat ook op openbaar opgelicht opgepakt over politie prostituee
    raam roma sekswerk sekswerker sekswerkster sinds slachtoffer sta staat student te tegen terug thuis toch tot uit
    van vanaf vandaag veranderd vergunning verhuurder verkeerd verkracht via voor vraag vraagje vrouw waar waarom
    wanneer wat weet wel welke werk werken werkt wie wil willen woon word wordt ze zeg zegt zei zelf zelfstandig
    zelfstandige zichtbaar zij zit zo zonder zou zwanger zzp zzper

    a about abused afraid after all allowed also always am an and any are arrested as ask asking at back bank be
    beaten because boss but by called calling can cannot client clients cops could did do does escort for forced from
    get getting going got had has have he hello help her here hi his how i if illegal im in independent is it just
    know known landlord leaked letter like listed live living looking me mother muslim my named need never new not
    nothing now of ok old on one only opting or our out owner police pregnant prostitute public raped really
    registered scared secret self sex sexworker she should since so somebody someone sorry spelled still student tax
    that the their there they this threatened to today too trafficked transgender two under up victim visible want
    wants was we what when where which who why with without woman work worker working would writing wrong you your

    a actualmente ahora al algo amenazada amenazando anoche aqui asi autonoma autonomo ayer ayuda ayuntamiento banco
    bien carta casa cliente clientes como con cortesana cosas cuando cuanto de debo desde dice dicen digo donde dueno
    el ella en entonces era es escort escorts eso esta estoy extranjera gitana gritando guarra ha hace hago hay he
    hola hoy inmigrante inquilina jefe la las le legal llego lo los madre manana mas me mi migrante mis mucho mujer
    musulmana muy nada necesito no nos nueva o para pero perra persona piso poli policia por porque prostituta publico
    puede puedo puta que quien quiero recibi residente se ser si sin sobre solo soy su sucia tambien tengo todavia
    trabajadora trabajo trans transexual travesti tu tuve un una vengo victima violada vivo vosotros voy y ya yo zorra

    a albo ale ani bank bardzo bez bo boje bylam chce chcialabym chcialam co cos czy czym dla do dopiero dostalam
    dostalem dziwka gdzie gmina i ich ja jak jaka jako jest jestem jeszcze juz kiedy klient klub kompas kto kurwa legalnie
    list lub ma mam matka mi mieszkam mnie mnoga moge moj moja moje mozna musze na nic nie nowa nowy o od ofiara on
    ona osoba po pod policja potrzebuje pracownica pracownik pracuje prostytutka prosze przez przy pytam pytanie sama
    samozatrudniona sie studentka szef szukam ta tak tam teraz tez to troche tu tutaj tylko u urzad w we wlasciciel z
    za zatrudniona zawsze ze zeby zgwalcona zla

    a acasa ai ajutor al am angajata apoi ar are as asa asta au audiere avea banca bani bine bolnava buna ca casa
    catre ce cer client clientii clientul club cu cum curva da daca dar de deci deja din doar doctorul doresc dupa e
    ea ei el era escorta este eu fac fara fata fi foarte fost gravida gresit iar imi in inapoi insarcinata instanta
    intreb intrebare la le legal lor lucratoare lucrez luni ma mai maine mama mea medicul meu mi mine munca n ne
    nevoie nici nimic noi noua nu o ori patroana patronul pe pentru persoana platesc poate politia pot prea primaria
    primesc primit prostituata publica rom sa salut sau scrie scrisoare se sefa seful si singura spun stau stie stiu
    studenta sunt tot trebuie tu un una unde va vin violata voi vreau zic zice
    """
)
# How the word for a people begins, in any of the five languages; what a common first name begins with is left out.
PEOPLES = tuple(
    _words(
        """
        african afrikaan albanc albane albani american amerikan amerykan arabe arabis argentin belg bolivi brasil
        brazil bresil britis brits bulgar chileen chilen chinees chines chinez colombi columbi cuban czesk czesz
        dominican dominikan duits dutch ecuador ekwador engels englis espan europ filipin ghan greek grieg griek hiszpan
        holend holland hongaar hungar ingles italia italie kameroen kolumbi kuban latijns latin latvi letse litew
        lithuan litouw lituan maghiar maroc marok meksyk mexic moldav moldaw moldov nederland neerland nepal niderland
        niemiec niemk nigeri oekra olandez paragu perua peruv polac polak polis polk polon polsk pools portug roemeen
        romanc romani rosjan ruman rumun rusa rusoaic russi serb slov slow spaans spani spanj surinaam surinam syri
        thai tsjech turc turki turks ucran ukrai ungur venezol venezu vietnam wegier wenezuel wietnam wlosz
        """
    )
)


class Cut(NamedTuple):
    """From where to where a text is cut, and what is put there."""

    start: int
    end: int
    put: str


def redact(text: str) -> str:
    """The text with a marker in place of each personal identifier. Never raises; what is redacted stays as it is.

    The rules are those of the table FINDERS; each finder names the source of its own.
    """
    # What a cut leaves can be found once more (two numbers that touched): over and over until nothing is. Each cut
    # leaves less text outside the markers, so that this ends.
    while (rest := _once(text)) != text:
        text = rest
    return text


def _once(text: str) -> str:
    for find in FINDERS:
        text = _cut(text, find(text))
    return text


def _cut(text: str, cuts: Iterable[Cut]) -> str:
    """Where two cuts overlap, the first counts."""
    parts, at = [], 0
    for start, end, put in sorted(cuts):
        if start >= at:
            parts += [text[at:start], put]
            at = end
    return "".join(parts) + text[at:]


_LINK = re.compile(
    r"(?<![\w@.-])(?:https?://)?(?P<host>(?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?::\d{1,5})?"
    r"(?P<rest>[/?#](?:\S*[^\s.,;:!?)\"'])?)",
    re.IGNORECASE,
)
_TELLING = re.compile(r"\d{3}|\w{12}")


def links(text: str) -> Iterator[Cut]:
    """Web addresses whose path or query may name a person or a file: a number of three digits, a token of twelve characters.

    The domain stays: which site it is about is part of the question (RFC 3986, section 3, for the parts of an address).
    """
    for link in _LINK.finditer(text):
        if _TELLING.search(link["rest"]) and (link["host"] + link["rest"]).lower().removeprefix("www.") not in PUBLISHED:
            yield Cut(link.start(), link.end(), f"{link['host']} {LINK}")


_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


def emails(text: str) -> Iterator[Cut]:
    """E-mail addresses as people type them: RFC 5321, section 4.1.2, without the quoted forms."""
    if "@" in text:
        yield from (Cut(*found.span(), EMAIL) for found in _EMAIL.finditer(text) if found[0].lower() not in PUBLISHED)


# Only its beginning is matched: "NL91 ABNA 0417 1643 00 en dan" goes on as if the words were part of it.
_IBAN = re.compile(r"(?<![^\W_])(?=([A-Z]{2}[0-9]{2}(?:[ .-]?[A-Z0-9]){11,30}))", re.IGNORECASE | re.ASCII)


def ibans(text: str) -> Iterator[Cut]:
    """Bank accounts: ISO 13616, with the registry of countries and the checksum of python-stdnum."""
    for found in _IBAN.finditer(text):
        # How long each beginning of it is that has one more character; the country says which of them is whole.
        ends = list(accumulate(len(part) for part in re.findall(r"[ .-]?[A-Za-z0-9]", found[1])))
        for end in ends[14:]:
            if iban.is_valid(found[1][:end], check_country=False):
                yield Cut(found.start(), found.start() + end, IBAN)


_IDENTIFIERS = [
    (re.compile(rf"(?<!\w)(?:{shape})(?!\w)", re.IGNORECASE | re.ASCII), is_valid) for shape, is_valid in IDENTIFIERS
]


def identifiers(text: str) -> Iterator[Cut]:
    """BSN, PESEL, CNP, DNI and NIE, each by its checksum as python-stdnum knows it from the law of its country."""
    for shape, is_valid in _IDENTIFIERS:
        yield from (Cut(*found.span(), ID) for found in shape.finditer(text) if is_valid(found[0]))


def _apart(pattern: str, separators: str) -> str:
    """The pattern where no digit goes on before or behind it."""
    return rf"(?<![\d+])(?<!\d[{separators}])(?:{pattern})(?![{separators}]?\d)"


_NO_PHONE = re.compile("|".join(_apart(*row) for row in NO_PHONES), re.IGNORECASE)
_LONG_RUN = re.compile(rf"[+＋(\d](?:[\s().\-–/]{{0,4}}\d){{{SHORTEST_PHONE - 1},}}")
_MOBILE = re.compile(rf"(?<!\d)(?:(?:\+|00)\d\d[ .-]?)?(?:{'|'.join(MOBILES)})(?!\d)", re.ASCII)
_ZERO = re.compile(rf"(?<!\d)(?:[+＋0]|{'|'.join(str(country_code_for_region(region)) for region in REGIONS)})")


def phones(text: str) -> Iterator[Cut]:
    """Phone numbers: the numbering plans of REGIONS as libphonenumber keeps them; written with a +, of any country."""
    if not _LONG_RUN.search(text):  # most messages: the rest of this finder costs more than all the others together
        return
    text = _NO_PHONE.sub(_hidden, text)
    yield from (Cut(*found.span(), PHONE) for found in _MOBILE.finditer(text))
    text = _MOBILE.sub(_hidden, text)
    for run in _LONG_RUN.finditer(text):
        yield from _phones(run[0], run.start())


def _hidden(found: re.Match[str]) -> str:
    return "_" * len(found[0])


def _phones(run: str, at: int) -> Iterator[Cut]:
    for region in REGIONS if _ZERO.search(run) else WITHOUT_ZERO:
        for found in PhoneNumberMatcher(run, region):
            run = run[: found.start] + "_" * (found.end - found.start) + run[found.end :]
            if _LONG_RUN.match(found.raw_string) and not is_public(found.number):
                yield Cut(at + found.start, at + found.end, PHONE)
        if not _LONG_RUN.search(run):
            return


def is_public(number: PhoneNumber) -> bool:
    """Whether a number is nobody's own: of a kind that only organisations have, or one that Kompas itself gives."""
    return number_type(number) in PUBLIC_NUMBERS or format_number(number, PhoneNumberFormat.E164) in PUBLISHED


def _shapes(shapes: Iterable[str], letters: str) -> str:
    return "|".join(shape.replace("X", f"[{letters}]").replace("9", r"\d") for shape in shapes)


_PLATE = re.compile(
    rf"(?<![\w-])(?!\d\d?-(?i:{MONTHS.replace(' ', '|')})-)(?:{_shapes(OLD_PLATES + PLATES, 'A-Z')}"
    # In lower case or run together a word or a reference looks like a plate sooner: only the letters that are given out.
    rf"|{_shapes(PLATES, PLATE_LETTERS.lower())}"
    rf"|{_shapes((shape.replace('-', '') for shape in PLATES), PLATE_LETTERS)})(?![\w-])",
    re.ASCII,
)


def plates(text: str) -> Iterator[Cut]:
    """Dutch licence plates: the sidecodes 1 to 14 of the RDW, and the letters it gives out."""
    return (Cut(*found.span(), PLATE) for found in _PLATE.finditer(text))


_MARKS = "\u0300-\u036f"


def _loosely(phrase: str) -> str:
    """A pattern for a phrase with or without its accents and apostrophes."""
    loose = {" ": r"\s+", "'": "['’]?"}
    return "".join(loose.get(c) or f"(?:{c}|{unicodedata.normalize('NFD', c)[0]}[{_MARKS}]?)" for c in phrase)


def _after(phrases: Iterable[str]) -> re.Pattern[str]:
    """Finds such a phrase, and the words behind it that may be a name, as the group `words`."""
    letters = rf"(?:[^\W\d_][{_MARKS}]*)+"
    word = rf"(?:(?-i:(?:[A-Z]\.)+)|{letters}(?:['’-]{letters})*)"
    said = "|".join(map(_loosely, phrases))
    return re.compile(rf"(?<!\w)(?:{said})[\s:\"“„«]{{1,4}}(?=(?P<words>{word}(?:\s+{word}){{0,7}}))", re.IGNORECASE)


_NAMED, _MAYBE_NAMED = _after(SAYS_A_NAME), _after(MAY_SAY_A_NAME)


def names(text: str) -> Iterator[Cut]:
    """What somebody is called, when the message says so in one of the five languages: SAYS_A_NAME, MAY_SAY_A_NAME.

    The phrases are Kompas's own list. A capital behind "ik heet" is a name whatever the word; behind "ik ben" the word
    must have one and be none of NOT_NAMES and PEOPLES.
    """
    for pattern, is_name in ((_NAMED, _may_be_name), (_MAYBE_NAMED, _must_be_name)):
        for found in pattern.finditer(text):
            words = list(re.finditer(r"\S+", found["words"]))
            said = [word[0] for word in words]
            if is_name(said):
                start = found.start("words")
                yield Cut(start, start + words[_length(said) - 1].end(), NAME)


def _may_be_name(words: Sequence[str]) -> bool:
    """Any word with a capital ("Dan", "de Vries"), and any other that is no common word."""
    name = next((word for word in words if fold(word) not in PARTICLES), words[0])
    return _has_capital(name) or (name is words[0] and fold(name) not in NOT_NAMES)


def _must_be_name(words: Sequence[str]) -> bool:
    """Only a word with a capital that is neither common nor the word for a people."""
    plain = fold(words[0])
    return _has_capital(words[0]) and plain not in NOT_NAMES and not plain.startswith(PEOPLES)


def _has_capital(word: str) -> bool:
    return len(word) > 1 and word.istitle()


def _length(words: Sequence[str]) -> int:
    """How many of the words are the name: who begins it with a capital goes on with one; no name ends in a particle."""
    capital = words[0][0].isupper()
    length, counted = 1, 1
    for place, word in enumerate(words[1:], 2):
        if fold(word) in PARTICLES:
            continue
        if counted == LONGEST_NAME or fold(word) in NOT_NAMES or (capital and not word[0].isupper()):
            break
        length, counted = place, counted + 1
    return length


FINDERS: tuple[Callable[[str], Iterable[Cut]], ...] = (links, emails, ibans, identifiers, phones, plates, names)
