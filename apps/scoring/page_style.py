"""How the page looks: light and dark, wide and narrow; nothing is fetched from anywhere."""

STYLE = """
:root { color-scheme: light dark; --paper: #f6f5f1; --card: #ffffff; --text: #1d2227; --soft: #66707a;
  --line: #e2e1db; --rail: #ecebe5; --ink0: #1f6feb; --ink1: #8b949e; --ink2: #d9822b; --ink3: #2f9e63;
  --ink4: #a05ad0; --ink5: #c9435b; --right: #2f9e63; --wrong: #c9435b; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161b; --card: #1a2027; --text: #e6e9ec; --soft: #98a3ad;
  --line: #2b333c; --rail: #262e37; --ink0: #5aa2ff; --ink1: #8d97a1; --ink2: #f0a55a; --ink3: #58c98b;
  --ink4: #c492f0; --ink5: #f0788c; --right: #58c98b; --wrong: #f0788c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 1120px; margin: 0 auto; padding: 2.5rem 1rem 4rem; }
h1 { font-size: clamp(1.8rem, 5vw, 2.6rem); letter-spacing: -0.02em; line-height: 1.1; margin: 0 0 .4rem; }
h2 { font-size: 1.25rem; letter-spacing: -0.01em; margin: 2.6rem 0 .3rem; }
p { margin: .2rem 0 1rem; max-width: 46rem; }
.soft, figcaption, p.lead { color: var(--soft); }
.cards, .plots, .shots { display: grid; gap: .8rem; }
.cards { grid-template-columns: repeat(auto-fill, minmax(min(46%, 170px), 1fr)); }
.plots { grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); align-items: start; }
.shots { grid-template-columns: repeat(auto-fill, minmax(min(100%, 240px), 1fr)); }
.card, figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: .9rem 1rem; min-width: 0; }
.card b { display: block; font-size: 1.9rem; font-weight: 650; letter-spacing: -0.02em; line-height: 1.15;
  font-variant-numeric: tabular-nums; }
.card small, figcaption { font-size: .85rem; }
.card small { color: var(--soft); }
figcaption strong { display: block; color: var(--text); font-size: .98rem; }
figcaption { margin-bottom: .5rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
svg text.value { font-variant-numeric: tabular-nums; fill: var(--text); }
svg text.name { fill: var(--text); }
.grid, .axis { stroke: var(--line); fill: none; }
.rail { fill: var(--rail); }
.fill { fill: var(--ink0); }
.range { fill: var(--text); opacity: .16; }
.whisker { stroke: var(--text); stroke-width: 1.5; opacity: .55; }
.mark { stroke: var(--ink2); stroke-width: 2; fill: none; }
.true { stroke: var(--ink3); stroke-width: 3; } .said { stroke: var(--ink0); stroke-width: 3; }
.right { fill: var(--right); } .wrong { fill: var(--wrong); }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; } .dashed { stroke-dasharray: 5 5; }
.band { opacity: .13; stroke: none; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem .9rem; margin: .4rem 0 0; padding: 0; list-style: none;
  font-size: .85rem; color: var(--soft); }
.legend i { display: inline-block; width: .75em; height: .75em; border-radius: 50%; margin-right: .35em; }
.table { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .9rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--line); }
tbody tr + tr td { border-top: 1px solid var(--line); }
.shots figure { padding: 0; overflow: hidden; }
.shots img { display: block; width: 100%; aspect-ratio: 5 / 3; }
.shots figcaption { padding: .7rem .9rem .8rem; margin: 0; }
.shots dl { margin: .3rem 0 0; display: grid; grid-template-columns: auto 1fr; gap: 0 .6rem; }
.shots dt { color: var(--soft); } .shots dd { margin: 0; color: var(--text); overflow-wrap: anywhere; }
""" + "".join(
    f".line.ink{n} {{ stroke: var(--ink{n}); }} .dot.ink{n}, .band.ink{n} {{ fill: var(--ink{n}); }} "
    f"i.ink{n} {{ background: var(--ink{n}); }}\n"
    for n in range(6)
)
