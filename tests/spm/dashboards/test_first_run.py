"""The first run: five steps by what is stored, each to be skipped and taken up again, with a sample file."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from spm.dashboards.setup.checklist import NEEDED, PARTS, checklist
from spm.imports.models import ImportBatch
from spm.imports.samples import NAMES
from spm.org import companies
from spm.org.models import Company, User
from tests.builders import make_company, make_line_of_plan, make_person, make_quota, make_territory, make_year

pytestmark = pytest.mark.django_db
WELCOME, HOME = reverse("setup:welcome"), "/"


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.admin)
    return client


def skip(client, part, **data):
    return client.post(reverse("setup:step-skip", args=[part]), data)


def done(user):
    return {part.key for part in checklist(user).parts if part.done}


def test_there_are_the_five_steps_of_the_first_run(cast):
    titles = [step.title for step in checklist(cast.admin).steps]
    assert titles == [
        "Company, currency, fiscal year", "People and teams", "Territories", "This year’s plan", "Actuals",
    ]  # fmt: skip
    assert tuple(part.key for part in checklist(cast.admin).parts) == PARTS


def test_a_part_is_done_by_what_is_stored(cast, year):
    assert done(cast.admin) == {"company", "calendar", "people", "leads"}
    make_territory("Coast")
    make_line_of_plan("2026-01", 100)
    assert done(cast.admin) == {"company", "calendar", "people", "leads", "territories", "plan"}
    make_quota(cast.rep, "2026-01", 100)
    assert done(cast.admin) == set(PARTS) - {"actuals"}


def test_what_is_skipped_is_passed_over_by_everybody_until_it_is_taken_up_again(admin, cast, year):
    assert checklist(cast.admin).next.key == "territories"
    assert skip(admin, "territories").url == WELCOME
    assert checklist(make_person("Second", is_admin=True)).next.key == "plan"
    assert "Skipped" in admin.get(WELCOME).content.decode()
    skip(admin, "territories", undo="1")
    assert checklist(cast.admin).next.key == "territories"
    assert Company.objects.get().skipped_steps == []


def test_skipped_twice_it_is_skipped_once(admin, company):
    for _ in range(2):
        skip(admin, "plan")
    assert Company.objects.get().skipped_steps == ["plan"]


def test_what_is_done_all_the_same_counts_as_done(admin, cast):
    skip(admin, "territories")
    make_territory("Coast")
    part = next(part for part in checklist(cast.admin).parts if part.key == "territories")
    assert (part.done, part.skipped) == (True, False)


def test_the_checklist_leaves_home_when_every_step_is_done_or_skipped(admin, cast, year):
    assert "From nothing to a first dashboard" in admin.get(HOME).content.decode()
    for part in ("territories", "plan", "quotas", "actuals"):
        assert skip(admin, part, next=HOME).url == HOME
    page = admin.get(HOME)
    assert "From nothing to a first dashboard" not in page.content.decode()
    assert "step is left" not in page.content.decode()
    assert "Take up again" in admin.get(WELCOME).content.decode()
    assert "done or skipped" in admin.get(WELCOME).content.decode()


def test_nothing_can_do_without_company_and_calendar(admin, cast):
    for part in (*NEEDED, "nonsense"):
        assert skip(admin, part).status_code == 404
    assert not any(part.can_skip for part in checklist(cast.admin).parts if part.key in NEEDED)


def test_before_there_is_a_company_nothing_is_skipped_and_words_say_so(client, db):
    client.force_login(make_person("Ada", is_admin=True))
    answer = client.post(reverse("setup:step-skip", args=["plan"]), follow=True).content.decode()
    assert "The company comes first" in answer
    with pytest.raises(companies.BadCompany):
        companies.set_step("plan", skipped=True)


def test_each_step_has_a_sample_file_of_its_own(admin, cast):
    samples = [part.sample for part in checklist(cast.admin).parts if part.key != "company"]
    assert samples == ["periods", "people", "teams", "territories", "company_plan", "quotas", "actuals"]
    page = admin.get(WELCOME).content.decode()
    for part in checklist(cast.admin).parts:
        address = reverse("imports:sample", args=[part.sample]) if part.sample else ""
        assert part.done or address in page
    assert samples == list(NAMES)
    assert admin.get(reverse("imports:sample", args=["credits"])).status_code == 404


def bring(admin, kind, content):
    """The import of a workbook uploaded at the page of its kind, once it is previewed."""
    file = SimpleUploadedFile(f"{kind}.xlsx", content)
    page = admin.post(reverse("imports:create", args=[kind]), {"source": "file", "file": file}, follow=True)
    return page, ImportBatch.objects.first()


@pytest.mark.django_db(transaction=True)
def test_the_sample_files_are_loaded_one_after_the_other_into_an_empty_company(client):
    make_company()
    client.force_login(make_person("Ada", is_admin=True))
    for kind in NAMES:
        content = client.get(reverse("imports:sample", args=[kind])).content
        page, batch = bring(client, kind, content)
        if kind == "people":
            assert page.context["page"].missing_teams == ["North", "South"]
            client.post(reverse("imports:teams", args=[batch.pk]))
            batch.refresh_from_db()
        found = (kind, batch.state, batch.refused, batch.reason, list(batch.rows.values_list("column", "reason")))
        assert found == (kind, "previewed", 0, "", [])
        assert batch.new + batch.changed == batch.read > 1
        client.post(reverse("imports:commit", args=[batch.pk]))
    assert done(User.objects.get(name="Ada")) == set(PARTS)


@pytest.mark.django_db(transaction=True)
def test_a_sample_file_that_comes_too_early_is_explained(client):
    make_company()
    make_year()
    client.force_login(make_person("Ada", is_admin=True))
    page, batch = bring(client, "quotas", client.get(reverse("imports:sample", args=["quotas"])).content)
    assert (batch.read, batch.new, batch.refused) == (3, 0, 3)
    told = {one["reason"] for one in page.context["page"].complaints}
    assert told == {"Nobody has this e-mail address. Load people first."}


@pytest.mark.parametrize("people", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number(admin, cast, people, django_assert_num_queries):
    for _ in range(people):
        make_person(team=cast.north)
    admin.get(WELCOME)
    with django_assert_num_queries(7):
        admin.get(WELCOME)
