"""Whom a user may see: the tree of today decides."""

from datetime import date

import pytest

from spm.org.models import Team, TeamLead, User
from tests.builders import make_person

pytestmark = pytest.mark.django_db


def names(queryset):
    return set(queryset.values_list("name", flat=True))


def test_rep_sees_only_themselves(cast):
    assert names(User.objects.visible_to(cast.rep)) == {"Rep One"}


def test_manager_sees_the_team_and_themselves(cast):
    assert names(User.objects.visible_to(cast.north_manager)) == {"North Manager", "Rep One", "Rep Two"}


def test_skip_level_sees_the_whole_subtree_with_its_leads(cast):
    seen = names(User.objects.visible_to(cast.director))
    assert seen == {"Director", "North Manager", "South Manager", "Rep One", "Rep Two", "Rep Three"}


def test_admin_sees_everybody_but_the_house(cast):
    assert User.objects.visible_to(cast.admin).count() == User.objects.count() - 1


def test_former_manager_sees_nobody_of_the_team(cast):
    TeamLead.objects.create(team=cast.north, person=make_person("Successor"), starts_on=date(2026, 9, 1))
    assert names(User.objects.visible_to(cast.north_manager)) == {"North Manager"}
    assert names(Team.objects.visible_to(cast.north_manager)) == set()


def test_deactivated_person_sees_nothing(cast):
    assert names(User.objects.visible_to(cast.deactivated)) == set()
