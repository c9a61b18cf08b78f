"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const redraw = [];

  const theme = document.getElementById("theme");
  const name = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-label", "Show the report " + (isDark() ? "light" : "dark")); };
  theme.hidden = false;
  name();
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); redraw.forEach(f => f()); });
  dark.addEventListener("change", () => { name(); redraw.forEach(f => f()); });

  // A link to what is folded away opens it.
  const unfold = () => {
    const at = location.hash && document.getElementById(location.hash.slice(1));
    for (let e = at; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    if (at) at.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();

  // Commands are there to be copied.
  if (navigator.clipboard) document.querySelectorAll(".copy").forEach(place => {
    const text = (place.querySelector("code") || place).textContent;
    const b = document.createElement("button");
    b.type = "button"; b.className = "do"; b.textContent = "Copy";
    b.addEventListener("click", () => navigator.clipboard.writeText(text).then(() => { b.textContent = "Copied"; setTimeout(() => { b.textContent = "Copy"; }, 1500); }));
    place.append(b);
  });

  // Charts can be looked into: uPlot draws the figures of the table again.
  const colour = n => getComputedStyle(root).getPropertyValue(n).trim();
  document.querySelectorAll("figure.timeline").forEach(figure => {
    const rows = [...figure.querySelectorAll("table.series tbody tr")].map(r => [...r.cells].map(c => +(c.dataset.v || c.textContent)));
    if (rows.length < 3) return;
    const promised = (figure.dataset.promised || "").split(" ").filter(Boolean).map(Number);
    const bounds = (figure.dataset.cuts || "").split(" ").filter(Boolean).map(Number);
    const b = document.createElement("button");
    b.type = "button"; b.className = "do"; b.textContent = "Zoom"; b.setAttribute("aria-pressed", "false");
    figure.querySelector("figcaption").append(b);
    const place = document.createElement("div");
    place.className = "zoom";
    let plot = null;
    const draw = () => {
      if (!plot) return;
      plot.destroy();
      place.replaceChildren();
      show();
    };
    const show = () => {
      const start = rows[0][0], pick = i => rows.map(r => i > 2 ? (r[i] > 0 ? r[i] : null) : r[i]);
      const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
      const shade = u => {
        u.ctx.fillStyle = colour("--then");
        for (let i = 0; i < bounds.length; i += 2) {
          const from = Math.max(u.valToPos(bounds[i] - start, "x", true), u.bbox.left), to = Math.min(u.valToPos(bounds[i + 1] - start, "x", true), u.bbox.left + u.bbox.width);
          if (to > from) u.ctx.fillRect(from, u.bbox.top, to - from, u.bbox.height);
        }
      };
      plot = new uPlot({
        hooks: { drawClear: [shade] },
        width: figure.clientWidth - 34, height: 320, scales: { x: { time: false }, y: { distr: 3 }, n: { range: (u, lo, hi) => [0, Math.max(hi, 1) * 4] } },
        axes: [{ ...axis, values: (u, v) => v.map(s => s + " s") }, { ...axis, size: 66, values: (u, v) => v.map(x => x === null ? "" : x + " ms") }],
        series: [
          { label: "second", value: (u, v) => v === null ? "–" : v + " s" },
          { label: "p50", stroke: colour("--accent"), width: 2, value: (u, v) => v === null ? "–" : v.toFixed(1) + " ms" },
          { label: "p99", stroke: colour("--p99"), width: 2, dash: [5, 3], value: (u, v) => v === null ? "–" : v.toFixed(1) + " ms" },
          { label: "requests", scale: "n", stroke: colour("--soft"), width: 1, value: (u, v) => v === null ? "–" : v + "/s" },
          ...(rows[0].length > 5 ? [
            { label: "p50 then", stroke: colour("--skip"), width: 1, value: (u, v) => v === null ? "–" : v.toFixed(1) + " ms" },
            { label: "p99 then", stroke: colour("--skip"), width: 1, dash: [2, 3], value: (u, v) => v === null ? "–" : v.toFixed(1) + " ms" },
          ] : []),
          ...promised.map(ms => ({ label: "promised " + ms + " ms", stroke: colour("--pass"), width: 1, points: { show: false }, value: () => ms + " ms" })),
          { label: "bad", scale: "n", stroke: colour("--fail"), fill: colour("--fail-tint"), width: 1, value: (u, v) => v === null ? "–" : v + "/s" },
        ],
      }, [rows.map(r => r[0] - start), pick(3), pick(4), pick(1), ...(rows[0].length > 5 ? [pick(5), pick(6)] : []), ...promised.map(ms => rows.map(() => ms)), pick(2)], place);
    };
    redraw.push(draw);
    b.addEventListener("click", () => {
      const on = !plot;
      b.setAttribute("aria-pressed", String(on));
      b.textContent = on ? "Done" : "Zoom";
      figure.querySelectorAll(".plot").forEach(p => { p.hidden = on; });
      if (!on) { plot.destroy(); plot = null; place.remove(); return; }
      figure.querySelector("details").before(place);
      show();
    });
  });
})();
