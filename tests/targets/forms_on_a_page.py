"""The forms of a page as a browser without scripts sees them: what each field holds, and what a button would send."""

from html.parser import HTMLParser


class Form:
    """One form. ``fields``: what would be sent as it stands; ``buttons``: (name, value, where to) of each."""

    def __init__(self, attrs):
        self.action, self.method, self.name = attrs.get("action", ""), attrs.get("method", "get"), attrs.get("id", "")
        self.fields, self.buttons, self.lists = {}, [], {}

    def sends(self, button=None, **typed):
        """(address, data) of a press on the button of that name, without one the first; ``typed`` into its fields."""
        assert self.buttons, "Without scripts nobody could send this form."
        name, value, action = next(one for one in self.buttons if button in (None, one[0]))
        unknown = typed.keys() - self.fields.keys()
        assert not unknown, f"The page has no such fields: {unknown}"
        pressed = {name: value} if name else {}
        return action or self.action, self.fields | typed | pressed


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.open, self.select, self.area = [], None, "", ""

    def handle_starttag(self, tag, attrs):
        attrs = {name: value or "" for name, value in attrs}
        name = attrs.get("name", "")
        if tag == "form":
            self.open = Form(attrs)
            self.forms.append(self.open)
        form = next((one for one in self.forms if one.name and one.name == attrs.get("form")), self.open)
        if form is None or "disabled" in attrs:
            return
        if tag == "button" and attrs.get("type", "submit") == "submit":
            form.buttons.append((name, attrs.get("value", ""), attrs.get("formaction", "")))
        elif tag == "input" and name and (attrs.get("type") not in ("checkbox", "radio") or "checked" in attrs):
            form.fields[name] = attrs.get("value", "on" if "checked" in attrs else "")
        elif tag == "textarea":
            self.area, form.fields[name] = name, ""
        elif tag == "select":
            self.select, form.fields[name] = name, None
        elif tag == "option" and self.select and (form.fields[self.select] is None or "selected" in attrs):
            form.fields[self.select] = attrs.get("value", "")

    def handle_endtag(self, tag):
        if tag == "form":
            self.open = None
        self.select = "" if tag == "select" else self.select
        self.area = "" if tag == "textarea" else self.area

    def handle_data(self, data):
        if self.area and self.open:
            self.open.fields[self.area] += data.removeprefix("\n")


def forms_of(html):
    """The forms of a page, fields outside their form element among them."""
    reader = _Reader()
    reader.feed(html)
    for form in reader.forms:
        form.fields = {name: value or "" for name, value in form.fields.items()}
    return reader.forms


def form_with(html, *names):
    """The first form of the page that has these fields."""
    return next(form for form in forms_of(html) if form.fields.keys() >= set(names))
