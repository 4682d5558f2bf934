"""The ground under the browser tests: Chromium starts, the live server answers, a session can be given."""

import pytest


@pytest.mark.browser
def test_chromium_reaches_the_live_server(live_server, page):
    answer = page.goto(f"{live_server.url}/no-such-page/")
    assert answer.status == 404
