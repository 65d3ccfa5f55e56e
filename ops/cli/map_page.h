#pragma once

#include <string_view>

/// The fixed parts of the page of `map_html`: before its data (JSON), and after it.
namespace convoke::cli {

inline constexpr std::string_view kMapPageBegin = R"page(<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Replay</title>
<style>
:root { color-scheme: light dark; --back: #fff; --ground: #f3f4f1; --text: #1c2024; --quiet: #5c646c; --line: #d5d9dd;
  --area: #2f6fb3; --enter: #12813a; --exit: #c8352b; --pass_through: #8a4fc4; --chosen: #fff0c2; }
@media (prefers-color-scheme: dark) { :root { --back: #16191d; --ground: #1e2226; --text: #e8eaec; --quiet: #a0a8b0;
  --line: #3a4047; --area: #6ea8e6; --enter: #4cc474; --exit: #ff8279; --pass_through: #c49bf0; --chosen: #4a3f1c; } }
* { box-sizing: border-box; } tbody tr { cursor: pointer; } tr[aria-selected=true] { background: var(--chosen); }
body { margin: 0; height: 100vh; height: 100dvh; background: var(--back); color: var(--text); display: grid;
  grid-template: auto minmax(0, 1fr) / minmax(0, 1fr) 37rem; font: 14px/1.4 system-ui, sans-serif; }
header { grid-column: 1 / -1; padding: .6rem 1rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
h1 { font-size: 1.05rem; margin: 0; } p { margin: .1rem 0 0; color: var(--quiet); }
#place { position: relative; min-height: 0; } #list { overflow: auto; flex: 1; border-top: 1px solid var(--line); }
#map { position: absolute; width: 100%; height: 100%; background: var(--ground); touch-action: none; cursor: grab; }
#tools { position: absolute; top: .6rem; right: .6rem; display: flex; gap: .3rem; }
button { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--line);
  border-radius: 6px; min-height: 2.2rem; padding: 0 .7rem; }
aside { display: flex; flex-flow: column; min-height: 0; border-left: 1px solid var(--line); }
#said { margin: .5rem 1rem; min-height: 2.8em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { position: sticky; top: 0; background: var(--back); text-align: left; box-shadow: 0 1px var(--line); }
th, td { padding: .28rem .5rem; vertical-align: top; unicode-bidi: isolate; overflow-wrap: anywhere; }
td { border-bottom: 1px solid var(--line); min-width: 5.5em; } :is(th, td):first-child { padding-left: 1rem; }
td:nth-child(3) { min-width: 9em; } td:nth-child(1), td:nth-child(2), td:nth-child(5) { white-space: nowrap; }
.enter { color: var(--enter); } .exit { color: var(--exit); } .pass_through { color: var(--pass_through); }
@media (max-width: 62rem) {
  body { grid-template: auto minmax(0, 46fr) minmax(0, 54fr) / minmax(0, 1fr); }
  header { max-height: 24vh; overflow: auto; } aside { border-left: 0; border-top: 1px solid var(--line); } }
@media (max-width: 40rem) { :is(th, td):nth-child(5) { display: none; } td:nth-child(3) { min-width: 6em; }
  td:first-child { white-space: normal; min-width: 7.6em; } }
</style>
<header><h1 id="title"></h1><p id="sum"></p><p id="notes"></p></header>
<div id="place"><canvas id="map" role="img" aria-label="Map of the transitions in the table"></canvas>
<div id="tools"><button id="in" aria-label="Zoom in">+</button><button id="out" aria-label="Zoom out">−</button
><button id="near">Transitions</button><button id="all">All</button></div></div>
<aside><div id="said" aria-live="polite"></div>
<div id="list"><table><thead><tr><th>Time (UTC)<th>What<th>Area<th>User<th>Edge<tbody id="rows"></table></div></aside>
<noscript>The map and the table need the script that is in this page.</noscript>
<script id="data" type="application/json">)page";

inline constexpr std::string_view kMapPageEnd = R"page(</script>
<script>
'use strict';
const $ = id => document.getElementById(id), D = JSON.parse($('data').textContent);
const map = $('map'), g = map.getContext('2d'), dark = matchMedia('(prefers-color-scheme: dark)');
let k = 1, ox = 0, oy = 0, chosen = null, due = 0, held = null, fitted = null;  // places are at x * k + ox, y * k + oy
const css = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name);
const emptyBox = () => [Infinity, Infinity, -Infinity, -Infinity];
const grow = (b, x, y) => b.splice(0, 4, Math.min(b[0], x), Math.min(b[1], y), Math.max(b[2], x), Math.max(b[3], y));
function pathOf(lines, closed, box) {  // of steps in tenths of a metre
  const path = new Path2D();
  for (const line of lines) {
    for (let i = 0, x = 0, y = 0; i < line.length; i += 2) {
      grow(box, x += line[i] / 10, y += line[i + 1] / 10); if (!i) path.moveTo(x, y); path.lineTo(x, y);
    } if (closed) path.closePath();
  } return path;
}
for (const a of D.areas) {
  a.box = emptyBox(); if (a.circle) {
    const [x, y, rx, ry] = a.circle.map(v => v / 10); grow(a.box, x - rx, y - ry); grow(a.box, x + rx, y + ry);
    (a.path = new Path2D()).ellipse(x, y, rx, ry, 0, 0, 7);
  } else if (a.rings || a.lines) a.path = pathOf(a.rings || a.lines, a.rings, a.box);
}
for (const t of D.tracks) t.path = pathOf(t.lines, false, t.box = emptyBox());
const everything = [...D.areas, ...D.tracks], utc = t => new Date(t).toISOString().replace('T', ' ').slice(0, 19);
const toEdge = m => m.edge === null ? '' : Math.abs(m.edge).toFixed(1) + ' m ' + (m.edge > 0 ? 'outside' : 'inside');
const marks = D.marks.map(([t, user, area, kind, reason, x, y, edge, acc]) =>
  ({t, user, name: D.users[user], area: D.areas[area], kind, reason, x: x / 10, y: y / 10, edge, acc}));
const later = () => { due = due || requestAnimationFrame(draw); };
function draw() {
  const r = devicePixelRatio || 1, w = map.clientWidth, h = map.clientHeight;
  const c = Object.fromEntries(['ground', 'text', 'area', 'enter', 'exit', 'pass_through'].map(n => [n, css(n)]));
  map.width = Math.round(w * r); map.height = Math.round(h * r); due = 0;
  g.setTransform(r * k, 0, 0, r * k, r * ox, r * oy);
  g.lineCap = g.lineJoin = 'round'; g.fillStyle = g.strokeStyle = c.area;
  for (const a of D.areas) if (a.path) {
    const on = chosen && chosen.area === a; g.globalAlpha = on ? .35 : .14; g.lineWidth = Math.max(a.width, 2 / k);
    if (a.lines) { g.stroke(a.path); continue; }
    g.fill(a.path, 'evenodd'); g.globalAlpha = 1; g.lineWidth = (on ? 3 : 1.3) / k; g.stroke(a.path);
  }
  for (const t of D.tracks) {
    g.strokeStyle = D.users.length < 2 ? c.text : `hsl(${t.user * 137.5 % 360} 65% ${dark.matches ? 68 : 38}%)`;
    g.globalAlpha = chosen && chosen.user !== t.user ? .15 : .55; g.lineWidth = 1.4 / k; g.stroke(t.path);
  }
  g.globalAlpha = 1; g.setTransform(r, 0, 0, r, 0, 0);
  for (const m of marks) if (m !== chosen) mark(m, 5, c);
  labels(w, h, c); if (chosen) mark(chosen, 10, c);
  const u = 10 ** Math.floor(Math.log10(120 / k)), m = u * (120 / k >= 5 * u ? 5 : 120 / k >= 2 * u ? 2 : 1);
  g.fillStyle = c.text; g.textAlign = 'left'; g.fillRect(14, h - 18, m * k, 3);
  g.fillText(m < 1000 ? m + ' m' : m / 1000 + ' km', 14, h - 28);
}
function mark(m, size, c) {
  const x = m.x * k + ox, y = m.y * k + oy; g.beginPath();
  if (m.kind !== 'pass_through') g.arc(x, y, size, 0, 7); else g.rect(x - size, y - size, 2 * size, 2 * size);
  g.lineWidth = size / 2 + 3; g.strokeStyle = c.ground; g.stroke();
  g.fillStyle = m.kind === 'exit' ? c.ground : c[m.kind]; g.fill();
  g.strokeStyle = c[m.kind]; g.lineWidth = size / 3 + .6; g.stroke();
}
function labels(w, h, c) {
  const taken = []; g.lineWidth = 4;
  g.font = '600 12px system-ui, sans-serif'; g.textAlign = 'center'; g.textBaseline = 'middle';
  for (const {box, id, name} of D.areas) {
    const x = (box[0] + box[2]) / 2 * k + ox, y = (box[1] + box[3]) / 2 * k + oy, text = name || id;
    if (!(x > 0 && y > 0 && x < w && y < h) || (box[2] - box[0]) * k < 16 || taken.length > 200) continue;
    const half = Math.min(g.measureText(text).width, 240) / 2;
    if (taken.some(t => Math.abs(t[0] - x) < t[2] + half + 6 && Math.abs(t[1] - y) < 16)) continue;
    taken.push([x, y, half]); g.strokeStyle = c.ground; g.strokeText(text, x, y, 240);
    g.fillStyle = c.text; g.fillText(text, x, y, 240);
  }
}
const move = (x, y) => { ox += x; oy += y; fitted = null; later(); };
function zoom(by, x = map.clientWidth / 2, y = map.clientHeight / 2) {
  const to = Math.min(Math.max(k * by, 1e-6), 200); move((x - ox) * (1 - to / k), (y - oy) * (1 - to / k)); k = to;
}
function fit(places) {  // boxes or marks
  const box = emptyBox(), w = map.clientWidth, h = map.clientHeight;
  for (const {box: b, x, y} of places) if (b) { grow(box, b[0], b[1]); grow(box, b[2], b[3]); } else grow(box, x, y);
  if (!(box[0] <= box[2])) return places === marks ? fit(everything) : later();
  fitted = places; k = .84 * Math.min(w / Math.max(box[2] - box[0], 100), h / Math.max(box[3] - box[1], 100));
  ox = w / 2 - (box[0] + box[2]) / 2 * k; oy = h / 2 - (box[1] + box[3]) / 2 * k; later();
}
function choose(m) {
  if (chosen) chosen.row.ariaSelected = 'false';
  $('said').textContent = marks.length ? 'Choose a row or a mark; the arrow keys go on.' : 'There are no transitions.';
  if (chosen = m) {
    const x = m.x * k + ox, y = m.y * k + oy, w = map.clientWidth, h = map.clientHeight;
    m.row.ariaSelected = 'true'; m.row.focus(); m.row.scrollIntoView({block: 'center'});
    if (x < 30 || y < 30 || x > w - 30 || y > h - 30) move(w / 2 - x, h / 2 - y);
    $('said').textContent = [m.name + ': ' + m.kind, m.area.name, m.area.id, utc(m.t), m.reason, toEdge(m),
      m.acc === null ? '' : '±' + m.acc + ' m'].filter(s => s).join(', ');
  }
  later();
}
for (const m of marks) {
  m.row = $('rows').insertRow(); m.row.tabIndex = m === marks[0] ? 0 : -1; m.row.onclick = () => choose(m);
  const what = {enter: '● ', exit: '○ ', pass_through: '■ '}[m.kind] + m.kind;
  for (const text of [utc(m.t), what, m.area.name || m.area.id, m.name, toEdge(m) || m.reason])
    m.row.insertCell().textContent = text;
  m.row.cells[1].className = m.kind;
}
$('rows').onkeydown = e => {
  const at = marks.findIndex(m => m.row === document.activeElement);
  const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: marks.length - 1, Enter: at, ' ': at, Escape: -1}[e.key];
  if (to === undefined) return; e.preventDefault(); if (marks[to] || e.key === 'Escape') choose(marks[to] || null);
};
const fingers = new Map();
map.onpointerdown = e => { map.setPointerCapture(e.pointerId); fingers.set(e.pointerId, held = [e.offsetX, e.offsetY]); };
map.onpointermove = e => {
  const from = fingers.get(e.pointerId), to = [e.offsetX, e.offsetY];
  const other = [...fingers].find(f => f[0] !== e.pointerId), gap = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]) || 1;
  if (!from) return;
  if (other) zoom(gap(to, other[1]) / gap(from, other[1]), ...other[1]); else move(to[0] - from[0], to[1] - from[1]);
  if (held && (other || gap(to, held) > 5)) held = null; fingers.set(e.pointerId, to);
};
map.onpointerup = map.onpointercancel = e => {
  fingers.delete(e.pointerId); if (!held || e.type !== 'pointerup') return;
  const far = m => Math.hypot(m.x * k + ox - held[0], m.y * k + oy - held[1]);
  choose(marks.filter(m => far(m) < 16).sort((a, b) => far(a) - far(b))[0] || null);
};
map.onwheel = e => { e.preventDefault(); zoom(Math.exp(-e.deltaY / (e.deltaMode ? 25 : 700)), e.offsetX, e.offsetY); };
const clicks = {in: () => zoom(1.5), out: () => zoom(2 / 3), near: () => fit(marks), all: () => fit(everything)};
for (const id in clicks) $(id).onclick = clicks[id]; document.title = D.title;
for (const part of ['title', 'sum', 'notes']) $(part).textContent = D[part];
choose(null); fit(marks); dark.onchange = later; new ResizeObserver(() => { if (fitted) fit(fitted); draw(); }).observe(map);
</script>
</html>
)page";

}  // namespace convoke::cli
