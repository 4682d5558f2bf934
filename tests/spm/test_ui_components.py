"""Each component renders, says in words what it draws, and stays free of inline script and style."""

import gzip
import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation

from spm.ui import samples, theme
from spm.ui.assets import plotly_styles
from spm.ui.finders import PLOTLY_STYLES, VENDOR_FILES, VendorFinder
from spm.ui.geometry import bullet
from spm.ui.status import ALL, BEHIND

TEMPLATES = sorted(Path("templates").rglob("*.html"))


def rendered(source, request=None, **context):
    return Template("{% load ui %}" + source).render(Context({"request": request} | context))


@pytest.fixture
def guide(client, settings, cast):
    settings.STYLEGUIDE = True
    client.force_login(cast.admin)
    return client.get("/styleguide/").content.decode()


def test_the_style_guide_shows_every_component(guide):
    for css_class in (
        "card",
        "tile",
        "bullet",
        "spark",
        "badge",
        "avatar",
        "heat-cell",
        "tbl",
        "empty",
        "banner",
        "toast-note",
        "pop",
        "steps",
        "crumbs",
        "seg",
        "pick",
        "progress-line",
        "chart",
        "pages",
        "math",
    ):
        assert re.search(rf'class="[^"]*\b{css_class}\b', guide), css_class


def test_every_component_has_an_entry_at_the_style_guide():
    used = Path("templates/styleguide.html").read_text("utf-8")
    tags = {"progress", "sort_header", "segmented", "pick", "pagination"}
    shell = {"messages", "breadcrumbs", "period_picker", "math", "chart_scripts", "conflict", "waterfall_drawing"}
    for path in sorted(Path("templates/components").glob("*.html")):
        name = path.stem
        assert name in tags | shell or f"components/{name}.html" in used, name


def test_the_style_guide_is_hidden_in_production(client, settings, cast):
    settings.STYLEGUIDE = False
    assert client.get("/styleguide/").status_code == 404


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_no_template_has_inline_script_style_or_handler(path):
    text = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|\shx-on", text)
    assert "|safe" not in text


def test_a_status_has_shape_word_and_colour():
    shapes = {re.search(r"</?svg.*?>(.*?)</svg>", rendered("{% status s %}", s=status))[1] for status in ALL}
    assert len(shapes) == len(ALL)
    assert "Behind" in rendered("{% status s %}", s=BEHIND)


def test_a_bullet_says_its_sentence():
    bar = bullet(samples.Decimal(50), samples.Decimal(100), sentence="50 of <100> k€")
    assert 'aria-label="50 of &lt;100&gt; k€"' in rendered("{% bullet bar %}", bar=bar)


def test_no_number_in_svg_is_localised():
    row = samples.table()[0]
    with translation.override("fr"):
        html = rendered("{% bullet r.bar %}{% sparkline r.line %}{% progress 1 3 'x' %}", r=row)
    assert not re.search(r'(?:width|x|y|cx|cy)="\d+,\d', html)


@pytest.mark.parametrize(
    ("current", "expected", "aria"),
    [
        ("", "sort=-gap", None),
        ("-gap", "sort=gap", "descending"),
        ("gap", "sort=-gap", "ascending"),
        ("name", "sort=-gap", None),
    ],
)
def test_a_sort_header_turns_round(rf, current, expected, aria):
    html = rendered('{% sort_header "gap" "Gap" numeric=True current=c %}', rf.get("/?team=2&page=3"), c=current)
    assert f"?team=2&amp;{expected}" in html
    assert (f'aria-sort="{aria}"' in html) is bool(aria)


def test_a_segmented_control_keeps_the_rest_of_the_address(rf):
    html = rendered('{% segmented "m" c "b" "Measure" %}', rf.get("/?team=2&m=a"), c=[("a", "A"), ("b", "B")])
    assert '<a href="?team=2&amp;m=b" aria-current="true">B</a>' in html


def test_one_page_needs_no_pagination(rf):
    page = samples.Paginator(range(3), 50).page(1)
    assert "<nav" not in rendered("{% pagination p %}", rf.get("/"), p=page)


def test_a_missing_heat_cell_is_a_dash():
    assert "—" in rendered("{% heat_cell None %}")


def test_a_chart_has_sentence_table_and_data(guide):
    assert "€33.2 M booked" in guide
    assert 'id="figure-sample" type="application/json"' in guide
    assert "Show as table" in guide


def test_figures_use_our_theme_and_no_mode_bar():
    figure = samples.chart().figure
    assert figure["layout"]["template"] == "none"
    assert figure["config"]["displayModeBar"] is False
    assert figure["data"][1]["line"]["color"] == "var:--primary"


def test_names_in_a_figure_lose_their_brackets():
    figure = theme.figure([{"name": "<img src=x onerror=alert(1)>", "hovertemplate": "%{y}<extra></extra>"}])
    assert figure["data"][0] == {"name": "img src=x onerror=alert(1)", "hovertemplate": "%{y}<extra></extra>"}


def test_french_figures_have_french_separators_and_months():
    with translation.override("fr"):
        figure = theme.figure([])
    assert figure["layout"]["separators"] == ",\u202f"
    assert figure["config"]["locales"]["fr"]["format"]["shortMonths"][1] == "févr."
    assert figure["config"]["locales"]["fr"]["format"]["days"][0] == "dimanche"


def test_every_token_of_a_figure_stands_in_the_style_sheet():
    css = Path("static/css/app.css").read_text("utf-8")
    used = re.findall(r"var:(--[\w-]+)", str(samples.chart().figure))
    assert used
    assert all(f"{name}:" in css for name in used)


def test_the_styles_of_plotly_are_read_from_its_package():
    styles = plotly_styles(VENDOR_FILES["vendor/plotly.min.js"])
    assert ".js-plotly-plot .plotly .main-svg{position:absolute;top:0;left:0;pointer-events:none;}" in styles
    assert ".plotly-notifier{" in styles
    assert styles.count("{") == styles.count("}") > 50


def test_plotly_finds_the_id_of_every_style_element_that_it_would_add():
    """Those would be blocked by the policy, and each load of a chart would leave an error in the console."""
    package = VENDOR_FILES["vendor/plotly.min.js"].read_text("utf-8")
    ids = re.findall(r'if\(!document\.getElementById\("(\w+)"\)\)\{var \w+=document\.createElement\("style"\)', package)
    head = Path("templates/components/chart_scripts.html").read_text("utf-8")
    assert len(ids) == 1
    assert all(f'id="{one}"' in head for one in ids)


def test_a_plotly_without_the_known_rules_is_refused(tmp_path):
    (tmp_path / "plotly.min.js").write_text("var x = 1;")
    with pytest.raises(ValueError, match="not found"):
        plotly_styles(tmp_path / "plotly.min.js")


def test_the_finder_serves_the_generated_style_sheet():
    assert Path(VendorFinder().find(PLOTLY_STYLES)).read_text("utf-8").startswith(".js-plotly-plot")


def test_our_style_sheets_and_scripts_stay_small():
    """The budget is a page's: the two sheets that every page loads, and those of its part; with Bootstrap 45 kB."""
    sheets = {path.name: path.read_bytes() for path in Path("static/css").glob("*.css")}
    sheets["dashboards.css"] += sheets["drawn.css"]
    everywhere = sheets.pop("app.css") + sheets.pop("components.css")
    scripts = b"".join(path.read_bytes() for path in sorted(Path("static/js").glob("*.js")))
    assert {
        name: size for name, sheet in sheets.items() if (size := len(gzip.compress(everywhere + sheet))) > 11_500
    } == {}
    assert len(gzip.compress(scripts)) <= 13_000
    assert Path("static/js/theme.js").stat().st_size <= 1024
