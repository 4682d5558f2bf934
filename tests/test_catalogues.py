"""Catalogues are extracted and compiled without GNU gettext."""

import re
from gettext import GNUTranslations
from io import StringIO

import pytest
from babel.messages.catalog import Catalog
from django.core.management import CommandError, call_command

from spm.ui import catalogues


@pytest.fixture(scope="module")
def template():
    return catalogues.extracted()


@pytest.fixture
def locale_folder(settings, tmp_path):
    settings.LOCALE_PATHS = [tmp_path]
    return tmp_path


def written(catalogue, language, root):
    catalogues.write_catalogue(catalogue, catalogues.po_path(language, root))
    return catalogues.po_path(language, root)


def test_messages_come_from_python_and_from_templates(template):
    assert template.get("On track") is not None  # spm/ui/status.py
    assert template.get("See the math") is not None  # templates/components/math.html
    assert template.get("%(amount)s ahead", context="pace gap") is not None


def test_plural_forms_are_extracted_from_templates(template):
    plurals = [message for message in template if isinstance(message.id, tuple)]
    assert any("code is left" in message.id[0] for message in plurals)


def test_the_style_guide_is_not_translated(template):
    assert template.get("Form with errors") is None


def test_english_needs_no_translator(locale_folder):
    assert catalogues.incomplete(catalogues.updated("en")) == []


def test_an_update_keeps_translations_and_drops_what_has_gone(locale_folder):
    old = Catalog(locale="fr", charset="utf-8", fuzzy=False)
    old.add("On track", "Dans les temps")
    old.add("A sentence that no page says", "Une phrase")
    written(old, "fr", locale_folder)
    catalogue = catalogues.updated("fr")
    assert catalogue.get("On track").string == "Dans les temps"
    assert catalogue.get("A sentence that no page says") is None


def test_what_lacks_a_translation_is_named(locale_folder):
    missing = catalogues.incomplete(catalogues.updated("fr"))
    assert "On track" in missing
    assert len(missing) == len(catalogues.messages(catalogues.updated("fr")))


def test_a_fuzzy_message_counts_as_missing():
    catalogue = Catalog(locale="fr", fuzzy=False)
    catalogue.add("Yes", "Oui", flags=["fuzzy"])
    catalogue.add(("%(n)s day", "%(n)s days"), ("%(n)s jour", ""))
    assert len(catalogues.incomplete(catalogue)) == 2


def test_catalogues_are_compiled_once(locale_folder):
    catalogue = Catalog(locale="fr", charset="utf-8", fuzzy=False)
    catalogue.add("Yes", "Oui")
    path = written(catalogue, "fr", locale_folder)
    assert [catalogues.compile_all(), catalogues.compile_all()] == [1, 0]
    with path.with_suffix(".mo").open("rb") as file:
        assert GNUTranslations(file).gettext("Yes") == "Oui"


def test_writing_twice_changes_nothing(locale_folder):
    path = written(catalogues.updated("fr"), "fr", locale_folder)
    first = path.read_text("utf-8")
    written(catalogues.updated("fr"), "fr", locale_folder)
    assert path.read_text("utf-8") == first


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_catalogue_is_whole(language):
    assert catalogues.faults(language) == []  # else: manage.py catalogues, then translate


def test_a_message_that_no_page_says_any_more_is_named(locale_folder):
    catalogue = catalogues.updated("en")
    catalogue.add("A sentence that no page says", "A sentence that no page says")
    written(catalogue, "en", locale_folder)
    assert catalogues.faults("en") == ["no longer in the sources: A sentence that no page says"]


def test_a_message_that_the_file_lacks_is_named(locale_folder):
    catalogue = catalogues.updated("en")
    catalogue.delete("%(amount)s ahead", context="pace gap")
    written(catalogue, "en", locale_folder)
    assert catalogues.faults("en") == ["not in the catalogue: %(amount)s ahead (pace gap)"]


@pytest.mark.parametrize("translation", ["%(name)s", "%(nmae)s : %(count)s", "%(name)s : %(count)s %%"])
def test_a_translation_with_other_placeholders_is_named(translation):
    catalogue = Catalog(locale="fr", fuzzy=False)
    catalogue.add("%(name)s: %(count)s", translation)
    assert catalogues.mismatched(catalogue) == ["%(name)s: %(count)s"]


def test_markup_must_stay_too():
    catalogue = Catalog(locale="fr", fuzzy=False)
    catalogue.add("Run <code>manage.py up</code>.", "Lancez manage.py up.")
    assert len(catalogues.mismatched(catalogue)) == 1


def test_french_marks_stand_behind_a_narrow_space():
    texts = [form for message in catalogues.messages(catalogues.stored("fr")) for form in _all_forms(message.string)]
    wrong = re.compile(r"'|[^\d\u202f/][;!?»](?!\S)|[^\u202f\s\d]:(?=\s|$)|«[^\u202f]| [:;!?»%](?=\s|$)|\.\.\.")
    assert [text for text in texts if wrong.search(text)] == []


THINGS = (
    "accounts|people|cells|rows|lines|days|months|numbers|letters|reps|teams|territories|plans|comments|periods|persons|"
    "quotas|hires|characters|steps|things|years|jobs|files|deals|versions|holders|views|codes|parts|e-mails|packages|"
    "questions|revisions|objectives|sections|roles|browsers"
)
MOST = "most|limit|places|length|digits|least"
COUNTED = re.compile(
    rf"%\((?!{MOST})\w+\)[sd] (?:of (?:the |%\(\w+\)[sd] )?|more |new |open |other |held )?({THINGS})\b"
)
NEVER_ONE = {
    "%(count)d characters are too many: %(most)d fit, so that the plan stays one page.",
    "%(count)d characters are too many: %(most)d fit.",
    "%(measure)s: from %(low)s to %(high)s, half of the %(n)s people at %(middle)s or more.",  # four at least
    "A request holds at most %(n)s rows; make a second one.",
    "Give 1 to %(n)s months a percent between 0 and 100.",
    "Give the profile a name of at most %(n)s characters.",
    "Give the version a name of at most %(n)s characters.",
    "Needed: to go ÷ %(months)s months left, beside the average of the last three complete months.",  # with a decimal
}
OF_ALL = {  # English counts what it is of, which is more than one; French says these without a word that bends
    "%(done)s of the lines are done.",  # in percent
    "%(n)s of %(most)s lines",
    "It places %(placed)s of %(all)s accounts.",
    "Not listed: %(rest)s %(currency)s of people you do not see one by one, or of lines newer than the roll-up.",
    "Nothing is loaded yet. %(good)s of %(read)s rows can be loaded; the reasons of the others are below.",
    "Territory plan %(year)s: %(share)s of the way, %(done)s of %(lines)s lines done.",
    "of the quota: full months, and %(elapsed)s of %(days)s days of %(leaf)s",
    "÷ months left: %(whole)s and %(left)s of %(days)s days",
}
ALIKE = {  # nothing in the French of these bends
    "%(n)s more on the screen alone",
    "Comments on this line: %(n)s",
    "The working version was changed %(n)s time since this copy.",
    "and %(n)s more",
}


def test_what_is_counted_has_a_form_for_one():
    told = [message.id for message in catalogues.messages(catalogues.stored("en")) if isinstance(message.id, str)]
    assert sorted(text for text in told if COUNTED.search(text)) == sorted((NEVER_ONE | OF_ALL) & set(told))
    assert {text for text in OF_ALL if not COUNTED.search(text)} == set()


def test_french_has_two_forms_of_all_that_is_counted_and_none_in_brackets():
    plural = [message for message in catalogues.messages(catalogues.stored("fr")) if isinstance(message.id, tuple)]
    assert len(plural) > 100
    assert {message.id[0] for message in plural if len(set(filter(None, message.string))) != 2} == ALIKE
    texts = [form for message in catalogues.messages(catalogues.stored("fr")) for form in _all_forms(message.string)]
    assert [text for text in texts if re.search(r"\w\((?:e|s|es|x)\)", text)] == []


def _all_forms(text):
    return [text] if isinstance(text, str) else list(text)


def test_the_check_fails_on_a_missing_translation(locale_folder):
    with pytest.raises(CommandError, match="not complete"):
        call_command("catalogues", "--check", stdout=StringIO(), stderr=StringIO())
    assert list(locale_folder.iterdir()) == []
