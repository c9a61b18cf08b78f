(() => {
  // A page that follows a run is given the parts that have changed.
  const run = document.getElementById("run");
  if (!run || !window.EventSource) return;
  const lost = document.getElementById("lost");
  const events = new EventSource(run.dataset.events);
  events.onopen = () => { lost.hidden = true; };
  events.onerror = () => { lost.hidden = false; };
  events.addEventListener("parts", e => {
    for (const [id, html] of Object.entries(JSON.parse(e.data))) {
      const part = document.getElementById(id);
      const scrolled = [...part.querySelectorAll(".scroll")].map(s => [s.scrollLeft, s.scrollTop, s === document.activeElement]);
      part.innerHTML = html;
      part.querySelectorAll(".scroll").forEach((s, i) => {
        if (!scrolled[i]) return;
        [s.scrollLeft, s.scrollTop] = scrolled[i];
        if (scrolled[i][2]) s.focus({ preventScroll: true });
      });
    }
  });
  events.addEventListener("end", () => { events.close(); lost.hidden = true; });
})();
