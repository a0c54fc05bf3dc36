// What makes the page easier to use: sorting tables, choosing windows, unfolding what a link leads
// to. Without it everything is there, unfolded and in its first order.

for (const table of document.querySelectorAll("table.scores:has(thead)")) makeSortable(table);
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
  for (const heading of headings) heading.ariaSort = null;
  headings[column].ariaSort = isDescending ? "descending" : "ascending";
  const body = table.tBodies[0];
  const rows = [...body.rows].sort((one, other) =>
    compare(valueOf(one.cells[column]), valueOf(other.cells[column])),
  );
  body.append(...(isDescending ? rows.reverse() : rows));
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
  const show = () => showChosen(form, groups);
  const showAll = () => {
    form.reset();
    show();
  };
  form.hidden = false;
  form.addEventListener("change", show);
  form.querySelector("button").addEventListener("click", showAll);
  show();
  offerSubjects(form, show);
  unfoldOnTheWay(showAll);
  unfoldForPrint(groups);
}

function showChosen(form, groups) {
  const { subject, truth, answer } = Object.fromEntries(new FormData(form));
  const isChosen = Boolean(subject || truth || answer);
  const fits = (chosen, own) => !chosen || chosen === own;
  let nShown = 0;
  let nListed = 0;
  for (const group of groups) {
    const isOfKind = fits(truth, group.dataset.truth) && fits(answer, group.dataset.answer);
    const rows = [...group.querySelectorAll("tbody tr")];
    for (const row of rows) row.hidden = !(isOfKind && fits(subject, row.dataset.subject));
    const nOfGroup = rows.filter((row) => !row.hidden).length;
    group.hidden = nOfGroup === 0;
    group.open = isChosen && nOfGroup > 0;
    group.querySelector(".shown").textContent = subject ? `${nOfGroup} of ` : "";
    nShown += nOfGroup;
    nListed += rows.length;
  }
  const [shown, listed] = [nShown, nListed].map((n) => n.toLocaleString("en"));
  form.querySelector("[role=status]").textContent = isChosen
    ? `${shown} of ${listed} windows are shown.`
    : `${listed} windows are listed.`;
}

// A button in the table of subjects chooses one of whom something was named wrong.
function offerSubjects(form, show) {
  const known = [...form.subject.options].map((option) => option.value);
  for (const cell of document.querySelectorAll("#subjects tbody th")) {
    const subject = cell.textContent.trim();
    if (!known.includes(subject)) continue;
    const button = makeButton(cell);
    button.title = "Show the windows named wrong";
    button.addEventListener("click", () => {
      form.reset();
      form.subject.value = subject;
      show();
      document.querySelector("#windows").scrollIntoView();
      form.subject.focus({ preventScroll: true });
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
