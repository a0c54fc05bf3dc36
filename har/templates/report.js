// What makes the page easier to use: sorting tables, choosing windows, unfolding what a link leads
// to. Without it everything is there, unfolded and in its first order.

for (const table of document.querySelectorAll("table.scores")) makeSortable(table);
const choices = document.querySelector("#choose-windows");
if (choices) makeChoosable(choices);

// ---- Tables: a button in each heading sorts by its column, and the other way round next time.

function makeSortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  if (table.tBodies[0].rows.length < 2) return;
  headings.forEach((heading, column) => {
    if (heading.matches(".pictures")) return;
    makeButton(heading).addEventListener("click", () => sortBy(table, column));
  });
}

function sortBy(table, column) {
  const headings = [...table.tHead.rows[0].cells];
  const isDescending = headings[column].ariaSort === "ascending";
  for (const heading of headings) heading.removeAttribute("aria-sort");
  headings[column].ariaSort = isDescending ? "descending" : "ascending";
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [valueOf(row.cells[column]), row]);
  rows.sort(([one], [other]) => (isDescending ? compare(other, one) : compare(one, other)));
  body.append(...rows.map(([, row]) => row));
}

// A cell begins with what it is sorted by, or says so in data-value.
function valueOf(cell) {
  const text = cell.dataset.value ?? cell.textContent.trim();
  const value = parseFloat(text.replace(/^[<>]\s*/, "").replace("−", "-").replaceAll(",", ""));
  return Number.isNaN(value) ? text : value;
}

function compare(one, other) {
  const areNumbers = typeof one === "number" && typeof other === "number";
  return areNumbers ? one - other : String(one).localeCompare(String(other));
}

// ---- Windows: groups are folded until a link or a choice asks for them.

function makeChoosable(form) {
  const groups = [...document.querySelectorAll("details.windows")];
  const showAll = () => {
    form.reset();
    showChosen(form, groups);
  };
  form.hidden = false;
  form.addEventListener("change", () => showChosen(form, groups));
  form.querySelector("button").addEventListener("click", showAll);
  showChosen(form, groups);
  offerSubjects(form);
  unfoldOnTheWay(showAll);
  unfoldForPrint(groups);
}

function showChosen(form, groups) {
  const { subject, truth, answer } = Object.fromEntries(new FormData(form));
  const isChosen = Boolean(subject || truth || answer);
  let nShown = 0;
  let nListed = 0;
  for (const group of groups) {
    const isOfKind =
      (!truth || group.dataset.truth === truth) && (!answer || group.dataset.answer === answer);
    const rows = [...group.querySelectorAll("tbody tr")];
    for (const row of rows) row.hidden = !isOfKind || (subject && row.dataset.subject !== subject);
    const nOfGroup = rows.filter((row) => !row.hidden).length;
    group.hidden = nOfGroup === 0;
    group.open = isChosen && nOfGroup > 0;
    group.querySelector(".shown").textContent = subject ? `${nOfGroup} of ` : "";
    nShown += nOfGroup;
    nListed += rows.length;
  }
  const words = isChosen ? `${nShown} of ${nListed} windows are shown.` : `All ${nListed} windows are here.`;
  form.querySelector("[role=status]").textContent = words;
}

// The table of subjects chooses those of whom something was named wrong.
function offerSubjects(form) {
  const known = new Set([...form.subject.options].map((option) => option.value));
  for (const cell of document.querySelectorAll("#subjects tbody th")) {
    const subject = cell.textContent.trim();
    if (!known.has(subject)) continue;
    const button = makeButton(cell);
    button.setAttribute("aria-label", `${subject}: show the windows named wrong`);
    button.addEventListener("click", () => {
      form.reset();
      form.subject.value = subject;
      form.subject.dispatchEvent(new Event("change", { bubbles: true }));
      form.subject.focus({ preventScroll: true });
      document.querySelector("#windows").scrollIntoView();
    });
  }
}

// The browser itself goes to a group's summary, and puts the focus there.
function unfoldOnTheWay(showAll) {
  const unfold = (hash) => {
    const details = hash && document.getElementById(hash.slice(1))?.closest("details");
    if (!details) return;
    if (details.hidden) showAll();
    details.open = true;
  };
  document.addEventListener("click", (event) => unfold(event.target.closest("a")?.hash));
  addEventListener("hashchange", () => unfold(location.hash));
  unfold(location.hash);
}

function unfoldForPrint(groups) {
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = groups.filter((group) => !group.open);
    for (const group of folded) group.open = true;
  });
  addEventListener("afterprint", () => {
    for (const group of folded) group.open = false;
  });
}

function makeButton(cell) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...cell.childNodes);
  cell.append(button);
  return button;
}
