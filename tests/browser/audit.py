"""What a page must keep so that everybody can use it, as one expression that lists its faults."""

# Names of controls, size of what is touched (WCAG 2.5.5), contrast of text (1.4.3), ids that are used twice, roles.
FIND_FAULTS = """
(() => {
  const faults = [], isShown = e => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const tell = (what, e) => faults.push(`${what}: ${e.outerHTML.slice(0, 120)}`);
  const nameOf = e => (e.getAttribute("aria-label") || e.labels?.[0]?.innerText || e.innerText || e.title || "").trim();
  for (const e of document.querySelectorAll("button, input, a[href], summary, video, canvas[role], [role=log]")) {
    if (!isShown(e)) continue;
    if (!nameOf(e) && e.getAttribute("aria-hidden") !== "true") tell("no name", e);
    const { width, height } = (e.type === "checkbox" ? e.closest("label") : e).getBoundingClientRect();
    if (/^(BUTTON|INPUT|SUMMARY)$/.test(e.tagName) && (width < 43.5 || height < 43.5)) tell(`${width}x${height}`, e);
    if (e.tabIndex > 0) tell("its own place in the order", e);
  }
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`id used twice: ${id}`);
  for (const e of document.querySelectorAll("[for], [aria-labelledby]")) {
    const id = e.getAttribute("for") ?? e.getAttribute("aria-labelledby");
    if (!document.getElementById(id)) tell("points nowhere", e);
  }
  const numbers = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const over = ([r, g, b, a = 1], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)];
  const light = rgb => rgb.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const groundOf = e => {
    if (!e) return [255, 255, 255];
    const own = numbers(getComputedStyle(e).backgroundColor);
    return own.length === 4 && own[3] === 0 ? groundOf(e.parentElement) : over(own, groundOf(e.parentElement));
  };
  for (const e of document.querySelectorAll("p, span, button, h1, h2, h3, label, time, output, li, q, summary")) {
    const hasText = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!isShown(e) || !hasText || e.closest("video") || e.disabled) continue;
    const ground = groundOf(e), text = over(numbers(getComputedStyle(e).color), ground);
    const [low, high] = [light(text), light(ground)].sort((a, b) => a - b), contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) tell(`contrast ${contrast.toFixed(2)}`, e);
  }
  if (!document.querySelector("[aria-live=polite]") || !document.querySelector("[role=alert]")) faults.push("not live");
  return faults;
})()
"""
