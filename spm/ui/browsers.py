"""A browser's name for people, out of what it says of itself.

A table of a few lines instead of a parser package (megabytes of patterns, kept current by releases): it serves one page
on which people recognise their own devices. What it does not know is "another browser", never a wrong name. Order
matters, since browsers also name those they descend from.
"""

from django.utils.translation import gettext as _

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(said: str) -> str:
    """ "Firefox on Windows"; the parts that are not known are left out or said in words."""
    browser = next((name for token, name in BROWSERS if token in said), _("Another browser"))
    system = next((name for token, name in SYSTEMS if token in said), "")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
