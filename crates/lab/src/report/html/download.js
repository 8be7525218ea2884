// A link to data within a page cannot be saved as a file without this.
document.addEventListener("click", event => {
  const link = event.target.closest("a[data-results]");
  if (!link) return;
  const text = document.getElementById(link.dataset.results).textContent;
  const saved = document.createElement("a");
  saved.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  saved.download = link.getAttribute("download");
  saved.click();
  setTimeout(() => URL.revokeObjectURL(saved.href), 1000);
  event.preventDefault();
});
// A link into a folded part opens it.
function unfold() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target && target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  if (target) target.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();
