"""Whether everybody can use a page, as far as a machine can tell: axe-core, which `make setup` brings."""

import asyncio

from tests.browser.chromium import PLACE, Script

RUN = """
axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((found) =>
  found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`))
"""


async def faults(page: Script) -> list[str]:
    """What axe finds wrong with the page as it is now: the rule, and where."""
    script = PLACE / "axe.min.js"
    assert await asyncio.to_thread(script.exists), "`make setup` puts axe into .browser"
    await page.run(await asyncio.to_thread(script.read_text) + "; true")
    found: list[str] = await page.run(RUN)
    return found
