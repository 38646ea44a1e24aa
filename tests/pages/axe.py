"""What axe finds on a page, by WCAG 2.2 AA and its own best practices.

Contrast takes most of axe's time, most of it in the rows of long tables. Of elements with the same colours, size and weight on the
same ground, which is all that contrast is of, it is looked at in the first; where axe cannot tell there, in each of them.
What is drawn, or placed by coordinates, may lie on anything: each of these is looked at.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
LOOK: Final = """
async rules => {
  const styles = ["color", "backgroundColor", "backgroundImage", "opacity", "fontSize", "fontWeight", "textShadow", "position",
    "zIndex", "visibility", "display", "clipPath", "filter", "mixBlendMode"];
  const grounds = new Map([[null, 0]]), numbers = new Map(), looks = new Map(), alike = new Map();
  for (const each of document.querySelectorAll("*")) {
    const style = getComputedStyle(each);
    const placed = each instanceof SVGElement || ["absolute", "fixed"].includes(style.position) ? looks.size : "";
    const ground = [grounds.get(each.parentElement), placed, each.localName, ...styles.map(name => style[name])].join(";");
    if (!numbers.has(ground)) numbers.set(ground, numbers.size + 1);
    grounds.set(each, numbers.get(ground));
    const own = each.value ?? [...each.childNodes].map(node => node.nodeType === Node.TEXT_NODE ? node.data : "").join("");
    const asleep = each.closest(":disabled, [aria-disabled], [inert]") !== null || each.control?.disabled;
    const look = [grounds.get(each), Math.min(String(own).trim().length, 2), asleep, each.checkVisibility()].join();
    looks.set(each, look);
    alike.has(look) ? alike.get(look).push(each) : alike.set(look, [each]);
  }
  const run = (only, looked) => {
    for (const each of looks.keys()) each.toggleAttribute("data-left-out", !looked.has(each));
    axe.configure({rules: [{id: "color-contrast", selector: ":not([data-left-out])"}]});
    return axe.run(document, {runOnly: only, resultTypes: ["violations", "incomplete"], elementRef: true, preload: false});
  };
  const first = await run(rules, new Set([...alike.values()].map(each => each[0])));
  const untold = first.incomplete.filter(each => each.id === "color-contrast").flatMap(each => each.nodes);
  const others = untold.flatMap(node => (alike.get(looks.get(node.element)) ?? []).slice(1));
  const second = others.length ? await run(["color-contrast"], new Set(others)) : {violations: []};
  return [...first.violations, ...second.violations].map(
    each => `${each.id}: ${each.nodes.map(node => node.html.slice(0, 200)).join(" | ")}`);
}
"""


def wrong_with(page: Any) -> list[str]:
    """What axe finds on the page that is shown, and whether it is wider than the screen."""
    if page.evaluate("window.axe === undefined"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(LOOK, RULES)
    fits = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    return found if fits else [*found, "wider than the screen"]
