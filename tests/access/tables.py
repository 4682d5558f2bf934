"""The tables of a page and the links to their files, as a reader of its HTML finds them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

FORMATS = ("xlsx", "csv", "csv-semicolon")


@dataclass
class Table:
    """``name``: of its file, empty for the one table of a page that needs none; ``heads``: texts of its header."""

    name: str
    caption: str = ""
    heads: list[str] = field(default_factory=list)
    rows: int = 0
    keys: list[str] = field(default_factory=list)  # text of the first cell of each row of its body


class Page(HTMLParser):
    """Tables in order; links to files by the name of the table and the format."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self.files: dict[tuple[str, str], str] = {}
        self._inside: list[str] = []
        self._cell = 0  # of the row, from 1
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self.tables.append(Table(given.get("data-table") or ""))
        if tag in ("table", "caption", "thead", "tbody"):
            self._inside.append(tag)
        if tag == "th" and "thead" in self._inside:
            self.tables[-1].heads.append("")
        if tag == "tr" and "tbody" in self._inside:
            self.tables[-1].rows += 1
            self.tables[-1].keys.append("")
            self._cell = 0
        if tag in ("td", "th"):
            self._cell += 1
        if tag == "a" and (href := given.get("href")):
            query = parse_qs(urlsplit(href).query)
            if asked := query.get("format"):
                self.files[(query.get("table", [""])[0], asked[0])] = href

    def handle_endtag(self, tag: str) -> None:
        if tag in ("table", "caption", "thead", "tbody") and tag in self._inside:
            self._inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if "caption" in self._inside:
            self.tables[-1].caption += data
        elif "tbody" in self._inside and self._cell == 1 and self.tables[-1].keys:
            self.tables[-1].keys[-1] += f" {data}"
        elif "thead" in self._inside and self.tables[-1].heads:
            self.tables[-1].heads[-1] += data.strip()
