"""Django's templates, let go of what they were given as soon as they are drawn.

A context and its dictionaries point at each other, so that what a page was drawn from, tens of thousands of objects,
would live on until the garbage collector finds it: a walk of twenty milliseconds in the middle of somebody's page.
"""

from typing import Any

from django.http import HttpRequest
from django.template import TemplateDoesNotExist
from django.template.backends import django as usual
from django.template.context import make_context
from django.utils.safestring import SafeString


class Template(usual.Template):
    """One template of the engine below."""

    def render(self, context: dict[str, Any] | None = None, request: HttpRequest | None = None) -> SafeString:
        """As Django's; the context is empty afterwards. Where drawing fails it is left to whoever tells of it."""
        made = make_context(context, request, autoescape=self.backend.engine.autoescape)
        try:
            drawn = self.template.render(made)
        except TemplateDoesNotExist as error:
            usual.reraise(error, self.backend)
        made.dicts.clear()
        return drawn


class Templates(usual.DjangoTemplates):
    """The engine that the settings name."""

    def from_string(self, template_code: str) -> Template:
        return Template(self.engine.from_string(template_code), self)

    def get_template(self, template_name: str) -> Template:
        try:
            return Template(self.engine.get_template(template_name), self)
        except TemplateDoesNotExist as error:
            usual.reraise(error, self)
