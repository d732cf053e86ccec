"""A chart of bars as SVG, by hand: readable on light and on dark."""

import html

WIDTH, LEFT, RIGHT = 760, 150, 60
BAR, GAP, GROUP = 14, 3, 14  # heights: of a bar, between two, between groups
TOP = 62

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .small { font-size: 11px }
  .axis { stroke: #8c959f; stroke-width: 1 }
  .mark { stroke: #cf222e; stroke-width: 2 }
  .c0 { fill: #8c959f } .c1 { fill: #54aeff } .c2 { fill: #8250df } .c3 { fill: #bf8700 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .mark { stroke: #ff7b72 } .c2 { fill: #a371f7 } }
"""


def bars(title, note, groups, series, marks):
    """`groups`: {name: {series: value}}; `series`: their names in order; `marks`: {group: a value that is marked}."""
    most = max([value for own in groups.values() for value in own.values()] + list(marks.values())) * 1.05
    scale = (WIDTH - LEFT - RIGHT) / most
    lines, y = [], TOP
    for name, own in groups.items():
        shown = [one for one in series if one in own]
        height = len(shown) * (BAR + GAP) - GAP
        lines.append(_text(LEFT - 10, y + height / 2 + 4, name, anchor="end"))
        for i, one in enumerate(shown):
            top, width = y + i * (BAR + GAP), own[one] * scale
            color = f"c{series.index(one) % 4}"
            lines.append(f'<rect class="{color}" x="{LEFT}" y="{top}" width="{width:.1f}" height="{BAR}" rx="2"/>')
            lines.append(_text(LEFT + width + 6, top + BAR - 3, f"{own[one]:.2f}", "small"))
        if name in marks:
            x = LEFT + marks[name] * scale
            lines.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 3}" y2="{y + height + 3}"/>')
        y += height + GROUP
    x = LEFT
    for i, one in enumerate(series):
        lines.append(f'<rect class="c{i % 4}" x="{x}" y="34" width="12" height="12" rx="2"/>')
        lines.append(_text(x + 17, 45, one))
        x += 40 + 8 * len(one)
    if marks:
        lines.append(f'<line class="mark" x1="{x + 5}" x2="{x + 5}" y1="32" y2="48"/>')
        lines.append(_text(x + 13, 45, "at most"))
    lines.append(f'<line class="axis" x1="{LEFT}" x2="{LEFT}" y1="{TOP - 6}" y2="{y - GROUP + 6}"/>')
    lines.append(_text(LEFT, y + 10, note, "small"))
    body = "\n".join([_text(LEFT, 20, title, "title"), *lines])
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 22:.0f}" role="img"'
    return f'{head} aria-label="{html.escape(title)}">\n<style>{STYLE}</style>\n{body}\n</svg>\n'


def _text(x, y, text, kind="", anchor=""):
    kind = f' class="{kind}"' if kind else ""
    anchor = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}"{anchor}>{html.escape(text)}</text>'
